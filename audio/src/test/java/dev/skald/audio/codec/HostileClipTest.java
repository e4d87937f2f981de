package dev.skald.audio.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidRequestException;
import dev.skald.SpeechCancelledException;
import dev.skald.audio.codec.SandboxedDecoder.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clips that held a decoder for ever, or had it allocate a gigabyte for a few bytes. */
class HostileClipTest {
    @TempDir Path folder;

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = HostileClipTest.class.getResourceAsStream("hostile/" + name)) {
            if (in == null) {
                throw new IOException("no " + name);
            }
            return in.readAllBytes();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bomb.flac",
                "hang.flac",
                "hang.ogg",
                "id3.mp3",
                "oom.mp3",
                "oom.ogg",
                "tiny.mp3"
            })
    void isRefusedSoonAndWithoutMuchMemory(String name) throws IOException {
        Path file = Files.write(folder.resolve(name), resource(name));
        long before = allocated();
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () ->
                        assertThatThrownBy(() -> AudioClip.read(file))
                                .isInstanceOf(InvalidRequestException.class)
                                .hasMessageNotContaining("\n"));
        assertThat(allocated() - before).isLessThan(32L << 20);
    }

    @Test
    void aBombThatDoesNotSayHowLongItIsStopsAtTheLongestClip() throws IOException {
        Path file = bomb();
        long before = allocated();
        assertThatThrownBy(() -> AudioClip.read(file))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("cut the part with the voice out of it");
        assertThat(allocated() - before).isLessThan(700L << 20);
    }

    @Test
    void theDeadlineStopsADecoderInTheMiddle() throws Exception {
        Path file = bomb();
        assertThatThrownBy(
                        () ->
                                SandboxedDecoder.read(
                                        "x.flac", file, Kind.FLAC, Duration.ofMillis(50)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("x.flac is not decoded within");
        noDecoderIsLeft();
    }

    @Test
    void anInterruptOfTheCallerStopsTheDecoder() throws Exception {
        Path file = bomb();
        CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
        Thread caller =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    try {
                                        AudioClip.read(file);
                                        cancelled.complete(false);
                                    } catch (SpeechCancelledException e) {
                                        cancelled.complete(Thread.currentThread().isInterrupted());
                                    } catch (RuntimeException e) {
                                        cancelled.completeExceptionally(e);
                                    }
                                });
        while (decoders() == 0 && caller.isAlive()) {
            Thread.onSpinWait();
        }
        caller.interrupt();
        assertThat(cancelled.get(60, TimeUnit.SECONDS)).isTrue();
        noDecoderIsLeft();
    }

    /** The 24 KB of hours of silence, without the number of samples in its header. */
    private Path bomb() throws IOException {
        byte[] bytes = resource("bomb.flac");
        bytes[21] &= (byte) 0xf0;
        for (int i = 22; i < 26; i++) {
            bytes[i] = 0;
        }
        return Files.write(folder.resolve("bomb.flac"), bytes);
    }

    private static void noDecoderIsLeft() throws InterruptedException {
        for (int i = 0; i < 3000 && decoders() > 0; i++) {
            Thread.sleep(20);
        }
        assertThat(decoders()).isZero();
    }

    private static long decoders() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().equals("skald-clip"))
                .count();
    }

    private static long allocated() {
        var threads =
                (com.sun.management.ThreadMXBean)
                        java.lang.management.ManagementFactory.getThreadMXBean();
        return threads.getTotalThreadAllocatedBytes();
    }
}
