package dev.skald.server.http;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * One request and its response, seen from the virtual thread that serves it. Everything that
 * touches the connection runs on its event loop; whoever sends waits until the bytes are in the
 * socket's hands, so that a slow reader slows the speaker down instead of filling the memory.
 */
public final class Exchange {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LEFT = "the caller has left";

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Context loop;
    private final byte[] body;
    private final String id;
    private final long arrived = System.nanoTime();
    private final List<Runnable> leavers = new ArrayList<>();
    private boolean gone;
    private @Nullable CompletableFuture<@Nullable Void> awaited;
    private volatile int status = 200;

    Exchange(HttpServerRequest request, Context loop, byte[] body, String id) {
        this.request = request;
        this.response = request.response();
        this.loop = loop;
        this.body = body;
        this.id = id;
    }

    /** The name of this request in logs, and in the header {@code x-request-id}. */
    public String id() {
        return id;
    }

    /** Seconds since the whole request was there. */
    public double seconds() {
        return (System.nanoTime() - arrived) * 1e-9;
    }

    public String method() {
        return request.method().name();
    }

    /** The path without the query, without a slash at its end. */
    public String path() {
        String path = request.path();
        return path == null || path.isEmpty() ? "/" : path;
    }

    public @Nullable String header(String name) {
        return request.getHeader(name);
    }

    public @Nullable String query(String name) {
        return request.getParam(name);
    }

    /** The status that was sent, for the log. */
    public int status() {
        return status;
    }

    /**
     * The body as a JSON object.
     *
     * @throws ApiError 400 if it is not one
     */
    public JsonNode json() {
        JsonNode tree;
        try {
            tree = JSON.readTree(body);
        } catch (RuntimeException e) {
            throw ApiError.invalid(null, "invalid_json", "the body is not valid JSON");
        }
        if (tree == null || !tree.isObject()) {
            throw ApiError.invalid(null, "invalid_json", "the body must be a JSON object");
        }
        return tree;
    }

    public static ObjectNode object() {
        return JSON.createObjectNode();
    }

    /**
     * Runs {@code then} once when the caller leaves before the response has ended; at once if it
     * has.
     */
    public void onLeave(Runnable then) {
        synchronized (leavers) {
            if (!gone) {
                leavers.add(then);
                return;
            }
        }
        then.run();
    }

    /** Whether nobody listens any more. */
    public boolean left() {
        synchronized (leavers) {
            return gone;
        }
    }

    /** The connection has ended. */
    void leave() {
        List<Runnable> all;
        synchronized (leavers) {
            if (gone) {
                return;
            }
            gone = true;
            all = List.copyOf(leavers);
            if (awaited != null) {
                awaited.completeExceptionally(new IOException(LEFT));
            }
        }
        all.forEach(Runnable::run);
    }

    /** A header of the response to come. */
    public void responseHeader(String name, String value) throws IOException {
        await(() -> Future.succeededFuture(response.putHeader(name, value)));
    }

    /** Answers with JSON. */
    public void send(int status, JsonNode json) throws IOException {
        send(status, "application/json", JSON.writeValueAsBytes(json));
    }

    /** Answers with these bytes. */
    public void send(int status, String type, byte[] bytes) throws IOException {
        this.status = status;
        await(
                () -> {
                    response.setStatusCode(status)
                            .putHeader("content-type", type)
                            .putHeader("x-request-id", id);
                    return response.end(Buffer.buffer(bytes));
                });
    }

    /** Answers with the error; if the head has gone already, breaks the connection instead. */
    public void fail(ApiError error) throws IOException {
        status = error.status();
        if (response.headWritten()) {
            abort();
            return;
        }
        if (error.status() == 429 || error.status() == 503) {
            responseHeader("retry-after", "1");
        }
        send(error.status(), error(error));
    }

    /** The error as OpenAI writes it: all four keys, always. */
    public static ObjectNode error(ApiError error) {
        ObjectNode root = JSON.createObjectNode();
        root.putObject("error")
                .put("message", error.message())
                .put("type", error.type())
                .put("param", error.param())
                .put("code", error.code());
        return root;
    }

    /** The head of a response whose body follows piece by piece. */
    public void head(String type) throws IOException {
        await(
                () -> {
                    response.setStatusCode(200)
                            .setChunked(true)
                            .putHeader("content-type", type)
                            .putHeader("cache-control", "no-cache")
                            .putHeader("x-accel-buffering", "no")
                            .putHeader("x-request-id", id);
                    return response.writeHead();
                });
    }

    /** Where the body goes; {@code close} ends the response as one that is complete. */
    public OutputStream body() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                if (length > 0) {
                    byte[] own = java.util.Arrays.copyOfRange(bytes, offset, offset + length);
                    await(() -> response.write(Buffer.buffer(own)));
                }
            }

            @Override
            public void close() throws IOException {
                await(response::end);
            }
        };
    }

    /** Breaks the connection: what was sent must not look as if it were all. */
    public void abort() {
        loop.runOnContext(ignored -> request.connection().close());
    }

    /** Does it on the event loop and waits for its end. */
    private void await(Supplier<Future<?>> work) throws IOException {
        CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        synchronized (leavers) {
            if (gone) {
                throw new IOException(LEFT);
            }
            awaited = done;
        }
        loop.runOnContext(
                ignored -> {
                    try {
                        work.get()
                                .onComplete(ok -> done.complete(null), done::completeExceptionally);
                    } catch (RuntimeException e) {
                        done.completeExceptionally(e);
                    }
                });
        try {
            done.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(String.valueOf(cause.getMessage()), cause);
        }
    }
}
