package dev.skald.chatterbox.s3gen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.Precision;
import dev.skald.SpeechCancelledException;
import dev.skald.nn.NoiseSource;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.TestDevice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pieces that join flows under way and leave them, sample by sample against each alone. */
class RunningFlowsTest {
    private static final Path GOLDENS = Path.of("src", "test", "resources", "goldens");

    private static final List<S3GenBatchTest.Part> PARTS = S3GenBatchTest.PARTS;

    /** A stream, and what happens at which question whether it is still wanted. */
    static final class Asked {
        private final Map<Integer, Runnable> then = new HashMap<>();
        private final S3GenStream stream;
        private int times;
        private int failing = Integer.MAX_VALUE;
        private String why = "";

        Asked(S3Gen model, int part) {
            this(model, part, S3Gen.Randomness.of(5 + part, model.vocoder().harmonics()));
        }

        private Asked(S3Gen model, int part, S3Gen.Randomness random) {
            VoiceReference voice = RecordableTest.voice(model, PARTS.get(part).voice());
            stream = new S3GenStream(model, voice, random, false, this::check);
            int[] tokens = RecordableTest.tokens(model, PARTS.get(part).tokens());
            if (PARTS.get(part).last()) {
                stream.end(tokens);
            } else {
                stream.add(tokens);
            }
        }

        private void check() {
            then.getOrDefault(++times, () -> {}).run();
            if (times >= failing) {
                throw new SpeechCancelledException(why);
            }
        }

        /** What to do when it is asked for the n-th time. */
        Asked at(int n, Runnable what) {
            then.put(n, what);
            return this;
        }

        /** Nobody wants it from the n-th time on. */
        Asked until(int n, String reason) {
            failing = n;
            why = reason;
            return this;
        }

        S3GenStream.Piece due() {
            return Objects.requireNonNull(stream.due());
        }
    }

    static float[] alone(S3Gen model, Ops ops, int part) {
        S3GenStream.Piece piece = new Asked(model, part).due();
        model.compute(ops, List.of(piece), () -> {});
        return piece.samples();
    }

    static void finish(S3GenBatch batch, List<S3GenStream.Piece> pieces) {
        for (int i = 0; i < 100 && !pieces.stream().allMatch(S3GenStream.Piece::done); i++) {
            batch.run();
        }
        assertThat(pieces).allMatch(S3GenStream.Piece::done);
        batch.run(); // nothing waits
        assertThat(batch.underWay()).isZero();
    }

    /**
     * Of few rows, most wait where they are. The second time a device launches recordings, over
     * what the first time left.
     */
    @ParameterizedTest
    @CsvSource({
        "s3gen,FP32,16384",
        "s3gen_meanflow,FP32,16384",
        "s3gen,AUTO,16384",
        "s3gen_meanflow,AUTO,16384",
        "s3gen,AUTO,300",
        "s3gen_meanflow,AUTO,150"
    })
    void aPieceIsTheSameWheneverItJoins(String stage, Precision precision, int rows) {
        try (GoldenSet set = GoldenSet.open(GOLDENS);
                TestDevice device = TestDevice.open();
                Parameters parameters = device.backend().parameters(precision);
                Ops ops = device.ops()) {
            S3Gen model = S3GenGoldens.load(set.stage(stage), parameters);
            List<float[]> alone = new ArrayList<>();
            for (int i = 0; i < PARTS.size(); i++) {
                alone.add(alone(model, ops, i));
            }
            try (S3GenBatch batch = new S3GenBatch(model, device.backend(), rows)) {
                for (int again = 0; again < 2; again++) {
                    joinAtDifferentSteps(model, batch, alone, rows > 1000);
                }
            }
        }
    }

    private static void joinAtDifferentSteps(
            S3Gen model, S3GenBatch batch, List<float[]> alone, boolean atOnce) {
        List<Integer> underWay = new ArrayList<>();
        List<Asked> asked = new ArrayList<>();
        List<S3GenStream.Piece> pieces = new ArrayList<>();
        for (int i = 0; i < PARTS.size(); i++) {
            asked.add(new Asked(model, i));
            pieces.add(asked.get(i).due());
        }
        boolean ten = model.flow().defaultSteps() == 10;
        int end = ten ? 3 : 2;
        S3GenStream.Piece cancelled =
                new Asked(model, 2)
                        .at(end, () -> underWay.add(batch.underWay()))
                        .until(end, "enough")
                        .due();
        // Added while the first is asked: between two of its steps.
        asked.get(0).at(1, () -> batch.add(pieces.get(1)));
        asked.get(0)
                .at(
                        ten ? 4 : 2,
                        () -> {
                            batch.add(cancelled);
                            batch.add(pieces.get(2));
                        });
        asked.get(1).at(ten ? 5 : 2, () -> batch.add(pieces.get(3)));
        batch.add(pieces.get(0));
        batch.run();
        if (atOnce) {
            assertThat(pieces.get(0).done()).isTrue();
            assertThat(pieces.get(3).done()).isFalse();
            assertThat(batch.underWay()).isPositive();
        }
        finish(batch, pieces);
        for (int i = 0; i < PARTS.size(); i++) {
            assertThat(pieces.get(i).samples()).as("piece %s", i).isEqualTo(alone.get(i));
        }
        assertThatThrownBy(cancelled::samples).isInstanceOf(SpeechCancelledException.class);
        assertThat(underWay).hasSize(1);
        if (atOnce) {
            assertThat(underWay).containsExactly(ten ? 4 : 2);
        }
    }

