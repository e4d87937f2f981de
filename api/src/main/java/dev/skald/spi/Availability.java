package dev.skald.spi;

/**
 * Whether an engine can speak a request.
 *
 * @param ready whether it can
 * @param claims whether the request asks for what only this engine has: its voice, its model, a
 *     clip
 * @param realTime whether it is expected to speak faster than real time on this machine
 * @param reason one clause for a person, in either case: {@code "no voice is installed (skald
 *     voices install en_US-joe-medium)"}
 */
public record Availability(boolean ready, boolean claims, boolean realTime, String reason) {
    public static Availability no(String reason) {
        return new Availability(false, false, false, reason);
    }

    public static Availability yes(String reason) {
        return new Availability(true, false, true, reason);
    }
}
