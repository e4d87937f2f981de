package dev.skald.piper.vits;

import dev.skald.tensor.Weights;

/**
 * The weights of a Piper voice under the names of its training code ({@code enc_p.emb.weight},
 * {@code dec.ups.0.weight}), with what the shapes of convolutions do not tell.
 *
 * <p>Weight norm is folded. In place of {@code dp.flows.0.logs} there is {@link #AFFINE_SCALE},
 * {@code exp(-logs)}.
 */
interface Checkpoint extends Weights {
    /** The factor of the duration predictor's last flow, run backwards. */
    String AFFINE_SCALE = "dp.flows.0.scale";

    /** How a convolution steps, by the name of its module ({@code dec.ups.0}). */
    Geometry geometry(String module);

    /**
     * @param stride of the output, of a transposed convolution
     * @param dilation distance of the taps
     * @param padding zeros on each side, of a transposed convolution the rows cut off
     * @param groups 1, or one a channel
     */
    record Geometry(int stride, int dilation, int padding, int groups) {}
}
