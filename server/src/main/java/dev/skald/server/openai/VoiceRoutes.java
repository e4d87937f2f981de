package dev.skald.server.openai;

import dev.skald.InvalidRequestException;
import dev.skald.Voice;
import dev.skald.server.http.ApiError;
import dev.skald.server.http.Exchange;
import dev.skald.server.http.Form;
import dev.skald.server.speech.Caller;
import dev.skald.server.speech.SpeechService;
import dev.skald.server.speech.UploadedClip;
import dev.skald.server.speech.VoiceNames;
import dev.skald.server.speech.VoiceStore;
import dev.skald.server.speech.Voices;
import java.io.IOException;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /v1/audio/voices}: those there are, and those that callers make of their recordings. */
final class VoiceRoutes {
    private static final int MOST_NAME_CHARACTERS = 100;

    /** Instead of a consent's id: the caller states that the speaker consents. */
    private static final String STATED = "true";

    private final SpeechService speech;
    private final Voices voices;
    private final VoiceStore store;

    VoiceRoutes(SpeechService speech, Voices voices, VoiceStore store) {
        this.speech = speech;
        this.voices = voices;
        this.store = store;
    }

    /** {@code GET /v1/audio/voices}: under both names that clients look for. */
    void list(Exchange exchange) throws IOException {
        ObjectNode root = Exchange.object().put("object", "list");
        ArrayNode all = root.putArray("voices");
        for (Voice voice : voices.list()) {
            all.add(json(voice));
        }
        for (String name : VoiceNames.OPENAI) {
            all.addObject()
                    .put("id", name)
                    .put("name", name)
                    .put("object", "audio.voice")
                    .put("created_at", OpenAiRoutes.CREATED)
                    .put("description", "one of the installed voices");
        }
        root.set("data", all.deepCopy());
        exchange.send(200, root);
    }

    /** {@code GET /v1/audio/voices/{id}}. */
    void get(Exchange exchange) throws IOException {
        exchange.send(200, json(find(exchange.name("id"))));
    }

    /** {@code POST /v1/audio/voices}. */
    void create(Exchange exchange) throws IOException {
        String type = exchange.hasForm() ? exchange.form().text("type") : type(exchange);
        if (type != null && !type.equals("audio_sample")) {
            throw ApiError.invalid(
                    "type",
                    "invalid_value",
                    "'type' can be audio_sample here: voices are made of recordings alone");
        }
        Form form = exchange.form();
        String name = name(form);
        String consent = form.required("consent");
        if (!consent.equals(STATED) && store.consent(consent).isEmpty()) {
            throw ApiError.invalid(
                    "consent",
                    "consent_not_found",
                    "there is no such consent: POST /v1/audio/voice_consents makes one; or state"
                            + " that the speaker consents by 'true'");
        }
        try (UploadedClip clip = UploadedClip.of("audio_sample", form.file("audio_sample"))) {
            clip.requireVoice();
            Voice voice =
                    speech.work(Caller.of(exchange, "openai"), () -> add(name, consent, clip));
            exchange.send(200, json(voice));
        }
    }

    private static String type(Exchange exchange) {
        return exchange.json().path("type").asString("audio_sample");
    }

    private Voice add(String name, String consent, UploadedClip clip) {
        store.keepVoices(voices.list().stream().map(Voice::id).collect(Collectors.toSet()));
        VoiceStore.Uploaded noted = store.addVoice(name, consent);
        boolean made = false;
        try {
            Voice voice = speech.skald().addVoice(noted.id(), clip.file());
            made = true;
            return voice;
        } catch (InvalidRequestException e) {
            throw clip.told(e);
        } finally {
            if (!made) {
                store.removeVoice(noted.id());
            }
        }
    }

    /** {@code DELETE /v1/audio/voices/{id}}: of those that were uploaded. */
    void delete(Exchange exchange) throws IOException {
        Voice voice = find(exchange.name("id"));
        if (voices.uploaded(voice).isEmpty()) {
            throw ApiError.refused(
                    403,
                    "voice_not_uploaded",
                    "this voice was not uploaded here: 'skald voices remove' removes it");
        }
        speech.skald().removeVoice(voice.id());
        store.removeVoice(voice.id());
        exchange.send(
                200,
                Exchange.object()
                        .put("id", voice.id())
                        .put("deleted", true)
                        .put("object", "audio.voice.deleted"));
    }

    private Voice find(String id) {
        return voices.find(id)
                .orElseThrow(
                        () ->
                                ApiError.notFound(
                                        null,
                                        "voice_not_found",
                                        "there is no voice of this id: GET /v1/audio/voices lists"
                                                + " those there are"));
    }

    /** A name that people can read. */
    static String name(Form form) {
        String name = form.required("name");
        if (name.length() > MOST_NAME_CHARACTERS
                || name.chars().anyMatch(Character::isISOControl)) {
            throw ApiError.invalid(
                    "name",
                    "invalid_value",
                    "'name' must have at most "
                            + MOST_NAME_CHARACTERS
                            + " characters, on one line");
        }
        return name;
    }

    private ObjectNode json(Voice voice) {
        Optional<VoiceStore.Uploaded> uploaded = voices.uploaded(voice);
        ObjectNode node =
                Exchange.object()
                        .put("id", voice.id())
                        .put("name", voices.name(voice))
                        .put("object", "audio.voice")
                        .put(
                                "created_at",
                                uploaded.map(VoiceStore.Uploaded::created)
                                        .orElse(OpenAiRoutes.CREATED))
                        .put("model", voice.mode().toString())
                        .put("language", voice.language())
                        .put("description", voice.description())
                        .put("licence", voice.licence());
        if (uploaded.isPresent()) {
            node.put("type", "audio_sample").put("consent", uploaded.get().consent());
        }
        ArrayNode speakers = node.putArray("speakers");
        voice.speakers().forEach(speakers::add);
        return node;
    }
}
