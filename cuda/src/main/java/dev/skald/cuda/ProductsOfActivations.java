package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.CudaLinear;
import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.cuda.CudaWeights.Type;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.UnfusedAttention;

/** Activations packed as the weights of exact products, in the arena. */
final class ProductsOfActivations implements UnfusedAttention.Products {
    private final Launcher launcher;
    private final DeviceArena arena;

    ProductsOfActivations(Launcher launcher, DeviceArena arena) {
        this.launcher = launcher;
        this.arena = arena;
    }

    @Override
    public Linear byRows(Tensor m) {
        CudaTensor t = CudaTensor.of(m);
        return pack(t, t.cols(), t.rows(), t.rowStride(), 1);
    }

    @Override
    public Linear byColumns(Tensor m) {
        CudaTensor t = CudaTensor.of(m);
        return pack(t, t.rows(), t.cols(), 1, t.rowStride());
    }

    /**
     * @param everyOut how far the weights of two outputs lie from each other
     * @param everyIn the same of two inputs
     */
    private CudaLinear pack(CudaTensor t, int in, int out, long everyOut, long everyIn) {
        int padded = Math.ceilDiv(out, 64) * 64;
        long values = Math.ceilDiv(in, 16) * 16L * padded;
        long to = arena.allocate(values * Float.BYTES);
        // Packing waits for nothing itself, and a product takes its weights before it waits.
        launcher.inOrder();
        launcher.begin()
                .add(t.address())
                .add(everyOut)
                .add(everyIn)
                .add(0L)
                .add(to)
                .add(0L)
                .add(out)
                .add(0)
                .add(padded)
                .add(1)
                .add(in)
                .add(1)
                .add(1)
                .add(0)
                .add(0)
                .add(0)
                .add(0)
                .add(t.type().ordinal())
                .add(Type.F32.ordinal())
                .add(1f)
                .launch("pack_weights", Math.toIntExact(Math.ceilDiv(values, 256L)), 1, 1, 256, 0);
        launcher.inOrder();
        return new CudaLinear(in, out, new Matrix(to, Type.F32, out, padded, 1, 0, true));
    }
}
