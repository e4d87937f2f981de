package dev.skald.server.http;

import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request while it arrives: filled on the event loop, read on a thread. What comes
 * faster than it is read waits at its sender.
 */
final class BodyStream extends InputStream {
    private static final int MOST_WAITING = 16; // buffers of some 64 KiB at most
    private static final long MOST_DROPPED_BYTES = 64L << 20;

    private final HttpServerRequest request;
    private final Context loop;
    private final long mostBytes;
    private final Deque<Buffer> waiting = new ArrayDeque<>();
    private long received;
    private long dropped;
    private int at; // within the first that waits
    private boolean paused;
    private boolean ended;
    private boolean closed;
    private @Nullable IOException failure;

    /** On the event loop. */
    BodyStream(HttpServerRequest request, Context loop, long mostBytes) {
        this.request = request;
        this.loop = loop;
        this.mostBytes = mostBytes;
        request.handler(this::part);
        request.endHandler(ignored -> end(null));
        request.exceptionHandler(e -> end(new IOException("the caller has left", e)));
    }

    private synchronized void part(Buffer part) {
        received += part.length();
        if (closed) {
            // Who is cut off while sending never reads why; but not for ever.
            dropped += part.length();
            if (dropped > MOST_DROPPED_BYTES) {
                request.connection().close();
            }
            return;
        }
        waiting.add(part);
        if (waiting.size() >= MOST_WAITING && !paused) {
            paused = true;
            request.pause();
        }
        notifyAll();
    }

    private synchronized void end(@Nullable IOException why) {
        ended = true;
        failure = why;
        notifyAll();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    /**
     * @throws ApiError 413 if it is too large
     */
    @Override
    public synchronized int read(byte[] into, int offset, int length) throws IOException {
        while (waiting.isEmpty() && !ended && received <= mostBytes) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
        }
        if (received > mostBytes) {
            throw ApiError.tooLarge(mostBytes);
        }
        if (failure != null) {
            throw failure;
        }
        Buffer first = waiting.peek();
        if (first == null) {
            return -1;
        }
        int n = Math.min(length, first.length() - at);
        first.getBytes(at, at + n, into, offset);
        at += n;
        if (at == first.length()) {
            waiting.remove();
            at = 0;
            if (paused && waiting.size() < MOST_WAITING / 2) {
                resume();
            }
        }
        return n;
    }

    private void resume() {
        paused = false;
        loop.runOnContext(ignored -> request.resume());
    }

    /** What still comes is dropped. */
    @Override
    public synchronized void close() {
        closed = true;
        waiting.clear();
        if (paused) {
            resume();
        }
    }
}
