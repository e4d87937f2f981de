package dev.skald.cli.console;

import java.io.PrintStream;

/** One-line messages for a person, on the error stream. Thread-safe. */
public final class Messages {
    private static final String RED = "\u001b[31m";
    private static final String YELLOW = "\u001b[33m";
    private static final String PLAIN = "\u001b[0m";

    private final PrintStream err;
    private final GlobalOptions globals;
    private final boolean colours;

    public Messages(Io io, GlobalOptions globals) {
        err = io.err();
        this.globals = globals;
        colours = io.errTerminal() && System.getenv("NO_COLOR") == null;
    }

    /** What was done. */
    public void info(String line) {
        if (!globals.quiet) {
            err.println(oneLine(line));
        }
    }

    public void warn(String line) {
        if (!globals.quiet) {
            print(YELLOW, line);
        }
    }

    public void error(String line) {
        print(RED, line);
    }

    public void debug(String line) {
        if (globals.debug) {
            print("", line);
        }
    }

    private void print(String colour, String line) {
        String name = colours && !colour.isEmpty() ? colour + "skald:" + PLAIN : "skald:";
        err.println(name + " " + oneLine(line));
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
