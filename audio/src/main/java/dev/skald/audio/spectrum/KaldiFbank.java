package dev.skald.audio.spectrum;

/**
 * Kaldi's log mel filterbank features, as {@code torchaudio.compliance.kaldi.fbank} with {@code
 * num_mel_bins} set, no dither and every other default: frames of 25 ms every 10 ms that lie wholly
 * in the signal (snip edges), each without its mean, pre-emphasised by 0.97 with its first sample
 * as its own predecessor, under a Povey window, zero-padded to a power of two; the power spectrum
 * in Kaldi's mel bands from 20 Hz to Nyquist, not below {@code 1.1920929e-07}, as natural
 * logarithms. Samples are taken as they are, in [-1, 1].
 *
 * <p>Immutable, safe for many threads.
 */
public final class KaldiFbank {
    private static final double PRE_EMPHASIS = 0.97;
    private static final double LOW_HERTZ = 20;
    private static final double FLOOR = 0x1p-23; // FLT_EPSILON

    private final int frameLength;
    private final int frameShift;
    private final int fftSize;
    private final double[] window;
    private final Fft fft;
    private final MelFilterbank bank;

    public KaldiFbank(int sampleRate, int bands) {
        frameLength = sampleRate * 25 / 1000;
        frameShift = sampleRate / 100;
        fftSize = Integer.highestOneBit(frameLength - 1) << 1;
        window = Windows.povey(frameLength);
        fft = new Fft(fftSize);
        bank = MelFilterbank.kaldi(sampleRate, fftSize, bands, LOW_HERTZ, sampleRate / 2.0);
    }

    /** {@code [frames][bands]}; no frame if the signal is shorter than one. */
    public Spectrogram apply(float[] samples) {
        int frames =
                samples.length < frameLength ? 0 : 1 + (samples.length - frameLength) / frameShift;
        int bins = fftSize / 2 + 1;
        double[] power = new double[frames * bins];
        double[] re = new double[fftSize];
        double[] im = new double[fftSize];
        double[] specRe = new double[fftSize];
        double[] specIm = new double[fftSize];
        for (int t = 0; t < frames; t++) {
            frame(samples, t * frameShift, re);
            fft.transform(re, im, specRe, specIm);
            for (int k = 0; k < bins; k++) {
                power[t * bins + k] = specRe[k] * specRe[k] + specIm[k] * specIm[k];
            }
        }
        Spectrogram mel = bank.apply(new Spectrogram(power, frames, bins));
        double[] values = mel.values();
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.log(Math.max(FLOOR, values[i]));
        }
        return mel;
    }

    private void frame(float[] samples, int start, double[] into) {
        double mean = 0;
        for (int i = 0; i < frameLength; i++) {
            mean += samples[start + i];
        }
        mean /= frameLength;
        double before = samples[start] - mean;
        for (int i = 0; i < frameLength; i++) {
            double now = samples[start + i] - mean;
            into[i] = (now - PRE_EMPHASIS * before) * window[i];
            before = now;
        }
    }
}
