package dev.skald.server;

import dev.skald.Skald;
import dev.skald.SpeechReport;
import dev.skald.StageWork;
import dev.skald.server.admission.Admission;
import dev.skald.server.elevenlabs.ElevenLabsRoutes;
import dev.skald.server.http.ApiError;
import dev.skald.server.http.Budget;
import dev.skald.server.http.Exchange;
import dev.skald.server.http.HttpEndpoint;
import dev.skald.server.http.Routes;
import dev.skald.server.openai.OpenAiRoutes;
import dev.skald.server.speech.AudioFormats;
import dev.skald.server.speech.Models;
import dev.skald.server.speech.SpeechService;
import dev.skald.server.speech.VoiceStore;
import dev.skald.server.speech.Voices;
import dev.skald.server.studio.Studio;
import dev.skald.server.studio.Transcoding;
import dev.skald.server.wyoming.WyomingServer;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ArrayNode;

/**
 * The speech endpoint: OpenAI's {@code /v1/audio/speech} over a {@link Skald}, with a bounded
 * queue, health and metrics.
 *
 * <pre>{@code
 * try (Skald skald = Skald.open();
 *         SpeechServer server = SpeechServer.open(skald, ServerOptions.builder().build())) {
 *     server.await();
 * }
 * }</pre>
 *
 * <p>Every path is served with {@code /v1} before it and without. Safe for many threads.
 */
