package dev.skald.tensor.cpu.attention;

import dev.skald.tensor.Epilogue;
import dev.skald.tensor.cpu.gemm.GemmKernels;
import dev.skald.tensor.cpu.gemm.Output;
import dev.skald.tensor.cpu.gemm.OutputKernels;
import dev.skald.tensor.cpu.gemm.PackedMatrix;
import dev.skald.tensor.cpu.gemm.Quantized;
import dev.skald.tensor.cpu.gemm.RowBlock;
import dev.skald.tensor.cpu.memory.CpuTensor;
import dev.skald.tensor.cpu.memory.Scratch;
import dev.skald.tensor.cpu.norm.Norms;
import dev.skald.tensor.cpu.workers.Team;
import java.util.Arrays;

/**
 * Causal attention over a {@link KeyValueCache}: a head's scores are a product with its keys, then
 * a softmax a row, then a product with its values, block by block.
 */
public final class CachedAttention {
    /** Queries at once: two of the kernels' tiles. */
    private static final int ROWS = 48;

    private final GemmKernels kernels;
    private final Norms norms;
    private final OutputKernels outputs;
    private final Team team;
    private final Scratch scratch;

    public CachedAttention(
            GemmKernels kernels, Norms norms, OutputKernels outputs, Team team, Scratch scratch) {
        this.kernels = kernels;
        this.norms = norms;
        this.outputs = outputs;
        this.team = team;
        this.scratch = scratch;
    }

    /** Keeps keys and values of each batch in its cache, from its position {@code first} on. */
    public void append(CpuTensor k, CpuTensor v, KeyValueCache[] caches, int[] first) {
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
        team.run(
                count,
                (i, worker) -> {
                    int b = i / heads;
                    caches[b].set(b, i % heads, first[b], k.rows(), k, v);
                });
    }

    /** In each cache {@code lengths} positions are filled, those of the queries included. */
    public void run(
            CpuTensor q, KeyValueCache[] caches, int[] lengths, float scale, CpuTensor out) {
        int queries = q.rows();
        int parts = (queries + ROWS - 1) / ROWS;
        int heads = caches[0].heads;
        team.run(
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
        private final KeyValueCache cache;
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
                KeyValueCache cache,
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
            float[] t = scratch.tile(worker, ROWS * GemmKernels.PANELS * width);
            RowBlock queries =
                    RowBlock.of(q.data, q.at(b, first) + col, q.rowStride, rows, cache.dim);
            boolean streams =
                    cache.block(0).keys()[matrix].quantized() != null && kernels.streams(queries);
            int tStride = streams ? GemmKernels.PANELS * width : width;
            for (int j = 0; j < keys; ) {
                PackedMatrix k = cache.block(j / KeyValueCache.BLOCK).keys()[matrix];
                int p = j % KeyValueCache.BLOCK / width;
                int left =
                        (Math.min(keys - j, KeyValueCache.BLOCK - p * width) + width - 1) / width;
                int panels = product(queries, k, p, left, t);
                for (int i = 0; i < rows; i++) {
                    System.arraycopy(t, i * tStride, s, i * stride + j, panels * width);
                }
                j += panels * width;
            }
            for (int i = 0; i < rows; i++) {
                norms.softmax(s, i * stride, scale, s, i * stride, visible + i);
                Arrays.fill(s, i * stride + visible + i, i * stride + keys, 0);
            }
            CpuTensor head = out.cols(col, col + cache.dim);
            Output fresh = new Output(null, Epilogue.NONE, head);
            Output added = new Output(null, Epilogue.plus(head), head);
            for (int j = 0; j < keys; j += KeyValueCache.BLOCK) {
                PackedMatrix v = cache.block(j / KeyValueCache.BLOCK).values()[matrix];
                int count = Math.min(KeyValueCache.BLOCK, keys - j);
                RowBlock weights = RowBlock.of(s, j, stride, rows, count);
                for (int p = 0; p < v.panels(); ) {
                    int panels = product(weights, v, p, v.panels() - p, t);
                    Output to = j == 0 ? fresh : added;
                    outputs.store(t, tStride, rows, to, b, first, p * width);
                    p += panels;
                }
            }
        }

        /**
         * The rows times some panels of a matrix, from p on, or the first {@code a.k()} rows of
         * them; returns how many panels.
         */
        private int product(RowBlock a, PackedMatrix w, int p, int left, float[] c) {
            Quantized quantized = w.quantized();
            int at = w.panel(p);
            if (quantized == null) {
                kernels.product(a, w.values(), at, c, 0);
                return 1;
            }
            if (kernels.streams(a)) {
                int panels = Math.min(left, GemmKernels.PANELS);
                float[] strip = scratch.panel(worker, kernels.strip());
                kernels.quantizedProduct(a, quantized, at, w.k() * w.width(), panels, c, strip);
                return panels;
            }
            float[] values = scratch.panel(worker, a.k() * w.width());
            kernels.unpack(quantized, at, a.k() * w.width(), values);
            kernels.product(a, values, 0, c, 0);
            return 1;
        }
    }
}
