package dev.skald.chatterbox.s3gen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.Precision;
import dev.skald.SpeechCancelledException;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.TestDevice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pieces of several streams that are computed together, sample by sample against each alone. */
class S3GenBatchTest {
    private static final Path GOLDENS = Path.of("src", "test", "resources", "goldens");

    /** Tokens of the voice, tokens that come at once, and whether they are all. */
    record Part(int voice, int tokens, boolean last) {}

    static final List<Part> PARTS =
            List.of(
                    new Part(9, 27, false),
                    new Part(9, 11, true),
                    new Part(21, 26, false),
                    new Part(0, 30, true));

    @ParameterizedTest
    @CsvSource({"s3gen,FP32", "s3gen_meanflow,FP32", "s3gen,AUTO", "s3gen_meanflow,AUTO"})
    void aPieceIsTheSameAmongOthers(String stage, Precision precision) {
        try (GoldenSet set = GoldenSet.open(GOLDENS);
                TestDevice device = TestDevice.open();
                Parameters parameters = device.backend().parameters(precision);
                Ops ops = device.ops()) {
            S3Gen model = S3GenGoldens.load(set.stage(stage), parameters);
            List<float[]> alone = new ArrayList<>();
            for (int i = 0; i < PARTS.size(); i++) {
                alone.add(samples(model, ops, List.of(begun(model, i))).getFirst());
            }
            List<S3GenStream> streams = new ArrayList<>();
            for (int i = 0; i < PARTS.size(); i++) {
                streams.add(begun(model, i));
            }
            List<float[]> together = samples(model, ops, streams);
            for (int i = 0; i < PARTS.size(); i++) {
                assertThat(together.get(i)).as("piece %s", i).isEqualTo(alone.get(i));
            }
            assertThat(alone.get(3)).hasSize(30 * S3Gen.SAMPLES_A_TOKEN);
            // What a stream went on with is its own, too.
            S3GenStream first = begun(model, 0);
            samples(model, ops, List.of(first));
            first.end(tokens(model, 5));
            streams.getFirst().end(tokens(model, 5));
            float[] rest = samples(model, ops, List.of(first)).getFirst();
            assertThat(samples(model, ops, List.of(streams.getFirst(), begun(model, 1))).getFirst())
                    .isEqualTo(rest);
            assertThat(rest.length + alone.getFirst().length).isEqualTo(32 * S3Gen.SAMPLES_A_TOKEN);
        }
    }

    /** A batch is divided until only who failed has failed. */
    @Test
    void whoIsCancelledStopsNobodyElse() {
        try (GoldenSet set = GoldenSet.open(GOLDENS);
                TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters()) {
            S3Gen model = S3GenGoldens.load(set.stage("s3gen_meanflow"), parameters);
            try (S3GenBatch batch = new S3GenBatch(model, device.backend())) {
                S3GenStream gone =
                        model.stream(
                                voice(model, 9),
                                1,
                                false,
                                () -> {
                                    throw new SpeechCancelledException("enough");
                                });
                gone.end(tokens(model, 12));
                S3GenStream.Piece cancelled = Objects.requireNonNull(gone.due());
                S3GenStream.Piece wanted = Objects.requireNonNull(begun(model, 1).due());
                batch.add(cancelled);
                batch.run();
                assertThatThrownBy(cancelled::samples).isInstanceOf(SpeechCancelledException.class);
                batch.add(wanted);
                batch.run();
                assertThat(wanted.samples()).hasSize(11 * S3Gen.SAMPLES_A_TOKEN);
                batch.run(); // nothing waits
            }
        }
    }

    private static List<float[]> samples(S3Gen model, Ops ops, List<S3GenStream> streams) {
        List<S3GenStream.Piece> pieces = new ArrayList<>();
        for (S3GenStream stream : streams) {
            pieces.add(Objects.requireNonNull(stream.due()));
        }
        assertThat(pieces).noneMatch(S3GenStream.Piece::done);
        model.compute(ops, pieces, () -> {});
        return pieces.stream().map(S3GenStream.Piece::samples).toList();
    }

    /** The stream of part i, with its tokens. */
    private static S3GenStream begun(S3Gen model, int i) {
        Part part = PARTS.get(i);
        S3GenStream stream = model.stream(voice(model, part.voice), 5 + i, false, () -> {});
        int[] tokens = tokens(model, part.tokens);
        if (part.last) {
            stream.end(tokens);
        } else {
            stream.add(tokens);
        }
        return stream;
    }

    private static VoiceReference voice(S3Gen model, int count) {
        return RecordableTest.voice(model, count);
    }

    private static int[] tokens(S3Gen model, int count) {
        return RecordableTest.tokens(model, count);
    }
}
