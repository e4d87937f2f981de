package dev.skald.cli.bench;

import dev.skald.audio.spectrum.MelFilterbank;
import dev.skald.audio.spectrum.Spectrogram;
import dev.skald.audio.spectrum.Stft;
import dev.skald.audio.spectrum.Windows;
import java.util.Arrays;
import java.util.Locale;

/**
 * How far audio is from what it is compared with.
 *
 * @param same whether it is the same bit for bit
 * @param snr signal to noise, decibels, over the samples that both have; infinite if none differs
 * @param logMel mean difference of the log-mel spectra, decibels: 80 bands, levels at least 80 dB
 *     below the loudest; 0 if none differs
 */
record AudioDistance(boolean same, double snr, double logMel) {
    static final AudioDistance NONE = new AudioDistance(true, Double.POSITIVE_INFINITY, 0);

    private static final int FFT = 1024;
    private static final int BANDS = 80;

    /** Power below the loudest band that counts as silence. */
    private static final double FLOOR = 1e-8;

    static AudioDistance of(float[] expected, float[] found, int sampleRate) {
        int n = Math.min(expected.length, found.length);
        double signal = 0;
        double noise = 0;
        for (int i = 0; i < n; i++) {
            double error = found[i] - expected[i];
            signal += (double) expected[i] * expected[i];
            noise += error * error;
        }
        return new AudioDistance(
                Arrays.equals(expected, found),
                noise == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(signal / noise),
                logMel(Arrays.copyOf(expected, n), Arrays.copyOf(found, n), sampleRate));
    }

    private static double logMel(float[] expected, float[] found, int sampleRate) {
        if (expected.length <= FFT) {
            return Arrays.equals(expected, found) ? 0 : Double.NaN;
        }
        MelFilterbank bands = MelFilterbank.slaney(sampleRate, FFT, BANDS, 0, sampleRate / 2.0);
        Stft stft = new Stft(FFT, FFT / 4, Windows.periodicHann(FFT), 0);
        Spectrogram a = bands.apply(stft.power(expected));
        Spectrogram b = bands.apply(stft.power(found));
        double floor = FLOOR * Arrays.stream(a.values()).max().orElse(1) + 1e-30;
        double sum = 0;
        for (int i = 0; i < a.values().length; i++) {
            double level = Math.log10(Math.max(floor, a.values()[i]));
            sum += Math.abs(Math.log10(Math.max(floor, b.values()[i])) - level);
        }
        return 10 * sum / a.values().length;
    }

    /** For a table. */
    String shown() {
        return snr == Double.POSITIVE_INFINITY
                ? "0"
                : String.format(Locale.ROOT, "%.1f dB SNR, log-mel %.2g dB", snr, logMel);
    }
}
