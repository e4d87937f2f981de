package dev.skald;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.skald.spi.Availability;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever goes wrong inside, a program sees what the API documents. */
class FailuresTest {
    private static final float[] TONE = {0.1f, 0.5f, -0.5f};

    @TempDir Path folder;

    private record Told(Class<? extends Throwable> kind, String line) {}

    private static Map<Throwable, Told> kinds() {
        Map<Throwable, Told> kinds = new LinkedHashMap<>();
        Told memory =
                new Told(
                        OutOfMemoryException.class,
                        "not enough memory (Java heap space): free some or use a smaller voice");
        kinds.put(new OutOfMemoryError("Java heap space"), memory);
        kinds.put(new VoiceException("x", new OutOfMemoryError("Java heap space")), memory);
        kinds.put(new IOException("Map failed", new OutOfMemoryError("Java heap space")), memory);
        kinds.put(
                new IOException("No space left on device"),
                new Told(SkaldException.class, "cannot read or write: No space left on device"));
        kinds.put(
                new UncheckedIOException(new NoSuchFileException("a.txt")),
                new Told(SkaldException.class, "a.txt does not exist"));
        kinds.put(
                new AccessDeniedException("a.txt"),
                new Told(SkaldException.class, "no permission for a.txt"));
        kinds.put(
                new InternalError("a fault occurred in an unsafe memory access operation"),
                new Told(
                        SkaldException.class,
                        "a file changed while it was read, or its disk failed: run it again"));
        kinds.put(
                new SocketTimeoutException("Read timed out"),
                new Told(SkaldException.class, "cannot read or write: Read timed out"));
        Told interrupted = new Told(SpeechCancelledException.class, "the thread was interrupted");
        kinds.put(new InterruptedException(), interrupted);
        kinds.put(new InterruptedIOException("reading"), interrupted);
        kinds.put(new ClosedByInterruptException(), interrupted);
        kinds.put(new VoiceException("no voice"), new Told(VoiceException.class, "no voice"));
        kinds.put(
                new IllegalStateException("a fault"),
                new Told(IllegalStateException.class, "a fault"));
        kinds.put(new NoClassDefFoundError("a/B"), new Told(NoClassDefFoundError.class, "a/B"));
        return kinds;
    }

    private static Skald skald(FakeEngine engine) {
        return Skald.builder().open(List.of(engine));
    }

    private static FakeEngine engine() {
        return new FakeEngine("fake", Mode.FAST, Availability.yes("there"), TONE);
    }

    private static List<Throwable> wrapped(Throwable error) {
        return List.of(
                error,
                new CompletionException(error),
                new ExecutionException(new CompletionException(error)),
                new InvocationTargetException(error));
    }

    @Test
    void whatFailsToBeginIsTold() {
        kinds().forEach(
                        (error, told) -> {
                            for (Throwable wrapped : wrapped(error)) {
                                FakeEngine engine = engine();
                                engine.failsToSpeak = wrapped;
                                check(() -> skald(engine).speak("hello"), wrapped, told);
                            }
                        });
    }

    @Test
    void whatFailsOnTheWayIsToldInEveryForm() {
        List<Consumer<Speech>> forms =
                List.of(
                        speech -> speech.iterator().next(),
                        speech -> assertThat(speech.chunks().toList()).isNotEmpty(),
                        Speech::samples,
                        speech -> speech.writeTo(folder.resolve("a.test")),
                        speech -> speech.writeTo(new ByteArrayOutputStream(), "test"),
                        speech -> read(speech));
        for (Consumer<Speech> form : forms) {
            kinds().forEach(
                            (error, told) -> {
                                for (Throwable wrapped : wrapped(error)) {
                                    FakeEngine engine = engine();
                                    engine.failsToGoOn = wrapped;
                                    Speech speech = skald(engine).speak("hello");
                                    check(() -> form.accept(speech), wrapped, told);
                                    assertThat(folder).isEmptyDirectory();
                                }
                            });
        }
    }

    private static void read(Speech speech) {
        try {
            speech.toAudioInputStream().readAllBytes();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void check(Runnable work, Throwable error, Told told) {
        Throwable thrown = catchThrowable(work::run);
        // An interruption is seen by who comes next, and not by the next case.
        boolean interrupted = Thread.interrupted();
        assertThat(thrown).as("%s", error).isExactlyInstanceOf(told.kind());
        assertThat(thrown).hasMessage(told.line());
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        assertThat(interrupted).isEqualTo(root instanceof InterruptedException);
    }
}
