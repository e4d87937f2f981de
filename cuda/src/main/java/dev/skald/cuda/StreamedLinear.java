package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.tensor.Conversion;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Weight;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A linear map in bfloat16 that comes to the device when it is known who reads it: the token
 * decoder as part of its tiles, or, for an op, as a matrix of its own. So there is one copy.
 */
final class StreamedLinear implements Linear {
    private final CudaParameters owner;
    private final int in;
    private final int out;
    private final List<Weight> weights;
    private final float[] bias;
    private final boolean transposed;
    private @Nullable Matrix matrix;

    /**
     * @param weights (out, in), one above the other; or one (in, out) if transposed
     * @param bias empty for none
     */
    StreamedLinear(
            CudaParameters owner,
            int in,
            int out,
            List<Weight> weights,
            float[] bias,
            boolean transposed) {
        this.owner = owner;
        this.in = in;
        this.out = out;
        this.weights = weights;
        this.bias = bias;
        this.transposed = transposed;
    }

    @Override
    public int in() {
        return in;
    }

    @Override
    public int out() {
        return out;
    }

    CudaParameters owner() {
        return owner;
    }

    /** Whether {@link #floats} are (in, out). */
    boolean transposed() {
        return transposed;
    }

    /** Empty for none. */
    float[] bias() {
        return bias;
    }

    List<Weight> weights() {
        return weights;
    }

    /** All weights in one array. */
    float[] floats() {
        float[] all = new float[Math.multiplyExact(in, out)];
        int at = 0;
        for (Weight w : weights) {
            int n = Math.toIntExact(w.size());
            Conversion.floats(w, 0, all, at, n);
            at += n;
        }
        return all;
    }

    /** As the ops read it; packed by the first of them. */
    synchronized Matrix matrix() {
        if (matrix == null) {
            matrix = owner.pack(this);
        }
        return matrix;
    }
}
