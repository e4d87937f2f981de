package dev.skald.text.input;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What a reader gives, and word when it gives nothing for a moment: a program that writes text as
 * it thinks it up is heard sentence by sentence.
 *
 * <p>A reader that is ready is read on this thread. One that is not is read on a thread beside,
 * because {@link Reader#read()} cannot be told to give up.
 */
public final class Arriving implements TextInput {
    /** Longer than the gaps between the tokens of a language model, too short to be felt. */
    static final long MOMENT_MILLIS = 300;

    private final Reader in;
    private @Nullable FutureTask<Integer> reading;
    private char[] arrived = new char[0];
    private int given;
    private int held;

    /** The caller closes the reader. */
    public Arriving(Reader in) {
        this.in = in;
    }

    @Override
    public int read(char[] to, int from, int n) {
        if (given == held) {
            try {
                if (reading == null && in.ready()) {
                    return in.read(to, from, n);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            int count = await();
            if (count <= 0) {
                return count;
            }
            given = 0;
            held = count;
        }
        int count = Math.min(n, held - given);
        System.arraycopy(arrived, given, to, from, count);
        given += count;
        return count;
    }

    private int await() {
        FutureTask<Integer> task = reading;
        if (task == null) {
            char[] buffer = arrived.length == 0 ? new char[1024] : arrived;
            arrived = buffer;
            task = new FutureTask<>(() -> in.read(buffer, 0, buffer.length));
            reading = task;
            Thread.ofPlatform().daemon().name("skald-text").start(task);
        }
        try {
            int count = task.get(MOMENT_MILLIS, TimeUnit.MILLISECONDS);
            reading = null;
            return count;
        } catch (TimeoutException e) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new InterruptedIOException("reading was interrupted"));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw new UncheckedIOException(io);
            }
            throw new UncheckedIOException(new IOException(String.valueOf(e.getCause()), e));
        }
    }
}