    /** What a stream went on with is its own, too. */
    @Test
    void aStreamGoesOnAmongOthers() {
        try (GoldenSet set = GoldenSet.open(GOLDENS);
                TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            S3Gen model = S3GenGoldens.load(set.stage("s3gen_meanflow"), parameters);
            Asked first = new Asked(model, 0);
            model.compute(ops, List.of(first.due()), () -> {});
            first.stream.end(RecordableTest.tokens(model, 5));
            S3GenStream.Piece expected = first.due();
            model.compute(ops, List.of(expected), () -> {});
            try (S3GenBatch batch = new S3GenBatch(model, device.backend(), 16_384)) {
                Asked again = new Asked(model, 0);
                S3GenStream.Piece begin = again.due();
                batch.add(begin);
                finish(batch, List.of(begin));
                again.stream.end(RecordableTest.tokens(model, 5));
                S3GenStream.Piece rest = again.due();
                Asked other = new Asked(model, 3).at(1, () -> batch.add(rest));
                S3GenStream.Piece before = other.due();
                batch.add(before);
                finish(batch, List.of(before, rest));
                assertThat(rest.samples()).isEqualTo(expected.samples());
            }
        }
    }

    /** Who fails tells why, and the others are what they are without it. */
    @Test
    void whoFailsStopsNobodyElse() {
        try (GoldenSet set = GoldenSet.open(GOLDENS);
                TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            S3Gen model = S3GenGoldens.load(set.stage("s3gen"), parameters);
            List<float[]> alone = List.of(alone(model, ops, 1), alone(model, ops, 3));
            S3Gen.Randomness random = S3Gen.Randomness.of(1, model.vocoder().harmonics());
            NoiseSource none =
                    (on, row, out) -> {
                        throw new IllegalStateException("no noise");
                    };
            var noFlow = new S3Gen.Randomness(none, random.offsets(), random.sines());
            var noSines = new S3Gen.Randomness(random.flow(), random.offsets(), none);
            List<S3GenStream.Piece> pieces =
                    List.of(
                            new Asked(model, 1).due(),
                            new Asked(model, 0, noFlow).due(),
                            new Asked(model, 2, noSines).due(),
                            new Asked(model, 3).due(),
                            new Asked(model, 0).until(4, "no listener").due());
            try (S3GenBatch batch = new S3GenBatch(model, device.backend(), 16_384)) {
                pieces.forEach(batch::add);
                finish(batch, pieces);
            }
            assertThat(pieces.get(0).samples()).isEqualTo(alone.get(0));
            assertThat(pieces.get(3).samples()).isEqualTo(alone.get(1));
            for (int bad : new int[] {1, 2, 4}) {
                assertThatThrownBy(() -> pieces.get(bad).samples())
                        .hasMessage(bad == 4 ? "no listener" : "no noise");
            }
        }
    }

    /** A piece that is taken back leaves, and so does its memory. */
    @Test
    void aPieceCanBeTakenBack() {
        try (GoldenSet set = GoldenSet.open(GOLDENS);
                TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters()) {
            Backend backend = device.backend();
            S3Gen model = S3GenGoldens.load(set.stage("s3gen"), parameters);
            try (S3GenBatch batch = new S3GenBatch(model, backend, 16_384)) {
                S3GenStream.Piece back = new Asked(model, 2).due();
                S3GenStream.Piece kept =
                        new Asked(model, 1)
                                .at(3, () -> batch.remove(back))
                                .at(4, () -> batch.add(new Asked(model, 3).due()))
                                .due();
                batch.add(kept);
                batch.add(back);
                batch.run();
                assertThat(kept.done()).isTrue();
                assertThat(back.done()).isFalse();
                assertThat(batch.underWay()).isEqualTo(1);
                batch.run();
                assertThat(batch.underWay()).isZero();
            }
        }
    }
}
