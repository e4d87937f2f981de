package dev.skald.chatterbox.voice;

import dev.skald.audio.Silence;
import dev.skald.audio.spectrum.MelFilterbank;
import dev.skald.audio.spectrum.Spectrogram;
import dev.skald.audio.spectrum.Stft;
import dev.skald.audio.spectrum.Windows;
import dev.skald.nn.Loader;
import dev.skald.nn.Lstm;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * The speaker embedding that T3 is conditioned on: a generalised end-to-end speaker encoder (Wan et
 * al. 2018) over 1.6 s windows of a power mel spectrogram, {@code models/voice_encoder} of
 * resemble-ai/chatterbox.
 *
 * <p>Legend: W windows, T 160 frames, M 40 mel bands, H hidden, E embedding.
 */
public final class VoiceEncoder {
    public static final int SAMPLE_RATE = 16_000;

    private static final int HOP = 160;
    private static final int FFT = 400;
    private static final int FRAMES = 160;

    /** round(16000 / 1.3 / 160): 1.3 windows a second. */
    private static final int STEP = 77;

    private static final double MIN_COVERAGE = 0.8;
    private static final int WINDOWS_AT_ONCE = 16;
    static final double TRIM_DB = 20;

    private final int bands;
    private final Lstm lstm;
    private final Linear projection;
    private final Stft stft;
    private final MelFilterbank filters;

    private VoiceEncoder(Loader load) {
        bands = load.get("lstm.weight_ih_l0", -1, -1).shape()[1];
        lstm = load.lstm("lstm", bands, load.get("lstm.weight_hh_l0", -1, -1).shape()[1]);
        projection = load.linear("proj", lstm.out(), -1);
        stft = new Stft(FFT, HOP, Windows.periodicHann(FFT), FFT / 2);
        filters = MelFilterbank.slaney(SAMPLE_RATE, FFT, bands, 0, SAMPLE_RATE / 2.0);
    }

    /** Loads {@code ve.safetensors}. */
    public static VoiceEncoder load(Weights weights, Parameters parameters) {
        return new VoiceEncoder(Loader.of(weights, parameters));
    }

    /** Mel bands. */
    int bands() {
        return bands;
    }

    /** How long an embedding is. */
    public int dim() {
        return projection.out();
    }

    /** The embedding of one 16 kHz clip, of length 1. */
    public float[] embed(Ops ops, float[] clip) {
        return embed(ops, List.of(clip), Taps.NONE).getFirst();
    }

    /** The embeddings of several 16 kHz clips, each of length 1. */
    public List<float[]> embed(Ops ops, List<float[]> clips, Taps taps) {
        List<float[]> windows = new ArrayList<>(); // each (T, M)
        int[] counts = new int[clips.size()];
        for (int i = 0; i < counts.length; i++) {
            float[] mel = mel(Silence.trim(clips.get(i), TRIM_DB));
            taps.tap("mel" + i, mel, mel.length / bands, bands);
            counts[i] = cut(mel, windows);
        }
        float[] embeddings = embedWindows(ops, windows, taps); // (W, E)
        List<float[]> all = new ArrayList<>();
        int at = 0;
        for (int count : counts) {
            all.add(meanDirection(embeddings, at, count));
            at += count;
        }
        return all;
    }

    /** The direction of the mean of embeddings. */
    public static float[] speaker(List<float[]> embeddings) {
        int dim = embeddings.getFirst().length;
        float[] all = new float[embeddings.size() * dim];
        for (int i = 0; i < embeddings.size(); i++) {
            System.arraycopy(embeddings.get(i), 0, all, i * dim, dim);
        }
        return meanDirection(all, 0, embeddings.size(), dim);
    }

    /** (frames, M): power mel, neither logarithm nor normalisation. */
    private float[] mel(float[] clip) {
        if (clip.length <= FFT / 2) {
            throw new IllegalArgumentException(
                    "the clip has only " + clip.length + " samples that sound");
        }
        Spectrogram mel = filters.apply(stft.power(clip));
        float[] out = new float[mel.values().length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (float) mel.values()[i];
        }
        return out;
    }

    /** Adds the windows of a mel, zeros after its end; frames after the last full one are lost. */
    private int cut(float[] mel, List<float[]> windows) {
        int frames = mel.length / bands;
        int more = Math.max(frames - FRAMES + STEP, 0);
        int count = more / STEP;
        if (count == 0 || (double) (more % STEP + FRAMES - STEP) / FRAMES >= MIN_COVERAGE) {
            count++;
        }
        for (int i = 0; i < count; i++) {
            float[] window = new float[FRAMES * bands];
            int from = i * STEP * bands;
            System.arraycopy(mel, from, window, 0, Math.min(window.length, mel.length - from));
            windows.add(window);
        }
        return count;
    }

    /** Windows (W,T,M) → the last state of each (W,1,H). */
    Tensor hidden(Ops ops, Tensor windows) {
        return lstm.forward(ops, windows).rows(FRAMES - 1, FRAMES);
    }

    /** (W,1,H) → (W,1,E), not of length 1 yet. */
    Tensor project(Ops ops, Tensor hidden) {
        return ops.linear(hidden, projection, Epilogue.of(Activation.RELU));
    }

    private float[] embedWindows(Ops ops, List<float[]> windows, Taps taps) {
        int hidden = lstm.out();
        float[] last = new float[windows.size() * hidden];
        float[] out = new float[windows.size() * dim()];
        for (int from = 0; from < windows.size(); from += WINDOWS_AT_ONCE) {
            int count = Math.min(WINDOWS_AT_ONCE, windows.size() - from);
            float[] packed = new float[count * FRAMES * bands];
            for (int i = 0; i < count; i++) {
                System.arraycopy(
                        windows.get(from + i), 0, packed, i * FRAMES * bands, FRAMES * bands);
            }
            try (var scope = ops.scope()) {
                Tensor x = ops.tensor(count, FRAMES, bands); // (W,T,M)
                ops.write(packed, 0, x);
                Tensor end = hidden(ops, x);
                if (taps.on()) {
                    ops.read(end, last, from * hidden);
                }
                ops.read(project(ops, end), out, from * dim());
            }
        }
        for (int i = 0; i < windows.size(); i++) {
            normalise(out, i * dim(), dim());
        }
        if (taps.on()) {
            float[] all = new float[windows.size() * FRAMES * bands];
            for (int i = 0; i < windows.size(); i++) {
                System.arraycopy(windows.get(i), 0, all, i * FRAMES * bands, FRAMES * bands);
            }
            taps.tap("partials", all, windows.size(), FRAMES, bands);
            taps.tap("hidden", last, windows.size(), hidden);
            taps.tap("partial_embeds", out, windows.size(), dim());
        }
        return out;
    }

    private float[] meanDirection(float[] embeddings, int from, int count) {
        return meanDirection(embeddings, from, count, dim());
    }

    private static float[] meanDirection(float[] embeddings, int from, int count, int dim) {
        float[] mean = new float[dim];
        for (int d = 0; d < dim; d++) {
            double sum = 0;
            for (int i = from; i < from + count; i++) {
                sum += embeddings[i * dim + d];
            }
            mean[d] = (float) (sum / count);
        }
        normalise(mean, 0, dim);
        return mean;
    }

    private static void normalise(float[] values, int from, int count) {
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            sum += (double) values[i] * values[i];
        }
        double norm = Math.sqrt(sum);
        if (!(norm > 0)) {
            throw new IllegalArgumentException("the clip has no voice in it");
        }
        for (int i = from; i < from + count; i++) {
            values[i] = (float) (values[i] / norm);
        }
    }
}
