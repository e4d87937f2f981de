package dev.skald.server.openai;

import dev.skald.server.http.ApiError;
import dev.skald.server.http.Exchange;
import dev.skald.server.http.Form;
import dev.skald.server.speech.Json;
import dev.skald.server.speech.UploadedClip;
import dev.skald.server.speech.VoiceStore;
import dev.skald.server.speech.VoiceStore.Consent;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /v1/audio/voice_consents}: recordings of people who consent to be cloned. */
final class ConsentRoutes {
    private static final Pattern LANGUAGE =
            Pattern.compile("[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,4}");
    private static final int USUAL_PAGE = 20;
    private static final int MOST_PAGE = 100;

    private final VoiceStore store;

    ConsentRoutes(VoiceStore store) {
        this.store = store;
    }

    /** {@code POST /v1/audio/voice_consents}. */
    void create(Exchange exchange) throws IOException {
        Form form = exchange.form();
        String name = VoiceRoutes.name(form);
        String language = form.required("language");
        if (!LANGUAGE.matcher(language).matches()) {
            throw ApiError.invalid(
                    "language", "invalid_value", "'language' is a tag such as en-US");
        }
        byte[] recording = form.file("recording");
        try (UploadedClip clip = UploadedClip.of("recording", recording)) {
            clip.requireAudible();
        }
        exchange.send(200, json(store.addConsent(name, language, recording)));
    }

    /** {@code GET /v1/audio/voice_consents}, in pages. */
    void list(Exchange exchange) throws IOException {
        String after = exchange.query("after");
        int limit = limit(exchange.query("limit"));
        List<Consent> all = store.consents();
        int from = 0;
        if (after != null && !after.isEmpty()) {
            from = all.stream().map(Consent::id).toList().indexOf(after) + 1;
            if (from == 0) {
                throw ApiError.notFound(
                        "after", "consent_not_found", "there is no consent of the id in 'after'");
            }
        }
        List<Consent> page = all.subList(from, Math.min(all.size(), from + limit));
        ObjectNode root = Exchange.object().put("object", "list");
        ArrayNode data = root.putArray("data");
        page.forEach(c -> data.add(json(c)));
        root.put("first_id", page.isEmpty() ? null : page.getFirst().id());
        root.put("last_id", page.isEmpty() ? null : page.getLast().id());
        root.put("has_more", from + page.size() < all.size());
        exchange.send(200, root);
    }

    private static int limit(@Nullable String text) {
        if (text == null) {
            return USUAL_PAGE;
        }
        try {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= MOST_PAGE) {
                return limit;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw ApiError.invalid(
                "limit", "invalid_value", "'limit' is a whole number from 1 to " + MOST_PAGE);
    }

    /** {@code GET /v1/audio/voice_consents/{id}}. */
    void get(Exchange exchange) throws IOException {
        exchange.send(
                200, json(store.consent(exchange.name("id")).orElseThrow(ConsentRoutes::none)));
    }

    /** {@code POST /v1/audio/voice_consents/{id}}: another name. */
    void rename(Exchange exchange) throws IOException {
        String name;
        if (exchange.hasForm()) {
            name = VoiceRoutes.name(exchange.form());
        } else {
            String sent = Json.string(exchange.json(), "name");
            name =
                    VoiceRoutes.name(
                            new Form(sent == null ? Map.of() : Map.of("name", sent), Map.of()));
        }
        exchange.send(
                200,
                json(store.rename(exchange.name("id"), name).orElseThrow(ConsentRoutes::none)));
    }

    /** {@code DELETE /v1/audio/voice_consents/{id}}. */
    void delete(Exchange exchange) throws IOException {
        String id = exchange.name("id");
        if (!store.removeConsent(id)) {
            throw none();
        }
        exchange.send(
                200,
                Exchange.object()
                        .put("id", id)
                        .put("deleted", true)
                        .put("object", "audio.voice_consent"));
    }

    private static ApiError none() {
        return ApiError.notFound(
                null,
                "consent_not_found",
                "there is no consent of this id: GET /v1/audio/voice_consents lists them");
    }

    private static ObjectNode json(Consent consent) {
        return Exchange.object()
                .put("id", consent.id())
                .put("created_at", consent.created())
                .put("language", consent.language())
                .put("name", consent.name())
                .put("object", "audio.voice_consent");
    }
}
