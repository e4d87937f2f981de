package dev.skald.audio;

/** Changes audio as it arrives. For one thread. */
public interface SampleFilter {
    /** Takes samples; gives those that are ready, often fewer. The array may be kept. */
    float[] push(float[] samples);

    /** Gives the rest. */
    float[] finish();
}
