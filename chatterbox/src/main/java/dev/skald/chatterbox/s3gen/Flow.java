package dev.skald.chatterbox.s3gen;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weights;

/**
 * Speech tokens and a voice → mel spectrogram by conditional flow matching: Euler steps from noise
 * along the estimator's field, with classifier-free guidance, or two long steps of a meanflow
 * estimator without. Follows {@code s3gen/flow.py} and {@code s3gen/flow_matching.py} of
 * resemble-ai/chatterbox.
 *
 * <p>One utterance at a time, at its own length: there is no batch whose shorter rows would be
 * padded.
 *
 * <p>Legend: T frames, M 80 mel bands.
 */
public final class Flow {
    /** Mel frames a token. */
    public static final int FRAMES_A_TOKEN = 2;

    /** Tokens at the end of an unfinished stream that are looked at, but not yet spoken. */
    public static final int LOOKAHEAD = FlowEncoder.LOOKAHEAD;

    private static final float GUIDANCE = 0.7f;
    private static final int STEPS = 10;
    private static final int MEANFLOW_STEPS = 2;

    private final FlowEncoder encoder;
    private final FlowEstimator estimator;
    private final Linear speaker;

    private Flow(FlowEncoder encoder, FlowEstimator estimator, Linear speaker) {
        this.encoder = encoder;
        this.estimator = estimator;
        this.speaker = speaker;
    }

    /**
     * Loads the weights under {@code flow.} of {@code s3gen.safetensors}.
     *
     * @param headDim columns of an attention head of the estimator, which no weight tells: 64 in
     *     the published checkpoints
     */
    public static Flow load(Weights weights, Parameters parameters, int headDim) {
        int bands = weights.get("spk_embed_affine_layer.bias", -1).shape()[0];
        return new Flow(
                FlowEncoder.load(weights, parameters),
                FlowEstimator.load(weights.under("decoder.estimator."), parameters, headDim),
                parameters.linear(
                        weights.get("spk_embed_affine_layer.weight", bands, -1),
                        weights.get("spk_embed_affine_layer.bias", bands),
                        Role.WORKING));
    }

    /** Mel bands. */
    public int bands() {
        return speaker.out();
    }

    /** How long an x-vector is. */
    public int xvectorDim() {
        return speaker.in();
    }

    /** Token ids are smaller than this. */
    public int vocabulary() {
        return encoder.vocabulary();
    }

    /** Steps of the official code. */
    public int defaultSteps() {
        return estimator.meanflow() ? MEANFLOW_STEPS : STEPS;
    }

    /**
     * How a piece of speech is made.
     *
     * @param steps Euler steps
     * @param last whether no tokens follow; if some do, the last {@link #LOOKAHEAD} are only looked
     *     at
     * @param beyond zero embeddings after the tokens, see {@link FlowEncoder#encode}
     * @param tapped the estimator call that taps see
     * @param offset frames of the signal before the first token's: where its noise begins
     * @param check runs before each step and may throw, to stop the work
     */
    record Options(int steps, boolean last, int beyond, int tapped, long offset, Runnable check) {}

    /** The official settings. */
    Options options(boolean last, long offset) {
        return options(last, offset, () -> {});
    }

    Options options(boolean last, long offset, Runnable check) {
        return new Options(defaultSteps(), last, 0, -1, offset, check);
    }

    /** Frames that {@link #mel} gives for so many tokens. */
    public int frames(VoiceReference voice, int tokens, boolean last) {
        return FRAMES_A_TOKEN * (voice.tokens().length + tokens - (last ? 0 : LOOKAHEAD))
                - voice.frames();
    }

    /**
     * The mel frames of {@code tokens}, without the voice's own: (1,T,M), in the caller's frame.
     *
     * @param noise the start of the flow; its rows are frames, the voice's first
     */
    Tensor mel(
            Ops ops,
            VoiceReference voice,
            int[] tokens,
            NoiseSource noise,
            Options how,
            Taps taps) {
        int frames = frames(voice, tokens.length, how.last());
        check(voice, tokens, frames);
        Tensor mel = ops.tensor(1, frames, bands());
        try (var scope = ops.scope()) {
            Tensor x = state(ops, voice, tokens, noise, how, taps);
            ops.copy(x.rows(voice.frames(), voice.frames() + frames), mel);
        }
        return mel;
    }

    private void check(VoiceReference voice, int[] tokens, int frames) {
        if (frames < 1) {
            throw new IllegalArgumentException(
                    tokens.length + " speech tokens are too few to be spoken");
        }
        if (voice.frames() > 0 && voice.bands() != bands()) {
            throw new IllegalArgumentException(
                    "the voice's mel has " + voice.bands() + " bands, not " + bands());
        }
        if (voice.xvector().length != xvectorDim()) {
            throw new IllegalArgumentException(
                    "the voice's x-vector has "
                            + voice.xvector().length
                            + " values, not "
                            + xvectorDim());
        }
    }

