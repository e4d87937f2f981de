package dev.skald.tensor.cpu.gemm;

import dev.skald.tensor.cpu.elementwise.Arithmetic;
import dev.skald.tensor.cpu.elementwise.Functions;
import dev.skald.tensor.cpu.memory.Scratch;
import dev.skald.tensor.cpu.workers.Team;

/**
 * Matrix products, cut into tiles for the workers.
 *
 * <p>A convolution is the product of the matrix whose rows are its windows with the packed weight.
 * Every value is summed in the same order whatever the tile, so tiles may be chosen for speed
 * alone.
 */
public final class Gemm {
    /** Rows a kernel is given at once: a multiple of what every kernel holds in registers. */
    private static final int ROWS = 24;

    /** Input values that a tile reads again for each panel: a part of a core's second cache. */
    private static final int BLOCK = 1 << 15;

    /**
     * The same for a matrix that no cache holds: it is read, and unpacked if it is quantized, once
     * a block.
     */
    private static final int WIDE = 1 << 17;

    private final GemmKernels kernels;
    private final Functions functions;
    private final OutputKernels outputs;
    private final Team team;
    private final Scratch scratch;

    public Gemm(
            GemmKernels kernels,
            Functions functions,
            OutputKernels outputs,
            Team team,
            Scratch scratch) {
        this.kernels = kernels;
        this.functions = functions;
        this.outputs = outputs;
        this.team = team;
        this.scratch = scratch;
    }

    /** Output rows [row0, row1) of a batch, panels [panel0, panel1). */
    private record Tile(int batch, int row0, int row1, int panel0, int panel1) {}

    /** Each row of the output becomes the epilogue of its window's product with w. */
    public void run(Windows x, PackedMatrix w, Output output) {
        int batch = x.x().batch();
        int count = output.out().rows();
        if (count <= 0 || batch == 0 || w.n() == 0) {
            return;
        }
        int in = x.x().cols();
        int stride = x.stride();
        int halo = (x.taps() - 1) * x.dilation();
        // A block's rows stay in cache; their halo is a part of them; and there are enough blocks
        // for several workers, unless rows are few.
        boolean wide = x.taps() == 1 && (long) w.k() * w.n() > WIDE;
        int fit = Math.max(2 * halo / stride, (wide ? WIDE : BLOCK) / Math.max(1, in * stride));
        if (!wide) {
            fit = Math.min(fit, Math.max(count / 8, Math.max(ROWS, halo / stride)));
        }
        int blockRows = Math.max(ROWS, fit / ROWS * ROWS);
        int blocks = Math.max(1, (count - kernels.rows()) / blockRows + 1);
        int panels = w.panels();
        int panelGroup = blocks >= 6 ? panels : Math.max(1, panels * blocks / 8);
        if (w.quantized() != null) {
            int whole = GemmKernels.PANELS;
            panelGroup = (panelGroup + whole - 1) / whole * whole;
        }
        int group = panelGroup;
        int groups = (panels + group - 1) / group;
        team.run(
                batch * blocks * groups,
                (item, worker) -> {
                    int block = item / groups % blocks;
                    int row0 = block * blockRows;
                    int row1 = block == blocks - 1 ? count : row0 + blockRows;
                    int panel0 = item % groups * group;
                    int panel1 = Math.min(panels, panel0 + group);
                    Tile tile = new Tile(item / (blocks * groups), row0, row1, panel0, panel1);
                    run(tile, x, w, output, worker);
                });
    }

