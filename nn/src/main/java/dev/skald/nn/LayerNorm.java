package dev.skald.nn;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Tensor;

/**
 * A layer norm over the channels of each row.
 *
 * @param gamma (1,1,C)
 * @param beta (1,1,C)
 */
public record LayerNorm(Tensor gamma, Tensor beta, float eps) {
    public Tensor forward(Ops ops, Tensor x) {
        Tensor out = ops.like(x, x.cols());
        forward(ops, x, out);
        return out;
    }

    /** In place allowed. */
    public void forward(Ops ops, Tensor x, Tensor out) {
        forward(ops, x, Activation.NONE, out);
    }

    /** The norm, then {@code after}; in place allowed. */
    public void forward(Ops ops, Tensor x, Activation after, Tensor out) {
        ops.layerNorm(x, gamma, beta, eps, after, out);
    }

    /** The norm, then a linear map whose result products or attention read. */
    public Tensor linear(Ops ops, Tensor x, Linear map, Epilogue epilogue) {
        Tensor out = ops.operand(x, map.out(), map);
        ops.layerNormLinear(x, gamma, beta, eps, map, epilogue, out);
        return out;
    }
}
