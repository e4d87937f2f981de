package dev.skald.engine;

/**
 * How loud an utterance's raw windows are made, and the only place that decides it. One instance
 * serves one utterance, its windows in order.
 *
 * <p>Piper scales each sentence to a peak of 1 ({@code PiperVoice.synthesize} of piper1-gpl), which
 * needs the whole of it; a streaming network cannot wait for that and uses a gain of its own.
 */
public interface OutputGain {
    /** Below this peak a sentence counts as silence and is not raised. */
    float SILENCE = 1e-8f;

    /** Scales one window in place, then clips it to [-1, 1]. */
    void apply(float[] window);

    /** A sentence that comes as one window: peak 1, then {@code volume}, then clipped. */
    static OutputGain sentencePeak(float volume) {
        return window -> {
            float peak = 0;
            for (float v : window) {
                peak = Math.max(peak, Math.abs(v));
            }
            if (peak < SILENCE) {
                java.util.Arrays.fill(window, 0);
                return;
            }
            for (int i = 0; i < window.length; i++) {
                window[i] = clip(window[i] / peak * volume);
            }
        };
    }

    /** The same gain for every window of every sentence, whatever its peak. */
    static OutputGain fixed(float gain) {
        return window -> {
            for (int i = 0; i < window.length; i++) {
                window[i] = clip(window[i] * gain);
            }
        };
    }

    /** Keeps NaN: the audio's check must see it. */
    private static float clip(float v) {
        return v > 1f ? 1f : v < -1f ? -1f : v;
    }
}
