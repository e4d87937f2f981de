package dev.skald.chatterbox.s3gen;

import dev.skald.nn.HarmonicSource;
import dev.skald.nn.NoiseSource;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Philox;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weights;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Speech tokens and a voice → 24 kHz waveform: {@code S3Token2Wav} of {@code s3gen/s3gen.py} in
 * resemble-ai/chatterbox. Holds the flow and the vocoder; what only a clip needs is in {@code
 * dev.skald.chatterbox.voice}.
 */
public final class S3Gen {
    public static final int SAMPLE_RATE = 24_000;

    /** Samples of a speech token. */
    public static final int SAMPLES_A_TOKEN = Flow.FRAMES_A_TOKEN * HiftVocoder.SAMPLES_A_FRAME;

    /** Columns of an attention head in the published checkpoints' estimator. */
    public static final int HEAD_DIM = 64;

    /** The first samples are silenced, as many faded in: 20 ms each. */
    private static final int TRIM = SAMPLE_RATE / 50;

    /**
     * Frames that are vocoded as one batch, at most: an H100 is filled by 500, and each takes 0.4
     * MB.
     */
    private static final int TOGETHER = 2048;

    private static final int FLOW_NOISE = 0x5301;
    private static final int SINE_NOISE = 0x5302;
    private static final int PHASES = 0x5303;

    private final Flow flow;
    private final HiftVocoder vocoder;

    /** Of two networks that were loaded by themselves. */
    public S3Gen(Flow flow, HiftVocoder vocoder) {
        this.flow = flow;
        this.vocoder = vocoder;
    }

    /**
     * Loads {@code s3gen.safetensors} or {@code s3gen_meanflow.safetensors}.
     *
     * @param headDim see {@link #HEAD_DIM}
     */
    public static S3Gen load(Weights weights, Parameters parameters, int headDim) {
        return new S3Gen(loadFlow(weights, parameters, headDim), loadVocoder(weights, parameters));
    }

    /** Loads the first network alone. */
    public static Flow loadFlow(Weights weights, Parameters parameters, int headDim) {
        return Flow.load(weights.under("flow."), parameters, headDim);
    }

    /** Loads the second network alone. */
    public static HiftVocoder loadVocoder(Weights weights, Parameters parameters) {
        return parameters.load(() -> HiftVocoder.load(weights.under("mel2wav."), parameters));
    }

    /** The first network. */
    public Flow flow() {
        return flow;
    }

    /** The second network. */
    public HiftVocoder vocoder() {
        return vocoder;
    }

    /**
     * The waveform of all of {@code tokens}, {@link #SAMPLES_A_TOKEN} each (one frame less in all
     * if the voice has an odd number of mel frames).
     *
     * @param seed decides the noise
     */
    public float[] speak(Ops ops, VoiceReference voice, int[] tokens, long seed) {
        return speak(ops, voice, tokens, Randomness.of(seed, vocoder.harmonics()), Taps.NONE);
    }

    /** The first half of {@link #speak}: mel frames, (frames, bands) row-major. */
    public float[] mel(Ops ops, VoiceReference voice, int[] tokens, long seed) {
        return mel(ops, voice, tokens, flow.defaultSteps(), seed);
    }

    /**
     * The same with so many Euler steps.
     *
     * @param steps {@link Flow#defaultSteps} is what the model was made for
     * @throws IllegalArgumentException if they are fewer than 1
     */
    public float[] mel(Ops ops, VoiceReference voice, int[] tokens, int steps, long seed) {
        if (steps < 1) {
            throw new IllegalArgumentException("the flow takes 1 step or more, not " + steps);
        }
        Randomness random = Randomness.of(seed, vocoder.harmonics());
        try (var scope = ops.scope()) {
            return ops.read(mel(ops, voice, tokens, steps, random));
        }
    }

    private Tensor mel(Ops ops, VoiceReference voice, int[] tokens, int steps, Randomness random) {
        Flow.Prompt prompt = flow.prompt(ops, voice, Taps.NONE);
        Flow.Piece all = new Flow.Piece(prompt, tokens, true, 0, random.flow());
        Flow.Options how = new Flow.Options(steps, 0, -1, () -> {});
        return flow.mel(ops, all, how, Taps.NONE);
    }

