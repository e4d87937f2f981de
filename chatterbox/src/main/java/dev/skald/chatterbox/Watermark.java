package dev.skald.chatterbox;

import dev.skald.audio.SampleFilter;
import dev.skald.audio.resample.Resampler;
import dev.skald.audio.spectrum.Windows;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import java.util.Arrays;

/**
 * Perth's implicit watermark: a network changes the magnitudes below 2 kHz a little, inaudibly and
 * so that its decoder can tell. Source: resemble-ai/Perth, {@code perth_net_implicit}.
 *
 * <p>What is added is the difference alone, so the speech above 2 kHz is not touched. The encoder
 * of {@code perth_net_250000.pth.tar}; its sizes are those of {@code hparams.yaml}. Safe for many
 * threads.
 */
final class Watermark {
    private static final int RATE = 32_000;
    private static final int FFT = 2048;
    private static final int HOP = 320;
    private static final int BINS = FFT / 2 + 1;

    /** Samples of a hop at the speech's rate. */
    private static final int STEP = HOP * S3Gen.SAMPLE_RATE / RATE;

    /** Hops that a marked sample depends on to either side: convolutions, frames, resampling. */
    private static final int REACH = 28;

    /** Magnitudes are decibels from -180 to 15, as 0 to 1. */
    private static final double FLOOR = 1e-9;

    private static final double DECIBELS = 195;

    /** A frame is marked if its level exceeds this share of the loudest. */
    private static final double AUDIBLE = 0.05;

    private final Conv1d[] layers;
    private final int subband;
    private final Linear analysis; // FFT → 2 * BINS, window included
    private final Linear synthesis; // 2 * subband → FFT, window included

    /** Throws {@link WeightException} if the weights are not Perth's. */
    Watermark(Weights checkpoint, Parameters parameters) {
        Weights w = checkpoint.under("model.encoder.layers.");
        int count = 0;
        while (w.has(count + ".conv.weight")) {
            count++;
        }
        if (count < 2) {
            throw new WeightException("the watermark's encoder is missing: install perth again");
        }
        layers = new Conv1d[count];
        int in = w.get("0.conv.weight", -1, -1, -1).shape()[1];
        subband = in;
        for (int i = 0; i < count; i++) {
            Weight kernel = w.get(i + ".conv.weight", i == count - 1 ? subband : -1, in, -1);
            in = kernel.shape()[0];
            layers[i] =
                    parameters.conv1d(kernel, w.get(i + ".conv.bias", in), 1, 1, 1, Role.WORKING);
        }
        double[] window = Windows.periodicHann(FFT);
        float[] forward = new float[2 * BINS * FFT];
        float[] back = new float[FFT * 2 * subband];
        for (int k = 0; k < BINS; k++) {
            for (int i = 0; i < FFT; i++) {
                double angle = 2 * Math.PI * ((long) k * i % FFT) / FFT;
                double cos = Math.cos(angle) * window[i];
                double sin = Math.sin(angle) * window[i];
                forward[k * FFT + i] = (float) cos;
                forward[(BINS + k) * FFT + i] = (float) -sin;
                if (k < subband) {
                    double share = (k == 0 ? 1.0 : 2.0) / FFT;
                    back[i * 2 * subband + k] = (float) (cos * share);
                    back[i * 2 * subband + subband + k] = (float) (-sin * share);
                }
            }
        }
        analysis = parameters.linear(Weight.of("dft", forward, 2 * BINS, FFT), null, Role.WORKING);
        synthesis =
                parameters.linear(
                        Weight.of("inverse dft", back, FFT, 2 * subband), null, Role.WORKING);
    }

    /** Marks speech that arrives bit by bit; holds back what the mark still depends on. */
    final class Stream implements SampleFilter {
        private final Ops ops;
        private float[] held = new float[0];
        private int marked; // of held
        private double loudest;

        Stream(Ops ops) {
            this.ops = ops;
        }

        /** Takes samples at 24 kHz; gives marked ones that are ready, often fewer. */
        @Override
        public float[] push(float[] samples) {
            append(samples);
            int ready = (held.length - REACH * STEP) / STEP * STEP;
            return ready > marked ? mark(ready) : new float[0];
        }

        /** Gives the rest. */
        @Override
        public float[] finish() {
            return held.length > marked ? mark(held.length) : new float[0];
        }

        private void append(float[] samples) {
            int n = held.length;
            held = Arrays.copyOf(held, n + samples.length);
            System.arraycopy(samples, 0, held, n, samples.length);
        }

