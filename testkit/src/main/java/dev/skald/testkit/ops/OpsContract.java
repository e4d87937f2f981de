package dev.skald.testkit.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.Precision;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.testkit.ops.Naive.Array;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * What every backend must give: each op against its formula, on random shapes, odd ones among them,
 * and on views. A subclass opens the backend.
 */
public abstract class OpsContract extends OperandContract {
    @Test
    void linear() {
        for (int round = 0; round < 30; round++) {
            Tensor x = tensor(pick(1, 3), pick(1, 70), pick(1, 90));
            int out = pick(1, 100);
            Weight w = weight(out, x.cols());
            Weight b = weight(out);
            Tensor residual = tensor(x.batch(), x.rows(), out);
            Array r = array(residual);
            Array y = Naive.conv1d(array(x), w.floats(), b.floats(), out, 1, 1, 1, 1, 0, 0);
            double scale = 0.5;
            for (int i = 0; i < y.v().length; i++) {
                y.v()[i] = r.v()[i] + scale * Math.max(0, y.v()[i]);
            }
            ops.linear(
                    x,
                    parameters.linear(w, b, Role.WORKING),
                    new Epilogue(Activation.RELU, 0.5f, residual),
                    residual);
            same(residual, y, SUMS);
        }
    }

    @Test
    void joinedLinearMaps() {
        Tensor x = tensor(1, 9, 20);
        Weight[] w = {weight(7, 20), weight(11, 20)};
        Weight b = weight(11);
        Tensor y = ops.linear(x, parameters.linear(w, new Weight[] {null, b}, Role.WORKING));
        same(
                y.cols(0, 7),
                Naive.conv1d(array(x), w[0].floats(), new float[7], 7, 1, 1, 1, 1, 0, 0),
                SUMS);
        same(
                y.cols(7, 18),
                Naive.conv1d(array(x), w[1].floats(), b.floats(), 11, 1, 1, 1, 1, 0, 0),
                SUMS);
    }

    @Test
    void roundedWeightsKeepTheirPrecision() {
        Tensor x = tensor(1, 5, 64);
        Weight w = weight(40, 64);
        Array y = Naive.conv1d(array(x), w.floats(), new float[40], 40, 1, 1, 1, 1, 0, 0);
        same(
                ops.linear(x, backend.parameters(Precision.BF16).linear(w, null, Role.STREAMED)),
                y,
                0.08);
        if (precisions().contains(Precision.INT8)) {
            var bytes = backend.parameters(Precision.INT8).linear(w, null, Role.STREAMED);
            same(ops.linear(x, bytes), y, 0.4);
        }
        Weight exact = Weight.of("w", new float[] {0.5f, -127, 3, 1.984375f}, 1, 4);
        Tensor one = ops.tensor(1, 1, 4);
        ops.write(new float[] {0, 1, 1, 0}, 0, one);
        for (Precision p : precisions()) {
            var rounded = backend.parameters(p).linear(exact, null, Role.STREAMED);
            assertThat(ops.read(ops.linear(one, rounded))).containsExactly(-124f);
        }
    }

    @Test
    void lstm() {
        for (int n : new int[] {1, 5, 16, 33}) {
            Tensor x = tensor(2, 12, 7);
            Weight wi = weight(4 * n, 7);
            Weight wh = weight(4 * n, n);
            Weight b1 = weight(4 * n);
            Weight b2 = weight(4 * n);
            same(
                    ops.lstm(x, parameters.lstm(wi, wh, b1, b2)),
                    Naive.lstm(array(x), wi.floats(), wh.floats(), b1.floats(), b2.floats(), n),
                    SUMS);
        }
    }

    private float array1(Tensor x, int b, int t, int c) {
        return ops.read(x.batch(b).rows(t, t + 1).cols(c, c + 1))[0];
    }

    @Test
    void aTransposedMatrixIsTheSameMap() {
        for (Precision precision : precisions()) {
            Parameters p = backend.parameters(precision);
            for (int[] size : new int[][] {{70, 50}, {7, 3}, {300, 129}}) {
                int in = size[0];
                int out = size[1];
                float[] values = ops.read(tensor(1, out, in));
                float[] transposed = new float[values.length];
                for (int o = 0; o < out; o++) {
                    for (int i = 0; i < in; i++) {
                        transposed[i * out + o] = values[o * in + i];
                    }
                }
                Tensor x = tensor(1, 3, in);
                float[] bias = new float[out];
                Weight b = Weight.of("b", bias, out);
                var plain = p.linear(Weight.of("w", values, out, in), b, Role.STREAMED);
                var other =
                        p.linearTransposed(Weight.of("t", transposed, in, out), b, Role.STREAMED);
                assertThat(ops.read(ops.linear(x, other)))
                        .containsExactly(ops.read(ops.linear(x, plain)));
            }
        }
    }