public final class SpeechServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(SpeechServer.class.getName());
    private static final int LEFT = 499; // by custom: the caller has closed the connection

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FORMATS =
            "/components/schemas/SpeechCall/properties/response_format/enum";

    private static final Duration PATIENCE_AT_END = Duration.ofSeconds(30);

    private final Guard guard;
    private final Admission admission;
    private final Metrics metrics;
    private final Studio studio;
    private final SpeechService speech;
    private final Routes routes = new Routes();
    private final JsonNode description;
    private final HttpEndpoint endpoint;
    private final @Nullable WyomingServer wyoming;
    private final @Nullable IdleUnload idle;

    private SpeechServer(Skald skald, ServerOptions options) throws IOException {
        guard = new Guard(options);
        Budget budget = new Budget(options.heldBytes());
        admission = new Admission(options.speaking(), options.waiting(), options.patience());
        metrics = new Metrics(skald, admission);
        speech = new SpeechService(skald, admission, options.deadline().orElse(null), new Watch());
        VoiceStore store = new VoiceStore(skald.home());
        Voices voices = new Voices(skald, store);
        Models models = new Models(skald);
        AudioFormats formats = new AudioFormats();
        description = description(formats);
        int most = options.maxCharacters();
        OpenAiRoutes openai = new OpenAiRoutes(speech, formats, models, voices, store, most);
        openai.addTo(routes);
        studio = new Studio(skald, openai::request, admission, formats, most);
        studio.addTo(routes, OpenAiRoutes.textBytes(most));
        new Transcoding(speech, formats).addTo(routes);
        ElevenLabsRoutes.add(routes, speech, formats, models, voices, most);
        open("/healthz", "health", this::health);
        open("/readyz", "ready", this::health);
        open("/metrics", "metrics", this::metrics);
        open("/openapi.json", "openapi", this::openapi);
        endpoint = HttpEndpoint.open(options.host(), options.port(), budget, new Service());
        wyoming = wyoming(formats, budget, options);
        idle =
                options.idleUnload()
                        .map(after -> new IdleUnload(skald, admission, after))
                        .orElse(null);
    }

    private void open(String path, String name, HttpEndpoint.Handler handler) {
        routes.add(
                new Routes.Route("GET", path, name, true, Routes.LITTLE, Exchange::error, handler));
    }

    private @Nullable WyomingServer wyoming(
            AudioFormats formats, Budget budget, ServerOptions options) throws IOException {
        if (options.wyomingPort() < 0) {
            return null;
        }
        try {
            return WyomingServer.open(
                    speech, formats, budget, options.host(), options.wyomingPort());
        } catch (IOException e) {
            endpoint.close();
            throw e;
        }
    }

    /**
     * Listens from now on.
     *
     * @throws IOException if the port cannot be had
     */
    public static SpeechServer open(Skald skald, ServerOptions options) throws IOException {
        return new SpeechServer(skald, options);
    }

    /** The port it listens on. */
    public int port() {
        return endpoint.port();
    }

    /** The port for Wyoming clients; empty if they are not served. */
    public OptionalInt wyomingPort() {
        return wyoming == null ? OptionalInt.empty() : OptionalInt.of(wyoming.port());
    }

    /** What is served. */
    Routes routes() {
        return routes;
    }

    private final class Watch implements SpeechService.Watcher {
        @Override
        public void began(String model, double seconds) {
            metrics.began(model, seconds);
            studio.began(seconds);
        }

        @Override
        public void ended(String model, SpeechReport report, List<StageWork> stages) {
            metrics.ended(model, report, stages);
            studio.ended(report);
        }
    }

    private final class Service implements HttpEndpoint.Service {
        @Override
        public Routes routes() {
            return routes;
        }

        @Override
        public void serve(Exchange exchange) throws IOException {
            String name = "unknown";
            try {
                if (guard.preflight(exchange)) {
                    return;
                }
                Routes.Match<Routes.Route> match = routes.find(exchange.method(), exchange.path());
                Routes.Route route = match.route();
                name = route.name();
                exchange.routed(match.names(), route.errors());
                if (!route.open()) {
                    guard.admit(exchange);
                }
                route.handler().handle(exchange);
            } catch (ApiError e) {
                LOG.log(
                        System.Logger.Level.INFO,
                        "{0} trace={1} key={2} route={3} status={4} code={5}",
                        exchange.id(),
                        exchange.trace(),
                        exchange.key(),
                        name,
                        Integer.toString(e.status()),
                        e.code());
                exchange.fail(e);
            } finally {
                int status = exchange.status();
                metrics.request(name, status < 400 && exchange.departure().left() ? LEFT : status);
            }
        }

        @Override
        public HttpEndpoint.SocketHandler socket(Exchange opening) {
            Routes.Match<Routes.SocketRoute> match = routes.findSocket(opening.path());
            opening.routed(match.names(), Exchange::error);
            guard.requireOrigin(opening);
            guard.admit(opening);
            metrics.request(match.route().name(), 101);
            return match.route().handler();
        }
    }

    private void health(Exchange exchange) throws IOException {
        exchange.send(200, Exchange.object().put("status", "ok"));
    }

    private void metrics(Exchange exchange) throws IOException {
        exchange.send(200, Metrics.MEDIA_TYPE, metrics.text());
    }

    private void openapi(Exchange exchange) throws IOException {
        exchange.send(200, description);
    }

    /** What is served, with the formats that there are here. */
    private static JsonNode description(AudioFormats formats) throws IOException {
        try (InputStream in = SpeechServer.class.getResourceAsStream("openapi.json")) {
            if (in == null) {
                throw new IllegalStateException("openapi.json is not on the class path");
            }
            JsonNode root = JSON.readTree(in.readAllBytes());
            ArrayNode formatNames = (ArrayNode) root.at(FORMATS);
            formatNames.removeAll();
            formats.names().forEach(formatNames::add);
            formatNames.addNull();
            return root;
        }
    }

    /** Waits until the server is closed or this thread is interrupted. */
    public void await() throws InterruptedException {
        endpoint.await();
    }

    /** Takes no more requests, lets those that run end within 30 seconds, and stops. */
    @Override
    public void close() {
        if (idle != null) {
            idle.close();
        }
        if (wyoming != null) {
            wyoming.shutdown();
        }
        endpoint.shutdown(PATIENCE_AT_END);
        try {
            if (!admission.awaitIdle(PATIENCE_AT_END)) {
                LOG.log(System.Logger.Level.WARNING, "what still spoke was cut off");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (wyoming != null) {
            wyoming.close();
        }
        endpoint.close();
        speech.close();
    }
}
