package dev.skald.server.http;

import io.vertx.core.Context;
import io.vertx.core.http.ServerWebSocket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A WebSocket that talks JSON, seen from virtual threads: one receives, any may send. What a client
 * sends faster than it is taken waits in its own socket.
 */
public final class WebSocketSession {
    /** Close codes of RFC 6455. */
    public static final int NORMAL = 1_000;

    public static final int GOING_AWAY = 1_001;
    private static final int NOT_TEXT = 1_003;
    public static final int POLICY = 1_008;
    private static final int TOO_MUCH = 1_009;
    public static final int FAILED = 1_011;

    private static final int BUSY = 1_013;

    private static final int PAUSE_AT = 64;
    private static final int BYTES_A_CHARACTER = 2;
    private static final int MOST_WAITING = 4_096;
    private static final int MOST_REASON_CHARACTERS = 40; // 123 bytes are allowed

    private final Exchange opening;
    private final ServerWebSocket socket;
    private final Departure departure;
    private final Wire wire;
    private final Budget.Share share;
    private final Deque<String> received = new ArrayDeque<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private boolean paused;
    private boolean ended;

    /** On the event loop. */
    WebSocketSession(Exchange opening, ServerWebSocket socket, Context loop, Budget.Share share) {
        this.opening = opening;
        this.socket = socket;
        this.share = share;
        departure = opening.departure();
        wire = new Wire(loop, departure);
        socket.textMessageHandler(this::receive);
        socket.binaryMessageHandler(bytes -> close(NOT_TEXT, "send JSON as text"));
        socket.exceptionHandler(error -> end());
        socket.closeHandler(ignored -> leave());
    }

    /** The request that opened it. */
    public Exchange opening() {
        return opening;
    }

    /** Of the client. */
    public Departure departure() {
        return departure;
    }

    /** What it may hold of what its client sends, until it ends. */
    public Budget.Share share() {
        return share;
    }

    private void receive(String text) {
        synchronized (received) {
            if (!share.take((long) BYTES_A_CHARACTER * text.length())) {
                close(BUSY, "too much at once: try again");
                return;
            }
            if (received.size() >= MOST_WAITING) {
                close(TOO_MUCH, "too many messages");
                return;
            }
            received.add(text);
            if (received.size() >= PAUSE_AT && !paused) {
                paused = true;
                socket.pause();
            }
            received.notifyAll();
        }
    }

    /** Nothing more is received: what was asked for is finished, then it is closed. */
    void end() {
        synchronized (received) {
            ended = true;
            received.notifyAll();
        }
    }

    private void leave() {
        end();
        departure.leave();
    }

    /**
     * Waits for the next message.
     *
     * @return null if none comes any more
     * @throws ApiError 400 if it is not a JSON object, or 408 if none came in time
     */
    public @Nullable JsonNode receive(Duration most) throws InterruptedException {
        long deadline = System.nanoTime() + most.toNanos();
        String text;
        synchronized (received) {
            while (received.isEmpty()) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (ended) {
                    return null;
                }
                if (left <= 0) {
                    throw ApiError.refused(
                            408,
                            "input_timeout_exceeded",
                            "nothing was received for " + most.toSeconds() + " s");
                }
                received.wait(left);
            }
            text = received.remove();
            share.give((long) BYTES_A_CHARACTER * text.length());
            if (paused && received.size() < PAUSE_AT / 2) {
                paused = false;
                wire.later(socket::resume);
            }
        }
        return Exchange.json(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends JSON; returns when the socket has taken it. */
    public void send(JsonNode json) throws IOException {
        String text = json.toString();
        wire.await(() -> socket.writeTextMessage(text));
    }

    /** Says why, and closes; the first reason counts. */
    public void close(int code, String reason) {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        String brief =
                reason.length() <= MOST_REASON_CHARACTERS
                        ? reason
                        : reason.substring(0, MOST_REASON_CHARACTERS);
        wire.later(() -> socket.close((short) code, brief));
    }
}
