package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.tensor.CheckedParameters.Joined;
import dev.skald.tensor.Parameters.Linear;
import org.jspecify.annotations.Nullable;

/**
 * A linear map in bfloat16 that comes to the device when it is known who reads it: the token
 * decoder as part of its tiles, or, for an op, as a matrix of its own. So there is one copy.
 */
final class StreamedLinear implements Linear {
    private final CudaParameters owner;
    private final Joined maps;
    private final boolean transposed;
    private @Nullable Matrix matrix;

    /**
     * @param transposed whether it is one weight (in, out)
     */
    StreamedLinear(CudaParameters owner, Joined maps, boolean transposed) {
        this.owner = owner;
        this.maps = maps;
        this.transposed = transposed;
    }

    @Override
    public int in() {
        return maps.in();
    }

    @Override
    public int out() {
        return maps.out();
    }

    CudaParameters owner() {
        return owner;
    }

    Joined maps() {
        return maps;
    }

    boolean transposed() {
        return transposed;
    }

    /** As the ops read it; packed by the first of them. */
    synchronized Matrix matrix() {
        if (matrix == null) {
            matrix = owner.pack(this);
        }
        return matrix;
    }
}
