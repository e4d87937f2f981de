package dev.skald.chatterbox.s3gen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Precision;
import dev.skald.nn.HarmonicSource;
import dev.skald.nn.NoiseSource;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.testkit.GoldenFile;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.OpsProxies;
import dev.skald.testkit.TestDevice;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** S3Gen's networks can be recorded: no host work inside, and no bucket changes a sample. */
class RecordableTest {
    private static final Path GOLDENS = Path.of("src", "test", "resources", "goldens");

    @ParameterizedTest
    @CsvSource({"s3gen,FP32", "s3gen_meanflow,FP32", "s3gen,AUTO", "s3gen_meanflow,AUTO"})
    void aBucketChangesNoSample(String stage, Precision precision) {
        try (GoldenSet set = GoldenSet.open(GOLDENS);
                TestDevice device = TestDevice.open();
                Parameters parameters = device.backend().parameters(precision);
                Ops ops = device.ops()) {
            GoldenFile file = set.stage(stage);
            S3Gen model = S3GenGoldens.load(file, parameters);
            VoiceReference voice = voice(model, 21);
            int[] tokens = tokens(model, 23);
            float[] exact = model.speak(ops, voice, tokens, 7);
            for (int multiple : new int[] {2, 16, 64, 100}) {
                Ops bucketed =
                        OpsProxies.bucketed(ops, n -> (n + multiple - 1) / multiple * multiple);
                assertThat(model.speak(bucketed, voice, tokens, 7)).isEqualTo(exact);
            }
            // A stream, whose pieces look ahead.
            float[] streamed = streamed(model, ops, voice, tokens(model, 60));
            Ops bucketed = OpsProxies.bucketed(ops, n -> (n + 31) / 32 * 32);
            assertThat(streamed(model, bucketed, voice, tokens(model, 60))).isEqualTo(streamed);
        }
    }

    /** The same of the flow alone, which is done twice, so that a device launches recordings. */
    @ParameterizedTest
    @CsvSource({"s3gen,FP32", "s3gen_meanflow,FP32", "s3gen,AUTO", "s3gen_meanflow,AUTO"})
    void aBucketChangesNoFrame(String stage, Precision precision) {
        try (GoldenSet set = GoldenSet.open(GOLDENS);
                TestDevice device = TestDevice.open();
                Parameters parameters = device.backend().parameters(precision);
                Ops ops = device.ops()) {
            S3Gen model = S3GenGoldens.load(set.stage(stage), parameters);
            VoiceReference voice = voice(model, 9);
            int[] tokens = tokens(model, 11);
            float[] exact = model.mel(OpsProxies.bucketed(ops, n -> n), voice, tokens, 7);
            for (int multiple : new int[] {21, 64}) {
                Ops bucketed =
                        OpsProxies.bucketed(ops, n -> (n + multiple - 1) / multiple * multiple);
                assertThat(model.mel(bucketed, voice, tokens, 7)).isEqualTo(exact);
                assertThat(model.mel(bucketed, voice, tokens, 7)).isEqualTo(exact);
            }
        }
    }

    /** The device's own precision against its fp32, in decibels of the mel spectrogram. */
    @ParameterizedTest
    @ValueSource(strings = {"s3gen", "s3gen_meanflow"})
    void theWorkingPrecisionIsNear(String stage) {
        try (GoldenSet set = GoldenSet.open(GOLDENS);
                TestDevice device = TestDevice.open();
                Parameters exact = device.parameters();
                Parameters working = device.backend().parameters();
                Ops ops = device.ops()) {
            GoldenFile file = set.stage(stage);
            S3Gen model = S3GenGoldens.load(file, exact);
            VoiceReference voice = voice(model, 21);
            int[] tokens = tokens(model, 23);
            float[] expected = model.mel(ops, voice, tokens, 7);
            float[] found = S3GenGoldens.load(file, working).mel(ops, voice, tokens, 7);
            double signal = 0;
            double noise = 1e-30;
            for (int i = 0; i < expected.length; i++) {
                signal += Math.pow(expected[i], 2);
                noise += Math.pow(found[i] - expected[i], 2);
            }
            assertThat(10 * Math.log10(signal / noise)).isGreaterThan(45);
        }
    }

