package dev.skald.server.wyoming;

import dev.skald.server.http.Budget;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * One event: a line of JSON with its type and the lengths of what follows, then data as JSON, then
 * a payload.
 *
 * @param type what it is
 * @param data what it says; an object
 * @param payload bytes, audio mostly
 */
record WyomingEvent(String type, ObjectNode data, byte[] payload) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A line, or data, beyond this is no request for speech. */
    private static final int MOST_LINE = 1 << 16;

    private static final int MOST_BYTES = 4 << 20;

    static WyomingEvent of(String type, ObjectNode data) {
        return new WyomingEvent(type, data, new byte[0]);
    }

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    /**
     * Reads the next event; a payload, which no request has, is passed over.
     *
     * @param share of the memory for what is read
     * @return null at the end of the stream
     * @throws IOException if this is not the protocol
     */
    static @Nullable WyomingEvent read(InputStream in, Budget.Share share) throws IOException {
        byte[] line = line(in);
        if (line == null) {
            return null;
        }
        ObjectNode header = parse(line);
        if (!header.path("type").isString()) {
            throw new IOException("an event has no type");
        }
        String type = header.path("type").asString();
        ObjectNode data = JSON.createObjectNode();
        if (header.get("data") instanceof ObjectNode inline) {
            data.setAll(inline);
        }
        int length = length(header.path("data_length"));
        if (!share.take(length)) {
            throw new IOException(Budget.spent().message());
        }
        byte[] more = in.readNBytes(length);
        share.give(length);
        if (more.length < length) {
            throw new EOFException("the stream ends within an event");
        }
        if (more.length > 0) {
            data.setAll(parse(more));
        }
        in.skipNBytes(length(header.path("payload_length")));
        return of(type, data);
    }

    void write(OutputStream out) throws IOException {
        ObjectNode header = JSON.createObjectNode().put("type", type);
        byte[] body = JSON.writeValueAsBytes(data);
        header.put("data_length", body.length);
        if (payload.length > 0) {
            header.put("payload_length", payload.length);
        }
        out.write((header + "\n").getBytes(StandardCharsets.UTF_8));
        out.write(body);
        out.write(payload);
        out.flush();
    }

    /** A string of the data; empty if there is none. */
    String text(String name) {
        return data.path(name).isString() ? data.path(name).asString() : "";
    }

    private static ObjectNode parse(byte[] bytes) throws IOException {
        try {
            JsonNode tree = JSON.readTree(bytes);
            if (tree instanceof ObjectNode object) {
                return object;
            }
        } catch (RuntimeException e) {
            throw new IOException("an event is not valid JSON", e);
        }
        throw new IOException("an event is not a JSON object");
    }

    private static byte @Nullable [] line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                if (line.size() == 0) {
                    return null;
                }
                throw new EOFException("the stream ends within an event");
            }
            if (line.size() == MOST_LINE) {
                throw new IOException("a line is longer than " + MOST_LINE + " bytes");
            }
            line.write(b);
        }
        return line.toByteArray();
    }

    private static int length(JsonNode length) throws IOException {
        int n = length.isIntegralNumber() ? length.asInt(-1) : 0;
        if (n < 0 || n > MOST_BYTES) {
            throw new IOException("an event is larger than " + MOST_BYTES + " bytes");
        }
        return n;
    }
}
