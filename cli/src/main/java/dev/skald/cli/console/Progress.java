package dev.skald.cli.console;

import dev.skald.AudioChunk;
import java.io.PrintStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A line on a terminal about what takes over a second, drawn anew while it goes on; nothing in a
 * pipe. Safe for many threads.
 */
public final class Progress implements AutoCloseable {
    private static final int WIDTH = 24;
    private static final long PATIENCE_MS = 1_000;
    private static final long PAUSE_MS = 250;

    /** Below this share of the work an estimate of the rest says nothing. */
    private static final double TELLING = 0.02;

    private final PrintStream err;
    private final String doing;
    private final long total;
    private final long start = System.nanoTime();
    private final @Nullable Thread drawer;
    private long done;
    private double audio;
    private boolean shown;
    private boolean closed;

    /**
     * @param doing what is told until the first audio is there: "loading the model"
     * @param total what there is to do, in the unit that {@link #step} counts; 0 if not known
     */
    public Progress(Io io, GlobalOptions globals, String doing, long total) {
        err = io.err();
        this.doing = doing;
        this.total = total;
        boolean wanted = io.errTerminal() && !globals.quiet;
        drawer =
                wanted
                        ? Thread.ofPlatform().daemon().name("skald-progress").start(this::run)
                        : null;
    }

    /** Audio of a speech whose characters are the work to do. */
    public synchronized void chunk(AudioChunk chunk) {
        if (chunk.lastOfSentence()) {
            done += chunk.text().length() + 1;
        }
        audio += chunk.seconds();
    }

    /** So much is done, and so many seconds of audio came of it. */
    public synchronized void step(long done, double audio) {
        this.done = done;
        this.audio = audio;
    }

    private void run() {
        try {
            Thread.sleep(PATIENCE_MS);
            while (draw()) {
                Thread.sleep(PAUSE_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized boolean draw() {
        if (!closed) {
            shown = true;
            double elapsed = (System.nanoTime() - start) * 1e-9;
            err.print("\r" + line(doing, total, done, audio, elapsed) + "\u001b[K");
            err.flush();
        }
        return !closed;
    }

    /** Takes the line away before something else is written; it comes back while work goes on. */
    public synchronized void clear() {
        if (shown) {
            shown = false;
            err.print("\r\u001b[K");
            err.flush();
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            clear();
        }
        if (drawer != null) {
            drawer.interrupt();
        }
    }

    /** What is shown. */
    public static String line(String doing, long total, long done, double audio, double elapsed) {
        if (audio <= 0 && done == 0) {
            return doing + " ... " + duration(elapsed);
        }
        String heard = String.format(Locale.ROOT, "%.1f s of audio", audio);
        if (total <= 0) {
            return heard;
        }
        // Normalised text is longer than what was given, so the share is an estimate.
        double share = Math.min(0.99, done / (double) total);
        int full = (int) Math.round(share * WIDTH);
        String left =
                share < TELLING ? "" : ", " + duration(elapsed * (1 - share) / share) + " left";
        return "["
                + "#".repeat(full)
                + ".".repeat(WIDTH - full)
                + String.format(Locale.ROOT, "] %2.0f %%  ", share * 100)
                + heard
                + left;
    }

    private static String duration(double seconds) {
        long s = Math.max(1, Math.round(seconds));
        return s < 100
                ? s + " s"
                : s < 6_000 ? (s + 30) / 60 + " min" : s / 3600 + " h " + s % 3600 / 60 + " min";
    }
}
