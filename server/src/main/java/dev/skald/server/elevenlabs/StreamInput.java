package dev.skald.server.elevenlabs;

import dev.skald.server.http.ApiError;
import dev.skald.server.http.Exchange;
import dev.skald.server.http.WebSocketSession;
import dev.skald.server.speech.Json;
import dev.skald.server.speech.Models;
import dev.skald.server.speech.SpeechService;
import dev.skald.server.speech.Voices;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The WebSockets {@code stream-input}, of one text, and {@code multi-stream-input}, of several at
 * once, each a context with a name.
 */
final class StreamInput {
    private static final int MOST_CONTEXTS = 32;
    private static final int USUAL_PATIENCE = 20; // seconds
    private static final int MOST_PATIENCE = 180;
    private static final String DEFAULT = "default";

    private final SpeechService speech;
    private final Models models;
    private final Voices voices;
    private final OutputFormats formats;
    private final int maxCharacters;
    private final boolean several;

    StreamInput(
            SpeechService speech,
            Models models,
            Voices voices,
            OutputFormats formats,
            int maxCharacters,
            boolean several) {
        this.speech = speech;
        this.models = models;
        this.voices = voices;
        this.formats = formats;
        this.maxCharacters = maxCharacters;
        this.several = several;
    }

    /** Serves one until its end. */
    void serve(WebSocketSession session) throws IOException, InterruptedException {
        try {
            new Session(session).run();
        } catch (ApiError e) {
            session.send(
                    Exchange.object()
                            .put("message", e.message())
                            .put("error", e.code())
                            .put("code", WebSocketSession.POLICY));
            session.close(WebSocketSession.POLICY, e.message());
        }
    }

    private final class Session {
        private final WebSocketSession session;
        private final SpeechSettings usual;
        private final Duration patience;
        private final Map<String, StreamContext> contexts = new LinkedHashMap<>();

        Session(WebSocketSession session) {
            this.session = session;
            Exchange opening = session.opening();
            ObjectNode query = Exchange.object();
            for (String name : List.of("model_id", "language_code")) {
                String value = opening.query(name);
                if (value != null) {
                    query.put(name, value);
                }
            }
            String seed = opening.query("seed");
            if (seed != null) {
                query.put("seed", number(seed, "seed", Integer.MIN_VALUE, Integer.MAX_VALUE));
            }
            String format = opening.query("output_format");
            if (format != null && format.startsWith("wav_")) {
                throw ApiError.invalid(
                        "output_format",
                        "invalid_output_format",
                        "a WebSocket sends no WAV: take pcm_" + format.substring(4));
            }
            usual = SpeechSettings.of(opening, query, models, voices, formats);
            String seconds = opening.query("inactivity_timeout");
            patience =
                    Duration.ofSeconds(
                            seconds == null
                                    ? USUAL_PATIENCE
                                    : number(seconds, "inactivity_timeout", 1, MOST_PATIENCE));
        }

        void run() throws InterruptedException {
            List<StreamContext> all = new ArrayList<>();
            try {
                boolean more = true;
                while (more) {
                    JsonNode message = next();
                    more = message != null && take(message, all);
                    all.removeIf(StreamContext::done);
                }
                all.forEach(StreamContext::finish);
            } catch (InterruptedException | RuntimeException e) {
                all.forEach(StreamContext::cancel);
                throw e;
            } finally {
                for (StreamContext context : all) {
                    context.join();
                }
            }
        }

        /** The next message; what speaks keeps the socket open. */
        private @Nullable JsonNode next() throws InterruptedException {
            while (true) {
                try {
                    return session.receive(patience);
                } catch (ApiError e) {
                    if (e.status() != 408
                            || contexts.values().stream().noneMatch(StreamContext::busy)) {
                        throw e;
                    }
                }
            }
        }

        /** Does what a message says; false if it was the last. */
        private boolean take(JsonNode message, List<StreamContext> all) {
            if (flag(message, "close_socket")) {
                return false;
            }
            String text = Json.string(message, "text");
            String id = id(message);
            if (!several && text != null && text.isEmpty()) {
                return false;
            }
            if (flag(message, "close_context")) {
                StreamContext closing = contexts.remove(id);
                if (closing != null) {
                    closing.close();
                } else {
                    all.stream().filter(c -> c.is(id)).forEach(StreamContext::close);
                }
                return true;
            }
            StreamContext context = contexts.get(id);
            if (context == null) {
                if (text == null || text.isEmpty()) {
                    return true; // keeps the connection alive
                }
                context = open(id, message, all);
            }
            if (text != null) {
                context.append(text);
            }
            if (flag(message, "flush")) {
                context.flush();
            }
            return true;
        }

        private StreamContext open(String id, JsonNode message, List<StreamContext> all) {
            if (all.size() >= MOST_CONTEXTS) {
                throw ApiError.refused(
                        400,
                        "max_active_contexts_exceeded",
                        "more than " + MOST_CONTEXTS + " contexts: close some");
            }
            StreamContext context =
                    new StreamContext(
                            speech,
                            session,
                            several ? id : null,
                            usual.with(message.get("voice_settings")),
                            maxCharacters,
                            patience);
            contexts.put(id, context);
            all.add(context);
            return context;
        }

        private String id(JsonNode message) {
            if (!several) {
                return DEFAULT;
            }
            String id = Json.string(message, "context_id");
            if (id == null) {
                id = Json.string(message, "contextId");
            }
            return id == null ? DEFAULT : id;
        }
    }

    private static boolean flag(JsonNode message, String name) {
        JsonNode value = message.get(name);
        if (value == null || value.isNull()) {
            return false;
        }
        if (!value.isBoolean()) {
            throw ApiError.invalid(name, "invalid_type", "'" + name + "' must be true or false");
        }
        return value.asBoolean();
    }

    private static int number(String text, String name, int low, int high) {
        try {
            int number = Integer.parseInt(text);
            if (number >= low && number <= high) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw ApiError.invalid(
                name,
                "invalid_value",
                "'" + name + "' is a whole number from " + low + " to " + high);
    }
}
