package dev.skald.chatterbox;

import dev.skald.audio.SampleFilter;
import dev.skald.audio.resample.Resampler;
import dev.skald.audio.spectrum.Windows;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.nn.Conv;
import dev.skald.nn.Conv1d;
import dev.skald.nn.Loader;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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

    private static final Activation LEAKY = Activation.leakyRelu(0.01f);

    private final List<Conv1d> layers = new ArrayList<>();
    private final int subband;
    private final Linear analysis; // FFT → 2 * BINS, window included
    private final Linear loudness; // the sum of BINS levels
    private final Linear synthesis; // 2 * subband → FFT, window included

    /** Throws {@link WeightException} if the weights are not Perth's. */
    Watermark(Weights checkpoint, Parameters parameters) {
        Loader load = Loader.of(checkpoint, parameters).under("model", "encoder", "layers");
        for (int i = 0; load.has(i + ".conv.weight"); i++) {
            boolean last = !load.has(i + 1 + ".conv.weight");
            int in = i == 0 ? -1 : layers.getLast().out();
            int out = last && i > 0 ? layers.getFirst().in() : -1;
            layers.add(load.conv1d(i + ".conv", in, out, Conv.same(-1)));
        }
        if (layers.size() < 2) {
            throw new WeightException("the watermark's encoder is missing: install perth again");
        }
        subband = layers.getFirst().in();
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
        float[] ones = new float[BINS];
        Arrays.fill(ones, 1);
        Role role = Role.WORKING;
        analysis = parameters.linear(Weight.of("dft", forward, 2 * BINS, FFT), null, role);
        loudness = parameters.linear(Weight.of("sum", ones, 1, BINS), null, Role.EXACT);
        synthesis = parameters.linear(Weight.of("idft", back, FFT, 2 * subband), null, role);
    }

    /** Spectrum (1,T,2 BINS) → levels (1,T,BINS), 0 to 1. */
    Tensor levels(Ops ops, Tensor spectrum) {
        Tensor re = spectrum.cols(0, BINS);
        Tensor im = spectrum.cols(BINS, 2 * BINS);
        Tensor levels = ops.tensor(1, spectrum.rows(), BINS);
        try (Ops.Scope ignored = ops.scope()) {
            Tensor square = ops.tensor(1, spectrum.rows(), BINS);
            ops.mul(im, im, square);
            ops.mul(re, re, levels);
            ops.add(levels, square, levels);
        }
        ops.activate(levels, Activation.logClamped((float) (FLOOR * FLOOR)), levels);
        ops.scale(levels, (float) (10 / Math.log(10) / DECIBELS), (float) (180 / DECIBELS), levels);
        return levels;
    }

    /** What the mark adds to the spectrum below 2 kHz: (1,T,2 subband). */
    Tensor delta(Ops ops, Tensor spectrum, Tensor levels) {
        Tensor gain = levels.cols(0, subband);
        for (int i = 0; i < layers.size(); i++) {
            boolean last = i == layers.size() - 1;
            gain = layers.get(i).forward(ops, gain, last ? Epilogue.NONE : Epilogue.of(LEAKY));
        }
        // From a change of decibels to one of the magnitude.
        ops.scale(gain, (float) (DECIBELS / 20 * Math.log(10)), 0, gain);
        ops.activate(gain, Activation.EXP, gain);
        ops.scale(gain, 1, -1, gain);
        Tensor delta = ops.tensor(1, spectrum.rows(), 2 * subband);
        ops.mul(spectrum.cols(0, subband), gain, delta.cols(0, subband));
        ops.mul(spectrum.cols(BINS, BINS + subband), gain, delta.cols(subband, 2 * subband));
        return delta;
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
                Tensor spectrum = ops.linear(wave.windows(FFT, HOP, frames), analysis);
                Tensor levels = levels(ops, spectrum);
                float[] loud = ops.read(ops.linear(levels, loudness));
                Tensor delta = delta(ops, spectrum, levels);
                for (float sum : loud) {
                    loudest = Math.max(loudest, sum);
                }
                for (int t = 0; t < frames; t++) {
                    if (!(loud[t] > AUDIBLE * loudest)) {
                        ops.fill(delta.rows(t, t + 1), 0);
                    }
                }
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
