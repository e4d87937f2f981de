package dev.skald.audio.spectrum;

/**
 * A spectrum for each frame.
 *
 * @param values row by row, {@code [frames][bins]}; the receiver owns the array
 * @param frames how many frames
 * @param bins values per frame: {@code fftSize / 2 + 1} of a real signal, or mel bands
 */
public record Spectrogram(double[] values, int frames, int bins) {
    public Spectrogram {
        if (values.length != (long) frames * bins) {
            throw new IllegalArgumentException(
                    values.length + " values are not " + frames + " x " + bins);
        }
    }

    public double at(int frame, int bin) {
        return values[frame * bins + bin];
    }

    /**
     * The values as torch lays out a mel spectrogram: {@code [bins][frames]}, in single precision.
     */
    public float[] transposed() {
        float[] out = new float[values.length];
        for (int t = 0; t < frames; t++) {
            for (int b = 0; b < bins; b++) {
                out[b * frames + t] = (float) values[t * bins + b];
            }
        }
        return out;
    }
}
