package dev.skald.spi;

import dev.skald.OutOfMemoryException;
import dev.skald.SkaldException;
import dev.skald.SpeechCancelledException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.UndeclaredThrowableException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The boundary of the library: what went wrong inside, in whatever thread, leaves it as one of
 * {@link SkaldException}'s kinds. A misuse of the API and a fault of Skald's own stay what they
 * are.
 */
public final class Failures {
    private Failures() {}

    /** The result of {@code work}; what it throws is told as {@link #told}. */
    public static <T extends @Nullable Object> T call(Supplier<T> work) {
        try {
            return work.get();
        } catch (Throwable e) {
            throw told(e);
        }
    }

    /** As {@link #call(Supplier)}, without a result. */
    public static void run(Runnable work) {
        try {
            work.run();
        } catch (Throwable e) {
            throw told(e);
        }
    }

    /** What a caller of the API gets. Throws an error that is none of memory or files. */
    public static RuntimeException told(Throwable error) {
        Throwable root = root(error);
        return switch (root) {
            case OutOfMemoryError e ->
                    error instanceof OutOfMemoryException told
                            ? told
                            : new OutOfMemoryException(
                                    "not enough memory ("
                                            + message(e)
                                            + "): free some or use a smaller voice",
                                    error);
            case InterruptedException e -> {
                Thread.currentThread().interrupt();
                yield interrupted(e);
            }
            case SocketTimeoutException e -> new SkaldException(line(e), e);
            case InterruptedIOException e -> interrupted(e);
            case ClosedByInterruptException e -> interrupted(e);
            case IOException e -> new SkaldException(line(e), e);
            case InternalError e when lostFile(e) ->
                    new SkaldException(
                            "a file changed while it was read, or its disk failed: run it again",
                            new IOException(e));
            case RuntimeException e -> e;
            case Error e -> throw e;
            default -> new SkaldException(message(root), root);
        };
    }

    /** Without what other threads and checked code wrapped around it; a lack of memory first. */
    public static Throwable root(Throwable error) {
        for (Throwable at = error; at != null; at = at.getCause()) {
            if (at instanceof OutOfMemoryError) {
                return at;
            }
        }
        Throwable root = error;
        while (root.getCause() != null
                && (root instanceof CompletionException
                        || root instanceof ExecutionException
                        || root instanceof InvocationTargetException
                        || root instanceof UndeclaredThrowableException
                        || root instanceof ExceptionInInitializerError
                        || root instanceof UncheckedIOException)) {
            root = root.getCause();
        }
        return root;
    }

    /** How the JVM tells that a mapped file became shorter, or that its disk failed. */
    public static boolean lostFile(InternalError error) {
        return String.valueOf(error.getMessage()).contains("unsafe memory access");
    }

    private static SpeechCancelledException interrupted(Throwable e) {
        return new SpeechCancelledException("the thread was interrupted", e);
    }

    private static String line(IOException error) {
        return switch (error) {
            case NoSuchFileException e -> e.getFile() + " does not exist";
            case AccessDeniedException e -> "no permission for " + e.getFile();
            default -> "cannot read or write: " + message(error);
        };
    }

    private static String message(Throwable error) {
        String message = error.getMessage();
        return message == null || message.isBlank() ? error.getClass().getSimpleName() : message;
    }
}
