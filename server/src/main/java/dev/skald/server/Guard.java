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
     * @throws ApiError 401 if its key is not known, 429 if it comes too often
     */
    void admit(Exchange exchange) {
        if (options.apiKeys().isEmpty()) {
            rate.take(exchange.address());
            return;
        }
        String owner = owner(key(exchange));
        exchange.admitted(owner);
        rate.take(owner);
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
        exchange.responseHeader("access-control-expose-headers", "retry-after, x-request-id");
        if (!exchange.method().equals("OPTIONS")) {
            return false;
        }
        exchange.responseHeader("access-control-allow-methods", "GET, POST, DELETE");
        exchange.responseHeader("access-control-allow-headers", headers(exchange));
        exchange.responseHeader("access-control-max-age", "600");
        exchange.send(204, "text/plain", new byte[0]);
        return true;
    }

    /** Those that the page wants to send: OpenAI's client has many of its own. */
    private static String headers(Exchange exchange) {
        String wanted = exchange.header("access-control-request-headers");
        return wanted != null && wanted.matches("[A-Za-z0-9_, -]{1,2000}")
                ? wanted
                : "authorization, content-type, xi-api-key";
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
