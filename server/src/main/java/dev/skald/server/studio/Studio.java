package dev.skald.server.studio;

import dev.skald.EngineChoice;
import dev.skald.Reading;
import dev.skald.Skald;
import dev.skald.SkaldException;
import dev.skald.SpeechReport;
import dev.skald.SpeechRequest;
import dev.skald.server.admission.Admission;
import dev.skald.server.http.ApiError;
import dev.skald.server.http.Exchange;
import dev.skald.server.http.HttpEndpoint;
import dev.skald.server.http.Routes;
import dev.skald.server.speech.AudioFormats;
import dev.skald.server.speech.SpeechService;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Serves the page and its two endpoints. Safe for many threads. */
public final class Studio {
    /** The routes of the page, in metrics. */
    public static final String NAME = "studio";

    /** Readings are for what a person looks at, not for a book. */
    private static final int MOST_READ = 2_000;

    private final Skald skald;
    private final Function<JsonNode, SpeechRequest> requests;
    private final Admission admission;
    private final AudioFormats formats;
    private final int maxCharacters;
    private final Vitals vitals = new Vitals();
    private final PageFiles files = new PageFiles();

    /**
     * @param requests what the body of a speech asks for
     */
    public Studio(
            Skald skald,
            Function<JsonNode, SpeechRequest> requests,
            Admission admission,
            AudioFormats formats,
            int maxCharacters) {
        this.skald = skald;
        this.requests = requests;
        this.admission = admission;
        this.formats = formats;
        this.maxCharacters = maxCharacters;
    }

    /**
     * The page and its files need no key: the page asks the person for one.
     *
     * @param textBytes the largest body of a text
     */
    public void addTo(Routes routes, long textBytes) {
        get(routes, "/", true, this::home);
        files.names().forEach(n -> get(routes, "/studio/" + n, true, e -> files.send(n, e)));
        get(routes, "/studio/state", false, this::state);
        routes.add(
                new Routes.Route(
                        "POST",
                        "/studio/reading",
                        NAME,
                        false,
                        textBytes,
                        Exchange::error,
                        this::reading));
    }

    private static void get(
            Routes routes, String path, boolean open, HttpEndpoint.Handler handler) {
        routes.add(
                new Routes.Route("GET", path, NAME, open, Routes.LITTLE, Exchange::error, handler));
    }

    /** Audio of a request has begun to leave, after that many seconds. */
    public void began(double seconds) {
        vitals.began(seconds);
    }

    public void ended(SpeechReport report) {
        vitals.ended(report);
    }

    /** The page to a browser, and to a program what this is. */
    private void home(Exchange exchange) throws IOException {
        exchange.responseHeader("vary", "accept");
        if (wantsPage(exchange.header("accept"))) {
            files.send("index.html", exchange);
            return;
        }
        exchange.send(
                200,
                Exchange.object()
                        .put("name", "skald")
                        .put("speak", "POST /v1/audio/speech")
                        .put("models", "/v1/models")
                        .put("voices", "/v1/audio/voices")
                        .put("metrics", "/metrics")
                        .put("studio", "/ (in a browser)"));
    }

    private static boolean wantsPage(@Nullable String accept) {
        return accept != null && accept.toLowerCase(Locale.ROOT).contains("text/html");
    }

    /** How the server does, for the panel of the page. */
    private void state(Exchange exchange) throws IOException {
        ObjectNode root = Exchange.object();
        root.put("speaking", admission.speaking());
        root.put("waiting", admission.queued());
        root.put("max_characters", maxCharacters);
        ArrayNode formats = root.putArray("formats");
        this.formats.files().forEach(formats::add);
        vitals.write(root);
        exchange.responseHeader("cache-control", "no-store");
        exchange.send(200, root);
    }

    /** Who would speak the body of a speech, and how its text would be read. */
    private void reading(Exchange exchange) throws IOException {
        JsonNode body = exchange.json();
        if (body.path("input").asString("").length() > MOST_READ) {
            throw ApiError.invalid(
                    "input",
                    "string_above_max_length",
                    "'input' is longer than " + MOST_READ + " characters: send a part of it");
        }
        SpeechRequest request = requests.apply(body);
        ObjectNode root = Exchange.object();
        try {
            EngineChoice choice = skald.choice(request);
            root.put("mode", choice.mode().toString())
                    .put("engine", choice.engine())
                    .put("fallback", choice.fallback())
                    .put("reason", choice.reason());
            ArrayNode sentences = root.putArray("sentences");
            for (Reading reading : skald.readings(request)) {
                sentences
                        .addObject()
                        .put("source", reading.source())
                        .put("read", reading.normalized())
                        .put("phonemes", reading.phonemes());
            }
        } catch (SkaldException e) {
            throw SpeechService.error(e);
        }
        exchange.send(200, root);
    }
}
