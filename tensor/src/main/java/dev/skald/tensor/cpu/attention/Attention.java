package dev.skald.tensor.cpu.attention;

import dev.skald.tensor.Epilogue;
import dev.skald.tensor.cpu.elementwise.Arithmetic;
import dev.skald.tensor.cpu.gemm.GemmKernels;
import dev.skald.tensor.cpu.gemm.Output;
import dev.skald.tensor.cpu.gemm.OutputKernels;
import dev.skald.tensor.cpu.gemm.PackedMatrix;
import dev.skald.tensor.cpu.gemm.RowBlock;
import dev.skald.tensor.cpu.memory.Arena;
import dev.skald.tensor.cpu.memory.CpuTensor;
import dev.skald.tensor.cpu.memory.Scratch;
import dev.skald.tensor.cpu.norm.Norms;
import dev.skald.tensor.cpu.workers.Team;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Attention in blocks of queries. Keys and values of all heads are packed once. Then, for each
 * block, a product makes the scores, one pass turns them into weights, and a second product sums
 * the values by these weights.
 *
 * <p>Scores stay where the first product stores them, and the second reads them there: one panel of
 * keys after the other, in each panel the block's rows, {@code width} values each. The last panel
 * is filled up with {@link #MASKED}. The division by a row's sum of weights comes last, because the
 * output has fewer values than there are weights.
 */
public final class Attention {
    /** Queries a block: two of the kernels' tiles. */
    private static final int BLOCK = 48;

    /** The score of a key that is not there or must not be seen. */
    private static final float MASKED = -1e30f;

    private final GemmKernels kernels;
    private final Norms norms;
    private final OutputKernels outputs;
    private final Team team;
    private final Scratch scratch;
    private final Arena arena;

    public Attention(
            GemmKernels kernels,
            Norms norms,
            OutputKernels outputs,
            Team team,
            Scratch scratch,
            Arena arena) {
        this.kernels = kernels;
        this.norms = norms;
        this.outputs = outputs;
        this.team = team;
        this.scratch = scratch;
        this.arena = arena;
    }

    /** Learned embeddings of the distances in a window, shared by the heads (Shaw et al. 2018). */
    public record RelativeWindow(CpuTensor keys, CpuTensor values) {}

    /** Sinusoidal positions by distance and the two query biases (Dai et al. 2019). */
    public record RelativePositions(CpuTensor positions, CpuTensor biasU, CpuTensor biasV) {}

    public void run(
            CpuTensor q,
            CpuTensor k,
            CpuTensor v,
            int heads,
            float scale,
            boolean causal,
            @Nullable RelativeWindow window,
            @Nullable RelativePositions relative,
            CpuTensor out) {
        int batch = q.batch();
        int queries = q.rows();
        int keys = k.rows();
        int d = q.cols() / heads;
        if (queries == 0 || batch == 0 || d == 0) {
            return;
        }
        try (var frame = arena.scope()) {
            int width = kernels.panel();
            int panels = Math.ceilDiv(keys, width);
            PackedMatrix[] kp = new PackedMatrix[batch * heads];
            PackedMatrix[] vp = new PackedMatrix[batch * heads];
            PackedMatrix[] pp = new PackedMatrix[relative == null ? 0 : heads];
            for (int i = 0; i < kp.length; i++) {
                kp[i] = space(d, keys);
                vp[i] = space(panels * width, d);
            }
            for (int h = 0; h < pp.length; h++) {
                pp[h] = space(d, 2 * queries - 1);
            }
            PackedMatrix windowKeys = window == null ? null : space(d, window.keys().rows());
            PackedMatrix windowValues = window == null ? null : space(window.values().rows(), d);
            if (window != null && windowKeys != null && windowValues != null) {
                windowKeys.packColumns(
                        window.keys().data, window.keys().offset, window.keys().rowStride);
                windowValues.packRows(
                        window.values().data, window.values().offset, window.values().rowStride);
            }
            // A panel of all heads at once: what lies together is read together.
            team.run(
                    batch * panels,
                    (item, worker) -> {
                        int b = item / panels;
                        int panel = item % panels;
                        int from = panel * width;
                        int to = Math.min(keys, from + width);
                        for (int h = 0; h < heads; h++) {
                            int i = b * heads + h;
                            kp[i].packColumns(panel, k.data, k.at(b, 0) + h * d, k.rowStride);
                            vp[i].packRows(from, to, v.data, v.at(b, 0) + h * d, v.rowStride);
                            vp[i].clearRows(to, from + width);
                        }
                    });
            team.run(
                    pp.length,
                    (h, worker) -> {
                        if (relative != null) {
                            CpuTensor p = relative.positions();
                            pp[h].packColumns(p.data, p.offset + h * d, p.rowStride);
                        }
                    });
            int blocks = (queries + BLOCK - 1) / BLOCK;
            team.run(
                    kp.length * blocks,
                    (item, worker) -> {
                        int i = item / blocks;
                        int h = i % heads;
                        int q0 = item % blocks * BLOCK;
                        int rows = Math.min(BLOCK, queries - q0);
                        int seen = causal ? Math.max(0, keys - queries + q0 + rows) : keys;
                        new Block(q, i / heads, h * d, d, q0, rows, seen, worker)
                                .run(
                                        kp[i],
                                        vp[i],
                                        scale,
                                        causal ? keys - queries + q0 + 1 : keys,
                                        windowKeys,
                                        windowValues,
                                        relative,
                                        relative == null ? null : pp[h],
                                        out);
                    });
        }
    }

    private PackedMatrix space(int k, int n) {
        int width = kernels.panel();
        CpuTensor t = arena.tensor(1, 1, PackedMatrix.length(k, n, width));
        return new PackedMatrix(t.data, t.offset, k, n, width);
    }

    /** One head's block of queries. */
    private final class Block {
        private final CpuTensor q;
        private final int b;
        private final int col;
        private final int d;
        private final int q0;
        private final int rows;
        private final int keys;
        private final int worker;

        Block(CpuTensor q, int b, int col, int d, int q0, int rows, int keys, int worker) {
            this.q = q;
            this.b = b;
            this.col = col;
            this.d = d;
            this.q0 = q0;
            this.rows = rows;
            this.keys = keys;
            this.worker = worker;
        }

        /**
         * @param visible keys the block's first query sees, one more for each next; below 1, none
         */
        void run(
                PackedMatrix kp,
                PackedMatrix vp,
                float scale,
                int visible,
                @Nullable PackedMatrix windowKeys,
                @Nullable PackedMatrix windowValues,
                @Nullable RelativePositions relative,
                @Nullable PackedMatrix positions,
                CpuTensor out) {
            int queries = q.rows();
            int distances = positions == null ? 0 : queries + rows - 1;
            int band = windowKeys == null ? 0 : windowKeys.n();
            int width = kp.width();
            int panels = Math.ceilDiv(keys, width);
            int step = rows * width;
            // Scores, then products with positions or window embeddings, queries with a bias, and
            // what each row of weights is to be divided by.
            int extra = panels * step;
            int shifted = extra + rows * Math.max(distances, band);
            int inverse = shifted + (positions == null ? 0 : rows * d);
            float[] s = scratch.input(worker, inverse + rows);
            RowBlock a = RowBlock.of(q.data, q.at(b, q0) + col, q.rowStride, rows, d);
            if (relative != null && positions != null) {
                CpuTensor u = relative.biasU();
                CpuTensor v = relative.biasV();
                biased(v, s, shifted);
                int low = queries - q0 - rows;
                RowBlock shiftedRows = RowBlock.of(s, shifted, d, rows, d);
                product(shiftedRows, positions, low, low + distances, s, extra, distances);
                biased(u, s, shifted);
                a = shiftedRows;
            }
            for (int p = 0; p < panels; p++) {
                float[] w = kp.values();
                kernels.product(a, w, kp.panel(p), s, p * step);
                for (int i = 0; positions != null && i < rows; i++) {
                    int to = p * step + i * width;
                    int from = extra + i * distances + rows - 1 - i + p * width;
                    int n = Math.min(width, keys - p * width);
                    Arithmetic.add(s, to, s, from, s, to, n);
                }
            }
            if (windowKeys != null) {
                product(a, windowKeys, 0, band, s, extra, band);
                for (int i = 0; i < rows; i++) {
                    int first = q0 + i - band / 2;
                    for (int j = Math.max(0, first); j < Math.min(keys, first + band); j++) {
                        s[score(i, j, width)] += s[extra + i * band + j - first];
                    }
                }
            }
            for (int i = 0; i < rows; i++) {
                int n = Math.clamp(visible + i, 0, keys);
                for (int p = n / width; p < panels; p++) {
                    int at = p * step + i * width;
                    Arrays.fill(s, at + Math.max(0, n - p * width), at + width, MASKED);
                }
            }
            norms.panelSoftmax(s, rows, width, panels, scale, inverse);
            Arrays.fill(s, inverse, inverse + Math.clamp(-visible + 1, 0, rows), 0);
            RowBlock weights = new RowBlock(s, 0, width, rows, panels, step, width);
            weigh(weights, vp, inverse, out, false);
            if (windowValues != null) {
                for (int i = 0; i < rows; i++) {
                    int first = q0 + i - band / 2;
                    int to = extra + i * band;
                    Arrays.fill(s, to, to + band, 0);
                    for (int j = Math.max(0, first); j < Math.min(keys, first + band); j++) {
                        s[to + j - first] = s[score(i, j, width)];
                    }
                }
                RowBlock weighed = RowBlock.of(s, extra, band, rows, band);
                weigh(weighed, windowValues, inverse, out, true);
            }
        }

        /** Where row i's score of key j lies. */
        private int score(int i, int j, int width) {
            return (j / width * rows + i) * width + j % width;
        }

        private void biased(CpuTensor bias, float[] s, int at) {
            for (int i = 0; i < rows; i++) {
                int from = q.at(b, q0 + i) + col;
                Arithmetic.add(q.data, from, bias.data, bias.offset + col, s, at + i * d, d);
            }
        }

        /** Columns [j0, j1) of a product into rows of {@code ldc} values. */
        private void product(
                RowBlock a, PackedMatrix w, int j0, int j1, float[] c, int co, int ldc) {
            int width = w.width();
            float[] t = scratch.tile(worker, BLOCK * width);
            for (int p = j0 / width; p * width < j1; p++) {
                kernels.product(a, w.values(), w.panel(p), t, 0);
                int low = Math.max(j0, p * width);
                int high = Math.min(j1, (p + 1) * width);
                for (int i = 0; i < rows; i++) {
                    int from = i * width + low - p * width;
                    System.arraycopy(t, from, c, co + i * ldc + low - j0, high - low);
                }
            }
        }

        /**
         * Rows of weights times packed values, divided by the sums of weights, into the head's
         * columns or added to them.
         */
        private void weigh(
                RowBlock weights, PackedMatrix w, int inverse, CpuTensor out, boolean added) {
            int width = w.width();
            float[] t = scratch.tile(worker, BLOCK * width);
            CpuTensor head = out.cols(col, col + d);
            Output output = new Output(null, added ? Epilogue.plus(head) : Epilogue.NONE, head);
            for (int p = 0; p < w.panels(); p++) {
                kernels.product(weights, w.values(), w.panel(p), t, 0);
                norms.scaleRows(t, width, rows, weights.data(), inverse);
                outputs.store(t, width, rows, output, b, q0, p * width);
            }
        }
    }
}
