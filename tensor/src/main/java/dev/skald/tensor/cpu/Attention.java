package dev.skald.tensor.cpu;

import dev.skald.tensor.Activation;
import dev.skald.tensor.cpu.memory.Arena;
import dev.skald.tensor.cpu.memory.CpuTensor;
import dev.skald.tensor.cpu.memory.Scratch;
import dev.skald.tensor.cpu.workers.WorkerPool;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Attention in blocks of queries: keys and values of all heads are packed once; then a block's
 * scores are a product, which one pass makes weights of, and what they weigh is a second product.
 *
 * <p>Scores stay as the first product makes them and the second takes them: a panel of keys after
 * the other, in each the block's rows, {@code width} values each. The last panel is filled up with
 * {@link #NEVER}. Weights are divided by their sum only when they have been used.
 */
final class Attention {
    /** Queries a block: two of the kernels' tiles. */
    private static final int BLOCK = 48;

    /** The score of a key that is not there or must not be seen. */
    private static final float NEVER = -1e30f;

    private final Kernels kernels;
    private final WorkerPool pool;
    private final Scratch scratch;
    private final Arena arena;

    Attention(Kernels kernels, WorkerPool pool, Scratch scratch, Arena arena) {
        this.kernels = kernels;
        this.pool = pool;
        this.scratch = scratch;
        this.arena = arena;
    }

    /** Learned embeddings of near distances, shared by the heads (Shaw et al. 2018). */
    record Near(CpuTensor keys, CpuTensor values) {}

    /** Sinusoidal positions by distance and the two query biases (Dai et al. 2019). */
    record Relative(CpuTensor positions, CpuTensor biasU, CpuTensor biasV) {}

    void run(
            CpuTensor q,
            CpuTensor k,
            CpuTensor v,
            int heads,
            float scale,
            boolean causal,
            @Nullable Near near,
            @Nullable Relative relative,
            CpuTensor out) {
        int batch = q.batch();
        int queries = q.rows();
        int keys = k.rows();
        int d = q.cols() / heads;
        if (queries == 0 || batch == 0 || d == 0) {
            return;
        }
        try (var frame = arena.scope()) {
            int width = kernels.panel(keys);
            int panels = Math.ceilDiv(keys, width);
            Packed[] kp = new Packed[batch * heads];
            Packed[] vp = new Packed[batch * heads];
            Packed[] pp = new Packed[relative == null ? 0 : heads];
            for (int i = 0; i < kp.length; i++) {
                kp[i] = space(d, keys);
                vp[i] = space(panels * width, d);
            }
            for (int h = 0; h < pp.length; h++) {
                pp[h] = space(d, 2 * queries - 1);
            }
            Packed nearKeys = near == null ? null : space(d, near.keys().rows());
            Packed nearValues = near == null ? null : space(near.values().rows(), d);
            if (near != null && nearKeys != null && nearValues != null) {
                nearKeys.packColumns(near.keys().data, near.keys().offset, near.keys().rowStride);
                nearValues.packRows(
                        near.values().data, near.values().offset, near.values().rowStride);
            }
            // A panel of all heads at once: what lies together is read together.
            pool.run(
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
            pool.run(
                    pp.length,
                    (h, worker) -> {
                        if (relative != null) {
                            CpuTensor p = relative.positions();
                            pp[h].packColumns(p.data, p.offset + h * d, p.rowStride);
                        }
                    });
            int blocks = (queries + BLOCK - 1) / BLOCK;
            pool.run(
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
                                        nearKeys,
                                        nearValues,
                                        relative,
                                        relative == null ? null : pp[h],
                                        out);
                    });
        }
    }

    private Packed space(int k, int n) {
        int width = kernels.panel(n);
        CpuTensor t = arena.tensor(1, 1, Packed.length(k, n, width));
        return new Packed(t.data, t.offset, k, n, width);
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
                Packed kp,
                Packed vp,
                float scale,
                int visible,
                @Nullable Packed nearKeys,
                @Nullable Packed nearValues,
                @Nullable Relative relative,
                @Nullable Packed positions,
                CpuTensor out) {
            int queries = q.rows();
            int distances = positions == null ? 0 : queries + rows - 1;
            int band = nearKeys == null ? 0 : nearKeys.n();
            int width = kp.width();
            int panels = Math.ceilDiv(keys, width);
            int step = rows * width;
            // Scores, then products with positions or near embeddings, queries with a bias, and
            // what each row of weights is to be divided by.
            int extra = panels * step;
            int shifted = extra + rows * Math.max(distances, band);
            int inverse = shifted + (positions == null ? 0 : rows * d);
            float[] s = scratch.input(worker, inverse + rows);
            float[] a = q.data;
            int ao = q.at(b, q0) + col;
            int lda = q.rowStride;
            if (relative != null && positions != null) {
                CpuTensor u = relative.biasU();
                CpuTensor v = relative.biasV();
                biased(v, s, shifted);
                int low = queries - q0 - rows;
                product(s, shifted, d, positions, low, low + distances, s, extra, distances);
                biased(u, s, shifted);
                a = s;
                ao = shifted;
                lda = d;
            }
            for (int p = 0; p < panels; p++) {
                float[] w = kp.values();
                kernels.product(a, ao, lda, rows, 1, 0, d, w, kp.panel(p), width, s, p * step);
                for (int i = 0; positions != null && i < rows; i++) {
                    int to = p * step + i * width;
                    int from = extra + i * distances + rows - 1 - i + p * width;
                    int n = Math.min(width, keys - p * width);
                    kernels.add(s, to, s, from, s, to, n);
                }
            }
            if (nearKeys != null) {
                product(a, ao, lda, nearKeys, 0, band, s, extra, band);
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
                    Arrays.fill(s, at + Math.max(0, n - p * width), at + width, NEVER);
                }
            }
            kernels.weights(s, rows, width, panels, scale, inverse);
            Arrays.fill(s, inverse, inverse + Math.clamp(-visible + 1, 0, rows), 0);
            weigh(s, 0, width, panels, step, width, vp, inverse, out, false);
            if (nearValues != null) {
                for (int i = 0; i < rows; i++) {
                    int first = q0 + i - band / 2;
                    int to = extra + i * band;
                    Arrays.fill(s, to, to + band, 0);
                    for (int j = Math.max(0, first); j < Math.min(keys, first + band); j++) {
                        s[to + j - first] = s[score(i, j, width)];
                    }
                }
                weigh(s, extra, band, 1, 0, band, nearValues, inverse, out, true);
            }
        }

        /** Where row i's score of key j lies. */
        private int score(int i, int j, int width) {
            return (j / width * rows + i) * width + j % width;
        }

        private void biased(CpuTensor bias, float[] s, int at) {
            for (int i = 0; i < rows; i++) {
                int from = q.at(b, q0 + i) + col;
                kernels.add(q.data, from, bias.data, bias.offset + col, s, at + i * d, d);
            }
        }

        /** Columns [j0, j1) of a product into rows of {@code ldc} values. */
        private void product(
                float[] a, int ao, int lda, Packed w, int j0, int j1, float[] c, int co, int ldc) {
            int width = w.width();
            float[] t = scratch.tile(worker, BLOCK * width);
            for (int p = j0 / width; p * width < j1; p++) {
                kernels.product(a, ao, lda, rows, 1, 0, d, w.values(), w.panel(p), width, t, 0);
                int low = Math.max(j0, p * width);
                int high = Math.min(j1, (p + 1) * width);
                for (int i = 0; i < rows; i++) {
                    int from = i * width + low - p * width;
                    System.arraycopy(t, from, c, co + i * ldc + low - j0, high - low);
                }
            }
        }

        /** Rows of weights times packed values, divided, into (or onto) the head's columns. */
        private void weigh(
                float[] a,
                int ao,
                int lda,
                int runs,
                int step,
                int k,
                Packed w,
                int inverse,
                CpuTensor out,
                boolean onto) {
            int width = w.width();
            float[] t = scratch.tile(worker, BLOCK * width);
            for (int p = 0; p < w.panels(); p++) {
                kernels.product(
                        a, ao, lda, rows, runs, step, k, w.values(), w.panel(p), width, t, 0);
                kernels.scaleRows(t, width, rows, a, inverse);
                int to = out.at(b, q0) + col + p * width;
                kernels.finish(
                        t,
                        width,
                        rows,
                        Math.min(width, d - p * width),
                        null,
                        0,
                        Activation.NONE,
                        null,
                        0,
                        1,
                        onto ? out.data : null,
                        to,
                        out.rowStride,
                        out.data,
                        to,
                        out.rowStride);
            }
        }
    }
}
