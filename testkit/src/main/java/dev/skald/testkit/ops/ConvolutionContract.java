package dev.skald.testkit.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.testkit.ops.Naive.Array;
import org.junit.jupiter.api.Test;

/** Convolutions against their formula, on random shapes, odd ones among them, and on views. */
public abstract class ConvolutionContract extends OpsFixture {
    @Test
    void conv1d() {
        for (int round = 0; round < 60; round++) {
            int groups = round % 3 == 0 ? pick(2, 4) : 1;
            int part = round % 6 == 0 ? 1 : pick(1, 40);
            int out = round % 6 == 0 ? groups : groups * pick(1, 50);
            int kernel = pick(1, 8);
            int dilation = pick(1, 5);
            int stride = pick(1, 3);
            int left = pick(0, dilation * (kernel - 1));
            int right = pick(0, dilation * (kernel - 1));
            int rows = dilation * (kernel - 1) + pick(1, 150);
            Tensor x = tensor(pick(1, 2), rows, part * groups);
            Weight w = weight(out, part, kernel);
            Weight b = weight(out);
            var conv = parameters.conv1d(w, b, stride, dilation, groups, Role.WORKING);
            boolean plain = round % 2 == 0;
            Array in = array(x).map(v -> plain || v >= 0 ? v : 0.1f * v);
            Array y =
                    Naive.conv1d(
                            in,
                            w.floats(),
                            b.floats(),
                            out,
                            kernel,
                            stride,
                            dilation,
                            groups,
                            left,
                            right);
            Tensor found = space(x.batch(), y.t(), out);
            ops.conv1d(
                    x,
                    conv,
                    left,
                    right,
                    plain ? Activation.NONE : Activation.leakyRelu(0.1f),
                    Epilogue.NONE,
                    found);
            same(found, y, SUMS);
        }
    }

    @Test
    void conv1dByMinimalFiltering() {
        for (int kernel = 3; kernel <= 12; kernel++) {
            for (int dilation : new int[] {1, 2, 3, 5, 12, 30}) {
                int in = 16 * pick(1, 3);
                int out = 16 * pick(1, 4);
                int left = pick(0, dilation * kernel);
                int right = pick(0, dilation * kernel);
                int rows = dilation * (kernel - 1) + pick(1, 400);
                Weight w = weight(out, in, kernel);
                Weight b = weight(out);
                var conv = parameters.conv1d(w, b, 1, dilation, 1, Role.WORKING);
                Tensor x = tensor(pick(1, 2), rows + 3, in + 5).rows(2, rows + 2).cols(3, in + 3);
                boolean plain = kernel % 2 == 0;
                Array given = array(x).map(v -> plain || v >= 0 ? v : 0.1f * v);
                Array y =
                        Naive.conv1d(
                                given,
                                w.floats(),
                                b.floats(),
                                out,
                                kernel,
                                1,
                                dilation,
                                1,
                                left,
                                right);
                Tensor found = tensor(x.batch(), y.t(), out);
                Array before = array(found);
                ops.conv1d(
                        x,
                        conv,
                        left,
                        right,
                        plain ? Activation.NONE : Activation.leakyRelu(0.1f),
                        Epilogue.plus(found),
                        found);
                double signal = 0;
                double noise = 0;
                float[] f = ops.read(found);
                for (int i = 0; i < f.length; i++) {
                    double e = y.v()[i] + before.v()[i];
                    signal += e * e;
                    noise += (f[i] - e) * (f[i] - e);
                }
                assertThat(10 * Math.log10(signal / noise)).as("dB").isGreaterThan(117);
            }
        }
    }

    @Test
    void convWithSnakePerChannel() {
        Tensor x = tensor(1, 40, 6);
        Tensor alpha = ops.tensor(1, 1, 6);
        float[] a = {0.5f, 1, 2, 3, 0.1f, 1.5f};
        ops.write(a, 0, alpha);
        Array in = array(x);
        for (int t = 0; t < 40; t++) {
            for (int c = 0; c < 6; c++) {
                double v = in.at(0, t, c);
                in.set(0, t, c, v + Math.pow(Math.sin(a[c] * v), 2) / (a[c] + 1e-9));
            }
        }
        for (int groups : new int[] {1, 2, 6}) {
            Weight w = weight(6, 6 / groups, 3);
            Weight b = weight(6);
            same(
                    ops.conv1d(
                            x,
                            parameters.conv1d(w, b, 1, 2, groups, Role.WORKING),
                            2,
                            2,
                            Activation.snake(alpha),
                            Epilogue.NONE),
                    Naive.conv1d(in, w.floats(), b.floats(), 6, 3, 1, 2, groups, 2, 2),
                    SUMS);
        }
    }

    @Test
    void convTranspose1d() {
        for (int round = 0; round < 40; round++) {
            int stride = pick(1, 8);
            int kernel = pick(1, 17);
            int padding = pick(0, Math.max(0, (kernel - 1) / 2));
            // In whole vectors: by minimal filtering.
            boolean whole = round % 2 == 0;
            int out = whole ? 16 * pick(1, 2) : pick(1, 40);
            Tensor x = tensor(pick(1, 2), pick(2, 60), whole ? 16 * pick(1, 3) : pick(1, 30));
            if ((x.rows() - 1) * stride - 2 * padding + kernel < 1) {
                continue;
            }
            Weight w = weight(x.cols(), out, kernel);
            Weight b = weight(out);
            Array y =
                    Naive.convTranspose1d(
                            array(x).map(v -> Math.max(v, 0)),
                            w.floats(),
                            b.floats(),
                            out,
                            kernel,
                            stride,
                            padding);
            var up = parameters.convTranspose1d(w, b, stride, padding, Role.WORKING);
            same(ops.convTranspose1d(x, up, Activation.RELU), y, whole ? 4 * SUMS : SUMS);
        }
    }

    @Test
    void conv2d() {
        for (int round = 0; round < 20; round++) {
            int kh = pick(1, 3);
            int kw = pick(1, 3);
            int sh = pick(1, 2);
            int sw = pick(1, 2);
            int out = pick(1, 20);
            Tensor x = tensor(pick(3, 20), pick(3, 30), pick(1, 5));
            Weight w = weight(out, x.cols(), kh, kw);
            Weight b = weight(out);
            same(
                    ops.conv2d(x, parameters.conv2d(w, b, sh, sw, 1, 1), Epilogue.NONE),
                    Naive.conv2d(array(x), w.floats(), b.floats(), out, kh, kw, sh, sw, 1, 1),
                    SUMS);
        }
    }
}