    /** The second half of {@link #speak}: samples of mel frames, not faded in. */
    public float[] vocode(Ops ops, float[] mel, long seed) {
        try (var scope = ops.scope()) {
            Tensor x = ops.tensor(1, mel.length / flow.bands(), flow.bands());
            ops.write(mel, 0, x);
            return vocode(ops, x, Randomness.of(seed, vocoder.harmonics()), Taps.NONE);
        }
    }

    /**
     * A stream of waveform for tokens that arrive bit by bit.
     *
     * @param quick whether the device that will compute it is {@link Backend#quick}
     * @param check runs now and then while samples are made and may throw, to stop the work
     * @throws IllegalArgumentException if the voice is not one of this model's
     */
    public S3GenStream stream(VoiceReference voice, long seed, boolean quick, Runnable check) {
        flow.check(voice);
        Randomness random = Randomness.of(seed, vocoder.harmonics());
        return new S3GenStream(this, voice, random, quick, check);
    }

    /**
     * Computes pieces of several streams together. The samples of each are what they would be
     * alone.
     *
     * @param check runs now and then and may throw, to stop the work
     */
    void compute(Ops ops, List<S3GenStream.Piece> pieces, Runnable check) {
        long start = System.nanoTime();
        try (var scope = ops.scope()) {
            Map<VoiceReference, Flow.Prompt> prompts = new IdentityHashMap<>();
            List<Flow.Piece> parts = new ArrayList<>();
            for (S3GenStream.Piece piece : pieces) {
                Flow.Prompt prompt =
                        prompts.computeIfAbsent(piece.voice(), v -> flow.prompt(ops, v, Taps.NONE));
                parts.add(piece.part(prompt));
            }
            Tensor mels = flow.mels(ops, parts, flow.options(check), Taps.NONE);
            if (pieces.size() > 1) {
                // Waits for the flow, so that each stage tells its own time: nothing beside a
                // batch.
                ops.read(mels.batch(0).rows(0, 1));
            }
            long flowNanos = (System.nanoTime() - start) / pieces.size();
            check.run();
            List<Tensor> own = new ArrayList<>();
            for (int i = 0; i < pieces.size(); i++) {
                own.add(mels.batch(i).rows(0, parts.get(i).frames()));
            }
            vocode(ops, pieces, own, false);
            pieces.forEach(p -> p.took(flowNanos, 0));
        }
    }

