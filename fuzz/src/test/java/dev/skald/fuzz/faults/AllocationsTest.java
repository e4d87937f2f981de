package dev.skald.fuzz.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.skald.OutOfMemoryException;
import dev.skald.Skald;
import dev.skald.SpeechRequest;
import dev.skald.VoiceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each allocation of a Piper voice that loads and speaks fails in turn: the program is told of it
 * as documented, nothing stays open, and the next request is spoken as if nothing had been.
 */
@Timeout(300)
class AllocationsTest {
    private static final Path NETWORK = Path.of("../piper/src/test/resources/vits/x_low.onnx.gz");

    @TempDir Path folder;
    private Path voice = Path.of("");

    @BeforeEach
    void voice() throws IOException {
        voice = folder.resolve("tiny.onnx");
        try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(NETWORK))) {
            Files.copy(in, voice);
        }
        StringBuilder ids = new StringBuilder("\"_\":[0],\"^\":[1],\"$\":[2],\" \":[3],\".\":[4]");
        for (char c = 'a'; c <= 'z'; c++) {
            ids.append(",\"").append(c).append("\":[").append(c - 'a' + 5).append(']');
        }
        Files.writeString(
                folder.resolve("tiny.onnx.json"),
                """
                {"audio": {"sample_rate": 16000}, "espeak": {"voice": "en-us"}, "num_symbols": 40,
                 "num_speakers": 1, "phoneme_type": "text", "phoneme_id_map": {%s}}
                """
                        .formatted(ids));
    }

    private Skald skald() {
        return Skald.builder()
                .home(folder.resolve("home"))
                .device("faulty")
                .threads(1)
                .offline(true)
                .open();
    }

    private float[] spoken(Skald skald) {
        return skald.speak(SpeechRequest.builder("hi.").voice(voice).seed(7).build()).samples();
    }

    @Test
    void eachAllocationOfASpeechFailsInTurn() {
        try (Skald skald = skald()) {
            float[] whole = spoken(skald);
            int open = FaultyDevice.OPEN.get();
            int n = 0;
            while (fails(n, true, () -> spoken(skald))) {
                assertThat(spoken(skald)).as("after fault %d", n).isEqualTo(whole);
                assertThat(FaultyDevice.OPEN.get()).as("open after fault %d", n).isEqualTo(open);
                n++;
            }
            assertThat(n).as("allocations").isGreaterThan(50);
        }
        assertThat(FaultyDevice.OPEN.get()).isZero();
    }

    @Test
    void eachAllocationOfAModelThatLoadsFailsInTurn() {
        float[] whole;
        try (Skald skald = skald()) {
            whole = spoken(skald);
        }
        int n = 0;
        boolean failed = true;
        while (failed) {
            try (Skald skald = skald()) {
                failed =
                        fails(
                                n,
                                false,
                                () ->
                                        skald.speak(
                                                        SpeechRequest.builder("hi.")
                                                                .voice(voice)
                                                                .build())
                                                .close());
                assertThat(spoken(skald)).as("after fault %d", n).isEqualTo(whole);
            }
            assertThat(FaultyDevice.OPEN.get()).as("open after fault %d", n).isZero();
            n++;
        }
        assertThat(n).as("parameters").isGreaterThan(20);
    }

    @Test
    void aNetworkThatIsCutWhileItLoadsIsTold() throws IOException {
        byte[] whole = Files.readAllBytes(voice);
        for (int n : new int[] {0, 1, 7}) {
            try (Skald skald = skald()) {
                FaultyDevice.failAfter(n, false, this::cut);
                Throwable thrown = catchThrowable(() -> spoken(skald));
                assertThat(FaultyDevice.failed()).isTrue();
                assertThat(thrown)
                        .isInstanceOf(VoiceException.class)
                        .hasMessage(
                                voice
                                        + " has become shorter while it was loaded: install it"
                                        + " again");
                Files.write(voice, whole);
                assertThat(spoken(skald)).isNotEmpty();
            }
            assertThat(FaultyDevice.OPEN.get()).isZero();
        }
    }

    private void cut() {
        try (FileChannel file = FileChannel.open(voice, StandardOpenOption.WRITE)) {
            file.truncate(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether allocation n was reached, which fails, and as documented. */
    private static boolean fails(int n, boolean arenas, Runnable work) {
        assertThat(n).as("it ends").isLessThan(20_000);
        FaultyDevice.failAfter(
                n,
                arenas,
                () -> {
                    throw new OutOfMemoryError("injected");
                });
        Throwable thrown = catchThrowable(work::run);
        boolean failed = FaultyDevice.failed();
        if (failed) {
            assertThat(thrown)
                    .as("fault %d", n)
                    .isInstanceOf(OutOfMemoryException.class)
                    .hasMessage("not enough memory (injected): free some or use a smaller voice");
        } else {
            assertThat(thrown).isNull();
        }
        return failed;
    }
}
