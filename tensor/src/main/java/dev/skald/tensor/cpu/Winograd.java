package dev.skald.tensor.cpu;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Weight;
import dev.skald.tensor.cpu.memory.CpuTensor;
import dev.skald.tensor.cpu.memory.Scratch;
import dev.skald.tensor.cpu.workers.WorkerPool;
import org.jspecify.annotations.Nullable;

/**
 * Convolutions of stride 1 by minimal filtering, with about half the products of the sum they
 * equal.
 *
 * <p>A filter of {@code c} taps over {@code 9 - c} outputs is the product of two polynomials, known
 * once both are known at eight points: here 0, 1, -1, 2, -2, 1/2, -1/2 and infinity. So the input
 * is evaluated at the points, multiplied by the filter's values there, a matrix a point, and the
 * outputs are interpolated. Longer filters are cut into pieces that are summed at the points. In
 * fp32 a result is about 123 dB from the exact sum, where adding it up directly is 137 dB from it.
 *
 * <p>S. Winograd, Arithmetic Complexity of Computations, 1980; A. Lavin and S. Gray, Fast
 * Algorithms for Convolutional Neural Networks, arXiv:1509.09308.
 */
final class Winograd {
    static final int POINTS = 8;

    /** Tiles done at once: their sums stay in the first cache. */
    private static final int TILES = 24;

    /** Rows and columns are a whole number of vectors of every width. */
    private static final int LANES = 16;

    /** Filters of so many values at the points always qualify. */
    private static final int SMALL = 3 << 18;

    /** Larger ones only while the values at the points are fewer than this many a tap. */
    private static final double GROWTH = 2.3;

    private static final double[] AT = {0, 1, -1, 2, -2, 0.5, -0.5};

    private final Kernels kernels;
    private final WorkerPool pool;
    private final Scratch scratch;

    Winograd(Kernels kernels, WorkerPool pool, Scratch scratch) {
        this.kernels = kernels;
        this.pool = pool;
        this.scratch = scratch;
    }

    /**
     * A convolution's weight at the points.
     *
     * @param piece taps of one piece; {@code 9 - piece} outputs are made of a tile
     * @param pieces how many pieces the taps, filled up with zeros, make
     * @param points a matrix (pieces * in, out) each
     */
    record Filter(int piece, int pieces, Packed[] points) {
        int outputs() {
            return POINTS + 1 - piece;
        }
    }

    /** The piece by which a filter of so many taps costs least; the smaller one of equals. */
    private static int piece(int taps) {
        int best = 2;
        for (int c = 3; c <= 5; c++) {
            if (Math.ceilDiv(taps, c) * (POINTS + 1 - best)
                    < Math.ceilDiv(taps, best) * (POINTS + 1 - c)) {
                best = c;
            }
        }
        return best;
    }

    /** Whether a convolution of stride 1 is done this way: decided by its shape alone. */
    static boolean suits(int in, int out, int taps) {
        if (taps < 2 || in % LANES != 0 || out % LANES != 0) {
            return false;
        }
        long values = (long) POINTS * Math.ceilDiv(taps, piece(taps)) * in * out;
        return values <= SMALL || values < GROWTH * taps * in * out;
    }

    /** The weight (out, in, taps) at the points. */
    static Filter filter(Weight weight, Format format, int panel) {
        int out = weight.shape()[0];
        int in = weight.shape()[1];
        int taps = weight.shape()[2];
        int piece = piece(taps);
        int pieces = Math.ceilDiv(taps, piece);
        Packed[] points = new Packed[POINTS];
        for (int p = 0; p < POINTS; p++) {
            points[p] = Packed.of(pieces * in, out, panel);
        }
        float[] row = new float[in * taps];
        float[] turned = new float[pieces * piece * in];
        int k = pieces * in;
        float[][] columns = new float[POINTS][panel * k];
        double[][] matrix = matrix(piece);
        for (int o0 = 0; o0 < out; o0 += panel) {
            int count = Math.min(panel, out - o0);
            for (int o = 0; o < count; o++) {
                weight.read((long) (o0 + o) * row.length, row, 0, row.length);
                Rounding.apply(format, row, row.length);
                Packing.turn(row, in, taps, turned, 0, 1);
                for (int i = 0; i < POINTS * pieces; i++) {
                    int p = i / pieces;
                    int s = i % pieces;
                    int at = s * piece * in;
                    Packing.evaluate(matrix[p], turned, at, in, columns[p], o * k + s * in);
                }
            }
            for (int p = 0; p < POINTS; p++) {
                points[p].columns(o0, columns[p], count);
            }
        }
        return new Filter(piece, pieces, points);
    }

    /** Row p takes the taps of a piece to their value at point p, interpolation's factor in it. */
    private static double[][] matrix(int piece) {
        double[][] m = new double[POINTS][piece];
        for (int p = 0; p < AT.length; p++) {
            double factor = 1;
            for (double other : AT) {
                factor *= other == AT[p] ? 1 : AT[p] - other;
            }
            for (int t = 0; t < piece; t++) {
                m[p][t] = Math.pow(AT[p], t) / factor;
            }
        }
        m[POINTS - 1][piece - 1] = 1;
        return m;
    }

