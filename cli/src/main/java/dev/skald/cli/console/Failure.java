package dev.skald.cli.console;

import dev.skald.EngineUnavailableException;
import dev.skald.InvalidAudioException;
import dev.skald.InvalidRequestException;
import dev.skald.SkaldException;
import dev.skald.SpeechCancelledException;
import dev.skald.VoiceException;
import dev.skald.text.LexiconException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.UndeclaredThrowableException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/**
 * An error as its one line and its exit code.
 *
 * @param line what is wrong and what to do
 * @param code what the process tells its caller
 */
public record Failure(String line, ExitCode code) {

    public static Failure of(Throwable error) {
        Throwable root = root(error);
        return new Failure(line(root), code(root));
    }

    /** What went wrong, without what other threads and checked code wrapped around it. */
    private static Throwable root(Throwable error) {
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

    private static ExitCode code(Throwable error) {
        return switch (error) {
            case SpeechCancelledException e -> ExitCode.CANCELLED;
            case InvalidRequestException e -> ExitCode.USAGE;
            case LexiconException e -> ExitCode.USAGE;
            case VoiceException e -> ExitCode.VOICE;
            case EngineUnavailableException e -> ExitCode.UNAVAILABLE;
            case InvalidAudioException e -> ExitCode.AUDIO;
            case SkaldException e when causedByIo(e) -> ExitCode.IO;
            case IOException e -> ExitCode.IO;
            case InternalError e when lostFile(e) -> ExitCode.IO;
            case OutOfMemoryError e -> ExitCode.MEMORY;
            default -> ExitCode.FAILED;
        };
    }

    private static boolean causedByIo(Throwable error) {
        return error.getCause() instanceof IOException
                || error.getCause() instanceof UncheckedIOException;
    }

    /** How the JVM tells that a mapped file became shorter, or that its disk failed. */
    private static boolean lostFile(InternalError error) {
        return message(error).contains("unsafe memory access");
    }

    private static String line(Throwable error) {
        return switch (error) {
            case SpeechCancelledException e -> "cancelled";
            case SkaldException e -> message(e);
            case NoSuchFileException e -> e.getFile() + " does not exist";
            case AccessDeniedException e -> "no permission for " + e.getFile();
            case FileSystemException e -> message(e);
            case IOException e -> message(e);
            case OutOfMemoryError e ->
                    "not enough memory (" + message(e) + "): free some or use a smaller voice";
            case InternalError e when lostFile(e) ->
                    "a file changed while it was read, or its disk failed: run it again";
            case LinkageError e ->
                    "a part of Skald cannot be loaded ("
                            + message(e)
                            + "): build it again (in a checkout: make clean build)";
            default ->
                    "an error of its own ("
                            + error.getClass().getSimpleName()
                            + ": "
                            + message(error)
                            + "): run again with --debug and report what it prints";
        };
    }

    private static String message(Throwable error) {
        String message = error.getMessage();
        return message == null || message.isBlank() ? error.getClass().getSimpleName() : message;
    }
}
