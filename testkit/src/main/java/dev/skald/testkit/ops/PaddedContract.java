package dev.skald.testkit.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Harmonics;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Role;
import dev.skald.tensor.Stft;
import dev.skald.tensor.Tensor;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Rows beyond the valid ones change nothing, whatever they hold: the same bits in every bucket. */
public abstract class PaddedContract extends AttentionContract {
    private static final int[] LENGTHS = {17, 5};

    /** What an op makes of each sequence alone, and of both in buckets with NaN beyond. */
    final void sameInEveryBucket(int cols, UnaryOperator<Tensor> op) {
        float[][] sequences = {values(LENGTHS[0] * cols), values(LENGTHS[1] * cols)};
        float[][] alone = new float[2][];
        for (int i = 0; i < 2; i++) {
            Tensor x = ops.tensor(1, LENGTHS[i], cols);
            ops.write(sequences[i], 0, x);
            alone[i] = ops.read(op.apply(x));
        }
        for (int bucket : new int[] {17, 18, 24, 40}) {
            Tensor x = ops.tensor(2, bucket, cols);
            ops.fill(x, Float.NaN);
            for (int i = 0; i < 2; i++) {
                ops.write(sequences[i], 0, x.batch(i).rows(0, LENGTHS[i]));
            }
            Tensor y = op.apply(x.valid(ops.ints(LENGTHS)));
            for (int i = 0; i < 2; i++) {
                int rows = alone[i].length / y.cols();
                Tensor one = y.batch(i);
                Ints lengths = y.lengths();
                if (lengths != null) {
                    assertThat(ops.read(lengths)[i]).isEqualTo(rows);
                    one = one.unpadded(rows);
                }
                assertThat(ops.read(one)).containsExactly(alone[i]);
            }
        }
    }

    @Test
    void convolutions() {
        var plain = parameters.conv1d(weight(9, 7, 5), weight(9), 1, 1, 1, Role.DIRECT);
        sameInEveryBucket(7, x -> ops.conv1d(x, plain, 2, 2, Epilogue.NONE));
        sameInEveryBucket(7, x -> ops.conv1d(x, plain, 4, 0, Activation.TANH, Epilogue.NONE));
        var winograd = parameters.conv1d(weight(32, 16, 3), null, 1, 1, 1, Role.WORKING);
        sameInEveryBucket(16, x -> ops.conv1d(x, winograd, 1, 1, Epilogue.NONE));
        var wide = parameters.conv1d(weight(16, 16, 3), null, 1, 5, 1, Role.WORKING);
        sameInEveryBucket(16, x -> ops.conv1d(x, wide, 5, 5, Epilogue.plus(x)));
        var depthwise = parameters.conv1d(weight(7, 1, 3), null, 1, 1, 7, Role.WORKING);
        sameInEveryBucket(7, x -> ops.conv1d(x, depthwise, 1, 1, Epilogue.NONE));
        var strided = parameters.conv1d(weight(9, 7, 4), null, 2, 1, 1, Role.WORKING);
        sameInEveryBucket(7, x -> ops.conv1d(x, strided, 1, 1, Epilogue.NONE));
        var up = parameters.convTranspose1d(weight(7, 6, 8), weight(6), 4, 2, Role.WORKING);
        sameInEveryBucket(7, x -> ops.convTranspose1d(x, up, Activation.NONE));
        sameInEveryBucket(
                7,
                x ->
                        ops.conv1d(
                                ops.convTranspose1d(x, up, Activation.NONE),
                                sixes(),
                                1,
                                1,
                                Epilogue.NONE));
    }

    private Conv1d sixes() {
        if (six == null) {
            six = parameters.conv1d(weight(6, 6, 3), null, 1, 1, 1, Role.WORKING);
        }
        return six;
    }

    private @Nullable Conv1d six;

    @Test
    void attention() {
        sameInEveryBucket(
                12,
                x -> {
                    Tensor out = ops.like(x, 12);
                    ops.attention(x, x, x, 3, 0.5f, false, out);
                    return out;
                });
        Tensor keys = tensor(1, 9, 4);
        Tensor values = tensor(1, 9, 4);
        sameInEveryBucket(
                12,
                x -> {
                    Tensor out = ops.like(x, 12);
                    ops.attentionShaw(x, x, x, 3, 0.5f, keys, values, out);
                    return out;
                });
        Tensor table = tensor(1, 79, 12); // of 40 rows
        Tensor bias = tensor(1, 1, 12);
        sameInEveryBucket(
                12,
                x -> {
                    Tensor out = ops.like(x, 12);
                    Tensor p = table.rows(40 - x.rows(), 39 + x.rows());
                    ops.attentionTransformerXl(x, x, x, p, bias, bias, 3, 0.5f, out);
                    return out;
                });
    }

    @Test
    void means() {
        sameInEveryBucket(
                5,
                x -> {
                    Tensor out = ops.tensor(x.batch(), 1, 10);
                    ops.meanStdRows(x, out);
                    return out;
                });
    }

