package dev.skald.spi;

import org.jspecify.annotations.Nullable;

/**
 * Whether an engine can speak a request.
 *
 * @param ready whether it can
 * @param claims whether the request asks for what only this engine has: its voice, its model, a
 *     clip
 * @param realTime whether it is expected to speak faster than real time on this machine
 * @param reason one clause for a person, in either case: {@code "no voice is installed (skald
 *     voices install en_US-joe-medium)"}
 * @param found what the provider found out on the way, such as the voice; handed to {@link
 *     SpeechEngine#speak(dev.skald.SpeechRequest, Availability)}, so that it is looked for once
 */
public record Availability(
        boolean ready, boolean claims, boolean realTime, String reason, @Nullable Object found) {
    public Availability(boolean ready, boolean claims, boolean realTime, String reason) {
        this(ready, claims, realTime, reason, null);
    }

    public static Availability no(String reason) {
        return new Availability(false, false, false, reason);
    }

    public static Availability yes(String reason) {
        return new Availability(true, false, true, reason);
    }

    /** The same with a claim. */
    public Availability claiming() {
        return new Availability(ready, true, realTime, reason, found);
    }

    /** The same with what was found. */
    public Availability found(Object found) {
        return new Availability(ready, claims, realTime, reason, found);
    }
}