        private float[] mark(int to) {
            float[] change = change(held);
            float[] out = Arrays.copyOfRange(held, marked, to);
            for (int i = 0; i < out.length; i++) {
                float v = out[i] + change[marked + i];
                out[i] = Math.clamp(v, -1f, 1f);
            }
            marked = to;
            int drop = Math.max(0, marked - REACH * STEP) / STEP * STEP;
            held = Arrays.copyOfRange(held, drop, held.length);
            marked -= drop;
            return out;
        }

        /** What the mark adds to each sample. */
        private float[] change(float[] speech) {
            float[] x = Resampler.soxrHq(S3Gen.SAMPLE_RATE, RATE).resample(speech);
            int frames = x.length / HOP + 1;
            float[] padded = new float[(frames - 1) * HOP + FFT];
            System.arraycopy(x, 0, padded, FFT / 2, Math.min(x.length, padded.length - FFT / 2));
            float[] added = new float[padded.length];
            try (Ops.Scope ignored = ops.scope()) {
                Tensor wave = ops.tensor(1, 1, padded.length);
                ops.write(padded, 0, wave);
                float[] spectrum = ops.read(ops.linear(wave.windows(FFT, HOP, frames), analysis));
                Tensor levels = ops.tensor(1, frames, subband);
                boolean[] audible = new boolean[frames];
                ops.write(levels(spectrum, audible), 0, levels);
                float[] residual = ops.read(encode(levels));
                Tensor delta = ops.tensor(1, frames, 2 * subband);
                ops.write(delta(spectrum, residual, audible), 0, delta);
                Tensor sum = ops.tensor(1, 1, padded.length);
                ops.overlapAdd(ops.linear(delta, synthesis), HOP, sum);
                ops.read(sum, added, 0);
            }
            normalise(added, frames);
            float[] back =
                    Resampler.soxrHq(RATE, S3Gen.SAMPLE_RATE)
                            .resample(Arrays.copyOfRange(added, FFT / 2, FFT / 2 + x.length));
            return Arrays.copyOf(back, speech.length);
        }

        /** Levels of the subband, 0 to 1; and which frames are loud enough to be marked. */
        private float[] levels(float[] spectrum, boolean[] audible) {
            float[] levels = new float[audible.length * subband];
            double[] sums = new double[audible.length];
            for (int t = 0; t < audible.length; t++) {
                for (int k = 0; k < BINS; k++) {
                    double re = spectrum[t * 2 * BINS + k];
                    double im = spectrum[t * 2 * BINS + BINS + k];
                    double level =
                            (20 * Math.log10(Math.max(Math.sqrt(re * re + im * im), FLOOR)) + 180)
                                    / DECIBELS;
                    sums[t] += level;
                    if (k < subband) {
                        levels[t * subband + k] = (float) level;
                    }
                }
                loudest = Math.max(loudest, sums[t]);
            }
            for (int t = 0; t < audible.length; t++) {
                audible[t] = sums[t] > AUDIBLE * loudest;
            }
            return levels;
        }

        /** levels (1,T,subband) → residual of the same shape. */
        private Tensor encode(Tensor levels) {
            Activation leaky = Activation.leakyRelu(0.01f);
            Tensor x = levels;
            for (int i = 0; i < layers.length; i++) {
                int pad = layers[i].kernel() / 2;
                Epilogue after = i == layers.length - 1 ? Epilogue.NONE : Epilogue.of(leaky);
                x = ops.conv1d(x, layers[i], pad, pad, after);
            }
            return x;
        }

        private float[] delta(float[] spectrum, float[] residual, boolean[] audible) {
            float[] delta = new float[audible.length * 2 * subband];
            for (int t = 0; t < audible.length; t++) {
                for (int k = 0; audible[t] && k < subband; k++) {
                    double gain = Math.pow(10, DECIBELS / 20 * residual[t * subband + k]) - 1;
                    int from = t * 2 * BINS + k;
                    int to = t * 2 * subband + k;
                    delta[to] = (float) (spectrum[from] * gain);
                    delta[to + subband] = (float) (spectrum[from + BINS] * gain);
                }
            }
            return delta;
        }

        /** Divides by the overlapping windows' squares, as the inverse transform does. */
        private void normalise(float[] added, int frames) {
            double[] window = Windows.periodicHann(FFT);
            double[] weight = new double[added.length];
            for (int t = 0; t < frames; t++) {
                for (int i = 0; i < FFT; i++) {
                    weight[t * HOP + i] += window[i] * window[i];
                }
            }
            for (int i = 0; i < added.length; i++) {
                added[i] = weight[i] > 1e-3 ? (float) (added[i] / weight[i]) : 0;
            }
        }
    }
}