    /** Flows that are at different steps: each as if it were alone. */
    @Test
    void eulerStepsOfSeveral() {
        int[] lengths = {7, 4, 9};
        int[] at = {2, 0, 1};
        Tensor steps = ops.tensor(1, 3, 1);
        ops.write(new float[] {0.1f, 0.3f, 0.2f}, 0, steps);
        for (int branches = 1; branches <= 2; branches++) {
            for (int[] step : new int[][] {at, {1}}) {
                Tensor field = tensor(3 * branches, 9, 5);
                Tensor x = tensor(3, 9, 5);
                float[] before = ops.read(x);
                Tensor alone = ops.tensor(3, 9, 5);
                ops.copy(x, alone);
                ops.eulerStep(x.valid(ops.ints(lengths)), field, steps, ops.ints(step), 0.7f);
                for (int b = 0; b < 3; b++) {
                    Tensor own = ops.tensor(branches, 9, 5);
                    for (int k = 0; k < branches; k++) {
                        ops.copy(field.batch(3 * k + b), own.batch(k));
                    }
                    Tensor one = alone.batch(b);
                    Ints which = ops.ints(new int[] {step[b % step.length]});
                    ops.eulerStep(one, own, steps, which, 0.7f);
                    float[] expected = ops.read(one.rows(0, lengths[b]));
                    assertThat(ops.read(x.batch(b).rows(0, lengths[b]))).containsExactly(expected);
                    double dt = new float[] {0.1f, 0.3f, 0.2f}[step[b % step.length]];
                    float[] f = ops.read(own);
                    double v = branches == 1 ? f[0] : 1.7 * f[0] - 0.7 * f[45];
                    assertThat(expected[0]).isCloseTo((float) (before[b * 45] + dt * v), SMALL);
                }
            }
        }
    }

    private static final Offset<Float> SMALL = Offset.offset(1e-5f);

    /** A row that is added to each batch is its own. */
    @Test
    void aNormPlusARowEach() {
        Tensor gamma = tensor(1, 1, 12);
        Tensor beta = tensor(1, 1, 12);
        Tensor more = tensor(3, 1, 12);
        Tensor x = tensor(3, 9, 12);
        Tensor out = ops.tensor(3, 9, 12);
        Ints lengths = ops.ints(9, 4, 7);
        ops.layerNormAdd(
                x.valid(lengths), gamma, beta, 1e-5f, Activation.MISH, more, out.valid(lengths));
        for (int b = 0; b < 3; b++) {
            int rows = ops.read(lengths)[b];
            Tensor one = ops.tensor(1, rows, 12);
            ops.layerNormAdd(
                    x.batch(b).rows(0, rows),
                    gamma,
                    beta,
                    1e-5f,
                    Activation.MISH,
                    more.batch(b),
                    one);
            assertThat(ops.read(out.batch(b).rows(0, rows))).containsExactly(ops.read(one));
        }
    }

    @Test
    void someRowsOfAPaddedTensorAreRefused() {
        Tensor x = ops.tensor(1, 9, 2).valid(ops.ints(new int[] {4}));
        assertThatThrownBy(() -> x.rows(0, 5)).isInstanceOf(IllegalStateException.class);
        assertThat(x.cols(0, 1).lengths()).isNotNull();
    }

    @Test
    void theInverseTransformEndsWhereTheValidRowsEnd() {
        Stft stft = Stft.load(parameters, 16, 4);
        float[] spectrum = values(31 * 18);
        Tensor whole = ops.tensor(1, 31, 18);
        ops.write(spectrum, 0, whole);
        Tensor wave = ops.tensor(1, 1, 120);
        ops.inverseStft(whole, stft, 100, 0.99f, wave);
        Tensor padded = ops.tensor(1, 50, 18);
        ops.fill(padded, Float.NaN);
        ops.write(spectrum, 0, padded.rows(0, 31));
        Tensor longer = ops.tensor(1, 1, 196);
        ops.inverseStft(padded.valid(ops.ints(new int[] {31})), stft, 100, 0.99f, longer);
        assertThat(ops.read(longer.cols(0, 120))).containsExactly(ops.read(wave));
    }

    @Test
    void theTransformMirrorsWhereTheValidRowsEnd() {
        Stft stft = Stft.load(parameters, 16, 4);
        float[] samples = values(120);
        Tensor wave = ops.tensor(1, 1, 120);
        ops.write(samples, 0, wave);
        Tensor spectrum = ops.tensor(1, 31, 18);
        ops.stft(wave, stft, spectrum);
        Tensor longer = ops.tensor(1, 1, 196);
        ops.fill(longer, Float.NaN);
        ops.write(samples, 0, longer.cols(0, 120));
        Tensor padded = ops.tensor(1, 50, 18);
        ops.stft(longer, stft, padded.valid(ops.ints(new int[] {31})));
        assertThat(ops.read(padded.rows(0, 31))).containsExactly(ops.read(spectrum));
    }

    @Test
    void theHarmonicsMoveOnByTheValidFrames() {
        Harmonics how = new Harmonics(6, 24_000, 10, 0.1f, 0.003f, 0.1f / 3, tensor(1, 1, 3));
        float[] hertz = {100, 0, 220, 221, 5};
        Tensor noise = tensor(1, 48, 3);
        Ints phase = ops.ints(6);
        Tensor f0 = ops.tensor(1, 5, 1);
        ops.write(hertz, 0, f0);
        Tensor sines = ops.tensor(1, 30, 3);
        ops.harmonics(f0, how, phase, noise.rows(0, 30), sines);
        Tensor padded = ops.tensor(1, 8, 1);
        ops.fill(padded, 300);
        ops.write(hertz, 0, padded.rows(0, 5));
        Ints other = ops.ints(6);
        Tensor more = ops.tensor(1, 48, 3);
        ops.harmonics(padded.valid(ops.ints(new int[] {5})), how, other, noise, more);
        assertThat(ops.read(more.rows(0, 30))).containsExactly(ops.read(sines));
        assertThat(ops.read(other)).containsExactly(ops.read(phase));
        assertThat(Arrays.stream(ops.read(phase)).allMatch(i -> i == 0)).isFalse();
    }
}
