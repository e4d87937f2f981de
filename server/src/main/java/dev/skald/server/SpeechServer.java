package dev.skald.server;

import dev.skald.Skald;
import dev.skald.SpeechReport;
import dev.skald.server.admission.Admission;
import dev.skald.server.http.ApiError;
import dev.skald.server.http.Exchange;
import dev.skald.server.http.HttpEndpoint;
import dev.skald.server.openai.OpenAiRoutes;
import dev.skald.server.studio.Studio;
import dev.skald.server.wyoming.WyomingServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

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
    private static final int BYTES_A_CHARACTER = 6; // an escaped one in JSON
    private static final int LEFT = 499; // by custom: the caller has closed the connection
    private static final int OTHER_BYTES = 65_536;
    private static final Duration PATIENCE_AT_END = Duration.ofSeconds(30);

    private final ServerOptions options;
    private final Admission admission;
    private final Metrics metrics;
    private final Studio studio;
    private final Map<String, Route> routes;
    private final HttpEndpoint endpoint;
    private final @Nullable WyomingServer wyoming;

    private record Route(String method, String name, boolean open, HttpEndpoint.Handler handler) {}

    private SpeechServer(Skald skald, ServerOptions options) throws IOException {
        this.options = options;
        admission = new Admission(options.speaking(), options.waiting(), options.patience());
        metrics = new Metrics(admission);
        OpenAiRoutes openai = new OpenAiRoutes(skald, options.maxCharacters(), new Gate());
        studio = new Studio(skald, openai::request, admission, options.maxCharacters());
        routes = new HashMap<>();
        studio.mount(
                (method, path, open, handler) ->
                        routes.put(path, new Route(method, "studio", open, handler)));
        routes.putAll(
                Map.of(
                        "/audio/speech", new Route("POST", "speech", false, openai::speech),
                        "/models", new Route("GET", "models", false, openai::models),
                        "/audio/models",
                                new Route("GET", "audio_models", false, openai::audioModels),
                        "/audio/voices", new Route("GET", "voices", false, openai::voices),
                        "/healthz", new Route("GET", "health", true, this::health),
                        "/readyz", new Route("GET", "ready", true, this::health),
                        "/metrics", new Route("GET", "metrics", true, this::metrics)));
        endpoint =
                HttpEndpoint.open(
                        options.host(),
                        options.port(),
                        (long) options.maxCharacters() * BYTES_A_CHARACTER + OTHER_BYTES,
                        this::serve);
        wyoming = wyoming(skald, options);
    }

    private @Nullable WyomingServer wyoming(Skald skald, ServerOptions options) throws IOException {
        if (options.wyomingPort() < 0) {
            return null;
        }
        try {
            return WyomingServer.open(skald, admission, options.host(), options.wyomingPort());
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

    private void serve(Exchange exchange) throws IOException {
        String name = "unknown";
        try {
            if (preflight(exchange)) {
                return;
            }
            Route route = route(exchange);
            name = route.name;
            if (!route.open) {
                authorise(exchange);
            }
            route.handler.handle(exchange);
        } catch (ApiError e) {
            exchange.fail(e);
        } finally {
            metrics.request(name, exchange.left() ? LEFT : exchange.status());
        }
    }

    private Route route(Exchange exchange) {
        String path = exchange.path();
        if (path.length() > 1 && path.endsWith("/")) {
            path = path.substring(0, path.length() - 1);
        }
        if (path.startsWith("/v1/")) {
            path = path.substring("/v1".length());
        }
        Route route = routes.get(path);
        if (route == null) {
            throw ApiError.notFound(
                    null,
                    "unknown_url",
                    "there is nothing at this path: POST /v1/audio/speech speaks");
        }
        if (!route.method.equals(exchange.method())) {
            throw ApiError.refused(
                    405, "method_not_allowed", "use " + route.method + " at this path");
        }
        return route;
    }

    private void authorise(Exchange exchange) {
        if (options.apiKeys().isEmpty()) {
            return;
        }
        String header = exchange.header("authorization");
        String key =
                header != null && header.regionMatches(true, 0, "Bearer ", 0, 7)
                        ? header.substring(7).strip()
                        : "";
        // Every key is compared, and in the same time whatever it is.
        boolean known = false;
        for (String one : options.apiKeys().keySet()) {
            known |=
                    MessageDigest.isEqual(
                            one.getBytes(StandardCharsets.UTF_8),
                            key.getBytes(StandardCharsets.UTF_8));
        }
        if (!known) {
            throw ApiError.refused(
                    401,
                    "invalid_api_key",
                    key.isEmpty()
                            ? "an API key is needed: send it as 'Authorization: Bearer KEY'"
                            : "this API key is not known here");
        }
    }

    /** Pages of other origins may call if they were named. */
    private boolean preflight(Exchange exchange) throws IOException {
        String origin = exchange.header("origin");
        if (origin == null || !allowed(origin)) {
            return false;
        }
        exchange.responseHeader("access-control-allow-origin", origin);
        exchange.responseHeader("vary", "origin");
        if (!exchange.method().equals("OPTIONS")) {
            return false;
        }
        exchange.responseHeader("access-control-allow-methods", "GET, POST");
        exchange.responseHeader("access-control-allow-headers", "authorization, content-type");
        exchange.send(204, "text/plain", new byte[0]);
        return true;
    }

    private boolean allowed(String origin) {
        return options.origins().contains("*") || options.origins().contains(origin);
    }

    private void health(Exchange exchange) throws IOException {
        exchange.send(200, Exchange.object().put("status", "ok"));
    }

    private void metrics(Exchange exchange) throws IOException {
        exchange.send(200, Metrics.MEDIA_TYPE, metrics.text());
    }

    /** Waits until the server is closed or this thread is interrupted. */
    public void await() throws InterruptedException {
        endpoint.await();
    }

    /** Takes no more requests, lets those that run end within 30 seconds, and stops. */
    @Override
    public void close() {
        if (wyoming != null) {
            wyoming.close();
        }
        endpoint.shutdown(PATIENCE_AT_END);
        endpoint.close();
    }

    private final class Gate implements OpenAiRoutes.SpeechGate {
        @Override
        public Admission.Place enter(Exchange exchange) {
            return admission.enter(exchange::onLeave);
        }

        @Override
        public void began(Exchange exchange, String model) {
            metrics.began(model, exchange.seconds());
            studio.began(exchange.seconds());
        }

        @Override
        public void ended(Exchange exchange, String model, String voice, SpeechReport report) {
            metrics.ended(model, report);
            studio.ended(report);
            LOG.log(
                    System.Logger.Level.INFO,
                    String.format(
                            Locale.ROOT,
                            "%s trace=%s model=%s voice=%s characters=%d audio=%.2fs total=%.3fs",
                            exchange.id(),
                            trace(exchange.header("traceparent")),
                            model,
                            voice,
                            report.characters(),
                            report.seconds(),
                            exchange.seconds()));
        }

        /** The trace's id, if the header is as W3C has it: it goes into a log. */
        private static String trace(@Nullable String traceparent) {
            return traceparent != null
                            && traceparent.matches("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-.{2}")
                    ? traceparent.substring(3, 35)
                    : "-";
        }
    }
}
