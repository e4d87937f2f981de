package dev.skald.server.openai;

import dev.skald.SpeechRequest;
import dev.skald.server.http.Exchange;
import dev.skald.server.http.HttpEndpoint;
import dev.skald.server.http.Routes;
import dev.skald.server.http.Routes.Route;
import dev.skald.server.speech.AudioFormats;
import dev.skald.server.speech.Models;
import dev.skald.server.speech.SpeechService;
import dev.skald.server.speech.UploadedClip;
import dev.skald.server.speech.VoiceStore;
import dev.skald.server.speech.Voices;
import java.io.IOException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's routes that have to do with speech. */
public final class OpenAiRoutes {
    /** When what has no date came to be: a client wants a number there. */
    static final long CREATED = 1_767_225_600L; // 2026-01-01

    private static final int BYTES_A_CHARACTER = 6; // an escaped one in JSON

    private final Models models;
    private final SpeechRoute speak;
    private final VoiceRoutes voice;
    private final ConsentRoutes consent;
    private final long textBytes;

    /**
     * @param maxCharacters the longest text of one request
     */
    public OpenAiRoutes(
            SpeechService speech,
            AudioFormats formats,
            Models models,
            Voices voices,
            VoiceStore store,
            int maxCharacters) {
        this.models = models;
        speak = new SpeechRoute(speech, formats, models, voices, maxCharacters);
        voice = new VoiceRoutes(speech, voices, store);
        consent = new ConsentRoutes(store);
        textBytes = textBytes(maxCharacters);
    }

    /** The largest body of a request for a text of so many characters. */
    public static long textBytes(int maxCharacters) {
        return (long) maxCharacters * BYTES_A_CHARACTER + Routes.LITTLE;
    }

    public void addTo(Routes to) {
        long clip = UploadedClip.MOST_BYTES + Routes.LITTLE;
        long little = Routes.LITTLE;
        add(to, "POST", "/audio/speech", "speech", textBytes, speak::serve);
        add(to, "GET", "/models", "models", little, this::models);
        add(to, "GET", "/models/{id}", "model", little, this::model);
        add(to, "GET", "/audio/models", "audio_models", little, this::audioModels);
        add(to, "GET", "/audio/voices", "voices", little, voice::list);
        add(to, "POST", "/audio/voices", "voice_create", clip, voice::create);
        add(to, "GET", "/audio/voices/{id}", "voice", little, voice::get);
        add(to, "DELETE", "/audio/voices/{id}", "voice_delete", little, voice::delete);
        String consents = "/audio/voice_consents";
        add(to, "GET", consents, "consents", little, consent::list);
        add(to, "POST", consents, "consent_create", clip, consent::create);
        add(to, "GET", consents + "/{id}", "consent", little, consent::get);
        add(to, "POST", consents + "/{id}", "consent_update", little, consent::rename);
        add(to, "DELETE", consents + "/{id}", "consent_delete", little, consent::delete);
    }

    /**
     * What the body of a speech asks for.
     *
     * @throws dev.skald.server.http.ApiError 400 or 404, naming the parameter that is wrong
     */
    public SpeechRequest request(JsonNode body) {
        return speak.request(body);
    }

    private static void add(
            Routes routes,
            String method,
            String path,
            String name,
            long mostBytes,
            HttpEndpoint.Handler handler) {
        routes.add(new Route(method, path, name, false, mostBytes, Exchange::error, handler));
    }

    /** {@code GET /v1/models}. */
    private void models(Exchange exchange) throws IOException {
        ObjectNode root = Exchange.object().put("object", "list");
        ArrayNode data = root.putArray("data");
        for (String name : models.names()) {
            data.add(json(name));
        }
        exchange.send(200, root);
    }

    /** {@code GET /v1/models/{id}}. */
    private void model(Exchange exchange) throws IOException {
        String name = exchange.name("id");
        models.choose(name);
        exchange.send(200, json(name));
    }

    private static ObjectNode json(String model) {
        return Exchange.object()
                .put("id", model)
                .put("object", "model")
                .put("created", CREATED)
                .put("owned_by", "skald");
    }

    /** {@code GET /v1/audio/models}. */
    private void audioModels(Exchange exchange) throws IOException {
        ObjectNode root = Exchange.object();
        ArrayNode all = root.putArray("models");
        for (String name : models.names()) {
            all.addObject().put("id", name).put("name", name);
        }
        exchange.send(200, root);
    }
}
