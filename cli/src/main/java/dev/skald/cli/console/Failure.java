package dev.skald.cli.console;

import dev.skald.EngineUnavailableException;
import dev.skald.InvalidAudioException;
import dev.skald.InvalidRequestException;
import dev.skald.SkaldException;
import dev.skald.SpeechCancelledException;
import dev.skald.VoiceException;
import dev.skald.spi.Failures;
import dev.skald.text.LexiconException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/**
 * An error as its one line and its exit code.
 *
 * @param line what is wrong and what to do
 * @param code what the process tells its caller
 */
public record Failure(String line, ExitCode code) {

    public static Failure of(Throwable error) {
        Throwable root = Failures.root(error);
        return new Failure(line(root), code(root));
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
            case InternalError e when Failures.lostFile(e) -> ExitCode.IO;
            case OutOfMemoryError e -> ExitCode.MEMORY;
            default -> ExitCode.FAILED;
        };
    }

    private static boolean causedByIo(Throwable error) {
        return error.getCause() instanceof IOException
                || error.getCause() instanceof UncheckedIOException;
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
            case InternalError e when Failures.lostFile(e) ->
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
