package dev.skald.piper.vits;

import dev.skald.piper.vits.Parts.Norm;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Dilated and depth-separable convolutions with residuals, "DDSConv" (VITS, appendix B.3; {@code
 * DDSConv} of jaywalnut310/vits).
 */
record SeparableConvs(List<Layer> layers) {

    record Layer(Conv1d depthwise, Norm norm1, Linear pointwise, Norm norm2) {}

    static SeparableConvs load(Parts parts, String module, int channels) {
        List<Layer> layers = new ArrayList<>();
        while (parts.has(module + ".convs_sep." + layers.size())) {
            int i = layers.size();
            layers.add(
                    new Layer(
                            parts.depthwise(module + ".convs_sep." + i, channels),
                            parts.norm(module + ".norms_1." + i, channels),
                            parts.linear(module + ".convs_1x1." + i, channels, channels),
                            parts.norm(module + ".norms_2." + i, channels)));
        }
        return new SeparableConvs(List.copyOf(layers));
    }

    /** For one row. */
    long operations() {
        long sum = 0;
        for (Layer layer : layers) {
            sum += 2L * layer.pointwise.in() * (layer.pointwise.out() + layer.depthwise.kernel());
        }
        return sum;
    }

    /** x (1,T,C), in place. */
    void apply(Ops ops, Tensor x) {
        try (Ops.Scope scope = ops.scope()) {
            Tensor y = ops.tensor(1, x.rows(), x.cols());
            Tensor z = ops.tensor(1, x.rows(), x.cols());
            for (Layer layer : layers) {
                int reach = Rows.reach(layer.depthwise);
                ops.conv1d(x, layer.depthwise, reach, reach, Activation.NONE, Epilogue.NONE, y);
                gelu(ops, y, layer.norm1);
                ops.linear(y, layer.pointwise, Epilogue.NONE, z);
                gelu(ops, z, layer.norm2);
                ops.add(x, z, x);
            }
        }
    }

    private static void gelu(Ops ops, Tensor x, Norm norm) {
        ops.layerNorm(x, norm.gamma(), norm.beta(), Norm.EPSILON, Activation.GELU, x);
    }
}
