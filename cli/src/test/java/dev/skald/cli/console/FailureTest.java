package dev.skald.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.EngineUnavailableException;
import dev.skald.InvalidAudioException;
import dev.skald.InvalidRequestException;
import dev.skald.SkaldException;
import dev.skald.SpeechCancelledException;
import dev.skald.VoiceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class FailureTest {
    private static Map<Throwable, ExitCode> kinds() {
        Map<Throwable, ExitCode> kinds = new LinkedHashMap<>();
        kinds.put(new SpeechCancelledException("x"), ExitCode.CANCELLED);
        kinds.put(new InvalidRequestException("x"), ExitCode.USAGE);
        kinds.put(new VoiceException("x"), ExitCode.VOICE);
        kinds.put(new EngineUnavailableException("x"), ExitCode.UNAVAILABLE);
        kinds.put(new InvalidAudioException("x"), ExitCode.AUDIO);
        kinds.put(new SkaldException("x", new IOException("No space left")), ExitCode.IO);
        kinds.put(new IOException("x"), ExitCode.IO);
        kinds.put(new AccessDeniedException("x"), ExitCode.IO);
        kinds.put(new OutOfMemoryError("Java heap space"), ExitCode.MEMORY);
        kinds.put(new IOException("Map failed", new OutOfMemoryError()), ExitCode.MEMORY);
        kinds.put(new VoiceException("x", new OutOfMemoryError()), ExitCode.MEMORY);
        kinds.put(
                new InternalError("a fault occurred in an unsafe memory access operation"),
                ExitCode.IO);
        kinds.put(new IllegalStateException("x"), ExitCode.FAILED);
        return kinds;
    }

    @Test
    void aKindHasItsExitCodeAndItsLineWhateverWrapsIt() {
        kinds().forEach(
                        (error, code) -> {
                            Failure bare = Failure.of(error);
                            assertThat(bare.code()).as("%s", error).isEqualTo(code);
                            Throwable completed = new CompletionException(error);
                            assertThat(Failure.of(completed)).isEqualTo(bare);
                            assertThat(Failure.of(new ExecutionException(completed)))
                                    .isEqualTo(bare);
                            if (error instanceof IOException io) {
                                assertThat(
                                                Failure.of(
                                                        new CompletionException(
                                                                new UncheckedIOException(io))))
                                        .isEqualTo(bare);
                            }
                        });
    }
}
