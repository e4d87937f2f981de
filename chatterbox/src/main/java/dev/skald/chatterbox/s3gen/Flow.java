package dev.skald.chatterbox.s3gen;

import dev.skald.nn.Loader;
import dev.skald.nn.NoiseSource;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weights;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

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

    /** What the estimator is told at each of the default steps: (1,S,N*C). */
    private final Tensor defaultConditions;

    private Flow(
            FlowEncoder encoder, FlowEstimator estimator, Linear speaker, Parameters parameters) {
        this.encoder = encoder;
        this.estimator = estimator;
        this.speaker = speaker;
        float[] times = times(defaultSteps());
        try (Ops ops = parameters.backend().open()) {
            ops.threads(1);
            Tensor conditions =
                    estimator.times(
                            ops,
                            Arrays.copyOf(times, times.length - 1),
                            Arrays.copyOfRange(times, 1, times.length),
                            -1,
                            Taps.NONE);
            defaultConditions =
                    parameters.constant(ops.read(conditions), conditions.rows(), conditions.cols());
        }
    }

    /**
     * Loads the weights under {@code flow.} of {@code s3gen.safetensors}.
     *
     * @param headDim columns of an attention head of the estimator, which no weight tells: 64 in
     *     the published checkpoints
     */
    public static Flow load(Weights weights, Parameters parameters, int headDim) {
        Loader load = Loader.of(weights, parameters);
        return new Flow(
                parameters.load(() -> new FlowEncoder(load)),
                parameters.load(
                        () -> new FlowEstimator(load.under("decoder", "estimator"), headDim)),
                load.linear("spk_embed_affine_layer", -1, -1),
                parameters);
    }

    FlowEncoder encoder() {
        return encoder;
    }

    FlowEstimator estimator() {
        return estimator;
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
     * A voice as the flow wants it, where the ops run: made once, for all that it speaks.
     *
     * @param reference what it was made of
     * @param speaker (1,1,M)
     * @param mel (1,F,M); of no frames if the voice has none
     */
    record Prompt(VoiceReference reference, Tensor speaker, Tensor mel) {}

    /**
     * Uploads a voice, in the caller's scope.
     *
     * @throws IllegalArgumentException if it is not one of this model's
     */
    Prompt prompt(Ops ops, VoiceReference voice, Taps taps) {
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
        encoder.check(voice.tokens());
        Tensor mel = ops.tensor(1, voice.frames(), bands());
        ops.write(voice.mel(), 0, mel);
        return new Prompt(voice, speaker(ops, voice.xvector(), taps), mel);
    }

    /**
     * The mel frames of {@code tokens}, without the voice's own: (1,T,M), in the caller's scope.
     *
     * @param noise the start of the flow; its rows are frames, the voice's first
     */
    Tensor mel(Ops ops, Prompt voice, int[] tokens, NoiseSource noise, Options how, Taps taps) {
        int own = voice.reference().frames();
        int frames = frames(voice.reference(), tokens.length, how.last());
        if (frames < 1) {
            throw new IllegalArgumentException(
                    tokens.length + " speech tokens are too few to be spoken");
        }
        encoder.check(tokens);
        Tensor mel = ops.tensor(1, frames, bands());
        int count = voice.reference().tokens().length + tokens.length;
        // golden values know no padding
        int bucket = taps.on() || how.beyond() > 0 ? count : ops.bucket(count);
        boolean padded = bucket > count;
        int rows = FRAMES_A_TOKEN * (padded ? bucket : count - (how.last() ? 0 : LOOKAHEAD));
        try (var scope = ops.scope();
                Ops.Recording<Euler> euler =
                        ops.record(
                                new Shape(this, rows, padded, how.steps()),
                                on -> euler(on, rows, padded, how.steps()),
                                (on, e) -> step(on, e, Taps.NONE))) {
            begin(ops, voice, tokens, noise, how, euler.tensors(), taps);
            integrate(ops, euler, how, taps);
            ops.copy(euler.tensors().x().rows(own, own + frames), mel);
        }
        return mel;
    }

    /** Where the Euler steps of a flow are the same ops. */
    private record Shape(Flow flow, int rows, boolean padded, int steps) {}

    /**
     * What the Euler steps work on.
     *
     * @param x (1,T,M): the state
     * @param input (B,T,in): x | mu | speaker | condition
     * @param valid B integers: how many rows are valid; null if all are
     * @param conditions (1,S,N*C): what the estimator is told at each step
     * @param lengths (1,S,1): of the steps
     * @param step which comes next
     * @param time (1,1,N*C): its conditions
     * @param field (B,T,M)
     */
    private record Euler(
            Tensor x,
            Tensor input,
            @Nullable Ints valid,
            Tensor conditions,
            Tensor lengths,
            Ints step,
            Tensor time,
            Tensor field) {}

    private Euler euler(Ops ops, int rows, boolean padded, int steps) {
        int batch = estimator.meanflow() ? 1 : 2;
        Tensor field = ops.tensor(batch, rows, bands());
        return new Euler(
                ops.tensor(1, rows, bands()),
                estimator.input(ops, field),
                padded ? ops.ints(batch) : null,
                ops.tensor(1, steps, defaultConditions.cols()),
                ops.tensor(1, steps, 1),
                ops.ints(1),
                ops.tensor(1, 1, defaultConditions.cols()),
                field);
    }

    /** Fills in all but the state in {@code input} and what is told of the steps. */
    private void begin(
            Ops ops,
            Prompt voice,
            int[] tokens,
            NoiseSource noise,
            Options how,
            Euler euler,
            Taps taps) {
        int m = bands();
        Tensor x = euler.x();
        int[] heard = voice.reference().tokens();
        int count = heard.length + tokens.length;
        int total = FRAMES_A_TOKEN * (count - (how.last() ? 0 : LOOKAHEAD));
        int[] all = new int[euler.valid() == null ? count : x.rows() / FRAMES_A_TOKEN];
        System.arraycopy(heard, 0, all, 0, heard.length);
        System.arraycopy(tokens, 0, all, heard.length, tokens.length);
        ops.fill(euler.input(), 0);
        ops.fill(x, 0);
        Tensor own = euler.input().batch(0);
        encode(ops, all, count, how, own.cols(m, 2 * m).rows(0, total), taps);
        Tensor speakerColumns = own.cols(2 * m, 3 * m);
        ops.add(speakerColumns, voice.speaker(), speakerColumns);
        int given = voice.reference().frames();
        if (given > 0) {
            ops.copy(voice.mel(), own.cols(3 * m, 4 * m).rows(0, given));
            noise.fill(ops, 0, x.rows(0, given));
        }
        noise.fill(ops, given + how.offset(), x.rows(given, total));
        if (euler.valid() != null) {
            int[] valid = new int[euler.valid().count()];
            Arrays.fill(valid, total);
            ops.write(valid, euler.valid());
        }
    }

    /** Where the ops of the encoder are the same. */
    private record EncoderShape(Flow flow, int tokens, boolean padded) {}

    /** What the tokens, of which the first {@code count} are valid, say: {@code mu} is filled. */
    private void encode(Ops ops, int[] ids, int count, Options how, Tensor mu, Taps taps) {
        boolean padded = ids.length > count;
        try (var scope = ops.scope();
                Ops.Recording<FlowEncoder.Sequence> encoding =
                        ops.record(
                                new EncoderShape(this, ids.length, padded),
                                on -> encoder.sequence(on, ids.length, padded),
                                (on, s) -> encoder.encode(on, s, 0, Taps.NONE))) {
            FlowEncoder.Sequence s = encoding.tensors();
            ops.write(ids, s.ids());
            if (s.length() != null) {
                ops.write(new int[] {count}, s.length());
            }
            if (taps.on() || how.beyond() > 0) {
                encoder.encode(ops, s, how.beyond(), taps);
            } else {
                encoding.replay();
            }
            Tensor made = s.mu().rows(0, mu.rows());
            taps.tap("mu", ops, made);
            ops.copy(made, mu);
        }
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

    /** Euler steps from where {@link #begin} left off. */
    private void integrate(Ops ops, Ops.Recording<Euler> euler, Options how, Taps taps) {
        Euler e = euler.tensors();
        float[] times = times(how.steps());
        float[] from = Arrays.copyOf(times, how.steps());
        float[] to = Arrays.copyOfRange(times, 1, how.steps() + 1);
        boolean usual = how.steps() == defaultSteps() && !taps.on();
        ops.copy(
                usual ? defaultConditions : estimator.times(ops, from, to, how.tapped(), taps),
                e.conditions());
        float[] lengths = new float[how.steps()];
        for (int s = 0; s < lengths.length; s++) {
            lengths[s] = to[s] - from[s];
        }
        ops.write(lengths, 0, e.lengths());
        ops.write(new int[1], e.step());
        for (int s = 0; s < how.steps(); s++) {
            how.check().run();
            if (taps.on()) {
                taps.tap("est_x" + s, ops, e.x());
            }
            if (taps.on() && s == how.tapped()) {
                state(ops, e);
                tapArguments(ops, e.input(), from[s], to[s], taps);
                step(ops, e, taps);
                taps.tap("est_out", ops, e.field());
            } else {
                euler.replay();
            }
        }
    }

    /** Puts the state x into the input of the estimator, in both rows with guidance. */
    private void state(Ops ops, Euler e) {
        for (int b = 0; b < e.input().batch(); b++) {
            ops.copy(e.x(), e.input().batch(b).cols(0, bands()));
        }
    }

    /** One Euler step; nothing in it comes from the host. */
    private void step(Ops ops, Euler e, Taps taps) {
        state(ops, e);
        ops.gather(e.conditions(), e.step(), e.time());
        Ints valid = e.valid();
        Tensor x = valid == null ? e.x() : e.x().valid(valid.slice(0, 1));
        Tensor input = valid == null ? e.input() : e.input().valid(valid);
        Tensor field = valid == null ? e.field() : e.field().valid(valid);
        estimator.run(ops, input, e.time(), taps, field);
        ops.eulerStep(x, field, e.lengths(), e.step(), GUIDANCE);
        ops.increment(e.step(), 1);
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
