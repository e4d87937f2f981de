package dev.skald.server;

import dev.skald.server.admission.RateLimit;
import dev.skald.server.http.ApiError;
import dev.skald.server.http.Exchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who may call, from where, and how often. */
final class Guard {
    private final ServerOptions options;
    private final RateLimit rate;

    Guard(ServerOptions options) {
        this.options = options;
        rate = new RateLimit(options.requestsAMinute(), System::nanoTime);
    }

    /**
     * Lets a request in.
     *
     * @return the name of the caller's key, or its address where no keys are set
     * @throws ApiError 401 if its key is not known, 429 if it comes too often
     */
    String admit(Exchange exchange) {
        String caller = options.apiKeys().isEmpty() ? exchange.address() : owner(key(exchange));
        rate.take(caller);
        return caller;
    }

    private static String key(Exchange exchange) {
        String header = exchange.header("authorization");
        if (header != null && header.regionMatches(true, 0, "Bearer ", 0, 7)) {
            return header.substring(7).strip();
        }
        String elevenLabs = exchange.header("xi-api-key");
        return elevenLabs == null ? "" : elevenLabs.strip();
    }

    /** Every key is compared, and in the same time whatever it is. */
    private String owner(String key) {
        byte[] sent = key.getBytes(StandardCharsets.UTF_8);
        @Nullable String owner = null;
        for (Map.Entry<String, String> one : options.apiKeys().entrySet()) {
            if (MessageDigest.isEqual(one.getKey().getBytes(StandardCharsets.UTF_8), sent)) {
                owner = one.getValue();
            }
        }
        if (owner == null) {
            throw ApiError.refused(
                    401,
                    "invalid_api_key",
                    key.isEmpty()
                            ? "an API key is needed: send it as 'Authorization: Bearer KEY'"
                            : "this API key is not known here");
        }
        return owner;
    }

    /** Pages of other origins may call if they were named; true if that was all they asked. */
    boolean preflight(Exchange exchange) throws IOException {
        String origin = exchange.header("origin");
        if (origin == null || !allowed(origin)) {
            return false;
        }
        exchange.responseHeader("access-control-allow-origin", origin);
        exchange.responseHeader("vary", "origin");
        if (!exchange.method().equals("OPTIONS")) {
            return false;
        }
        exchange.responseHeader("access-control-allow-methods", "GET, POST, DELETE");
        exchange.responseHeader(
                "access-control-allow-headers", "authorization, content-type, xi-api-key");
        exchange.send(204, "text/plain", new byte[0]);
        return true;
    }

    /**
     * A page of another origin that was not named may not open a WebSocket: browsers ask nobody
     * before they do.
     *
     * @throws ApiError 403
     */
    void requireOrigin(Exchange exchange) {
        String origin = exchange.header("origin");
        String host = exchange.header("host");
        if (origin != null
                && !allowed(origin)
                && !origin.replaceFirst("^https?://", "").equals(host)) {
            throw ApiError.refused(
                    403,
                    "origin_not_allowed",
                    "pages of this origin may not call: --cors names them");
        }
    }

    private boolean allowed(String origin) {
        return options.origins().contains("*") || options.origins().contains(origin);
    }
}
