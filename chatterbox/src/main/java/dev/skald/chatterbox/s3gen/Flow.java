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
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Speech tokens and a voice → mel spectrogram by conditional flow matching: Euler steps from noise
 * along the estimator's field, with classifier-free guidance, or two long steps of a meanflow
 * estimator without. Follows {@code s3gen/flow.py} and {@code s3gen/flow_matching.py} of
 * resemble-ai/chatterbox.
 *
 * <p>Several pieces may go through together, each at its own length: the rows beyond it are
 * padding, which nothing sees, so that a piece is the same alone and among others.
 *
 * <p>Legend: N pieces, B rows of the estimator (N, or with guidance 2N: the unconditional ones
 * follow), T frames, M 80 mel bands.
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
     * @param beyond zero embeddings after the tokens, see {@link FlowEncoder#encode}
     * @param tapped the estimator call that taps see
     * @param check runs before each step and may throw, to stop the work
     */
    record Options(int steps, int beyond, int tapped, Runnable check) {}

    /** The official settings. */
    Options options(Runnable check) {
        return new Options(defaultSteps(), 0, -1, check);
    }

    /**
     * What is said.
     *
     * @param last whether no tokens follow; if some do, the last {@link #LOOKAHEAD} are only looked
     *     at
     * @param offset frames of the signal before the first token's: where its noise begins
     * @param noise the start of the flow; its rows are frames, the voice's first
     */
    record Piece(Prompt voice, int[] tokens, boolean last, long offset, NoiseSource noise) {
        /** Tokens, the voice's among them. */
        int count() {
            return voice.reference().tokens().length + tokens.length;
        }

        /** Frames, the voice's among them. */
        int total() {
            return FRAMES_A_TOKEN * (count() - (last ? 0 : LOOKAHEAD));
        }

        /** Frames that are made. */
        int frames() {
            return total() - voice.reference().frames();
        }
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
     * @throws IllegalArgumentException if a voice is not one of this model's
     */
    void check(VoiceReference voice) {
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
    }

    /**
     * Uploads a voice, in the caller's scope.
     *
     * @throws IllegalArgumentException if it is not one of this model's
     */
    Prompt prompt(Ops ops, VoiceReference voice, Taps taps) {
        check(voice);
        Tensor mel = ops.tensor(1, voice.frames(), bands());
        ops.write(voice.mel(), 0, mel);
        return new Prompt(voice, speaker(ops, voice.xvector(), taps), mel);
    }

    /** The mel frames of one piece, without the voice's own: (1,T,M), in the caller's scope. */
    Tensor mel(Ops ops, Piece piece, Options how, Taps taps) {
        return mels(ops, List.of(piece), how, taps).rows(0, piece.frames());
    }

    /** The mel frames of each piece, followed by anything: (N,T,M), in the caller's scope. */
    Tensor mels(Ops ops, List<Piece> pieces, Options how, Taps taps) {
        int n = pieces.size();
        int tokens = 0;
        int total = 0;
        int most = 0;
        for (Piece piece : pieces) {
            check(piece);
            tokens = Math.max(tokens, piece.count());
            total = Math.max(total, piece.total());
            most = Math.max(most, piece.frames());
        }
        Tensor mel = ops.tensor(n, most, bands());
        // golden values know no padding
        int bucket = taps.on() || how.beyond() > 0 ? tokens : ops.bucket(tokens);
        boolean padded = n > 1 || bucket > tokens;
        int ids = bucket;
        int rows = bucket > tokens ? FRAMES_A_TOKEN * bucket : total;
        Function<Ops, Euler> make = on -> euler(on, n, rows, padded, how.steps());
        BiConsumer<Ops, Euler> body = (on, e) -> step(on, e, Taps.NONE);
        try (var scope = ops.scope();
                // The kernels of several take longer than their launches.
                Ops.Recording<Euler> euler =
                        n > 1
                                ? Ops.unrecorded(ops, make, body)
                                : ops.record(
                                        new Shape(this, rows, padded, how.steps()), make, body)) {
            begin(ops, pieces, ids, how, euler.tensors(), taps);
            integrate(ops, euler, how, taps);
            for (int i = 0; i < n; i++) {
                Piece piece = pieces.get(i);
                ops.copy(
                        euler.tensors()
                                .x()
                                .batch(i)
                                .rows(piece.voice().reference().frames(), piece.total()),
                        mel.batch(i).rows(0, piece.frames()));
            }
        }
        return mel;
    }

    /**
     * @throws IllegalArgumentException if it cannot be spoken
     */
    void check(Piece piece) {
        if (piece.frames() < 1) {
            throw new IllegalArgumentException(
                    piece.tokens().length + " speech tokens are too few to be spoken");
        }
        encoder.check(piece.tokens());
    }

    /** Where the Euler steps of a flow are the same ops. */
    private record Shape(Flow flow, int rows, boolean padded, int steps) {}

    /**
     * What the Euler steps work on.
     *
     * @param x (N,T,M): the state
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

    /** Rows of the estimator that a piece takes. */
    int branches() {
        return estimator.meanflow() ? 1 : 2;
    }

    private Euler euler(Ops ops, int pieces, int rows, boolean padded, int steps) {
        int batch = branches() * pieces;
        Tensor field = ops.tensor(batch, rows, bands());
        return new Euler(
                ops.tensor(pieces, rows, bands()),
                estimator.input(ops, field),
                padded ? ops.ints(batch) : null,
                ops.tensor(1, steps, defaultConditions.cols()),
                ops.tensor(1, steps, 1),
                ops.ints(1),
                ops.tensor(1, 1, defaultConditions.cols()),
                field);
    }

    /**
     * Fills in all but the state in {@code input} and what is told of the steps.
     *
     * @param count tokens that there is room for
     */
    private void begin(
            Ops ops, List<Piece> pieces, int count, Options how, Euler euler, Taps taps) {
        int m = bands();
        ops.fill(euler.input(), 0);
        ops.fill(euler.x(), 0);
        encode(ops, pieces, count, how, euler.input(), taps);
        for (int i = 0; i < pieces.size(); i++) {
            Piece piece = pieces.get(i);
            Prompt voice = piece.voice();
            Tensor own = euler.input().batch(i);
            Tensor speakerColumns = own.cols(2 * m, 3 * m);
            ops.add(speakerColumns, voice.speaker(), speakerColumns);
            int given = voice.reference().frames();
            Tensor x = euler.x().batch(i);
            if (given > 0) {
                ops.copy(voice.mel(), own.cols(3 * m, 4 * m).rows(0, given));
                piece.noise().fill(ops, 0, x.rows(0, given));
            }
            piece.noise().fill(ops, given + piece.offset(), x.rows(given, piece.total()));
        }
        if (euler.valid() != null) {
            int[] valid = new int[euler.valid().count()];
            Arrays.setAll(valid, b -> pieces.get(b % pieces.size()).total());
            ops.write(valid, euler.valid());
        }
    }

    /** Where the ops of the encoder are the same. */
    private record EncoderShape(Flow flow, int tokens, boolean padded) {}

    /** What the tokens of the pieces say, into their columns of {@code input}. */
    private void encode(
            Ops ops, List<Piece> pieces, int count, Options how, Tensor input, Taps taps) {
        int n = pieces.size();
        int[] ids = new int[n * count];
        int[] counts = new int[n];
        boolean padded = n > 1;
        for (int i = 0; i < n; i++) {
            int[] heard = pieces.get(i).voice().reference().tokens();
            int[] tokens = pieces.get(i).tokens();
            System.arraycopy(heard, 0, ids, i * count, heard.length);
            System.arraycopy(tokens, 0, ids, i * count + heard.length, tokens.length);
            counts[i] = pieces.get(i).count();
            padded |= counts[i] < count;
        }
        boolean lengths = padded;
        Function<Ops, FlowEncoder.Sequences> make = on -> encoder.sequences(on, n, count, lengths);
        BiConsumer<Ops, FlowEncoder.Sequences> body =
                (on, s) -> encoder.encode(on, s, 0, Taps.NONE);
        try (var scope = ops.scope();
                Ops.Recording<FlowEncoder.Sequences> encoding =
                        n > 1
                                ? Ops.unrecorded(ops, make, body)
                                : ops.record(new EncoderShape(this, count, lengths), make, body)) {
            FlowEncoder.Sequences s = encoding.tensors();
            ops.write(ids, s.ids());
            if (s.lengths() != null) {
                ops.write(counts, s.lengths());
            }
            if (taps.on() || how.beyond() > 0) {
                encoder.encode(ops, s, how.beyond(), taps);
            } else {
                encoding.replay();
            }
            for (int i = 0; i < n; i++) {
                int total = pieces.get(i).total();
                Tensor made = s.mu().batch(i).rows(0, total);
                taps.tap("mu", ops, made);
                ops.copy(made, input.batch(i).cols(bands(), 2 * bands()).rows(0, total));
            }
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
            ops.copy(e.x().batch(b % e.x().batch()), e.input().batch(b).cols(0, bands()));
        }
    }

    /** One Euler step; nothing in it comes from the host. */
    private void step(Ops ops, Euler e, Taps taps) {
        state(ops, e);
        ops.gather(e.conditions(), e.step(), e.time());
        Ints valid = e.valid();
        Tensor input = valid == null ? e.input() : e.input().valid(valid);
        Tensor field = valid == null ? e.field() : e.field().valid(valid);
        estimator.run(ops, input, e.time(), taps, field);
        int n = e.x().batch();
        int rows = e.x().rows();
        // (N,T,M) twice as (2,N T,M): both fields of a piece are two batches of a view
        Tensor fields = e.field().reshape(branches(), n * rows, bands());
        for (int i = 0; i < n; i++) {
            Tensor x = e.x().batch(i);
            ops.eulerStep(
                    valid == null ? x : x.valid(valid.slice(i, 1)),
                    fields.rows(i * rows, (i + 1) * rows),
                    e.lengths(),
                    e.step(),
                    GUIDANCE);
        }
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
