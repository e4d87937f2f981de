package dev.skald.tensor.cpu;

import dev.skald.Precision;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.cpu.jit.JitKernel;
import dev.skald.tensor.cpu.jit.Lanes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/**
 * The same random ops on any kernels: what {@link SpeciesTest} compares. It is loaded once for each
 * width of vectors, so it takes and gives nothing but arrays.
 */
public final class Trial implements Supplier<float[][]> {
    /**
     * Results of the scalar kernels first, then of the vector loops and of their scalar fallbacks.
     */
    @Override
    public float[][] get() {
        List<float[]> all = new ArrayList<>();
        all.add(run(CpuKernels.of(false), 1));
        for (boolean compiled : new boolean[] {true, false}) {
            JitKernel.force(compiled);
            for (int threads = 1; threads <= 3; threads++) {
                all.add(run(CpuKernels.of(true), threads));
            }
        }
        all.add(new float[] {Lanes.N});
        return all.toArray(new float[0][]);
    }

    private static float[] run(CpuKernels kernels, int threads) {
        Random random = new Random(5);
        List<float[]> found = new ArrayList<>();
        try (CpuBackend backend = new CpuBackend(kernels, threads);
                Parameters parameters = backend.parameters(Precision.FP32);
                Ops ops = backend.open()) {
            for (int round = 0; round < 12; round++) {
                int rows = 1 + random.nextInt(round < 6 ? 90 : 12);
                // Every third round in whole vectors: convolutions by minimal filtering.
                boolean whole = round % 3 == 2;
                int in = whole ? 16 + 16 * random.nextInt(3) : 1 + random.nextInt(70);
                int out = whole ? 16 + 16 * random.nextInt(4) : 1 + random.nextInt(80);
                int kernel = (whole ? 3 : 1) + random.nextInt(7);
                int dilation = 1 + random.nextInt(3);
                int pad = dilation * (kernel - 1);
                Tensor x = tensor(ops, random, rows, in);
                var conv =
                        parameters.conv1d(
                                weight(random, out, in, kernel),
                                weight(random, out),
                                1,
                                dilation,
                                1,
                                Role.WORKING);
                var up =
                        parameters.convTranspose1d(
                                weight(random, in, out, 2 * kernel),
                                weight(random, out),
                                kernel,
                                0,
                                Role.WORKING);
                var linear =
                        parameters.linear(
                                weight(random, out, in), weight(random, out), Role.WORKING);
                Activation leaky = Activation.leakyRelu(0.1f);
                found.add(ops.read(ops.conv1d(x, conv, pad, 0, leaky, Epilogue.NONE)));
                found.add(ops.read(ops.convTranspose1d(x, up, leaky)));
                Tensor r = tensor(ops, random, rows, out);
                ops.linear(x, linear, new Epilogue(Activation.RELU, 0.5f, r), r);
                found.add(ops.read(r));
                found.add(ops.read(ops.linear(x, linear, Epilogue.of(Activation.TANH))));
                for (Precision p : Precision.values()) {
                    var small =
                            backend.parameters(p)
                                    .linear(weight(random, out, in), null, Role.STREAMED);
                    float[] all = ops.read(ops.linear(x, small));
                    found.add(all);
                    alone(ops, x, small, all);
                }
                rowOps(ops, random, ops.linear(x, linear), found);
                Tensor q = tensor(ops, random, rows, 2 * in);
                Tensor o = ops.tensor(1, rows, 2 * in);
                ops.attention(q, q, q, 2, 0.2f, round % 2 == 0, o);
                found.add(ops.read(o));
                Ops.Ints length = ops.ints(1);
                ops.write(new int[] {rows}, length);
                for (Precision p : new Precision[] {Precision.FP32, Precision.BF16}) {
                    List<Ops.Cache> cache = List.of(ops.cache(2, in, rows, p));
                    ops.append(q, q, cache, ops.ints(1));
                    for (int n = 1; n <= rows; n += 1 + rows / 2) {
                        Tensor last = q.rows(rows - n, rows);
                        Tensor cached = ops.tensor(1, n, 2 * in);
                        ops.attentionCached(last, cache, length, 0.2f, cached);
                        found.add(ops.read(cached));
                    }
                }
                var lstm =
                        parameters.lstm(
                                weight(random, 4 * out, in),
                                weight(random, 4 * out, out),
                                weight(random, 4 * out),
                                null);
                found.add(ops.read(ops.lstm(x.rows(0, Math.min(rows, 6)), lstm)));
            }
        }
        int n = 0;
        for (float[] f : found) {
            n += f.length;
        }
        float[] joined = new float[n];
        n = 0;
        for (float[] f : found) {
            System.arraycopy(f, 0, joined, n, f.length);
            n += f.length;
        }
        return joined;
    }

    /** A row has the same bits whoever its neighbours are. */
    private static void alone(Ops ops, Tensor x, Parameters.Linear w, float[] all) {
        for (int r = 0; r < x.rows(); r += 11) {
            for (int end = r + 1; end <= Math.min(x.rows(), r + 9); end += 2) {
                float[] some = ops.read(ops.linear(x.rows(r, end), w));
                int from = r * w.out();
                if (!Arrays.equals(some, Arrays.copyOfRange(all, from, from + some.length))) {
                    throw new IllegalStateException(
                            "rows " + r + " to " + end + " of " + x.rows() + " differ alone");
                }
            }
        }
    }

    private static void rowOps(Ops ops, Random random, Tensor y, List<float[]> found) {
        int c = y.cols();
        Tensor g = tensor(ops, random, 1, c);
        Tensor z = ops.tensor(1, y.rows(), c);
        ops.layerNorm(y, g, g, 1e-5f, Activation.NONE, z);
        found.add(ops.read(z));
        ops.rmsNorm(y, g, 1e-5f, z);
        found.add(ops.read(z));
        for (Activation.Kind kind : Activation.Kind.values()) {
            Tensor alpha = null;
            if (kind == Activation.Kind.SNAKE) {
                alpha = ops.tensor(1, 1, c);
                ops.activate(g, new Activation(Activation.Kind.ABS, 0, null), alpha);
                ops.scale(alpha, 1, 0.2f, alpha);
            }
            ops.scale(y, 0.5f, 0, z);
            ops.activate(z, new Activation(kind, 0.1f, alpha), z);
            found.add(ops.read(z));
        }
        Tensor half = ops.tensor(1, y.rows(), c / 2);
        ops.gateTanh(y.cols(0, c / 2 * 2), half);
        found.add(ops.read(half));
        ops.gateSilu(y.cols(0, c / 2 * 2), half);
        found.add(ops.read(half));
    }

    private static Tensor tensor(Ops ops, Random random, int rows, int cols) {
        Tensor t = ops.tensor(1, rows + 1, cols + 3).rows(1, rows + 1).cols(2, cols + 2);
        ops.write(values(random, rows * cols), 0, t);
        return t;
    }

    private static Weight weight(Random random, int... shape) {
        int n = 1;
        for (int d : shape) {
            n *= d;
        }
        return Weight.of("w", values(random, n), shape);
    }

    private static float[] values(Random random, int n) {
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = (float) random.nextGaussian();
        }
        return v;
    }
}
