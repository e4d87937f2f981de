package dev.skald.tensor.cpu;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.cpu.memory.CpuTensor;
import dev.skald.tensor.cpu.memory.Scratch;
import dev.skald.tensor.cpu.workers.WorkerPool;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Matrix products over rows, convolutions among them, cut into tiles.
 *
 * <p>A convolution is the product of the matrix whose rows are its windows with the packed weight;
 * the windows are never written out. Every value is summed in the same order whatever the tile, so
 * tiles may be chosen for speed alone.
 */
final class Products {
    /** Rows a kernel is given at once: a multiple of what every kernel holds in registers. */
    private static final int ROWS = 24;

    /** Values of input a tile goes over again for each panel: a part of a core's second cache. */
    private static final int BLOCK = 1 << 15;

    /**
     * The same for a matrix that no cache holds: it is read, and unpacked if it is compact, once a
     * block.
     */
    private static final int WIDE = 1 << 17;

    private final Kernels kernels;
    private final WorkerPool pool;
    private final Scratch scratch;

    Products(Kernels kernels, WorkerPool pool, Scratch scratch) {
        this.kernels = kernels;
        this.pool = pool;
        this.scratch = scratch;
    }

    /**
     * For i in 0 .. count-1: output row {@code outFirst + i * outStep} becomes the epilogue of
     * {@code sum over taps t: before(x[first + i * step + t * dilation]) W_t}, x being zero beyond
     * its edges.
     */
    void run(
            CpuTensor x,
            int first,
            int step,
            int taps,
            int dilation,
            Activation before,
            Packed w,
            float @Nullable [] bias,
            int biasAt,
            Epilogue epilogue,
            CpuTensor out,
            int outFirst,
            int outStep,
            int count) {
        if (count <= 0 || x.batch() == 0 || w.n() == 0) {
            return;
        }
        int in = x.cols();
        int halo = (taps - 1) * dilation;
        // A block's rows stay in cache; their halo is a part of them; and there are enough blocks
        // for several workers, unless rows are few.
        boolean wide = taps == 1 && (long) w.k() * w.n() > WIDE;
        int fit = Math.max(2 * halo / step, (wide ? WIDE : BLOCK) / Math.max(1, in * step));
        if (!wide) {
            fit = Math.min(fit, Math.max(count / 8, Math.max(ROWS, halo / step)));
        }
        int blockRows = Math.max(ROWS, fit / ROWS * ROWS);
        int blocks = Math.max(1, (count - kernels.rows()) / blockRows + 1);
        int panels = w.panels();
        int panelGroup = blocks >= 6 ? panels : Math.max(1, panels * blocks / 8);
        int groups = (panels + panelGroup - 1) / panelGroup;
        pool.run(
                x.batch() * blocks * groups,
                (item, worker) -> {
                    int b = item / (blocks * groups);
                    int i0 = item / groups % blocks * blockRows;
                    int p0 = item % groups * panelGroup;
                    tile(
                            x,
                            b,
                            first,
                            step,
                            taps,
                            dilation,
                            before,
                            w,
                            bias,
                            biasAt,
                            epilogue,
                            out,
                            outFirst,
                            outStep,
                            i0,
                            item / groups % blocks == blocks - 1 ? count : i0 + blockRows,
                            p0,
                            Math.min(panels, p0 + panelGroup),
                            worker);
                });
    }

    private void tile(
            CpuTensor x,
            int b,
            int first,
            int step,
            int taps,
            int dilation,
            Activation before,
            Packed w,
            float @Nullable [] bias,
            int biasAt,
            Epilogue epilogue,
            CpuTensor out,
            int outFirst,
            int outStep,
            int i0,
            int i1,
            int p0,
            int p1,
            int worker) {
        int in = x.cols();
        int from = first + i0 * step;
        int to = first + (i1 - 1) * step + (taps - 1) * dilation + 1;
        float[] a = x.data;
        int ao = x.at(b, from);
        int stride = x.rowStride;
        if (before.kind() != Activation.Kind.NONE || from < 0 || to > x.rows()) {
            a = scratch.input(worker, (to - from) * in);
            load(kernels, x, b, from, to, before, a);
            ao = 0;
            stride = in;
        }
        int tapStep = dilation * stride;
        boolean joined = taps == 1 || tapStep == in;
        int width = w.isTurned() ? w.n() : w.width();
        int last = kernels.rows() - 1;
        float[] t = scratch.tile(worker, (ROWS + last) * width);
        CpuTensor residual = (CpuTensor) epilogue.residual();
        CpuTensor alpha = (CpuTensor) epilogue.activation().alpha();
        Compact compact = w.compact();
        float[] values = w.values();
        for (int p = p0; p < p1; p++) {
            int col = p * width;
            int n = Math.min(width, w.n() - col);
            for (int i = i0; i < i1; ) {
                int rows = i1 - i <= ROWS + last ? i1 - i : ROWS;
                int at = ao + (i - i0) * step * stride;
                if (w.isTurned()) {
                    narrow(a, at, step * stride, rows, taps, tapStep, in, w, t);
                } else if (compact == null
                        || !kernels.compactProduct(
                                a, at, step * stride, rows, in, compact, w.panel(p), t)) {
                    if (compact != null && i == i0) {
                        values = scratch.panel(worker, in * width);
                        kernels.unpack(compact, w.panel(p), in * width, values);
                    }
                    kernels.product(
                            a,
                            at,
                            step * stride,
                            rows,
                            joined ? 1 : taps,
                            tapStep,
                            joined ? taps * in : in,
                            values,
                            compact == null ? w.panel(p) : 0,
                            width,
                            t,
                            0);
                }
                float[] scales = compact == null ? null : compact.scales();
                for (int r = 0; scales != null && r < rows; r++) {
                    kernels.mul(t, r * width, scales, col, t, r * width, width);
                }
                int row = outFirst + i * outStep;
                kernels.finish(
                        t,
                        width,
                        rows,
                        n,
                        bias,
                        biasAt + col,
                        epilogue.activation(),
                        alpha == null ? null : alpha.data,
                        alpha == null ? 0 : alpha.offset + col,
                        epilogue.scale(),
                        residual == null ? null : residual.data,
                        residual == null ? 0 : residual.at(b, row) + col,
                        residual == null ? 0 : outStep * residual.rowStride,
                        out.data,
                        out.at(b, row) + col,
                        outStep * out.rowStride);
                i += rows;
            }
        }
    }

