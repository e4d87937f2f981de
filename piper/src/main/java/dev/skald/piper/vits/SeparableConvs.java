package dev.skald.piper.vits;

import dev.skald.nn.Conv1d;
import dev.skald.nn.LayerNorm;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Dilated and depth-separable convolutions with residuals, "DDSConv" (VITS, appendix B.3; {@code
 * DDSConv} of jaywalnut310/vits).
 */
record SeparableConvs(List<Layer> layers) {

    record Layer(Conv1d depthwise, LayerNorm norm1, Linear pointwise, LayerNorm norm2) {}

    static SeparableConvs load(Parts parts, int channels) {
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < parts.count("convs_sep.", ""); i++) {
            layers.add(
                    new Layer(
                            parts.depthwise("convs_sep." + i, channels),
                            parts.norm("norms_1." + i, channels),
                            parts.linear("convs_1x1." + i, channels, channels),
                            parts.norm("norms_2." + i, channels)));
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
            Tensor y = ops.like(x, x.cols());
            Tensor z = ops.like(x, x.cols());
            for (Layer layer : layers) {
                layer.depthwise.forward(ops, x, Epilogue.NONE, y);
                layer.norm1.forward(ops, y, Activation.GELU, y);
                ops.linear(y, layer.pointwise, Epilogue.NONE, z);
                layer.norm2.forward(ops, z, Activation.GELU, z);
                ops.add(x, z, x);
            }
        }
    }
}
