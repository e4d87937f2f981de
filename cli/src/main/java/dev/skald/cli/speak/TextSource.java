package dev.skald.cli.speak;

import dev.skald.InvalidRequestException;
import dev.skald.SkaldException;
import dev.skald.cli.console.Failure;
import dev.skald.cli.console.Io;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PushbackReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Where the text comes from: the arguments, a file or the standard input, as UTF-8. */
public final class TextSource {
    private static final int BYTE_ORDER_MARK = 0xFEFF;

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
        return withoutMark(new InputStreamReader(io.in(), StandardCharsets.UTF_8), "the input");
    }

    public static Reader open(Path file) {
        if (Files.isDirectory(file)) {
            throw new InvalidRequestException(file + " is a folder: name a text file");
        }
        try {
            // Not Files.newBufferedReader: it fails on bytes that are no UTF-8.
            return withoutMark(
                    new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8),
                    file.toString());
        } catch (IOException e) {
            throw new SkaldException("cannot read " + Failure.of(e).line(), e);
        }
    }

    private static Reader withoutMark(Reader text, String name) {
        PushbackReader reader = new PushbackReader(text);
        try {
            int first = reader.read();
            if (first >= 0 && first != BYTE_ORDER_MARK) {
                reader.unread(first);
            }
        } catch (IOException e) {
            throw new SkaldException("cannot read " + name + ": " + Failure.of(e).line(), e);
        }
        return reader;
    }
}
