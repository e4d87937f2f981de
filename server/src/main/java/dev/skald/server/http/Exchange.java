package dev.skald.server.http;

import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * One request and its response, seen from the virtual thread that serves it. Everything that
 * touches the connection runs on its event loop; whoever sends waits until the bytes are in the
 * socket's hands.
 */
public final class Exchange {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Departure departure = new Departure();
    private final Wire wire;
    private final byte[] body;
    private final @Nullable Form form;
    private final InputStream stream;
    private final String id = "req_" + UUID.randomUUID().toString().replace("-", "");
    private final long arrived = System.nanoTime();
    private Map<String, String> names = Map.of();
    private Routes.ErrorShape errors = Exchange::error;
    private String key = "-";
    private volatile int status = 200;

    Exchange(HttpServerRequest request, Context loop, byte[] body, @Nullable Form form) {
        this(request, loop, body, form, InputStream.nullInputStream());
    }

    Exchange(HttpServerRequest request, Context loop, InputStream stream) {
        this(request, loop, new byte[0], null, stream);
    }

    private Exchange(
            HttpServerRequest request,
            Context loop,
            byte[] body,
            @Nullable Form form,
            InputStream stream) {
        this.request = request;
        this.response = request.response();
        this.wire = new Wire(loop, departure);
        this.body = body;
        this.form = form;
        this.stream = stream;
    }

    /** The name of this request in logs, and in the header {@code x-request-id}. */
    public String id() {
        return id;
    }

    /** Seconds since the whole request was there. */
    public double seconds() {
        return (System.nanoTime() - arrived) * 1e-9;
    }

    /** Of the caller: leaves when its connection ends before the response has. */
    public Departure departure() {
        return departure;
    }

    public String method() {
        return request.method().name();
    }

    /** The path without the query. */
    public String path() {
        String path = request.path();
        return path == null || path.isEmpty() ? "/" : path;
    }

    /** What the path has where its route has {@code {name}}. */
    public String name(String name) {
        return names.getOrDefault(name, "");
    }

    /** Tells which route serves. */
    public void routed(Map<String, String> names, Routes.ErrorShape errors) {
        this.names = names;
        this.errors = errors;
    }

    /** Tells whose key the caller has. */
    public void admitted(String key) {
        this.key = key;
    }

    /** The name of the caller's key; {@code -} where no keys are asked for. */
    public String key() {
        return key;
    }

    public @Nullable String header(String name) {
        return request.getHeader(name);
    }

    /** A parameter of the query; null if it is not there. */
    public @Nullable String query(String name) {
        try {
            return request.getParam(name);
        } catch (IllegalArgumentException e) {
            throw ApiError.invalid(
                    name, "invalid_url", "the query has a '%' without two hexadecimal digits");
        }
    }

    /** Where the caller is. */
    public String address() {
        return request.remoteAddress() == null ? "" : request.remoteAddress().hostAddress();
    }

    /** The trace's id, if the header {@code traceparent} is as W3C has it: it goes into a log. */
    public String trace() {
        String parent = header("traceparent");
        return parent != null && parent.matches("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-.{2}")
                ? parent.substring(3, 35)
                : "-";
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
        if (form != null) {
            throw ApiError.invalid(null, "invalid_json", "the body is a form: send JSON");
        }
        return json(body);
    }

    /**
     * A JSON object.
     *
     * @throws ApiError 400 if it is not one
     */
    static JsonNode json(byte[] bytes) {
        JsonNode tree;
        try {
            tree = JSON.readTree(bytes);
        } catch (RuntimeException e) {
            throw ApiError.invalid(null, "invalid_json", "the body is not valid JSON");
        }
        if (tree == null || !tree.isObject()) {
            throw ApiError.invalid(null, "invalid_json", "the body must be a JSON object");
        }
        return tree;
    }

    /** The body while it arrives, where the route takes it so. */
    public InputStream stream() {
        return stream;
    }

    /** Whether the body is a form. */
    public boolean hasForm() {
        return form != null;
    }

    /**
     * The body as a multipart form.
     *
     * @throws ApiError 400 if it is not one
     */
    public Form form() {
        if (form == null) {
            throw ApiError.invalid(
                    null, "invalid_form", "send the body as multipart/form-data, with a boundary");
        }
        return form;
    }

    public static ObjectNode object() {
        return JSON.createObjectNode();
    }

    /** Adds a header to the response to come. */
    public void responseHeader(String name, String value) {
        wire.later(() -> response.putHeader(name, value));
    }

    /** Answers with JSON. */
    public void send(int status, JsonNode json) throws IOException {
        send(status, "application/json", JSON.writeValueAsBytes(json));
    }

    /** Answers with these bytes. */
    public void send(int status, String type, byte[] bytes) throws IOException {
        this.status = status;
        wire.await(
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
        if (error.retrySeconds() > 0) {
            responseHeader("retry-after", Integer.toString(error.retrySeconds()));
        }
        String allow = error.allow();
        if (allow != null) {
            responseHeader("allow", allow);
        }
        send(error.status(), errors.of(error));
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

    /** The head of a response whose body follows piece by piece; it leaves with the first. */
    public void head(String type) {
        wire.later(
                () ->
                        response.setStatusCode(200)
                                .setChunked(true)
                                .putHeader("content-type", type)
                                .putHeader("cache-control", "no-cache")
                                .putHeader("x-accel-buffering", "no")
                                .putHeader("x-request-id", id));
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
                    byte[] own = Arrays.copyOfRange(bytes, offset, offset + length);
                    wire.await(() -> response.write(Buffer.buffer(own)));
                }
            }

            @Override
            public void close() throws IOException {
                wire.await(response::end);
            }
        };
    }

    /** Breaks the connection: what was sent must not look as if it were all. */
    public void abort() {
        wire.later(() -> request.connection().close());
    }
}
