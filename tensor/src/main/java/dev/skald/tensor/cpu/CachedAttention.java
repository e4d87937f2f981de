package dev.skald.tensor.cpu;

import dev.skald.tensor.Activation;
import dev.skald.tensor.cpu.memory.CpuTensor;
import dev.skald.tensor.cpu.memory.Scratch;
import dev.skald.tensor.cpu.workers.WorkerPool;
import java.util.Arrays;

/**
 * Causal attention over a {@link CpuCache}: a head's scores are a product with its keys, then a
 * softmax a row, then a product with its values, block by block.
 */
final class CachedAttention {
    /** Queries at once: two of the kernels' tiles. */
    private static final int ROWS = 48;

    private final Kernels kernels;
    private final WorkerPool pool;
    private final Scratch scratch;

    CachedAttention(Kernels kernels, WorkerPool pool, Scratch scratch) {
        this.kernels = kernels;
        this.pool = pool;
        this.scratch = scratch;
    }

    /** Keeps keys and values of each batch in its cache, from its position {@code first} on. */
    void append(CpuTensor k, CpuTensor v, CpuCache[] caches, int[] first) {
        int heads = caches[0].heads;
        for (int b = 0; b < caches.length; b++) {
            caches[b].reserve(first[b] + k.rows());
        }
        int count = caches.length * heads;
        if (k.rows() == 1) {
            for (int i = 0; i < count; i++) {
                int b = i / heads;
                caches[b].set(b, i % heads, first[b], 1, k, v);
            }
            return;
        }
        pool.run(
                count,
                (i, worker) -> {
                    int b = i / heads;
                    caches[b].set(b, i % heads, first[b], k.rows(), k, v);
                });
    }

    /** In each cache {@code lengths} positions are filled, those of the queries included. */
    void run(CpuTensor q, CpuCache[] caches, int[] lengths, float scale, CpuTensor out) {
        int queries = q.rows();
        int parts = (queries + ROWS - 1) / ROWS;
        int heads = caches[0].heads;
        pool.run(
                caches.length * heads * parts,
                (item, worker) -> {
                    int first = item % parts * ROWS;
                    int b = item / parts / heads;
                    new Part(
                                    q,
                                    b,
                                    item / parts % heads,
                                    first,
                                    Math.min(ROWS, queries - first),
                                    lengths[b] - queries + first + 1,
                                    caches[b],
                                    worker)
                            .run(scale, out);
                });
    }

    /** Some queries of one head. */
    private final class Part {
        private final CpuTensor q;
        private final int matrix;
        private final int b;
        private final int col;
        private final int first;
        private final int rows;
        private final int visible;
        private final int keys;
        private final CpuCache cache;
        private final int worker;

        /**
         * @param matrix which of the cache's matrices: the head
         * @param visible keys that the first query sees, one more for each next
         */
        Part(
                CpuTensor q,
                int b,
                int matrix,
                int first,
                int rows,
                int visible,
                CpuCache cache,
                int worker) {
            this.q = q;
            this.matrix = matrix;
            this.b = b;
            this.col = matrix * cache.dim;
            this.first = first;
            this.rows = rows;
            this.visible = visible;
            this.keys = visible + rows - 1;
            this.cache = cache;
            this.worker = worker;
        }

        void run(float scale, CpuTensor out) {
            int width = cache.block(0).keys()[matrix].width();
            int stride = (keys + width - 1) / width * width;
            float[] s = scratch.input(worker, rows * stride);
            float[] t = scratch.tile(worker, ROWS * width);
            for (int j = 0; j < keys; j += width) {
                Packed k = cache.block(j / CpuCache.BLOCK).keys()[matrix];
                int at = k.panel(j % CpuCache.BLOCK / width);
                product(q.data, q.at(b, first) + col, q.rowStride, cache.dim, k, at, t);
                for (int i = 0; i < rows; i++) {
                    System.arraycopy(t, i * width, s, i * stride + j, width);
                }
            }
            for (int i = 0; i < rows; i++) {
                kernels.softmax(s, i * stride, scale, s, i * stride, visible + i);
                Arrays.fill(s, i * stride + visible + i, i * stride + keys, 0);
            }
            for (int j = 0; j < keys; j += CpuCache.BLOCK) {
                Packed v = cache.block(j / CpuCache.BLOCK).values()[matrix];
                int count = Math.min(CpuCache.BLOCK, keys - j);
                for (int p = 0; p < v.panels(); p++) {
                    product(s, j, stride, count, v, v.panel(p), t);
                    int to = out.at(b, first) + col + p * width;
                    kernels.finish(
                            t,
                            width,
                            rows,
                            Math.min(width, cache.dim - p * width),
                            null,
                            0,
                            Activation.NONE,
                            null,
                            0,
                            1,
                            j == 0 ? null : out.data,
                            to,
                            out.rowStride,
                            out.data,
                            to,
                            out.rowStride);
                }
            }
        }

        /** The rows times a panel of a matrix, or the first {@code k} rows of it. */
        private void product(float[] a, int ao, int lda, int k, Packed w, int at, float[] c) {
            Compact compact = w.compact();
            if (compact != null && kernels.compactProduct(a, ao, lda, rows, k, compact, at, c)) {
                return;
            }
            float[] values = w.values();
            int from = at;
            if (compact != null) {
                values = scratch.panel(worker, k * w.width());
                kernels.unpack(compact, at, k * w.width(), values);
                from = 0;
            }
            kernels.product(a, ao, lda, rows, 1, 0, k, values, from, w.width(), c, 0);
        }
    }
}