    /**
     * Output row i in 0 .. count-1 becomes the epilogue of {@code sum over taps t: before(x[first +
     * i + t * dilation]) W_t}, x being zero beyond its edges.
     */
    void run(
            CpuTensor x,
            int first,
            int dilation,
            Activation before,
            Filter w,
            float @Nullable [] bias,
            Epilogue epilogue,
            CpuTensor out,
            int count) {
        // A tile's rows are a dilation apart, so its neighbours fill the gaps: a span of
        // dilation tiles is dilation * outputs rows.
        int span = dilation * w.outputs();
        int spans = Math.ceilDiv(count, span);
        int perGroup = spans(dilation);
        int groups = Math.ceilDiv(spans, perGroup);
        int panels = w.points()[0].panels();
        int splits = x.batch() * groups >= 6 ? 1 : Math.min(panels, Math.ceilDiv(8, groups));
        int perSplit = Math.ceilDiv(panels, splits);
        pool.run(
                x.batch() * groups * splits,
                (item, worker) -> {
                    int from = item / splits % groups * perGroup;
                    int p0 = item % splits * perSplit;
                    group(
                            x,
                            item / splits / groups,
                            first,
                            dilation,
                            before,
                            w,
                            bias,
                            epilogue,
                            out,
                            from * span,
                            Math.min(count, (from + perGroup) * span),
                            p0,
                            Math.min(panels, p0 + perSplit),
                            worker);
                });
    }

    /** Spans done at once: about {@link #TILES} tiles, and few left over of the kernel's rows. */
    private static int spans(int dilation) {
        int best = 1;
        double least = Double.MAX_VALUE;
        for (int s = 1; s * dilation <= Math.max(TILES, dilation); s++) {
            double waste = Math.ceilDiv(s * dilation, 8) * 8.0 / (s * dilation);
            if (waste <= least) {
                least = waste;
                best = s;
            }
        }
        return best;
    }

    private void group(
            CpuTensor x,
            int b,
            int first,
            int dilation,
            Activation before,
            Filter w,
            float @Nullable [] bias,
            Epilogue epilogue,
            CpuTensor out,
            int i0,
            int i1,
            int p0,
            int p1,
            int worker) {
        if (i0 >= i1 || p0 >= p1) {
            return;
        }
        int in = x.cols();
        int outputs = w.outputs();
        int span = dilation * outputs;
        int spans = Math.ceilDiv(i1 - i0, span);
        int tiles = spans * dilation;
        int rows = Math.max(tiles, kernels.rows());
        int from = first + i0;
        int to = from + spans * span + (w.pieces() * w.piece() - 1) * dilation;
        float[] a = x.data;
        int ao = x.at(b, from);
        if (before.kind() != Activation.Kind.NONE
                || from < 0
                || to > x.rows()
                || x.rowStride != in) {
            a = scratch.input(worker, (to - from) * in);
            Products.load(kernels, x, b, from, to, before, a);
            ao = 0;
        }
        int pieceStep = tiles * in;
        int pointStep = w.pieces() * pieceStep;
        float[] v = scratch.points(worker, POINTS * pointStep + (rows - tiles) * in);
        for (int s = 0; s < spans; s++) {
            for (int c = 0; c < w.pieces(); c++) {
                kernels.winogradInput(
                        a,
                        ao + (s * span + c * w.piece() * dilation) * in,
                        dilation * in,
                        v,
                        c * pieceStep + s * dilation * in,
                        pointStep,
                        dilation * in);
            }
        }
        int width = w.points()[0].width();
        float[] t = scratch.tile(worker, POINTS * rows * width);
        float[] y = scratch.panel(worker, spans * span * width);
        CpuTensor residual = (CpuTensor) epilogue.residual();
        CpuTensor alpha = (CpuTensor) epilogue.activation().alpha();
        for (int p = p0; p < p1; p++) {
            for (int k = 0; k < POINTS; k++) {
                Packed m = w.points()[k];
                kernels.product(
                        v,
                        k * pointStep,
                        in,
                        rows,
                        w.pieces(),
                        pieceStep,
                        in,
                        m.values(),
                        m.panel(p),
                        width,
                        t,
                        k * rows * width);
            }
            for (int s = 0; s < spans; s++) {
                kernels.winogradOutput(
                        t,
                        s * dilation * width,
                        rows * width,
                        outputs,
                        y,
                        s * span * width,
                        dilation * width);
            }
            int col = p * width;
            kernels.finish(
                    y,
                    width,
                    i1 - i0,
                    Math.min(width, w.points()[0].n() - col),
                    bias,
                    col,
                    epilogue.activation(),
                    alpha == null ? null : alpha.data,
                    alpha == null ? 0 : alpha.offset + col,
                    epilogue.scale(),
                    residual == null ? null : residual.data,
                    residual == null ? 0 : residual.at(b, i0) + col,
                    residual == null ? 0 : residual.rowStride,
                    out.data,
                    out.at(b, i0) + col,
                    out.rowStride);
        }
    }
}
