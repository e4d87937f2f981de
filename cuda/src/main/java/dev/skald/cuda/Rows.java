package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.CudaLstm;
import dev.skald.tensor.Activation;
import org.jspecify.annotations.Nullable;

/** Ops row by row or over rows: {@code rows.cu}, {@code random.cu}, the rest of {@code conv.cu}. */
final class Rows {
    private final Launcher launcher;

    Rows(Launcher launcher) {
        this.launcher = launcher;
    }

    /**
     * Layer norm, or RMS norm without {@code beta}.
     *
     * @param gamma a weight, as {@code beta}: read while the kernel ahead still runs
     * @param after of one parameter at most
     * @param more added last, a row for all batches or one for each; null for none
     */
    void normalize(
            CudaTensor x,
            CudaTensor gamma,
            @Nullable CudaTensor beta,
            float eps,
            Activation after,
            @Nullable CudaTensor more,
            CudaTensor out) {
        String kernel = x.cols() <= 512 ? "normalize" : "normalize_wide";
        launcher.begin()
                .place(x)
                .add(gamma.address())
                .add(beta == null ? 0L : beta.address())
                .add(more == null ? 0L : more.address())
                .add(more == null || more.batch() == 1 ? 0L : more.batchStride())
                .add(0L)
                .add(0L)
                .place(out)
                .add(x.valid())
                .overflow()
                .add(x.batch())
                .add(x.rows())
                .add(x.cols())
                .add(beta == null ? 1 : 0)
                .add(after.kind().ordinal())
                .add(x.type().ordinal())
                .add(out.type().ordinal())
                .add(eps)
                .add(after.parameter())
                .launch(kernel, Math.ceilDiv(x.rows(), 8), x.batch(), 1, 256, 0);
    }

    /** {@code kind}: 0 WaveNet's gate, 1 SwiGLU. */
    void gate(int kind, CudaTensor x, CudaTensor out) {
        int n = out.cols();
        launcher.begin()
                .place(x)
                .add(0L)
                .add(0L)
                .place(out)
                .add(x.valid())
                .overflow()
                .add(x.batch())
                .add(x.rows())
                .add(n)
                .add(kind)
                .add(x.type().ordinal())
                .add(out.type().ordinal())
                .over("gate", (long) x.rows() * Math.ceilDiv(n, 4), x.batch());
    }

    void rotary(CudaTensor x, int heads, CudaTensor cos, CudaTensor sin, CudaInts first) {
        int half = cos.cols();
        launcher.begin()
                .place(x)
                .add(cos.address())
                .add(sin.address())
                .add(cos.rowStride())
                .add(first.address())
                .add(x.valid())
                .add(x.batch())
                .add(x.rows())
                .add(heads)
                .add(2 * half)
                .add(1)
                .add(x.type().ordinal())
                .over("rotary", (long) x.rows() * heads * half, x.batch());
    }

    /** Keys or values of one sequence into its cache, from position {@code at} on. */
    void append(CudaTensor x, CudaTensor to, CudaCache cache, CudaInts at) {
        launcher.begin()
                .place(x)
                .add(to.address())
                .add(0L)
                .add((long) cache.dim())
                .add((long) cache.width())
                .add(at.address())
                .add(x.valid())
                .add(1)
                .add(x.rows())
                .add(cache.heads())
                .add(cache.dim())
                .add(cache.capacity())
                .add(x.type().ordinal())
                .add(0)
                .add(0)
                .over("append", (long) x.rows() * x.cols(), 1);
    }

    /**
     * Rows {@code index} of x, or each of its rows {@code times} times.
     *
     * @param error set where an index is none of x's rows
     */
    void gather(CudaTensor x, @Nullable CudaInts index, int times, long error, CudaTensor out) {
        launcher.begin()
                .place(x)
                .add(index == null ? 0L : index.address())
                .add(0L)
                .place(out)
                .add(out.valid())
                .add(index == null ? 0L : error)
                .add(out.batch())
                .add(out.rows())
                .add(out.cols())
                .add(x.rows())
                .add(times)
                .add(x.type().ordinal())
                .add(out.type().ordinal())
                .over("gather", (long) out.rows() * Math.ceilDiv(out.cols(), 4), out.batch());
    }

    void overlapAdd(CudaTensor windows, int hop, CudaTensor out) {
        launcher.begin()
                .place(windows)
                .add(out.address())
                .add(0L)
                .add(windows.valid())
                .add(1)
                .add(windows.rows())
                .add(windows.cols())
                .add(hop)
                .over("overlap_add", out.cols(), 1);
    }

    void statistics(CudaTensor x, boolean deviation, CudaTensor out) {
        launcher.begin()
                .place(x)
                .place(out)
                .add(x.valid())
                .add(x.batch())
                .add(x.rows())
                .add(x.cols())
                .add(x.rows())
                .add(deviation ? 1 : 0)
                .add(0)
                .launch("statistics", Math.ceilDiv(x.cols(), 32), 1, x.batch(), 256, 0);
    }

    void eulerStep(
            CudaTensor x, CudaTensor field, CudaTensor steps, CudaInts step, float guidance) {
        launcher.begin()
                .place(x)
                .place(field)
                .add(steps.address())
                .add(step.address())
                .add(x.valid())
                .add(x.batch())
                .add(x.rows())
                .add(x.cols())
                .add(field.batch() / x.batch())
                .add(step.count() == 1 ? 0 : 1)
                .add(guidance)
                .over("euler", (long) x.rows() * x.cols(), x.batch());
    }

    /** {@code state}: see {@link dev.skald.tensor.Ops#noise}; 0: seed and first are given. */
    void noise(long state, long seed, int number, long first, CudaTensor out) {
        launcher.begin()
                .add(state)
                .add(seed)
                .add(first)
                .place(out)
                .add(number)
                .add(out.batch())
                .add(out.rows())
                .add(out.cols())
                .over("noise", out.size() / 4 + 2, 1);
    }

    /** {@code gates}: what the input map makes of the input. */
    void lstm(CudaTensor gates, CudaLstm w, CudaTensor out) {
        int n = w.hidden();
        launcher.begin()
                .place(gates)
                .add(w.recurrent())
                .place(out)
                .add(out.valid())
                .add(gates.batch())
                .add(gates.rows())
                .add(n)
                .add(0)
                .launch("lstm", gates.batch(), 1, 1, 1024, 6 * n * Float.BYTES);
    }

    /** See {@link dev.skald.tensor.Ops#lengths}. */
    void lengths(CudaInts from, CudaInts to, int factor, int offset, int divisor) {
        launcher.begin()
                .add(from.address())
                .add(to.address())
                .add(from.count())
                .add(factor)
                .add(offset)
                .add(divisor)
                .add(0)
                .add(Integer.MAX_VALUE)
                .launch("lengths", 1, 1, 1, 32, 0);
    }

    void increment(CudaInts counter, int by) {
        launcher.begin()
                .add(counter.address())
                .add(counter.count())
                .add(by)
                .launch("increment", 1, 1, 1, 32, 0);
    }
}
