package dev.skald.chatterbox.s3gen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.SpeechCancelledException;
import dev.skald.chatterbox.voice.PromptMel;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.testkit.GoldenFile;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.TestDevice;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Streamed speech against the same speech made at once, with a voice of 6 s. Measures: the mean
 * absolute difference of natural-log mel values (80 bands, 20 ms frames), beside that of two
 * different seeds; the signal-to-noise ratio of the vocoder's pieces.
 */
class S3GenStreamTest {
    private static final Path GOLDENS = Path.of("src", "test", "resources", "goldens");
    private static final long SEED = 7;

    /**
     * The mel that pieces are made of, where each is first spoken, against the mel of the whole.
     */
    @ParameterizedTest
    @ValueSource(strings = {"s3gen", "s3gen_meanflow"})
    void followsTheMelOfTheWhole(String stage) {
        with(
                stage,
                (model, ops, voice) -> {
                    int[] tokens = tokens(200);
                    float[] whole = mel(model, ops, voice, tokens, SEED, true);
                    float[] other = mel(model, ops, voice, tokens, SEED + 1, true);
                    float[] pieces = new float[0];
                    for (int seen : new int[] {25, 50, 100, 200}) {
                        boolean last = seen == 200;
                        float[] piece =
                                mel(model, ops, voice, Arrays.copyOf(tokens, seen), SEED, last);
                        int end = piece.length - (last ? 0 : 16 * PromptMel.BANDS);
                        pieces = join(pieces, Arrays.copyOfRange(piece, pieces.length, end));
                    }
                    // seen: 0.015 (ten steps) and 0.018 (two); another seed 1.17
                    assertThat(distance(whole, pieces))
                            .isLessThan(0.03)
                            .isLessThan(distance(whole, other) / 10);
                });
    }

    /** Pieces of one mel are vocoded as the whole is: phase, noise and edges are continuous. */
    @Test
    void vocodesPiecesLikeTheWhole() {
        with(
                "s3gen",
                (model, ops, voice) -> {
                    int[] tokens = tokens(120);
                    float[] mel = mel(model, ops, voice, tokens, SEED, true);
                    float[] whole = model.speak(ops, voice, tokens, SEED);
                    S3GenStream stream = model.stream(voice, SEED, ops.backend().quick(), () -> {});
                    float[] pieces = new float[0];
                    for (int frames : new int[] {44, 94, 194, 240}) {
                        Tensor known = ops.tensor(1, frames, PromptMel.BANDS);
                        ops.write(mel, 0, known);
                        Vocoded made = stream.vocode(ops, known, 0, frames == 240);
                        pieces = join(pieces, stream.take(ops, made));
                    }
                    double error = 0;
                    double energy = 0;
                    for (int i = 0; i < whole.length; i++) {
                        error += Math.pow(whole[i] - pieces[i], 2);
                        energy += Math.pow(whole[i], 2);
                    }
                    // Seen: 92 dB, 124 dB away from the joins.
                    assertThat(10 * Math.log10(energy / error)).isGreaterThan(85);
                });
    }

    /** What is rounded of the pitch would add up in the phase of the harmonics. */
    @Test
    void hearsTheSamePitchWhereverAWindowBegins() {
        with(
                "s3gen",
                (model, ops, voice) -> {
                    float[] mel = mel(model, ops, voice, tokens(60), SEED, true);
                    float[] whole = pitch(model, ops, mel, 0, 120);
                    for (int from : new int[] {5, 13, 24, 47}) {
                        for (int to : new int[] {90, 120}) {
                            int low = from + F0Predictor.REACH;
                            int high = to < 120 ? to - F0Predictor.REACH : to;
                            float[] part = pitch(model, ops, mel, from, to);
                            assertThat(Arrays.copyOfRange(part, low - from, high - from))
                                    .isEqualTo(Arrays.copyOfRange(whole, low, high));
                        }
                    }
                });
    }

    private static float[] pitch(S3Gen model, Ops ops, float[] mel, int from, int to) {
        try (var scope = ops.scope()) {
            Tensor x = ops.tensor(1, to - from, PromptMel.BANDS);
            ops.write(mel, from * PromptMel.BANDS, x);
            return ops.read(model.vocoder().f0(ops, x));
        }
    }

