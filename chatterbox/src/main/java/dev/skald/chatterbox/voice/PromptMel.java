package dev.skald.chatterbox.voice;

import dev.skald.audio.spectrum.MelFilterbank;
import dev.skald.audio.spectrum.Spectrogram;
import dev.skald.audio.spectrum.Stft;
import dev.skald.audio.spectrum.Windows;

/**
 * The mel spectrogram that S3Gen speaks in: 80 bands up to 8 kHz of 24 kHz audio, 50 frames a
 * second, natural logarithm ({@code s3gen/utils/mel.py} of resemble-ai/chatterbox). Immutable.
 */
public final class PromptMel {
    public static final int SAMPLE_RATE = 24_000;
    public static final int BANDS = 80;
    public static final int HOP = 480;

    private static final int FFT = 1920;
    private static final double MAGNITUDE_FLOOR = 1e-9;
    private static final double FLOOR = 1e-5f;

    private final Stft stft = new Stft(FFT, HOP, Windows.periodicHann(FFT), (FFT - HOP) / 2);
    private final MelFilterbank filters = MelFilterbank.slaney(SAMPLE_RATE, FFT, BANDS, 0, 8000);

    /** Fewest samples that make a frame. */
    public static int shortest() {
        return (FFT - HOP) / 2 + 1;
    }

    /** A 24 kHz clip → (frames, 80), row-major; n / 480 frames. */
    public float[] mel(float[] clip) {
        Spectrogram mel = filters.apply(stft.magnitude(clip, MAGNITUDE_FLOOR));
        float[] out = new float[mel.values().length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) Math.log(Math.max(FLOOR, mel.values()[i]));
        }
        return out;
    }
}
