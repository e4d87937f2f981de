package dev.skald.server.speech;

import dev.skald.server.http.Departure;
import dev.skald.server.http.Exchange;

/**
 * Whom something is spoken for.
 *
 * @param id of the request, for the log
 * @param trace the id of the caller's trace, or {@code -}
 * @param key the name of the caller's key, or {@code -}
 * @param protocol {@code openai}, {@code wyoming}
 * @param arrived when the request was whole, by {@link System#nanoTime}
 * @param departure tells when nobody listens any more
 */
public record Caller(
        String id, String trace, String key, String protocol, long arrived, Departure departure) {
    /** Who sent a request. */
    public static Caller of(Exchange exchange, String protocol) {
        return new Caller(
                exchange.id(),
                exchange.trace(),
                exchange.key(),
                protocol,
                System.nanoTime() - (long) (exchange.seconds() * 1e9),
                exchange.departure());
    }

    /** Seconds since the request was whole. */
    double seconds() {
        return (System.nanoTime() - arrived) * 1e-9;
    }
}