    /** Speech of more than 10 s is vocoded in parts, which changes nothing. */
    @Test
    void vocodesLongSpeechLikeShort() {
        with(
                "s3gen",
                (model, ops, voice) -> {
                    float[] mel = mel(model, ops, voice, tokens(60), SEED, true);
                    Tensor x = ops.tensor(1, 120, PromptMel.BANDS);
                    ops.write(mel, 0, x);
                    int samples = 120 * HiftVocoder.SAMPLES_A_FRAME;
                    Tensor source = ops.tensor(1, samples, 1);
                    ops.noise(SEED, 1, 0, source);
                    ops.scale(source, 0.1f, 0, source);
                    Tensor whole = ops.tensor(1, 1, samples);
                    model.vocoder().decode(ops, x, source, 500, Taps.NONE, whole);
                    Tensor parts = ops.tensor(1, 1, samples);
                    model.vocoder().decode(ops, x, source, 50, Taps.NONE, parts);
                    assertThat(ops.read(parts))
                            .usingComparatorWithPrecision(2e-5f)
                            .containsExactly(ops.read(whole));
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3gen", "s3gen_meanflow"})
    void hasNoClicksAndNothingMissing(String stage) {
        with(
                stage,
                (model, ops, voice) -> {
                    int[] tokens = tokens(160);
                    float[] whole = model.speak(ops, voice, tokens, SEED);
                    float[] streamed = stream(model, ops, voice, tokens, 1);
                    assertThat(streamed).hasSameSizeAs(whole);
                    assertThat(steepest(streamed)).isLessThan(1.2 * steepest(whole));
                });
    }

    private static float[] mel(
            S3Gen model, Ops ops, VoiceReference voice, int[] tokens, long seed, boolean last) {
        try (var scope = ops.scope()) {
            return ops.read(
                    model.flow()
                            .mel(
                                    ops,
                                    new Flow.Piece(
                                            model.flow().prompt(ops, voice, Taps.NONE),
                                            tokens,
                                            last,
                                            0,
                                            S3Gen.Randomness.of(seed, 9).flow()),
                                    model.flow().options(() -> {}),
                                    Taps.NONE));
        }
    }

    @Test
    void saysTheSameHoweverTokensArrive() {
        with(
                "s3gen_meanflow",
                (model, ops, voice) -> {
                    int[] tokens = tokens(90);
                    float[] single = stream(model, ops, voice, tokens, 1);
                    assertThat(stream(model, ops, voice, tokens, 1)).isEqualTo(single);
                    assertThat(stream(model, ops, voice, tokens, 7)).hasSameSizeAs(single);
                });
    }

    @Test
    void leavesNoSmallPieceForTheEnd() {
        with(
                "s3gen_meanflow",
                (model, ops, voice) -> {
                    int[] tokens = tokens(120);
                    // Two steps of the flow and one vocoder a piece: 25, 100, 120 tokens.
                    assertThat(checks(model, ops, voice, tokens, 0)).isEqualTo(9);
                    assertThat(checks(model, ops, voice, tokens, 120)).isEqualTo(6);
                    assertThat(checks(model, ops, voice, tokens, 400)).isEqualTo(9);
                });
    }

    private static int checks(
            S3Gen model, Ops ops, VoiceReference voice, int[] tokens, int expected) {
        int[] checks = {0};
        S3GenStream stream = model.stream(voice, SEED, ops.backend().quick(), () -> checks[0]++);
        stream.expect(expected);
        int samples = 0;
        for (int token : tokens) {
            samples += stream.push(ops, token).length;
        }
        samples += stream.finish(ops).length;
        assertThat(samples).isEqualTo(tokens.length * S3Gen.SAMPLES_A_TOKEN);
        return checks[0];
    }

    /** A cancelled speech does not wait for the flow's end. */
    @Test
    void stopsBetweenTheStepsOfTheFlow() {
        with(
                "s3gen",
                (model, ops, voice) -> {
                    int[] checks = {0};
                    S3GenStream stream =
                            model.stream(
                                    voice,
                                    SEED,
                                    ops.backend().quick(),
                                    () -> {
                                        if (++checks[0] == 4) {
                                            throw new SpeechCancelledException("enough");
                                        }
                                    });
                    assertThatThrownBy(() -> stream.push(ops, tokens(30)))
                            .isInstanceOf(SpeechCancelledException.class);
                    assertThat(checks[0]).isEqualTo(4);
                });
    }

    @Test
    void shortStreamsEqualOneShot() {
        with(
                "s3gen_meanflow",
                (model, ops, voice) -> {
                    for (int n : new int[] {1, 2, 24}) {
                        int[] tokens = tokens(n);
                        assertThat(stream(model, ops, voice, tokens, 1))
                                .isEqualTo(model.speak(ops, voice, tokens, SEED));
                    }
                    assertThat(
                                    model.stream(voice, SEED, ops.backend().quick(), () -> {})
                                            .finish(ops))
                            .isEmpty();
                });
    }

    @Test
    void veryLongStreamsLookBackABoundedWay() {
        with(
                "s3gen_meanflow",
                (model, ops, voice) -> {
                    int[] tokens = tokens(1600);
                    float[] out = stream(model, ops, voice, tokens, 1600);
                    assertThat(out).hasSize(tokens.length * S3Gen.SAMPLES_A_TOKEN);
                    for (float v : out) {
                        assertThat(v).isFinite();
                    }
                });
    }

    private interface Body {
        void run(S3Gen model, Ops ops, VoiceReference voice);
    }

    private static void with(String stage, Body body) {
        try (GoldenSet set = GoldenSet.open(GOLDENS);
                TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            GoldenFile file = set.stage(stage);
            S3Gen model = S3GenGoldens.load(file, parameters);
            VoiceReference small = S3GenGoldens.given(file.cases().getFirst());
            int[] prompt = new Random(4).ints(150, 0, 6561).toArray();
            float[] mel = mel(model, ops, small, prompt, 1, true);
            body.run(model, ops, new VoiceReference(prompt, mel, 300, small.xvector()));
        }
    }

    private static int[] tokens(int count) {
        return new Random(3).ints(count, 0, 6561).toArray();
    }

    private static float[] stream(
            S3Gen model, Ops ops, VoiceReference voice, int[] tokens, int atOnce) {
        S3GenStream stream = model.stream(voice, SEED, ops.backend().quick(), () -> {});
        float[] all = new float[0];
        for (int i = 0; i < tokens.length; i += atOnce) {
            all =
                    join(
                            all,
                            stream.push(
                                    ops,
                                    Arrays.copyOfRange(
                                            tokens, i, Math.min(tokens.length, i + atOnce))));
        }
        return join(all, stream.finish(ops));
    }

    private static float[] join(float[] a, float[] b) {
        float[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += Math.abs(a[i] - b[i]);
        }
        return sum / a.length;
    }

    private static double steepest(float[] wave) {
        double most = 0;
        for (int i = 1; i < wave.length; i++) {
            most = Math.max(most, Math.abs(wave[i] - wave[i - 1]));
        }
        return most;
    }
}
