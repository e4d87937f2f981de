package dev.skald.cli.console;

import dev.skald.AudioChunk;
import java.io.PrintStream;
import java.util.Locale;

/**
 * A bar on a terminal for what takes over a second; nothing in a pipe. Used by the thread that
 * takes the chunks.
 */
public final class Progress {
    private static final int WIDTH = 24;
    private static final long PATIENCE = 1_000_000_000L;
    private static final long PAUSE = 100_000_000L;

    private final PrintStream err;
    private final boolean wanted;
    private final long total;
    private final long start = System.nanoTime();
    private long shown;
    private long characters;
    private double seconds;

    /**
     * @param total characters to speak; 0 if not known
     */
    public Progress(Io io, GlobalOptions globals, long total) {
        err = io.err();
        wanted = io.errTerminal() && !globals.quiet;
        this.total = total;
    }

    public void chunk(AudioChunk chunk) {
        if (chunk.lastOfSentence()) {
            characters += chunk.text().length() + 1;
        }
        seconds += chunk.seconds();
        long now = System.nanoTime();
        if (!wanted || now - start < PATIENCE || now - shown < PAUSE) {
            return;
        }
        shown = now;
        err.print("\r" + line(total, characters, seconds) + "\u001b[K");
        err.flush();
    }

    /** Takes the bar away. */
    public void done() {
        if (shown != 0) {
            err.print("\r\u001b[K");
            err.flush();
        }
    }

    public static String line(long total, long characters, double seconds) {
        String audio = String.format(Locale.ROOT, "%.1f s of audio", seconds);
        if (total <= 0) {
            return audio;
        }
        // Normalised text is longer than what was given, so the share is an estimate.
        double share = Math.min(0.99, characters / (double) total);
        int full = (int) Math.round(share * WIDTH);
        return "["
                + "#".repeat(full)
                + ".".repeat(WIDTH - full)
                + String.format(Locale.ROOT, "] %2.0f %%  ", share * 100)
                + audio;
    }
}
