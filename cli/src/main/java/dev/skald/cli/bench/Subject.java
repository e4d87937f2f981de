package dev.skald.cli.bench;

import dev.skald.Optimisation;
import java.util.Set;

/** Skald under one setting, its model loaded. For one thread. */
interface Subject extends AutoCloseable {
    /** Opens one with that switched off. */
    @FunctionalInterface
    interface Opener {
        Subject open(Set<Optimisation> without);
    }

    /**
     * A text that was spoken.
     *
     * @param seconds from the request to the last sample
     * @param first seconds to the first one
     */
    record Spoken(double seconds, double first, float[] samples, int sampleRate) {
        double audio() {
            return samples.length / (double) sampleRate;
        }
    }

    /** Seconds that the first request took to load the model. */
    double load();

    /** Speaks a text into memory, or for somebody who listens. */
    Spoken speak(BenchText text, boolean live);

    /** What settings are compared by: samples that depend on nothing else. */
    Spoken sound(BenchText text);

    /** The most memory it took of a GPU; 0 of none. */
    long gpuBytes();

    /** The most memory that a process of its own takes to speak the text; 0 if it fails. */
    long processBytes(BenchText text);

    @Override
    void close();
}
