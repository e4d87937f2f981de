package dev.skald.server.openai;

import dev.skald.Skald;
import dev.skald.SkaldException;
import dev.skald.SpeechReport;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.server.admission.Admission;
import dev.skald.server.http.ApiError;
import dev.skald.server.http.Exchange;
import java.io.IOException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's routes that have to do with speech. */
public final class OpenAiRoutes {
    /** When these names came to be: a client wants a number here. */
    private static final long CREATED = 1_767_225_600L; // 2026-01-01

    private final Skald skald;
    private final SpeechRoute speech;

    /** Lets a request speak when it is its turn, and is told what came of it. */
    public interface SpeechGate {
        /** Waits for a place among those who speak. */
        Admission.Place enter(Exchange exchange);

        /** Audio has begun to leave. */
        void began(Exchange exchange, String model);

        /** The speech has ended well. */
        void ended(Exchange exchange, String model, String voice, SpeechReport report);
    }

    /**
     * @param maxCharacters the longest text of one request
     */
    public OpenAiRoutes(Skald skald, int maxCharacters, SpeechGate gate) {
        this.skald = skald;
        this.speech = new SpeechRoute(skald, new AudioFormats(), maxCharacters, gate);
    }

    /** {@code POST /v1/audio/speech}. */
    public void speech(Exchange exchange) throws IOException {
        speech.serve(exchange);
    }

    /**
     * What the body of a speech asks for.
     *
     * @throws ApiError 400 or 404, naming the parameter that is wrong
     */
    public SpeechRequest request(JsonNode body) {
        return speech.request(body);
    }

    /** A failure as the caller is told it. */
    public static ApiError error(SkaldException e) {
        return SpeechRoute.error(e);
    }

    /** {@code GET /v1/models}. */
    public void models(Exchange exchange) throws IOException {
        ObjectNode root = Exchange.object().put("object", "list");
        ArrayNode data = root.putArray("data");
        for (String name : ModelNames.LISTED) {
            data.addObject()
                    .put("id", name)
                    .put("object", "model")
                    .put("created", CREATED)
                    .put("owned_by", "skald");
        }
        exchange.send(200, root);
    }

    /** {@code GET /v1/audio/models}. */
    public void audioModels(Exchange exchange) throws IOException {
        ObjectNode root = Exchange.object();
        ArrayNode models = root.putArray("models");
        for (String name : ModelNames.LISTED) {
            models.addObject().put("id", name).put("name", name);
        }
        exchange.send(200, root);
    }

    /** {@code GET /v1/audio/voices}: under both names that clients look for. */
    public void voices(Exchange exchange) throws IOException {
        ObjectNode root = Exchange.object().put("object", "list");
        ArrayNode voices = root.putArray("voices");
        for (Voice voice : skald.voices()) {
            voices.add(voice(voice));
        }
        for (String name : VoiceNames.OPENAI) {
            voices.addObject()
                    .put("id", name)
                    .put("name", name)
                    .put("object", "audio.voice")
                    .put("description", "one of the installed voices");
        }
        root.set("data", voices.deepCopy());
        exchange.send(200, root);
    }

    private static ObjectNode voice(Voice voice) {
        ObjectNode node =
                Exchange.object()
                        .put("id", voice.id())
                        .put("name", voice.id())
                        .put("object", "audio.voice")
                        .put("model", voice.mode().toString())
                        .put("language", voice.language())
                        .put("description", voice.description())
                        .put("licence", voice.licence());
        ArrayNode speakers = node.putArray("speakers");
        voice.speakers().forEach(speakers::add);
        return node;
    }
}
