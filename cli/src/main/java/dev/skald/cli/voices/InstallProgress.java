package dev.skald.cli.voices;

import dev.skald.cli.console.GlobalOptions;
import dev.skald.cli.console.Io;
import dev.skald.cli.console.Messages;
import dev.skald.voices.install.InstallListener;
import java.io.PrintStream;
import java.util.Locale;

/** Tells of sources tried, and shows a bar on a terminal for a file that takes over a second. */
final class InstallProgress implements InstallListener {
    private static final int WIDTH = 24;
    private static final long PATIENCE = 1_000_000_000L;
    private static final long PAUSE = 100_000_000L;

    private final PrintStream err;
    private final Messages messages;
    private final boolean wanted;
    private final long start = System.nanoTime();
    private long shown;

    InstallProgress(Io io, GlobalOptions globals, Messages messages) {
        err = io.err();
        this.messages = messages;
        wanted = io.errTerminal() && !globals.quiet;
    }

    @Override
    public void waiting(String id) {
        messages.info("waiting: " + id + " is being installed or changed by another process");
    }

    @Override
    public void trying(String source) {
        done();
        messages.info("asking " + source);
    }

    @Override
    public void failed(String source, String reason) {
        done();
        messages.info(source + ": " + reason);
    }

    @Override
    public void progress(String file, long bytes, long total) {
        long now = System.nanoTime();
        if (wanted && now - start > PATIENCE && now - shown > PAUSE) {
            shown = now;
            err.print("\r" + line(file, bytes, total) + "\u001b[K");
            err.flush();
        }
    }

    /** Takes the bar away. */
    void done() {
        if (shown != 0) {
            shown = 0;
            err.print("\r\u001b[K");
            err.flush();
        }
    }

    static String line(String file, long bytes, long total) {
        String size = String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
        if (total <= 0) {
            return file + "  " + size;
        }
        double share = Math.clamp(bytes / (double) total, 0, 1);
        int full = (int) Math.round(share * WIDTH);
        return "["
                + "#".repeat(full)
                + ".".repeat(WIDTH - full)
                + String.format(Locale.ROOT, "] %3.0f %%  ", share * 100)
                + file
                + "  "
                + size;
    }
}