    /** The vocoder alone, whose buckets hold what is not a number; done three times, see above. */
    @ParameterizedTest
    @ValueSource(strings = {"FP32", "AUTO"})
    void aBucketChangesNoSampleOfTheVocoder(Precision precision) {
        try (GoldenSet set = GoldenSet.open(GOLDENS);
                TestDevice device = TestDevice.open();
                Parameters parameters = device.backend().parameters(precision);
                Ops ops = device.ops()) {
            S3Gen model = S3GenGoldens.load(set.stage("s3gen"), parameters);
            float[] mel = voice(model, 11).mel();
            float[] exact = model.vocode(OpsProxies.bucketed(ops, n -> n), mel, 7);
            for (int multiple : new int[] {23, 64}) {
                Ops bucketed =
                        OpsProxies.bucketed(ops, n -> (n + multiple - 1) / multiple * multiple);
                for (int again = 0; again < 3; again++) {
                    try (var scope = ops.scope()) {
                        ops.fill(ops.tensor(1, 1000, 1000), Float.NaN);
                    }
                    assertThat(model.vocode(bucketed, mel, 7)).isEqualTo(exact);
                }
            }
        }
    }

    private static float[] streamed(S3Gen model, Ops ops, VoiceReference voice, int[] tokens) {
        try (var scope = ops.scope()) {
            S3GenStream stream = model.stream(voice, 3, ops.backend().quick(), () -> {});
            float[] begin = stream.push(ops, tokens);
            float[] end = stream.finish(ops);
            float[] all = Arrays.copyOf(begin, begin.length + end.length);
            System.arraycopy(end, 0, all, begin.length, end.length);
            return all;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3gen", "s3gen_meanflow"})
    void noValueMovesInsideANetwork(String stage) {
        try (GoldenSet set = GoldenSet.open(GOLDENS);
                TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            S3Gen model = S3GenGoldens.load(set.stage(stage), parameters);
            int bands = model.flow().bands();
            FlowEncoder encoder = model.flow().encoder();
            FlowEncoder.Sequences sequence = encoder.sequences(ops, 1, 24, true);
            ops.write(tokens(model, 24), sequence.ids());
            ops.write(new int[] {20}, Objects.requireNonNull(sequence.lengths()));
            encoder.encode(OpsProxies.withoutTransfers(ops, "FlowEncoder"), sequence, 0, Taps.NONE);
            assertThat(sequence.mu().rows()).isEqualTo(48);

            FlowEstimator estimator = model.flow().estimator();
            int batch = estimator.meanflow() ? 1 : 2;
            Tensor input = ops.zeros(batch, 30, estimator.in());
            Tensor field = ops.tensor(batch, 30, bands);
            Tensor times = estimator.times(ops, new float[] {0}, new float[] {1}, -1, Taps.NONE);
            Tensor x = ops.zeros(1, 30, bands);
            Tensor steps = ops.zeros(1, 1, 1);
            Ints step = ops.ints(1);
            Ops inside = OpsProxies.withoutTransfers(ops, "FlowEstimator");
            estimator.run(inside, input, times, Taps.NONE, field);
            inside.eulerStep(x, field, steps, step, 0.7f);
            inside.increment(step, 1);

            Tensor mel = ops.zeros(1, 40, bands);
            HiftVocoder vocoder = model.vocoder();
            HarmonicSource.Phase phase =
                    HarmonicSource.Phase.begin(ops, new float[vocoder.harmonics()]);
            Tensor source = ops.tensor(1, 40 * HiftVocoder.SAMPLES_A_FRAME, 1);
            Ops hift = OpsProxies.withoutTransfers(ops, "HiftVocoder");
            Tensor f0 = vocoder.f0(hift, mel);
            vocoder.source(hift, f0, phase, 0, NoiseSource.philox(1, 2), Taps.NONE, source);
            HiftVocoder.Window window = vocoder.window(ops, 40, true);
            ops.copy(mel, window.mel());
            ops.copy(source, window.source());
            ops.write(new int[] {31}, Objects.requireNonNull(window.valid()));
            vocoder.decode(hift, window);
            assertThat(window.wave().cols()).isEqualTo(40 * HiftVocoder.SAMPLES_A_FRAME);
        }
    }

    static VoiceReference voice(S3Gen model, int count) {
        float[] xvector = new float[model.flow().xvectorDim()];
        for (int i = 0; i < xvector.length; i++) {
            xvector[i] = (float) Math.sin(i);
        }
        float[] mel = new float[2 * count * model.flow().bands()];
        for (int i = 0; i < mel.length; i++) {
            mel[i] = (float) Math.cos(0.3 * i) - 4;
        }
        return new VoiceReference(tokens(model, count), mel, 2 * count, xvector);
    }

    static int[] tokens(S3Gen model, int count) {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++) {
            tokens[i] = i * 97 % model.flow().vocabulary();
        }
        return tokens;
    }
}
