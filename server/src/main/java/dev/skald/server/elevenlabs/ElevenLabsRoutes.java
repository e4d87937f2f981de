package dev.skald.server.elevenlabs;

import dev.skald.Voice;
import dev.skald.server.http.ApiError;
import dev.skald.server.http.Exchange;
import dev.skald.server.http.HttpEndpoint;
import dev.skald.server.http.Routes;
import dev.skald.server.http.Routes.Route;
import dev.skald.server.http.Routes.SocketRoute;
import dev.skald.server.speech.AudioFormats;
import dev.skald.server.speech.Models;
import dev.skald.server.speech.SpeechService;
import dev.skald.server.speech.Voices;
import java.io.IOException;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** ElevenLabs' routes that have to do with speech. */
public final class ElevenLabsRoutes {
    private static final int BYTES_A_CHARACTER = 6; // an escaped one in JSON

    private final Voices voices;

    private ElevenLabsRoutes(Voices voices) {
        this.voices = voices;
    }

    /**
     * Adds them.
     *
     * @param maxCharacters the longest text of one request
     */
    public static void add(
            Routes routes,
            SpeechService speech,
            AudioFormats audioFormats,
            Models models,
            Voices voices,
            int maxCharacters) {
        OutputFormats formats = new OutputFormats(audioFormats);
        TextToSpeech text = new TextToSpeech(speech, models, voices, formats, maxCharacters);
        ElevenLabsRoutes about = new ElevenLabsRoutes(voices);
        String path = "/text-to-speech/{voice}";
        long bytes = (long) maxCharacters * BYTES_A_CHARACTER + Routes.LITTLE;
        add(routes, "POST", path, "elevenlabs", bytes, text::audio);
        add(routes, "POST", path + "/stream", "elevenlabs_stream", bytes, text::audio);
        add(routes, "POST", path + "/with-timestamps", "elevenlabs_timestamps", bytes, text::whole);
        add(
                routes,
                "POST",
                path + "/stream/with-timestamps",
                "elevenlabs_stream_timestamps",
                bytes,
                text::lines);
        add(routes, "GET", "/voices", "elevenlabs_voices", Routes.LITTLE, about::list);
        add(routes, "GET", "/voices/{id}", "elevenlabs_voice", Routes.LITTLE, about::get);
        add(routes, "GET", "/v2/voices", "elevenlabs_voices_v2", Routes.LITTLE, about::search);
        StreamInput one = new StreamInput(speech, models, voices, formats, maxCharacters, false);
        StreamInput several = new StreamInput(speech, models, voices, formats, maxCharacters, true);
        routes.add(new SocketRoute(path + "/stream-input", "elevenlabs_input", one::serve));
        routes.add(
                new SocketRoute(
                        path + "/multi-stream-input", "elevenlabs_multi_input", several::serve));
    }

    private static void add(
            Routes routes,
            String method,
            String path,
            String name,
            long mostBytes,
            HttpEndpoint.Handler handler) {
        routes.add(
                new Route(method, path, name, false, mostBytes, ElevenLabsRoutes::error, handler));
    }

    /** The error as ElevenLabs writes it. */
    private static ObjectNode error(ApiError error) {
        ObjectNode root = Exchange.object();
        root.putObject("detail").put("status", error.code()).put("message", error.message());
        return root;
    }

    /** {@code GET /v1/voices}. */
    private void list(Exchange exchange) throws IOException {
        exchange.send(200, all());
    }

    /** {@code GET /v2/voices}: all on one page. */
    private void search(Exchange exchange) throws IOException {
        ObjectNode root = all();
        root.put("has_more", false)
                .put("total_count", root.get("voices").size())
                .putNull("next_page_token");
        exchange.send(200, root);
    }

    /** {@code GET /v1/voices/{id}}. */
    private void get(Exchange exchange) throws IOException {
        Voice voice =
                voices.find(exchange.name("id"))
                        .orElseThrow(
                                () ->
                                        ApiError.notFound(
                                                null,
                                                "voice_not_found",
                                                "there is no voice of this id: GET /v1/voices lists"
                                                        + " those there are"));
        exchange.send(200, json(voice));
    }

    private ObjectNode all() {
        ObjectNode root = Exchange.object();
        ArrayNode all = root.putArray("voices");
        voices.list().forEach(v -> all.add(json(v)));
        return root;
    }

    private ObjectNode json(Voice voice) {
        ObjectNode node =
                Exchange.object()
                        .put("voice_id", voice.id())
                        .put("name", voices.name(voice))
                        .put("category", voices.uploaded(voice).isPresent() ? "cloned" : "premade")
                        .put("description", voice.description())
                        .putNull("preview_url")
                        .putNull("settings");
        node.putObject("labels").put("language", voice.language()).put("licence", voice.licence());
        node.putArray("available_for_tiers");
        node.putArray("high_quality_base_model_ids");
        return node;
    }
}