    /**
     * What comes after the flow.
     *
     * @param mels of each piece: (1,F,M)
     * @param together whether in batches, of those that are of about one length
     */
    void vocode(Ops ops, List<S3GenStream.Piece> pieces, List<Tensor> mels, boolean together) {
        long start = System.nanoTime();
        int n = pieces.size();
        try (var scope = ops.scope()) {
            List<Vocoded> made = new ArrayList<>();
            List<Vocoded.Cut> cuts = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                cuts.add(pieces.get(i).cut(mels.get(i).rows()));
            }
            int most = together ? Math.min(TOGETHER, vocoder.framesAtOnce(ops)) : 0;
            for (int from = 0, to; from < n; from = to) {
                to = alike(cuts, from, most);
                if (to - from == 1) {
                    made.add(pieces.get(from).vocode(ops, mels.get(from)));
                } else {
                    made.addAll(
                            together(
                                    ops,
                                    pieces.subList(from, to),
                                    cuts.subList(from, to),
                                    mels.subList(from, to)));
                }
            }
            // Read when all are under way, so that the device does not wait for the host.
            for (int i = 0; i < n; i++) {
                pieces.get(i).take(ops, made.get(i));
            }
        }
        long nanos = (System.nanoTime() - start) / n;
        pieces.forEach(p -> p.took(0, nanos));
    }

    /** The end of those from {@code from} on that go as one batch of at most so many frames. */
    private static int alike(List<Vocoded.Cut> cuts, int from, int most) {
        int longest = cuts.get(from).frames();
        int sum = longest;
        int to = from + 1;
        for (; to < cuts.size(); to++) {
            int frames = cuts.get(to).frames();
            int rows = (to + 1 - from) * Math.max(longest, frames);
            if (rows > most || sum + frames < rows / 2) {
                break;
            }
            longest = Math.max(longest, frames);
            sum += frames;
        }
        return to;
    }

    /** One batch of as many rows as the longest has. */
    private List<Vocoded> together(
            Ops ops, List<S3GenStream.Piece> pieces, List<Vocoded.Cut> cuts, List<Tensor> mels) {
        int n = pieces.size();
        int longest = cuts.stream().mapToInt(Vocoded.Cut::frames).max().orElse(0);
        int samples = longest * HiftVocoder.SAMPLES_A_FRAME;
        List<Vocoded> made = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            made.add(pieces.get(i).room(ops, cuts.get(i), flow.bands()));
        }
        try (var scope = ops.scope()) {
            Tensor x = ops.tensor(n, longest, flow.bands());
            Tensor s = ops.tensor(n, samples, 1);
            Tensor waves = ops.tensor(n, 1, samples);
            int[] frames = cuts.stream().mapToInt(Vocoded.Cut::frames).toArray();
            Tensor valid = x.valid(ops.ints(frames));
            for (int i = 0; i < n; i++) {
                pieces.get(i).blend(ops, mels.get(i), x.batch(i).rows(0, frames[i]));
            }
            Tensor f0 = vocoder.f0(ops, valid);
            List<HarmonicSource.Phase> phases = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                Tensor own = s.batch(i).rows(0, frames[i] * HiftVocoder.SAMPLES_A_FRAME);
                Tensor hertz = f0.batch(i).unpadded(frames[i]);
                phases.add(pieces.get(i).source(ops, cuts.get(i), hertz, own));
            }
            vocoder.decodeTogether(ops, valid, s, waves);
            for (int i = 0; i < n; i++) {
                made.get(i).keep(ops, x.batch(i), s.batch(i), waves.batch(i), phases.get(i));
            }
        }
        return made;
    }

    /**
     * All that is drawn.
     *
     * @param flow start of the flow, a row a frame
     * @param offsets initial phases of the harmonics, radians
     * @param sines noise of the harmonic source, a row a sample
     */
    record Randomness(NoiseSource flow, float[] offsets, NoiseSource sines) {
        static Randomness of(long seed, int harmonics) {
            float[] offsets = new float[harmonics];
            for (int h = 1; h < harmonics; h++) {
                offsets[h] = (float) (Math.PI * (2 * Philox.uniform(seed, PHASES, h) - 1));
            }
            return new Randomness(
                    NoiseSource.philox(seed, FLOW_NOISE),
                    offsets,
                    NoiseSource.philox(seed, SINE_NOISE));
        }
    }

    float[] speak(Ops ops, VoiceReference voice, int[] tokens, Randomness random, Taps taps) {
        try (var scope = ops.scope()) {
            Tensor mel = mel(ops, voice, tokens, flow.defaultSteps(), random);
            taps.tap("mels", ops, mel);
            float[] wave = vocode(ops, mel, random, taps);
            fadeIn(wave);
            return wave;
        }
    }

    private float[] vocode(Ops ops, Tensor mel, Randomness random, Taps taps) {
        Tensor source = ops.tensor(1, mel.rows() * HiftVocoder.SAMPLES_A_FRAME, 1);
        var phase = HarmonicSource.Phase.begin(ops, random.offsets());
        vocoder.source(ops, vocoder.f0(ops, mel), phase, 0, random.sines(), Taps.NONE, source);
        taps.tap("source", ops, source);
        float[] wave = ops.read(vocoder.decode(ops, mel, source, Taps.NONE));
        taps.tap("wav_untrimmed", wave, 1, wave.length);
        return wave;
    }

    /** Takes away what spills over from the voice's clip: 20 ms of silence, 20 ms of fading in. */
    static void fadeIn(float[] wave) {
        for (int i = 0; i < Math.min(wave.length, 2 * TRIM); i++) {
            double gain =
                    i < TRIM ? 0 : (Math.cos(Math.PI * (1 - (i - TRIM) / (TRIM - 1.0))) + 1) / 2;
            wave[i] *= (float) gain;
        }
    }
}
