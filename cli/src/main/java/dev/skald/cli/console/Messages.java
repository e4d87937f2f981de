package dev.skald.cli.console;

import java.io.PrintStream;

/** One-line messages for a person, on the error stream. Thread-safe. */
public final class Messages {
    private final PrintStream err;
    private final GlobalOptions globals;

    public Messages(PrintStream err, GlobalOptions globals) {
        this.err = err;
        this.globals = globals;
    }

    /** What was done. */
    public void info(String line) {
        if (!globals.quiet) {
            print(line);
        }
    }

    public void warn(String line) {
        if (!globals.quiet) {
            print("skald: " + line);
        }
    }

    public void error(String line) {
        print("skald: " + line);
    }

    public void debug(String line) {
        if (globals.debug) {
            print("skald: " + line);
        }
    }

    private void print(String line) {
        err.println(oneLine(line));
    }

    /** A message stays on its line, whatever a file name or a voice put into it. */
    public static String oneLine(String text) {
        StringBuilder line = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n' || c == '\r' || c == '\t') {
                line.append(' ');
            } else if (!Character.isISOControl(c)) {
                line.append(c);
            }
        }
        return line.toString().strip();
    }
}