    /** The end of the flow, (1,T,M) with the voice's frames. */
    private Tensor state(
            Ops ops,
            VoiceReference voice,
            int[] tokens,
            NoiseSource noise,
            Options how,
            Taps taps) {
        int m = bands();
        Tensor spk = speaker(ops, voice.xvector(), taps); // (1,1,M)
        int[] all = new int[voice.tokens().length + tokens.length];
        System.arraycopy(voice.tokens(), 0, all, 0, voice.tokens().length);
        System.arraycopy(tokens, 0, all, voice.tokens().length, tokens.length);
        int total = FRAMES_A_TOKEN * (all.length - (how.last() ? 0 : LOOKAHEAD));
        Tensor x = ops.tensor(1, total, m);
        boolean guided = !estimator.meanflow();
        Tensor input = ops.zeros(guided ? 2 : 1, total, estimator.in()); // x | mu | spk | cond
        Tensor own = input.batch(0);
        try (var scope = ops.scope()) {
            Tensor mu = encoder.encode(ops, all, how.beyond(), taps).rows(0, total);
            taps.tap("mu", ops, mu);
            ops.copy(mu, own.cols(m, 2 * m));
        }
        Tensor speakerColumns = own.cols(2 * m, 3 * m);
        ops.add(speakerColumns, spk, speakerColumns);
        if (voice.frames() > 0) {
            ops.write(voice.mel(), 0, own.cols(3 * m, 4 * m).rows(0, voice.frames()));
        }
        int given = voice.frames();
        if (given > 0) {
            noise.fill(ops, 0, x.rows(0, given));
        }
        noise.fill(ops, given + how.offset(), x.rows(given, total));
        integrate(ops, x, input, how, taps);
        return x;
    }

    private Tensor speaker(Ops ops, float[] xvector, Taps taps) {
        double sum = 0;
        for (float v : xvector) {
            sum += (double) v * v;
        }
        double norm = Math.max(Math.sqrt(sum), 1e-12);
        float[] unit = new float[xvector.length];
        for (int i = 0; i < unit.length; i++) {
            unit[i] = (float) (xvector[i] / norm);
        }
        taps.tap("spk_norm", unit, 1, unit.length);
        Tensor embedding = ops.tensor(1, 1, unit.length);
        ops.write(unit, 0, embedding);
        Tensor spk = ops.linear(embedding, speaker);
        taps.tap("spk", ops, spk);
        return spk;
    }

    /** Euler steps on x (1,T,M); {@code input} holds all but the state. */
    private void integrate(Ops ops, Tensor x, Tensor input, Options how, Taps taps) {
        int m = bands();
        float[] times = times(how.steps());
        float[] from = java.util.Arrays.copyOf(times, how.steps());
        float[] to = java.util.Arrays.copyOfRange(times, 1, how.steps() + 1);
        Tensor conditions = estimator.times(ops, from, to, how.tapped(), taps); // (1,S,..)
        Tensor field = ops.tensor(input.batch(), x.rows(), m);
        for (int s = 0; s < how.steps(); s++) {
            how.check().run();
            for (int b = 0; b < input.batch(); b++) {
                ops.copy(x, input.batch(b).cols(0, m));
            }
            boolean tapped = s == how.tapped();
            if (taps.on()) {
                taps.tap("est_x" + s, ops, x);
                if (tapped) {
                    tapArguments(ops, input, from[s], to[s], taps);
                }
            }
            estimator.run(ops, input, conditions.rows(s, s + 1), tapped ? taps : Taps.NONE, field);
            if (tapped) {
                taps.tap("est_out", ops, field);
            }
            float step = to[s] - from[s];
            if (input.batch() == 2) {
                ops.addScaled(x, field.batch(0), step * (1 + GUIDANCE), x);
                ops.addScaled(x, field.batch(1), -step * GUIDANCE, x);
            } else {
                ops.addScaled(x, field, step, x);
            }
        }
    }

    private void tapArguments(Ops ops, Tensor input, float t, float r, Taps taps) {
        int m = bands();
        taps.tap("est_in_x", ops, input.cols(0, m));
        taps.tap("est_in_mu", ops, input.cols(m, 2 * m));
        taps.tap("est_in_spks", ops, input.cols(2 * m, 3 * m).rows(0, 1));
        taps.tap("est_in_cond", ops, input.cols(3 * m, 4 * m));
        taps.tap("est_in_t", new float[] {t}, 1);
        taps.tap("est_in_r", new float[] {r}, 1);
    }

    /**
     * Times 0 to 1, rounded as the official code rounds them: equal steps, or a cosine schedule.
     */
    private float[] times(int steps) {
        float[] times = new float[steps + 1];
        float step = 1f / steps;
        for (int k = 0; k <= steps; k++) {
            // torch.linspace counts from both ends
            float t = k < (steps + 1) / 2 ? k * step : 1 - (steps - k) * step;
            times[k] = estimator.meanflow() ? t : 1 - (float) Math.cos(t * 0.5f * (float) Math.PI);
        }
        return times;
    }
}