    @Test
    void norms() {
        for (int c : new int[] {1, 7, 16, 33, 192}) {
            Tensor x = tensor(2, 5, c);
            Tensor g = tensor(1, 1, c);
            Tensor o = tensor(1, 1, c);
            Array in = array(x);
            Array layer = Array.zeros(2, 5, c);
            Array rms = Array.zeros(2, 5, c);
            for (int r = 0; r < 10; r++) {
                double mean = 0;
                double square = 0;
                double variance = 0;
                for (int i = 0; i < c; i++) {
                    mean += in.v()[r * c + i] / c;
                    square += Math.pow(in.v()[r * c + i], 2) / c;
                }
                for (int i = 0; i < c; i++) {
                    variance += Math.pow(in.v()[r * c + i] - mean, 2) / c;
                }
                for (int i = 0; i < c; i++) {
                    double v = in.v()[r * c + i];
                    double gain = array1(g, 0, 0, i);
                    layer.v()[r * c + i] =
                            Math.max(
                                    0,
                                    (v - mean) / Math.sqrt(variance + 1e-5) * gain
                                            + array1(o, 0, 0, i));
                    rms.v()[r * c + i] = v / Math.sqrt(square + 1e-5) * gain;
                }
            }
            Tensor out = space(2, 5, c);
            ops.rmsNorm(x, g, 1e-5f, out);
            same(out, rms, SUMS);
            ops.layerNorm(x, g, o, 1e-5f, Activation.RELU, x);
            same(x, layer, SUMS);
        }
    }

    private void activation(Activation a, DoubleUnaryOperator f, double tolerance) {
        Tensor x = tensor(1, 3, 211);
        ops.scale(x, 4, 0.5f, x);
        Array y = array(x).map(f);
        Tensor out = space(1, 3, 211);
        ops.activate(x, a, out);
        same(out, y, tolerance);
        ops.activate(x, a, x);
        same(x, y, tolerance);
    }

