package dev.skald.cli.speak;

import dev.skald.InvalidRequestException;
import dev.skald.SkaldException;
import dev.skald.cli.console.Failure;
import dev.skald.cli.console.Io;
import dev.skald.text.TextDecoder;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Where the text comes from: the arguments, a file or the standard input; its encoding is detected.
 */
public final class TextSource {
    @Parameters(
            arity = "0..*",
            paramLabel = "TEXT",
            description = "What to say; several words need no quotes.")
    public List<String> words = List.of();

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "Read the text from FILE; - is the standard input.")
    public @Nullable String file;

    /** The text given as arguments, if that is how it was given. */
    public @Nullable String given() {
        if (words.isEmpty()) {
            return null;
        }
        if (file != null) {
            throw new InvalidRequestException("give either a text or -f FILE, not both");
        }
        return String.join(" ", words);
    }

    /** About how many characters the file has; 0 if that is not known. */
    public long length() {
        try {
            return file == null || file.equals("-") ? 0 : Files.size(Path.of(file));
        } catch (IOException e) {
            return 0;
        }
    }

    /** The text as a stream, so that its length does not matter. */
    public Reader open(Io io) {
        String text = given();
        if (text != null) {
            return new java.io.StringReader(text);
        }
        if (file != null && !file.equals("-")) {
            return open(Path.of(file));
        }
        if (file == null && io.inTerminal()) {
            throw new InvalidRequestException(
                    "nothing to say: give a text, -f FILE, or pipe it into the standard input");
        }
        try {
            return new TextDecoder(io.in(), "the input");
        } catch (IOException e) {
            throw new SkaldException("cannot read the input: " + Failure.of(e).line(), e);
        }
    }

    public static Reader open(Path file) {
        if (Files.isDirectory(file)) {
            throw new InvalidRequestException(file + " is a folder: name a text file");
        }
        InputStream in = null;
        try {
            in = Files.newInputStream(file);
            return new TextDecoder(in, file.toString());
        } catch (IOException | InvalidRequestException e) {
            close(in);
            if (e instanceof InvalidRequestException refused) {
                throw refused;
            }
            throw new SkaldException("cannot read the text: " + Failure.of(e).line(), e);
        }
    }

    private static void close(@Nullable InputStream in) {
        try {
            if (in != null) {
                in.close();
            }
        } catch (IOException e) {
            // What went wrong before is told.
        }
    }
}
