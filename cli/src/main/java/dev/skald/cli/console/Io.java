package dev.skald.cli.console;

import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * The streams of one run.
 *
 * @param in the standard input
 * @param raw the standard output as bytes, whose errors are not swallowed
 * @param out the standard output as text
 * @param err where messages go
 * @param inTerminal whether a person types into {@code in}
 * @param errTerminal whether a person reads {@code err}
 */
public record Io(
        InputStream in,
        OutputStream raw,
        PrintStream out,
        PrintStream err,
        boolean inTerminal,
        boolean errTerminal) {

    public static Io of(
            InputStream in,
            OutputStream raw,
            OutputStream err,
            boolean inTerminal,
            boolean errTerminal) {
        return new Io(
                in,
                raw,
                new PrintStream(raw, false, StandardCharsets.UTF_8),
                err instanceof PrintStream print
                        ? print
                        : new PrintStream(err, true, StandardCharsets.UTF_8),
                inTerminal,
                errTerminal);
    }
}
