package dev.skald.tensor.cpu.conv;

import dev.skald.tensor.Conversion;
import dev.skald.tensor.Weight;
import dev.skald.tensor.cpu.elementwise.Functions;
import dev.skald.tensor.cpu.gemm.Format;
import dev.skald.tensor.cpu.gemm.GemmKernels;
import dev.skald.tensor.cpu.gemm.Output;
import dev.skald.tensor.cpu.gemm.OutputKernels;
import dev.skald.tensor.cpu.gemm.PackedMatrix;
import dev.skald.tensor.cpu.gemm.Packing;
import dev.skald.tensor.cpu.gemm.Rounding;
import dev.skald.tensor.cpu.gemm.RowBlock;
import dev.skald.tensor.cpu.gemm.Windows;
import dev.skald.tensor.cpu.memory.Scratch;
import dev.skald.tensor.cpu.workers.Team;

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
public final class Winograd {
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

    private final GemmKernels kernels;
    private final Functions functions;
    private final OutputKernels outputs;
    private final WinogradTransforms transforms;
    private final Team team;
    private final Scratch scratch;

    public Winograd(
            boolean vectors,
            GemmKernels kernels,
            Functions functions,
            OutputKernels outputs,
            Team team,
            Scratch scratch) {
        this.kernels = kernels;
        this.functions = functions;
        this.outputs = outputs;
        this.transforms = new WinogradTransforms(vectors);
        this.team = team;
        this.scratch = scratch;
    }

    /** Requests the kernels of the transforms. */
    public static void prepare() {
        WinogradTransforms.ToPoints.KERNEL.request();
        WinogradTransforms.ToOutputs.KERNEL.request();
    }

    /**
     * A convolution's weight at the points.
     *
     * @param piece taps of one piece; {@code 9 - piece} outputs are made of a tile
     * @param pieces how many pieces the taps, filled up with zeros, make
     * @param points a matrix (pieces * in, out) each
     */
    public record Filter(int piece, int pieces, PackedMatrix[] points) {
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
    public static boolean suits(int in, int out, int taps) {
        if (taps < 2 || in % LANES != 0 || out % LANES != 0) {
            return false;
        }
        long values = (long) POINTS * Math.ceilDiv(taps, piece(taps)) * in * out;
        return values <= SMALL || values < GROWTH * taps * in * out;
    }

    /** The weight (out, in, taps) at the points. */
    public static Filter filter(Weight weight, Format format, int panel) {
        int out = weight.shape()[0];
        int in = weight.shape()[1];
        int taps = weight.shape()[2];
        int piece = piece(taps);
        int pieces = Math.ceilDiv(taps, piece);
        PackedMatrix[] points = new PackedMatrix[POINTS];
        for (int p = 0; p < POINTS; p++) {
            points[p] = PackedMatrix.of(pieces * in, out, panel);
        }
        float[] row = new float[in * taps];
        float[] tapsFirst = new float[pieces * piece * in];
        int k = pieces * in;
        float[][] columns = new float[POINTS][panel * k];
        double[][] matrix = matrix(piece);
        for (int o0 = 0; o0 < out; o0 += panel) {
            int count = Math.min(panel, out - o0);
            for (int o = 0; o < count; o++) {
                Conversion.floats(weight, (long) (o0 + o) * row.length, row, 0, row.length);
                Rounding.apply(format, row, row.length);
                Packing.transpose(row, in, taps, tapsFirst, 0, 1);
                for (int i = 0; i < POINTS * pieces; i++) {
                    int p = i / pieces;
                    int s = i % pieces;
                    int at = s * piece * in;
                    Packing.evaluate(matrix[p], tapsFirst, at, in, columns[p], o * k + s * in);
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

    /** Output rows [row0, row1) of a batch, panels [panel0, panel1). */
    private record Tile(int batch, int row0, int row1, int panel0, int panel1) {}

    /** Each row of the output becomes the epilogue of its window's product with w; stride 1. */
    public void run(Windows x, Filter w, Output output) {
        int count = output.out().rows();
        int batch = x.x().batch();
        int dilation = x.dilation();
        // A tile's rows are a dilation apart, so its neighbours fill the gaps: a span of
        // dilation tiles is dilation * outputs rows.
        int span = dilation * w.outputs();
        int spans = Math.ceilDiv(count, span);
        int perGroup = spans(dilation);
        int groups = Math.ceilDiv(spans, perGroup);
        int panels = w.points()[0].panels();
        int splits = batch * groups >= 6 ? 1 : Math.min(panels, Math.ceilDiv(8, groups));
        int perSplit = Math.ceilDiv(panels, splits);
        team.run(
                batch * groups * splits,
                (item, worker) -> {
                    int from = item / splits % groups * perGroup;
                    int row1 = Math.min(count, (from + perGroup) * span);
                    int panel0 = item % splits * perSplit;
                    int panel1 = Math.min(panels, panel0 + perSplit);
                    int b = item / splits / groups;
                    run(new Tile(b, from * span, row1, panel0, panel1), x, w, output, worker);
                });
    }

    /** Spans computed at once: about {@link #TILES} tiles, with few of the kernel's rows unused. */
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

    private void run(Tile tile, Windows x, Filter w, Output output, int worker) {
        int count = tile.row1 - tile.row0;
        if (count <= 0 || tile.panel0 >= tile.panel1) {
            return;
        }
        int in = x.x().cols();
        int dilation = x.dilation();
        int outputs = w.outputs();
        int span = dilation * outputs;
        int spans = Math.ceilDiv(count, span);
        int tiles = spans * dilation;
        int rows = Math.max(tiles, kernels.rows());
        int from = x.from(tile.row0);
        int to = from + spans * span + (w.pieces() * w.piece() - 1) * dilation;
        float[] a = x.x().data;
        int ao = x.x().at(tile.batch, from);
        if (!x.inPlace(from, to) || x.x().rowStride != in) {
            a = scratch.input(worker, (to - from) * in);
            x.load(functions, tile.batch, from, to, a);
            ao = 0;
        }
        int pieceStep = tiles * in;
        int pointStep = w.pieces() * pieceStep;
        float[] v = scratch.points(worker, POINTS * pointStep + (rows - tiles) * in);
        for (int s = 0; s < spans; s++) {
            for (int c = 0; c < w.pieces(); c++) {
                transforms.toPoints(
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
        int spare = (WinogradTransforms.MOST_OUTPUTS - outputs) * dilation;
        float[] y = scratch.panel(worker, (spans * span + spare) * width);
        for (int p = tile.panel0; p < tile.panel1; p++) {
            for (int k = 0; k < POINTS; k++) {
                PackedMatrix m = w.points()[k];
                int at = k * pointStep;
                RowBlock block = new RowBlock(v, at, in, rows, w.pieces(), pieceStep, in);
                kernels.product(block, m.values(), m.panel(p), t, k * rows * width);
            }
            // In order: a span's first rows are written after the spare ones of the span before.
            for (int s = 0; s < spans; s++) {
                transforms.toOutputs(
                        t,
                        s * dilation * width,
                        rows * width,
                        outputs,
                        y,
                        s * span * width,
                        dilation * width);
            }
            this.outputs.store(y, width, count, output, tile.batch, tile.row0, p * width);
        }
    }
}
