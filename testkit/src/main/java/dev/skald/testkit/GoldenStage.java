package dev.skald.testkit;

import tools.jackson.databind.JsonNode;

/**
 * Runs the cases of one stage and hands over every value it can. Found by {@link
 * java.util.ServiceLoader}: public, with a public constructor without arguments, and a line in
 * {@code META-INF/services/dev.skald.testkit.GoldenStage}.
 */
public interface GoldenStage {
    /** The stage's name in the manifest: {@code t3_turbo}. */
    String stage();

    /**
     * Runs a case and gives each {@code out.*} and {@code tap.*} value to {@code taps}, which
     * compares it at once. A value that the manifest names and this never gives is a failure.
     */
    void run(GoldenCase golden, Taps taps);

    /** Checks a further file that the stage's manifest entry names. */
    default void other(GoldenFile file, String name, JsonNode description, Taps taps) {
        throw new AssertionError("nothing checks " + name);
    }
}