    private void run(Tile tile, Windows x, PackedMatrix w, Output output, int worker) {
        int in = x.x().cols();
        int from = x.from(tile.row0);
        int to = x.to(tile.row1);
        float[] a = x.x().data;
        int ao = x.x().at(tile.batch, from);
        int rowStride = x.x().rowStride;
        if (!x.inPlace(from, to)) {
            a = scratch.input(worker, (to - from) * in);
            x.load(functions, tile.batch, from, to, a);
            ao = 0;
            rowStride = in;
        }
        int tapStep = x.dilation() * rowStride;
        boolean joined = x.taps() == 1 || tapStep == in;
        int runs = joined ? 1 : x.taps();
        int k = joined ? x.taps() * in : in;
        int lda = x.stride() * rowStride;
        int width = w.isTransposed() ? w.n() : w.width();
        int last = kernels.rows() - 1;
        RowBlock all = new RowBlock(a, ao, lda, tile.row1 - tile.row0, runs, tapStep, k);
        Quantized quantized = w.quantized();
        if (quantized != null && kernels.streams(all)) {
            streamed(all, tile, w, quantized, output, worker);
            return;
        }
        float[] t = scratch.tile(worker, (ROWS + last) * width);
        for (int p = tile.panel0; p < tile.panel1; p++) {
            for (int i = tile.row0; i < tile.row1; ) {
                int left = tile.row1 - i;
                int rows = left <= ROWS + last ? left : ROWS;
                int at = ao + (i - tile.row0) * lda;
                RowBlock block = new RowBlock(a, at, lda, rows, runs, tapStep, k);
                product(block, w, p, i == tile.row0, t, worker);
                outputs.store(t, width, rows, output, tile.batch, i, p * width);
                i += rows;
            }
        }
    }

    /** A tile of few rows with quantized weights, several panels at once. */
    private void streamed(
            RowBlock a, Tile tile, PackedMatrix w, Quantized q, Output output, int worker) {
        int width = w.width();
        int step = w.k() * width;
        int stride = GemmKernels.PANELS * width;
        float[] t = scratch.tile(worker, kernels.tile(a.count()));
        float[] strip = scratch.panel(worker, kernels.strip());
        for (int p = tile.panel0; p < tile.panel1; p += GemmKernels.PANELS) {
            int panels = Math.min(GemmKernels.PANELS, tile.panel1 - p);
            kernels.quantizedProduct(a, q, w.panel(p), step, panels, t, strip);
            float[] scales = q.scales();
            for (int r = 0; scales != null && r < a.count(); r++) {
                int at = r * stride;
                Arithmetic.mul(t, at, scales, p * width, t, at, panels * width);
            }
            outputs.store(t, stride, a.count(), output, tile.batch, tile.row0, p * width);
        }
    }

    /**
     * A block times panel p.
     *
     * @param first whether the panel is new to this worker, so that a quantized one must be
     *     unpacked
     */
    private void product(RowBlock a, PackedMatrix w, int p, boolean first, float[] t, int worker) {
        if (w.isTransposed()) {
            transposed(a, w, t);
            return;
        }
        Quantized quantized = w.quantized();
        if (quantized == null) {
            kernels.product(a, w.values(), w.panel(p), t, 0);
            return;
        }
        int width = w.width();
        float[] values = scratch.panel(worker, w.k() * width);
        if (first) {
            kernels.unpack(quantized, w.panel(p), w.k() * width, values);
        }
        kernels.product(a, values, 0, t, 0);
        float[] scales = quantized.scales();
        for (int r = 0; scales != null && r < a.count(); r++) {
            Arithmetic.mul(t, r * width, scales, p * width, t, r * width, width);
        }
    }

    /** The product with a transposed matrix: a sum along each window. */
    private void transposed(RowBlock a, PackedMatrix w, float[] t) {
        for (int i = 0; i < a.count(); i++) {
            for (int j = 0; j < w.n(); j++) {
                int from = w.at(0, j);
                float s = 0;
                for (int r = 0; r < a.runs(); r++) {
                    int at = a.offset() + i * a.stride() + r * a.runStep();
                    s += kernels.dot(a.data(), at, w.values(), from + r * a.k(), a.k());
                }
                t[i * w.n() + j] = s;
            }
        }
    }
}