    /** The product with a turned matrix: a sum along each window. */
    private void narrow(
            float[] a,
            int ao,
            int lda,
            int rows,
            int taps,
            int tapStep,
            int k,
            Packed w,
            float[] t) {
        boolean joined = taps == 1 || tapStep == k;
        int runs = joined ? 1 : taps;
        int length = joined ? taps * k : k;
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < w.n(); j++) {
                int from = w.at(0, j);
                float s = 0;
                for (int r = 0; r < runs; r++) {
                    s +=
                            kernels.dot(
                                    a,
                                    ao + i * lda + r * tapStep,
                                    w.values(),
                                    from + r * length,
                                    length);
                }
                t[i * w.n() + j] = s;
            }
        }
    }

    /** Rows [from, to) of a batch through an activation, zeros beyond the edges. */
    static void load(
            Kernels kernels, CpuTensor x, int b, int from, int to, Activation before, float[] a) {
        int in = x.cols();
        int low = Math.clamp(0, from, to);
        int high = Math.clamp(x.rows(), low, to);
        Arrays.fill(a, 0, (low - from) * in, 0);
        Arrays.fill(a, (high - from) * in, (to - from) * in, 0);
        CpuTensor alpha = (CpuTensor) before.alpha();
        if (alpha == null && x.rowStride == in) {
            int n = (high - low) * in;
            kernels.activate(before, null, 0, x.data, x.at(b, low), a, (low - from) * in, n);
            return;
        }
        for (int r = low; r < high; r++) {
            kernels.activate(
                    before,
                    alpha == null ? null : alpha.data,
                    alpha == null ? 0 : alpha.offset,
                    x.data,
                    x.at(b, r),
                    a,
                    (r - from) * in,
                    in);
        }
    }

    /** A depthwise convolution: {@code taps} is (kernel, channels). */
    void depthwise(
            CpuTensor x,
            int first,
            int step,
            int kernel,
            int dilation,
            Activation before,
            float[] taps,
            float @Nullable [] bias,
            Epilogue epilogue,
            CpuTensor out) {
        int n = x.cols();
        int count = out.rows();
        int block = Math.max(ROWS, BLOCK / Math.max(1, n));
        int blocks = (count + block - 1) / block;
        CpuTensor residual = (CpuTensor) epilogue.residual();
        CpuTensor alpha = (CpuTensor) epilogue.activation().alpha();
        pool.run(
                x.batch() * blocks,
                (item, worker) -> {
                    int b = item / blocks;
                    int i0 = item % blocks * block;
                    int i1 = Math.min(count, i0 + block);
                    int from = first + i0 * step;
                    int to = first + (i1 - 1) * step + (kernel - 1) * dilation + 1;
                    float[] a = x.data;
                    int ao = x.at(b, from);
                    int stride = x.rowStride;
                    if (before.kind() != Activation.Kind.NONE || from < 0 || to > x.rows()) {
                        a = scratch.input(worker, (to - from) * n);
                        load(kernels, x, b, from, to, before, a);
                        ao = 0;
                        stride = n;
                    }
                    float[] t = scratch.tile(worker, n);
                    for (int i = i0; i < i1; i++) {
                        int at = ao + (i - i0) * step * stride;
                        kernels.mul(a, at, taps, 0, t, 0, n);
                        for (int k = 1; k < kernel; k++) {
                            kernels.mulAdd(a, at + k * dilation * stride, taps, k * n, t, 0, n);
                        }
                        kernels.finish(
                                t,
                                n,
                                1,
                                n,
                                bias,
                                0,
                                epilogue.activation(),
                                alpha == null ? null : alpha.data,
                                alpha == null ? 0 : alpha.offset,
                                epilogue.scale(),
                                residual == null ? null : residual.data,
                                residual == null ? 0 : residual.at(b, i),
                                0,
                                out.data,
                                out.at(b, i),
                                0);
                    }
                });
    }
}
