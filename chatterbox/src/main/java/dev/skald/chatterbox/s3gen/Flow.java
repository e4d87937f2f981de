package dev.skald.chatterbox.s3gen;

import dev.skald.nn.Loader;
import dev.skald.nn.NoiseSource;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weights;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;

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

    private final FlowEncoder encoder;
    private final FlowEstimator estimator;
    private final Linear speaker;
    private final EulerSteps steps;

    private Flow(
            FlowEncoder encoder, FlowEstimator estimator, Linear speaker, Parameters parameters) {
        this.encoder = encoder;
        this.estimator = estimator;
        this.speaker = speaker;
        steps = new EulerSteps(estimator, parameters);
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

    EulerSteps steps() {
        return steps;
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
        return steps.count();
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
        int most = 0;
        for (Piece piece : pieces) {
            check(piece);
            most = Math.max(most, piece.frames());
        }
        Tensor mel = ops.tensor(n, most, bands());
        // golden values know no padding
        Room room = room(taps.on() || how.beyond() > 0 ? tokens -> tokens : ops::bucket, pieces);
        try (var scope = ops.scope();
                Ops.Recording<EulerSteps.State> euler =
                        steps.open(ops, n, room.rows(), room.padded(), how.steps())) {
            EulerSteps.State e = euler.tensors();
            e.clear(ops);
            begin(ops, pieces, room.tokens(), how, e, taps);
            e.lengths(ops, pieces.stream().mapToInt(Piece::total).toArray());
            integrate(ops, euler, how, taps);
            for (int i = 0; i < n; i++) {
                Piece piece = pieces.get(i);
                ops.copy(
                        e.x().batch(i).rows(piece.voice().reference().frames(), piece.total()),
                        mel.batch(i).rows(0, piece.frames()));
            }
        }
        return mel;
    }

    /**
     * What pieces that go together get.
     *
     * @param tokens of each, for the encoder
     * @param rows of each, for the estimator
     * @param padded whether some are not valid
     */
    record Room(int tokens, int rows, boolean padded) {}

    /** What these get. */
    static Room room(IntUnaryOperator bucket, List<Piece> pieces) {
        int tokens = pieces.stream().mapToInt(Piece::count).max().orElse(0);
        int total = pieces.stream().mapToInt(Piece::total).max().orElse(0);
        return room(bucket, pieces.size(), tokens, total);
    }

    /** What so many get, of at most so many tokens and frames. */
    static Room room(IntUnaryOperator bucket, int pieces, int tokens, int total) {
        int room = bucket.applyAsInt(tokens);
        int rows = room > tokens ? FRAMES_A_TOKEN * room : total;
        return new Room(room, rows, pieces > 1 || room > tokens);
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

    /** Rows of the estimator that a piece takes. */
    int branches() {
        return steps.branches();
    }

    /**
     * Puts the beginnings of pieces into the first batches of a state.
     *
     * @param count tokens that there is room for
     */
    void begin(
            Ops ops,
            List<Piece> pieces,
            int count,
            Options how,
            EulerSteps.State euler,
            Taps taps) {
        int m = bands();
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
    private void integrate(Ops ops, Ops.Recording<EulerSteps.State> euler, Options how, Taps taps) {
        EulerSteps.State e = euler.tensors();
        float[] times = steps.times(how.steps());
        steps.prepare(ops, e, how.steps(), how.tapped(), taps, 0);
        for (int s = 0; s < how.steps(); s++) {
            how.check().run();
            if (taps.on()) {
                taps.tap("est_x" + s, ops, e.x());
            }
            if (taps.on() && s == how.tapped()) {
                steps.state(ops, e);
                tapArguments(ops, e.input(), times[s], times[s + 1], taps);
                steps.step(ops, e, taps);
                taps.tap("est_out", ops, e.field());
            } else {
                euler.replay();
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
}
