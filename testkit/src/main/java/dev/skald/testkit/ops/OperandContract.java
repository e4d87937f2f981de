package dev.skald.testkit.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.ResidualBlock;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.TransformerLayer;
import dev.skald.tensor.VocoderUnit;
import dev.skald.tensor.Weight;
import dev.skald.testkit.ops.Naive.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Tensors in the number format that products read ({@link Ops#operand}), and recordings. Weights
 * are of the device's own choice.
 */
public abstract class OperandContract extends PaddedContract {
    /** Of values near one that went through 16 bits. */
    private static final double HALF = 1e-3;

    /** Of sums of hundreds of products of such values. */
    private static final double PRODUCTS = 5e-2;

    private final Parameters working = backend.parameters();

    private Linear linear(int in, int out) {
        return working.linear(weight(out, in), weight(out), Role.WORKING);
    }

    /** A random operand, half of them views of columns. */
    private Tensor operand(int b, int t, int c) {
        Linear reader = linear(c, 8);
        Tensor like = ops.tensor(b, t, 1);
        Tensor x =
                random.nextBoolean()
                        ? ops.operand(like, c, reader)
                        : ops.operand(like, c + 8 + c % 8, reader).cols(8, c + 8);
        ops.write(values(b * t * c), 0, x);
        return x;
    }

    @Test
    void linearMapsOfOperands() {
        for (int[] size : new int[][] {{64, 96, 40}, {200, 256, 128}, {7, 30, 33}, {70, 24, 8}}) {
            Tensor x = operand(2, size[0], size[1]);
            var w = weight(size[2], size[1]);
            var b = weight(size[2]);
            Array y = Naive.conv1d(array(x), w.floats(), b.floats(), size[2], 1, 1, 1, 1, 0, 0);
            Linear map = working.linear(w, b, Role.WORKING);
            Tensor out = space(2, size[0], size[2]);
            ops.linear(x, map, Epilogue.NONE, out);
            same(out, y, PRODUCTS);
            Tensor half = operand(2, size[0], size[2]);
            ops.linear(x, map, Epilogue.of(Activation.RELU), half);
            same(half, y.map(v -> Math.max(0, v)), PRODUCTS);
            Tensor residual = tensor(2, size[0], size[2]);
            Array r = array(residual);
            for (int i = 0; i < y.v().length; i++) {
                y.v()[i] += r.v()[i];
            }
            ops.linear(x, map, Epilogue.plus(residual), half);
            same(half, y, PRODUCTS);
            ops.linear(x, map, Epilogue.plus(residual), residual);
            same(residual, y, PRODUCTS);
        }
    }

    @Test
    void normsBeforeLinearMaps() {
        for (int[] size : new int[][] {{64, 256, 200}, {70, 64, 330}, {5, 33, 16}, {1, 128, 8}}) {
            Tensor x = tensor(2, size[0], size[1]);
            Tensor g = tensor(1, 1, size[1]);
            Tensor b = tensor(1, 1, size[1]);
            var w = weight(size[2], size[1]);
            Linear map = working.linear(w, null, Role.WORKING);
            Array norm = array(ops.layerNorm(x, g, b, 1e-5f));
            float[] none = new float[size[2]];
            Array y = Naive.conv1d(norm, w.floats(), none, size[2], 1, 1, 1, 1, 0, 0);
            Tensor half = operand(2, size[0], size[2]);
            ops.layerNormLinear(x, g, b, 1e-5f, map, Epilogue.NONE, half);
            same(half, y, PRODUCTS);
            Tensor residual = tensor(2, size[0], size[2]);
            Array r = array(residual);
            for (int i = 0; i < y.v().length; i++) {
                y.v()[i] = r.v()[i] + Math.max(0, y.v()[i]);
            }
            Epilogue relu = new Epilogue(Activation.RELU, 1, residual);
            ops.layerNormLinear(x, g, b, 1e-5f, map, relu, residual);
            same(residual, y, PRODUCTS);
        }
    }

    @Test
    void convolutionsOfOperands() {
        for (int[] how : new int[][] {{3, 1, 16}, {7, 3, 24}, {11, 5, 64}, {4, 1, 9}, {3, 2, 8}}) {
            int kernel = how[0];
            int dilation = how[1];
            int c = how[2];
            int pad = dilation * (kernel - 1) / 2;
            Tensor x = operand(2, 150, c);
            var w = weight(40, c, kernel);
            var b = weight(40);
            Conv1d conv = working.conv1d(w, b, 1, dilation, 1, Role.DIRECT);
            Array y =
                    Naive.conv1d(
                            array(x), w.floats(), b.floats(), 40, kernel, 1, dilation, 1, pad, 0);
            Tensor out = space(2, y.t(), 40);
            ops.conv1d(x, conv, pad, 0, Activation.NONE, Epilogue.NONE, out);
            same(out, y, PRODUCTS);
            Tensor alpha = tensor(1, 1, 40);
            Array a = array(alpha).map(Math::abs);
            ops.activate(alpha, new Activation(Activation.Kind.ABS, 0, null), alpha);
            for (int i = 0; i < y.v().length; i++) {
                double al = a.v()[i % 40];
                y.v()[i] += Math.pow(Math.sin(al * y.v()[i]), 2) / (al + 1e-9);
            }
            Tensor half = operand(2, y.t(), 40);
            Epilogue snake = Epilogue.of(Activation.snake(alpha));
            ops.conv1d(x, conv, pad, 0, Activation.NONE, snake, half);
            same(half, y, 10 * PRODUCTS);
        }
        var strided = working.conv1d(weight(9, 16, 4), weight(9), 2, 1, 1, Role.WORKING);
        Tensor x = operand(1, 31, 16);
        Tensor plain = ops.tensor(1, 31, 16);
        ops.copy(x, plain);
        Array y = array(ops.conv1d(plain, strided, 1, 1, Epilogue.NONE));
        same(ops.conv1d(x, strided, 1, 1, Epilogue.NONE), y, 1e-5);
    }

    /** Exactly what the two convolutions give, but for the rounding of what lies between. */
    @Test
    void pairsOfConvolutions() {
        for (Parameters p : new Parameters[] {parameters, working}) {
            for (int c : new int[] {16, 7}) {
                Conv1d w1 = p.conv1d(weight(c, c, 5), weight(c), 1, 3, 1, Role.WORKING);
                Conv1d w2 = p.conv1d(weight(c, c, 3), weight(c), 1, 1, 1, Role.WORKING);
                Tensor alpha = tensor(1, 1, c);
                ops.activate(alpha, Activation.EXP, alpha);
                Activation snake = Activation.snake(alpha);
                Activation leaky = Activation.leakyRelu(0.1f);
                for (Activation a : new Activation[] {snake, leaky}) {
                    Tensor x = tensor(2, 70, c);
                    Tensor between = ops.conv1d(x, w1, 6, 6, a, Epilogue.NONE);
                    Tensor out = space(2, 70, c);
                    ops.conv1d(between, w2, 1, 1, a, Epilogue.plus(x), out);
                    ops.conv1dPair(x, a, w1, 6, a, w2, 1, Epilogue.plus(x), x);
                    alike(x, out, p == working ? PRODUCTS : 1e-5);
                }
            }
        }
    }

    /** Compares where values are large: the error beside the root of the mean square. */
    private void alike(Tensor found, Tensor wanted, double tolerance) {
        double[] v = array(wanted).v();
        double rms = Math.sqrt(Arrays.stream(v).map(x -> x * x).average().orElseThrow());
        Tensor error = ops.tensor(wanted.batch(), wanted.rows(), wanted.cols());
        ops.addScaled(found, wanted, -1, error);
        ops.scale(error, (float) (1 / rms), 0, error);
        same(error, Array.zeros(wanted.batch(), wanted.rows(), wanted.cols()), tolerance);
    }

    /** What the convolutions one by one give, but for the rounding of what lies between. */
    @Test
    void blocksOfVocoders() {
        for (Parameters p : new Parameters[] {parameters, working}) {
            for (boolean pairs : new boolean[] {true, false}) {
                List<List<VocoderUnit>> blocks =
                        List.of(units(p, 64, 3, pairs), units(p, 64, 5, pairs));
                Tensor x = tensor(2, 150, 64);
                Tensor sum = ops.zeros(2, 150, 64);
                for (List<VocoderUnit> units : blocks) {
                    Tensor h = x;
                    for (VocoderUnit u : units) {
                        Conv1d w1 = u.conv1();
                        int pad1 = w1 == null ? 0 : VocoderUnit.padding(w1);
                        Tensor y =
                                w1 == null
                                        ? h
                                        : ops.conv1d(
                                                h, w1, pad1, pad1, u.activation1(), Epilogue.NONE);
                        int pad2 = VocoderUnit.padding(u.conv2());
                        Epilogue plus = Epilogue.plus(h);
                        h = ops.conv1d(y, u.conv2(), pad2, pad2, u.activation2(), plus);
                    }
                    ops.addScaled(sum, h, 0.5f, sum);
                }
                double tolerance = p == working ? 3 * PRODUCTS : 1e-5;
                Tensor out = space(2, 150, 64);
                ops.vocoderBlocks(x, blocks, 0.5f, false, 0, out);
                alike(out, sum, tolerance);
                ops.scale(sum, 2, 0, sum);
                ops.vocoderBlocks(x, blocks, 0.5f, true, 0, out);
                alike(out, sum, tolerance);
                Tensor some = space(2, 77, 64);
                ops.vocoderBlocks(x, blocks, 1, false, 21, some);
                alike(some, sum.rows(21, 98), tolerance);
            }
        }
    }

    private List<VocoderUnit> units(Parameters p, int c, int kernel, boolean pairs) {
        Tensor alpha = tensor(1, 1, c);
        ops.activate(alpha, Activation.EXP, alpha);
        Activation a = pairs ? Activation.snake(alpha) : Activation.leakyRelu(0.1f);
        List<VocoderUnit> units = new ArrayList<>();
        for (int dilation : new int[] {1, 3}) {
            Conv1d w1 = p.conv1d(weight(c, c, kernel), weight(c), 1, dilation, 1, Role.WORKING);
            Conv1d w2 = p.conv1d(weight(c, c, kernel), weight(c), 1, 1, 1, Role.WORKING);
            units.add(new VocoderUnit(a, pairs ? w1 : null, a, pairs ? w2 : w1));
        }
        return units;
    }

    @Test
    void attentionOfOperands() {
        for (int t : new int[] {5, 64, 130}) {
            Tensor qkv = operand(2, t, 3 * 128);
            Tensor q = qkv.cols(0, 128);
            Tensor k = qkv.cols(128, 256);
            Tensor v = qkv.cols(256, 384);
            Tensor half = operand(2, t, 128);
            ops.attention(q, k, v, 2, 0.1f, false, half);
            Tensor fq = ops.tensor(2, t, 128);
            Tensor fk = ops.tensor(2, t, 128);
            Tensor fv = ops.tensor(2, t, 128);
            ops.copy(q, fq);
            ops.copy(k, fk);
            ops.copy(v, fv);
            Tensor exact = ops.tensor(2, t, 128);
            ops.attention(fq, fk, fv, 2, 0.1f, false, exact);
            same(half, array(exact), 4 * HALF);
            Tensor p = operand(1, 2 * t - 1, 128);
            Tensor fp = ops.tensor(1, 2 * t - 1, 128);
            ops.copy(p, fp);
            Tensor u = tensor(1, 1, 128);
            Tensor w = tensor(1, 1, 128);
            ops.attentionTransformerXl(q, k, v, p, u, w, 2, 0.05f, half);
            ops.attentionTransformerXl(fq, fk, fv, fp, u, w, 2, 0.05f, exact);
            same(half, array(exact), 20 * HALF);
        }
    }

    /** The layer that has a kernel of its own on some cards, and one that has none. */
    @Test
    void transformerLayers() {
        for (int[] size : new int[][] {{256, 8, 1024, 70}, {48, 1, 96, 7}}) {
            int c = size[0];
            int inner = size[1] * 64;
            int t = size[3];
            Weight[] w = {
                small(c, inner), small(size[2], c), small(c, size[2]), small(3 * inner, c)
            };
            Weight[] b = {weight(c), weight(size[2]), weight(c)};
            Tensor g = tensor(1, 1, c);
            TransformerLayer.Norm norm = new TransformerLayer.Norm(g, g, 1e-5f);
            Tensor qkv = operand(2, t, 3 * inner);
            Tensor h = ops.tensor(2, t, c);
            ops.write(values(2 * t * c), 0, h);
            Tensor copy = ops.tensor(2, t, c);
            ops.copy(h, copy);
            Tensor exact = ops.tensor(2, t, 3 * inner);
            ops.copy(qkv, exact);
            Tensor expected = ops.tensor(2, t, 3 * inner);
            layer(parameters, size[1], w, b, norm, exact, copy, copy, expected);
            Tensor out = operand(2, t, c);
            Tensor next = operand(2, t, 3 * inner);
            Tensor again = ops.tensor(2, t, c);
            ops.copy(h, again);
            layer(working, size[1], w, b, norm, qkv, again, out, null);
            same(out, array(copy), PRODUCTS);
            layer(working, size[1], w, b, norm, qkv, h, h, next);
            same(h, array(copy), PRODUCTS);
            same(next, array(expected), PRODUCTS);
        }
    }

    /** The block that has kernels of its own on some cards, and one that has none. */
    @Test
    void residualBlocks() {
        for (int[] size : new int[][] {{320, 256, 512, 70}, {24, 48, 64, 7}}) {
            int c = size[1];
            int t = size[3];
            Weight[] w = blockWeights(size[0], c, 3 * size[2]);
            Tensor g = aligned(1, c);
            TransformerLayer.Norm norm = new TransformerLayer.Norm(g, g, 1e-5f);
            Tensor more = aligned(2, c);
            Tensor x = operand(2, t, size[0]);
            Tensor exact = ops.tensor(2, t, size[0]);
            ops.copy(x, exact);
            Tensor out = ops.tensor(2, t, c);
            Tensor qkv = ops.tensor(2, t, 3 * size[2]);
            residualBlock(parameters, w, norm, exact, more, out, qkv);
            Tensor half = operand(2, t, c);
            residualBlock(working, w, norm, x, more, half, null);
            same(half, array(out), PRODUCTS);
            Tensor plain = ops.tensor(2, t, c);
            Tensor next = operand(2, t, 3 * size[2]);
            residualBlock(working, w, norm, x, more, plain, next);
            same(plain, array(out), PRODUCTS);
            same(next, array(qkv), PRODUCTS);
        }
    }

    /** Of the block's widths and others, with and without norm. */
    @Test
    void causalConvolutions() {
        for (int[] size : new int[][] {{256, 256, 70}, {24, 48, 7}}) {
            int c = size[1];
            Weight w = small(c, 3 * size[0]).reshaped(c, size[0], 3);
            Weight b = weight(c);
            Conv1d conv = working.conv1d(w, b, 1, 1, 1, Role.DIRECT);
            Tensor x = operand(2, size[2], size[0]);
            Array y = Naive.conv1d(array(x), w.floats(), b.floats(), c, 3, 1, 1, 1, 2, 0);
            Tensor out = ops.tensor(2, size[2], c);
            ops.conv1d(x, conv, 2, 0, Activation.NONE, Epilogue.NONE, out);
            same(out, y, PRODUCTS);
            Tensor half = operand(2, size[2], c);
            ops.conv1d(x, conv, 2, 0, Activation.NONE, Epilogue.NONE, half);
            same(half, y, PRODUCTS);
            Tensor g = aligned(1, c);
            Tensor more = aligned(1, c);
            TransformerLayer.Norm norm = new TransformerLayer.Norm(g, g, 1e-5f);
            Tensor normed = ops.like(out, c);
            ops.layerNormAdd(out, g, g, 1e-5f, Activation.MISH, more, normed);
            ops.causalConv1dNorm(x, conv, norm, Activation.MISH, more, half);
            same(half, array(normed), PRODUCTS);
            ops.layerNorm(out, g, g, 1e-5f, Activation.MISH, normed);
            ops.causalConv1dNorm(x, conv, norm, Activation.MISH, null, half);
            same(half, array(normed), PRODUCTS);
        }
    }

    /** Vectors that lie as those of a model do. */
    private Tensor aligned(int b, int c) {
        Tensor v = ops.tensor(b, 1, c);
        ops.write(values(b * c), 0, v);
        return v;
    }

    /** Both convolutions, the map around them, the transformer's: with biases but for the last. */
    private Weight[] blockWeights(int in, int c, int qkv) {
        return new Weight[] {
            small(c, 3 * in).reshaped(c, in, 3),
            weight(c),
            small(c, 3 * c).reshaped(c, c, 3),
            weight(c),
            small(c, in),
            weight(c),
            small(qkv, c)
        };
    }

    private void residualBlock(
            Parameters p,
            Weight[] w,
            TransformerLayer.Norm norm,
            Tensor x,
            Tensor more,
            Tensor out,
            @Nullable Tensor next) {
        ops.residualBlock(
                x,
                new ResidualBlock(
                        p.conv1d(w[0], w[1], 1, 1, 1, Role.DIRECT),
                        norm,
                        p.conv1d(w[2], w[3], 1, 1, 1, Role.DIRECT),
                        norm,
                        Activation.MISH,
                        p.linear(w[4], w[5], Role.WORKING)),
                more,
                out,
                next == null
                        ? null
                        : new TransformerLayer.Next(norm, p.linear(w[6], null, Role.WORKING)),
                next);
    }

    /** A weight whose products have the size of what is multiplied. */
    private Weight small(int... shape) {
        float[] v = values(shape[0] * shape[1]);
        for (int i = 0; i < v.length; i++) {
            v[i] /= (float) Math.sqrt(shape[1]);
        }
        return Weight.of("w", v, shape[0], shape[1]);
    }

    private void layer(
            Parameters p,
            int heads,
            Weight[] w,
            Weight[] b,
            TransformerLayer.Norm norm,
            Tensor qkv,
            Tensor h,
            Tensor to,
            @Nullable Tensor next) {
        ops.transformerLayer(
                qkv,
                new TransformerLayer(
                        heads,
                        0.125f,
                        p.linear(w[0], b[0], Role.WORKING),
                        norm,
                        p.linear(w[1], b[1], Role.WORKING),
                        Activation.GELU,
                        p.linear(w[2], b[2], Role.WORKING)),
                h,
                to,
                next == null
                        ? null
                        : new TransformerLayer.Next(norm, p.linear(w[3], null, Role.WORKING)),
                next);
    }

    @Test
    void rowsOfOperands() {
        Tensor x = tensor(2, 19, 64);
        Tensor g = tensor(1, 1, 64);
        Tensor b = tensor(1, 1, 64);
        Tensor more = tensor(1, 1, 64);
        Tensor exact = ops.layerNorm(x, g, b, 1e-5f);
        Tensor half = operand(2, 19, 64);
        ops.layerNorm(x, g, b, 1e-5f, Activation.NONE, half);
        same(half, array(exact), HALF);
        ops.layerNorm(half, g, b, 1e-5f, Activation.NONE, exact);
        ops.copy(half, x);
        same(exact, array(ops.layerNorm(x, g, b, 1e-5f)), 1e-5);
        ops.add(exact, more, x);
        ops.layerNormAdd(half, g, b, 1e-5f, Activation.NONE, more, exact);
        same(exact, array(x), 1e-5);
        ops.add(exact, more, x);
        ops.add(exact, more, half);
        same(half, array(x), HALF);
        Tensor twice = operand(2, 38, 64);
        ops.repeat(x, 2, twice);
        same(twice.batch(1).rows(37, 38), array(x.batch(1).rows(18, 19)), HALF);
        ops.fill(half, 0.5f);
        ops.mul(x, half, exact);
        ops.scale(x, 0.5f, 0, x);
        same(exact, array(x), 1e-6);
    }

    @Test
    void operandsInEveryBucket() {
        assumeTrue(backend.name().startsWith("cuda"), "a CPU adds few rows up in another order");
        Linear up = linear(16, 48);
        Linear down = linear(48, 16);
        Conv1d w1 = working.conv1d(weight(16, 16, 5), null, 1, 1, 1, Role.WORKING);
        Conv1d w2 = working.conv1d(weight(16, 16, 3), null, 1, 1, 1, Role.WORKING);
        Tensor alpha = tensor(1, 1, 16);
        ops.activate(alpha, Activation.EXP, alpha);
        Activation snake = Activation.snake(alpha);
        sameInEveryBucket(
                16,
                x -> {
                    Tensor a = ops.operand(x, 48, down);
                    ops.linear(x, up, Epilogue.of(Activation.GELU), a);
                    Tensor b = ops.operand(x, 16, w1);
                    ops.linear(a, down, Epilogue.plus(x), b);
                    Tensor c = ops.like(x, 16);
                    ops.conv1dPair(b, snake, w1, 2, snake, w2, 1, Epilogue.plus(x), c);
                    return c;
                });
        Weight[] w = {small(256, 512), small(1024, 256), small(256, 1024), small(1536, 256)};
        Weight[] b = {weight(256), weight(1024), weight(256)};
        Tensor gamma = tensor(1, 1, 256);
        TransformerLayer.Norm norm = new TransformerLayer.Norm(gamma, gamma, 1e-5f);
        Linear begin = working.linear(w[3], null, Role.WORKING);
        sameInEveryBucket(
                256,
                x -> {
                    Tensor a = ops.operand(x, 1536, begin);
                    Tensor next = ops.operand(x, 1536, begin);
                    ops.layerNormLinear(x, gamma, gamma, 1e-5f, begin, Epilogue.NONE, a);
                    layer(working, 8, w, b, norm, a, x, x, next);
                    return next;
                });
        Weight[] block = blockWeights(256, 256, 1536);
        Tensor more = aligned(1, 256);
        Tensor gain = aligned(1, 256);
        TransformerLayer.Norm same = new TransformerLayer.Norm(gain, gain, 1e-5f);
        Linear reader = linear(256, 8);
        sameInEveryBucket(
                256,
                x -> {
                    Tensor from = ops.operand(x, 256, reader);
                    ops.copy(x, from);
                    Tensor next = ops.operand(x, 1536, begin);
                    residualBlock(working, block, same, from, more, x, next);
                    return next;
                });
        Linear qkv = linear(64, 192);
        Tensor g = tensor(1, 1, 64);
        sameInEveryBucket(
                64,
                x -> {
                    Tensor a = ops.operand(x, 192, qkv);
                    ops.layerNormLinear(x, g, g, 1e-5f, qkv, Epilogue.NONE, a);
                    Tensor out = ops.like(x, 64);
                    Tensor k = a.cols(64, 128);
                    ops.attention(a.cols(0, 64), k, a.cols(128, 192), 1, 0.1f, false, out);
                    return out;
                });
    }

    /** What a recording works on. */
    private record Counter(Tensor x, Ints count) {}

    @Test
    void recordings() {
        Linear map = parameters.linear(weight(8, 8), weight(8), Role.EXACT);
        float[] start = values(5 * 8);
        Tensor plain = ops.tensor(1, 5, 8);
        for (int streams = 0; streams < 2; streams++) {
            try (Ops own = backend.open()) {
                for (int again = 0; again < 3; again++) {
                    ops.write(start, 0, plain);
                    try (Ops.Recording<Counter> r =
                            own.record(
                                    "recordings",
                                    on -> new Counter(on.tensor(1, 5, 8), on.ints(1)),
                                    (on, c) -> {
                                        Tensor y = on.like(c.x(), 8);
                                        on.linear(c.x(), map, Epilogue.of(Activation.TANH), y);
                                        on.addScaled(c.x(), y, 0.5f, c.x());
                                        on.increment(c.count(), 3);
                                    })) {
                        own.write(start, 0, r.tensors().x());
                        own.write(new int[] {again}, r.tensors().count());
                        for (int step = 1; step <= 4; step++) {
                            r.replay();
                            Tensor y = ops.linear(plain, map, Epilogue.of(Activation.TANH));
                            ops.addScaled(plain, y, 0.5f, plain);
                            // memory of the stream changes between replays
                            own.fill(own.tensor(1, 100, 8), Float.NaN);
                        }
                        assertThat(own.read(r.tensors().x())).containsExactly(ops.read(plain));
                        assertThat(own.read(r.tensors().count())).containsExactly(again + 12);
                    }
                }
            }
        }
    }
}
