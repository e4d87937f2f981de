package dev.skald.audio.resample;

/** Changes the sample rate of a signal. Immutable, safe for many threads. */
public sealed interface Resampler permits SincHannResampler, SoxrResampler {
    /** The whole signal at the new rate; a new array. */
    float[] resample(float[] samples);

    /**
     * {@code torchaudio.transforms.Resample(from, to)} with its defaults: a windowed sinc, {@code
     * lowpass_filter_width} 6, {@code rolloff} 0.99. {@code ceil(to / from * n)} samples come out.
     */
    static Resampler sincHann(int from, int to) {
        return new SincHannResampler(from, to);
    }

    /**
     * {@code librosa.resample(x, orig_sr=from, target_sr=to)} with its default {@code res_type},
     * {@code "soxr_hq"}: libsoxr's high-quality linear-phase recipe. {@code ceil(n * to / from)}
     * samples come out, that product computed in doubles as librosa does.
     */
    static Resampler soxrHq(int from, int to) {
        return new SoxrResampler(from, to);
    }
}