    @Test
    void activations() {
        double t = 1e-6;
        activation(Activation.NONE, v -> v, 0);
        activation(Activation.RELU, v -> Math.max(v, 0), 0);
        activation(Activation.leakyRelu(0.25f), v -> v < 0 ? v / 4 : v, 0);
        activation(Activation.GELU, v -> v / 2 * (1 + Naive.erf(v / Math.sqrt(2))), t);
        activation(
                Activation.GELU_TANH,
                v -> v / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v))),
                t);
        activation(Activation.SILU, v -> v / (1 + Math.exp(-v)), t);
        activation(Activation.MISH, v -> v * Math.tanh(Math.log(1 + Math.exp(v))), t);
        activation(Activation.elu(1), v -> v > 0 ? v : Math.exp(v) - 1, t);
        activation(Activation.TANH, Math::tanh, t);
        activation(Activation.SIGMOID, Naive::sigmoid, t);
        activation(Activation.EXP, Math::exp, t);
        activation(Activation.logClamped(1e-5f), v -> Math.log(Math.max(v, 1e-5f)), t);
        activation(new Activation(Activation.Kind.ABS, 0, null), Math::abs, 0);
        activation(new Activation(Activation.Kind.SQUARE, 0, null), v -> v * v, t);
        activation(new Activation(Activation.Kind.SIN, 0, null), Math::sin, t);
        activation(new Activation(Activation.Kind.COS, 0, null), Math::cos, t);
    }

    @Test
    void valueByValue() {
        Tensor x = tensor(2, 6, 19);
        Array a = array(x);
        for (int[] s : new int[][] {{2, 6}, {1, 1}, {2, 1}, {1, 6}}) {
            Tensor y = tensor(s[0], s[1], 19);
            Array b = array(y);
            Array sum = Array.zeros(2, 6, 19);
            Array product = Array.zeros(2, 6, 19);
            Array scaled = Array.zeros(2, 6, 19);
            for (int i = 0; i < 2 * 6 * 19; i++) {
                double other = b.at(i / 19 / 6 % s[0], i / 19 % s[1], i % 19);
                sum.v()[i] = a.v()[i] + other;
                product.v()[i] = a.v()[i] * other;
                scaled.v()[i] = a.v()[i] + 0.3f * other;
            }
            Tensor out = space(2, 6, 19);
            ops.add(x, y, out);
            same(out, sum, 1e-6);
            ops.mul(x, y, out);
            same(out, product, 1e-6);
            ops.addScaled(x, y, 0.3f, out);
            same(out, scaled, 1e-6);
        }
        Tensor out = space(2, 6, 19);
        ops.clamp(x, -0.5f, 0.25f, out);
        same(out, a.map(v -> Math.clamp(v, -0.5, 0.25)), 0);
        ops.scale(x, 3, 1, out);
        same(out, a.map(v -> 3 * v + 1), 1e-6);
        Tensor gain = tensor(1, 1, 19);
        Tensor shift = tensor(1, 1, 19);
        Array y = Array.zeros(2, 6, 19);
        for (int i = 0; i < y.v().length; i++) {
            double v = a.v()[i] * array1(gain, 0, 0, i % 19) + array1(shift, 0, 0, i % 19);
            y.v()[i] = Math.tanh(v);
        }
        ops.affine(x, gain, shift, Activation.TANH, out);
        same(out, y, 1e-6);
    }

    @Test
    void gates() {
        Tensor x = tensor(2, 4, 2 * 23);
        Array a = array(x);
        Array tanh = Array.zeros(2, 4, 23);
        Array silu = Array.zeros(2, 4, 23);
        for (int i = 0; i < tanh.v().length; i++) {
            double u = a.at(i / 23 / 4, i / 23 % 4, i % 23);
            double w = a.at(i / 23 / 4, i / 23 % 4, i % 23 + 23);
            tanh.v()[i] = Math.tanh(u) * Naive.sigmoid(w);
            silu.v()[i] = u * Naive.sigmoid(u) * w;
        }
        Tensor out = space(2, 4, 23);
        ops.gateTanh(x, out);
        same(out, tanh, 1e-6);
        ops.gateSilu(x, out);
        same(out, silu, 1e-6);
    }

    @Test
    void shapes() {
        Tensor x = tensor(1, 6, 5);
        float[] v = ops.read(x);
        Ops.Ints ids = ops.ints(4);
        ops.write(new int[] {5, 0, 0, 3}, ids);
        Tensor picked = space(1, 4, 5);
        ops.gather(x, ids, picked);
        assertThat(ops.read(picked.rows(3, 4))).containsExactly(ops.read(x.rows(3, 4)));
        Tensor embedded = ops.tensor(1, 4, 5);
        ops.embed(parameters.embedding(Weight.of("e", v, 6, 5)), ids, embedded);
        assertThat(ops.read(embedded)).containsExactly(ops.read(picked));
        ops.write(new int[] {6, 0, 0, 0}, ids);
        // At once, or when the values are read.
        assertThatThrownBy(
                        () -> {
                            ops.gather(x, ids, picked);
                            ops.read(picked);
                        })
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("index");

        Tensor twice = space(1, 12, 5);
        ops.repeat(x, 2, twice);
        assertThat(ops.read(twice.rows(7, 8))).containsExactly(ops.read(x.rows(3, 4)));
        Tensor line = ops.tensor(1, 1, 10);
        ops.write(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 0, line);
        Tensor w = line.windows(4, 3, 3);
        assertThat(ops.read(w)).containsExactly(0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9);
        Tensor sum = ops.tensor(1, 1, 10);
        ops.overlapAdd(w, 3, sum);
        assertThat(ops.read(sum)).containsExactly(0, 1, 2, 6, 4, 5, 12, 7, 8, 9);
        assertThatThrownBy(() -> line.windows(4, 3, 4))
                .isInstanceOf(IllegalArgumentException.class);
        ops.fill(twice, 2);
        assertThat(ops.read(twice)).containsOnly(2f);
    }

    @Test
    void overRows() {
        Tensor x = tensor(2, 9, 4);
        Array a = array(x);
        Array y = Array.zeros(2, 1, 8);
        for (int i = 0; i < 8; i++) {
            double mean = 0;
            double variance = 0;
            for (int t = 0; t < 9; t++) {
                mean += a.at(i / 4, t, i % 4) / 9;
            }
            for (int t = 0; t < 9; t++) {
                variance += Math.pow(a.at(i / 4, t, i % 4) - mean, 2) / 8;
            }
            y.set(i / 4, 0, i % 4, mean);
            y.set(i / 4, 0, 4 + i % 4, Math.sqrt(variance));
        }
        Tensor out = space(2, 1, 8);
        ops.meanStdRows(x, out);
        same(out, y, SUMS);
    }

    @Test
    void noiseContinues() {
        Tensor all = space(1, 20, 6);
        ops.noise(5, 1, 0, all);
        Tensor part = space(1, 4, 6);
        ops.noise(5, 1, 7 * 6, part);
        assertThat(ops.read(part)).containsExactly(ops.read(all.rows(7, 11)));
    }

    @Test
    void wrongShapesAreRefused() {
        assertThatThrownBy(() -> parameters.linear(weight(2, 3), weight(3), Role.WORKING))
                .isInstanceOf(WeightException.class)
                .hasMessage("tensor 'w' has shape [3] where (2) is expected");
        var l = parameters.linear(weight(2, 3), null, Role.WORKING);
        assertThatThrownBy(() -> ops.linear(ops.tensor(1, 2, 4), l))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("linear: (1,2,4): in is 3");
    }
}
