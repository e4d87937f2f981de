package dev.skald.piper.vits;

import dev.skald.Optimisation;
import dev.skald.SpeechCancelledException;
import dev.skald.VoiceException;
import dev.skald.engine.BatchStream;
import dev.skald.engine.SpeechJob;
import dev.skald.nn.Rows;
import dev.skald.piper.PiperNetwork;
import dev.skald.piper.vits.Vits.Stage;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * One sentence. The encoder and the durations run over all of it, the flow and the decoder in
 * windows of frames, each computed from exactly the frames it depends on: what comes out is what
 * the uncut run gives, up to rounding. The first window is small, so that it is heard early.
 *
 * <p>Sentences of more than {@link #PIECE} ids are spoken in pieces, so that memory is bounded.
 */
final class VitsUtterance implements PiperNetwork.Utterance {
    /** About 70 seconds of speech; attention's work grows with its square. */
    static final int PIECE = 2048;

    /** Frames of the windows of audio, the last size for all that follow. */
    static final int[] WINDOWS = {16, 48, 128};

    /** Those of a sentence that nobody waits for yet. */
    static final int[] LARGE = {128};

    /** A device that replays recordings has windows of its own: {@link RecordedSentence}. */
    static final int[] RECORDED = {};

    /** Frames the flow runs ahead, beyond what the decoder asks for; at first not at all. */
    private static final int AHEAD = 512;

    private static final long MOST_SAMPLES = 1 << 30;

    private final VitsNetwork network;
    private final int[] ids;
    private final PiperNetwork.Settings settings;
    private final Taps taps;
    private final int[] windows;

    /** What computes it with those of other speeches; null: nothing. */
    private final @Nullable VitsBatch batch;

    private final Object speech;

    private @Nullable Ops ops;

    /** The sentence where it is computed alone, and where it is computed with others. */
    private @Nullable Sentence piece;

    private RecordedSentence.@Nullable Held held;

    /** What was computed with others and not taken yet. */
    private float @Nullable [] made;

    private @Nullable RuntimeException failure;

    /** Whether its next samples are; changes only while it is in use. */
    private volatile boolean shared;

    private boolean freed;
    private int pieces;
    private int spokenIds;
    private int[] ends = new int[0]; // in samples, of all pieces that were begun
    private int windowsMade;
    private volatile boolean cancelled;

    /**
     * @param windows frames of the windows, the last size for all that follow
     */
    VitsUtterance(
            VitsNetwork network,
            int[] ids,
            PiperNetwork.Settings settings,
            Taps taps,
            int[] windows) {
        this(network, ids, settings, taps, windows, null, network);
    }

    /**
     * @param batch what computes it with those of other speeches; then windows are {@link
     *     #RECORDED}
     * @param speech whose it is
     */
    VitsUtterance(
            VitsNetwork network,
            int[] ids,
            PiperNetwork.Settings settings,
            Taps taps,
            int[] windows,
            @Nullable VitsBatch batch,
            Object speech) {
        this.network = network;
        this.ids = ids;
        this.settings = settings;
        this.taps = taps;
        this.windows = windows;
        this.batch = batch;
        this.speech = speech;
        if (batch != null) {
            batch.begins(speech);
            shared = batch.wanted();
        }
    }

    @Override
    public synchronized boolean hasNext() {
        boolean computed = made != null || failure != null;
        return computed || spokenIds < ids.length || piece != null || held != null;
    }

    @Override
    public synchronized float[] next(int threads) {
        if (!hasNext()) {
            throw new NoSuchElementException("the sentence has ended");
        }
        check();
        try {
            if (failure != null) {
                throw failure;
            }
            float[] samples = made == null ? alone(threads) : made;
            made = null;
            return samples;
        } finally {
            shared = batch != null && batch.wanted();
        }
    }

    private float[] alone(int threads) {
        return network.running(
                () -> {
                    if (ops == null) {
                        ops = network.take();
                    }
                    ops.threads(threads);
                    Sentence speaking = piece == null ? nextPiece(ops) : piece;
                    piece = speaking;
                    float[] samples = speaking.next();
                    if (speaking.ended()) {
                        speaking.frame().close();
                        piece = null;
                    }
                    return samples;
                });
    }

    @Override
    public synchronized int[] ends() {
        return ends.clone();
    }

    private Sentence nextPiece(Ops ops) {
        Ops.Scope frame = ops.scope();
        try {
            if (held != null) {
                Sentence resumed = new RecordedSentence(network, ops, frame, held, settings);
                held = null;
                return resumed;
            }
            int[] part = nextIds();
            spokenIds += part.length;
            boolean recorded = windows.length == 0;
            Sentence next =
                    recorded
                            ? new RecordedSentence(network, ops, frame, part, settings, pieces++)
                            : new Piece(ops, frame, part, pieces++);
            tell(next.ends());
            return next;
        } catch (RuntimeException | Error e) {
            frame.close();
            throw e;
        }
    }

    private int[] nextIds() {
        return Arrays.copyOfRange(ids, spokenIds, Math.min(ids.length, spokenIds + PIECE));
    }

    private void tell(int[] more) {
        int known = ends.length;
        int before = known == 0 ? 0 : ends[known - 1];
        int hop = network.vits().decoder().hop();
        ends = Arrays.copyOf(ends, known + more.length);
        for (int i = 0; i < more.length; i++) {
            ends[known + i] = before + more[i] * hop;
        }
    }

    private void check() {
        if (cancelled) {
            throw new SpeechCancelledException("the speech was cancelled");
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
    }

    /** Waits for the window that is being made, if any. */
    @Override
    public void close() {
        cancel();
        free();
    }

    private synchronized void free() {
        spokenIds = ids.length;
        held = null;
        made = null;
        failure = null;
        leaveDevice();
        if (batch != null && !freed) {
            batch.ended(speech);
        }
        freed = true;
    }

    private void leaveDevice() {
        if (piece != null) {
            piece.frame().close();
            piece = null;
        }
        if (ops != null) {
            network.give(ops);
            ops = null;
        }
    }

    // ---- with others

    @Override
    public SpeechJob.@Nullable Batch batch() {
        return shared ? batch : null;
    }

    @Override
    public void joins() {
        if (batch != null) {
            batch.add(this);
        }
    }

    /**
     * What a batch is to compute of it; null if that is nothing.
     *
     * @param only whether it is alone there: then one that was begun alone stays where it is
     */
    synchronized @Nullable Share share(boolean only) {
        boolean computed = made != null || failure != null;
        if (cancelled || computed || !hasNext() || (only && piece != null)) {
            return null;
        }
        if (piece instanceof RecordedSentence recorded) {
            try {
                held = recorded.held();
            } catch (RuntimeException e) { // of a device that failed
                failure = e;
                return null;
            }
            leaveDevice();
        }
        return new Share(held == null ? nextIds() : new int[0], pieces, held);
    }

    /** Its next samples, where a batch computes them. For the thread that runs the batch. */
    final class Share implements BatchStream.Part {
        private final int[] ids;
        private final int number;
        private RecordedSentence.@Nullable Held sentence;
        private boolean done;

        private Share(int[] ids, int number, RecordedSentence.@Nullable Held sentence) {
            this.ids = ids;
            this.number = number;
            this.sentence = sentence;
        }

        PiperNetwork.Settings settings() {
            return settings;
        }

        /** Those of a sentence that has to be encoded first. */
        int[] ids() {
            return ids;
        }

        /** Of the part of a very long sentence. */
        int number() {
            return number;
        }

        /** Null until it was encoded. */
        RecordedSentence.@Nullable Held sentence() {
            return sentence;
        }

        @Override
        public boolean done() {
            return done || cancelled;
        }

        void encoded(RecordedSentence.Held begun) {
            synchronized (VitsUtterance.this) {
                sentence = begun;
                if (!cancelled) {
                    held = begun;
                    spokenIds += ids.length;
                    pieces++;
                    tell(begun.ends());
                }
            }
        }

        /**
         * @param after the sentence with them spoken
         */
        void made(float[] samples, RecordedSentence.Held after) {
            synchronized (VitsUtterance.this) {
                done = true;
                if (!cancelled) {
                    made = samples;
                    held = after.spoken() == after.frames() ? null : after;
                }
            }
        }

        @Override
        public void fails(RuntimeException why) {
            synchronized (VitsUtterance.this) {
                done = true;
                failure = why;
            }
        }
    }

    /** A sentence, or the part of a very long one, that is encoded as a whole. */
    interface Sentence {
        /** Where each phoneme ends, in frames. */
        int[] ends();

        /** Holds what lives as long as it. */
        Ops.Scope frame();

        boolean ended();

        /** The next samples. */
        float[] next();
    }

    /** One that is computed op by op, in windows of any size. */
    private final class Piece implements Sentence {
        private final Ops ops;
        private final Vits vits = network.vits();
        private final Ops.Scope frame;
        private final int number;
        private final TextEncoder.Encoded encoded;

        /** Where each phoneme ends, in frames. */
        private final int[] ends;

        private final int frames;
        private final Ops.Ints phonemes;
        private final List<Tensor> flowConditions;
        private final @Nullable Tensor decoderCondition;

        /** Two homes of the latent's window, used in turn. */
        private final Tensor[] homes = new Tensor[2];

        private Rows latent = new Rows(0, 0);
        private int spoken;

        /** {@code frame} holds what lives as long as the piece. */
        Piece(Ops ops, Ops.Scope frame, int[] ids, int number) {
            this.ops = ops;
            this.frame = frame;
            this.number = number;
            Ops.Ints input = ops.ints(ids.length);
            if (ops.backend().uses(Optimisation.BATCHED_TEXT)) {
                ops.write(ids, input);
            } else {
                for (int i = 0; i < ids.length; i++) {
                    ops.write(new int[] {ids[i]}, input.slice(i, 1));
                }
            }
            Tensor speaker = speaker();
            encoded =
                    network.timed(
                            Stage.ENCODER,
                            vits.encoder().operations(ids.length),
                            () -> vits.encoder().encode(ops, input, VitsUtterance.this::check));
            taps.tap("encoder.hidden", ops, encoded.hidden());
            taps.tap("encoder.mean", ops, encoded.mean());
            taps.tap("encoder.log_deviation", ops, encoded.logDeviation());
            ends =
                    network.timed(
                            Stage.DURATIONS,
                            vits.durations().operations() * ids.length,
                            () -> durations(speaker));
            frames = ends[ends.length - 1];
            phonemes = ops.ints(VitsUtterance.phonemes(ends));
            flowConditions = speaker == null ? List.of() : vits.flow().conditions(ops, speaker);
            decoderCondition = vits.decoder().condition(ops, speaker);
            int most = windows[windows.length - 1];
            for (int window : windows) {
                most = Math.max(most, window);
            }
            // What a window sees beyond itself is the same everywhere but at the edges.
            Rows widest = vits.decoder().needed(new Rows(1 << 16, (1 << 16) + most), 1 << 20);
            int room = Math.min(frames, widest.count() + AHEAD);
            homes[0] = ops.tensor(1, room, vits.flow().channels());
            homes[1] = ops.tensor(1, room, vits.flow().channels());
        }

        private @Nullable Tensor speaker() {
            if (vits.speakers() == null) {
                return null;
            }
            Ops.Ints id = ops.ints(1);
            ops.write(new int[] {settings.speaker()}, id);
            Tensor speaker = ops.tensor(1, 1, vits.speakers().dim());
            ops.embed(vits.speakers(), id, speaker);
            return speaker;
        }

        private int[] durations(@Nullable Tensor speaker) {
            float[] values;
            try (Ops.Scope inner = ops.scope()) {
                Tensor noise = ops.tensor(1, encoded.hidden().rows(), 2);
                long first = (long) number * PIECE;
                DurationPredictor.noise(ops, settings.noiseWidth(), settings.seed(), first, noise);
                Tensor log = ops.tensor(1, noise.rows(), 1);
                vits.durations().logDurations(ops, encoded.hidden(), speaker, noise, log);
                values = ops.read(log);
            }
            taps.tap("durations.log", values, values.length);
            return VitsUtterance.ends(values, settings.lengthScale(), vits.decoder().hop());
        }

        @Override
        public int[] ends() {
            return ends;
        }

        @Override
        public Ops.Scope frame() {
            return frame;
        }

        @Override
        public boolean ended() {
            return spoken == frames;
        }

        @Override
        public float[] next() {
            int size = windows[Math.min(windowsMade, windows.length - 1)];
            int to = frames - spoken <= size ? frames : spoken + size;
            boolean first = windowsMade == 0 && windows.length > 1;
            Rows window = new Rows(spoken, to);
            Rows needed = vits.decoder().needed(window, frames);
            if (needed.to() > latent.to()) {
                int until = first ? needed.to() : Math.min(frames, needed.to() + AHEAD);
                moveLatent(new Rows(needed.from(), until));
                check();
            }
            float[] samples =
                    network.timed(
                            Stage.DECODER,
                            vits.decoder().operations() * window.count(),
                            () -> decode(window, needed));
            windowsMade++;
            spoken = to;
            return samples;
        }

        private float[] decode(Rows window, Rows needed) {
            try (Ops.Scope inner = ops.scope()) {
                Tensor z = needed.of(homes[0].rows(0, latent.count()), latent);
                Tensor audio = vits.decoder().decode(ops, z, window, frames, decoderCondition);
                return ops.read(audio);
            }
        }

        /** Makes the latent of {@code wanted}, keeping what is there of it. */
        private void moveLatent(Rows wanted) {
            Tensor home = homes[1];
            int known = Math.max(wanted.from(), latent.to());
            if (known > wanted.from()) {
                Rows kept = new Rows(wanted.from(), known);
                Tensor old = homes[0].rows(0, latent.count());
                ops.copy(kept.of(old, latent), home.rows(0, kept.count()));
            }
            Rows fresh = new Rows(known, wanted.to());
            network.timed(
                    Stage.FLOW,
                    vits.flow().operations() * fresh.count(),
                    () -> {
                        flow(fresh, home.rows(known - wanted.from(), wanted.count()));
                        return null;
                    });
            homes[1] = homes[0];
            homes[0] = home;
            latent = wanted;
        }

        private void flow(Rows fresh, Tensor out) {
            int channels = vits.flow().channels();
            try (Ops.Scope inner = ops.scope()) {
                Rows reach = fresh.grown(vits.flow().reach(), frames);
                Tensor z = ops.tensor(1, reach.count(), channels);
                prior(reach, z);
                vits.flow().invert(ops, z, reach, fresh, frames, flowConditions);
                Tensor made = fresh.of(z, reach);
                taps.tap("latent", ops, made);
                ops.copy(made, out);
            }
        }

        /** Each frame's mean and noise, of the phoneme it belongs to. */
        private void prior(Rows rows, Tensor z) {
            Ops.Ints index = phonemes.slice(rows.from(), rows.count());
            VitsUtterance.prior(ops, encoded, index, settings, number, rows.from(), z);
        }
    }

    /**
     * Where each phoneme ends, in frames.
     *
     * @param log logarithms of durations
     */
    static int[] ends(float[] log, float lengthScale, int hop) {
        int[] ends = new int[log.length];
        long end = 0;
        long most = MOST_SAMPLES / hop;
        for (int i = 0; i < log.length; i++) {
            double length = Math.ceil((float) Math.exp(log[i]) * lengthScale);
            // Written so that NaN is refused too.
            if (!(length >= 0 && end + length <= most)) {
                throw new VoiceException(
                        "the voice gives this sentence an impossible length: it is damaged, or"
                                + " the speed far too low");
            }
            end += (long) length;
            ends[i] = (int) end;
        }
        if (end == 0) {
            ends[log.length - 1] = 1;
        }
        return ends;
    }

    /** The phoneme that each frame belongs to. */
    static int[] phonemes(int[] ends) {
        int[] phonemes = new int[ends[ends.length - 1]];
        for (int i = 0, from = 0; i < ends.length; from = ends[i++]) {
            Arrays.fill(phonemes, from, ends[i], i);
        }
        return phonemes;
    }

    /**
     * Each frame's mean and noise, of the phoneme it belongs to.
     *
     * @param phonemes of the frames {@code first...}
     * @param number of the part of a very long sentence
     */
    static void prior(
            Ops ops,
            TextEncoder.Encoded encoded,
            Ops.Ints phonemes,
            PiperNetwork.Settings settings,
            int number,
            int first,
            Tensor z) {
        ops.gather(encoded.mean(), phonemes, z);
        if (settings.noiseScale() != 0) {
            Tensor deviation = ops.tensor(1, z.rows(), z.cols());
            ops.gather(encoded.logDeviation(), phonemes, deviation);
            ops.activate(deviation, Activation.EXP, deviation);
            Tensor noise = ops.tensor(1, z.rows(), z.cols());
            ops.noise(settings.seed(), 1 + number, (long) first * z.cols(), noise);
            ops.mul(noise, deviation, noise);
            ops.addScaled(z, noise, settings.noiseScale(), z);
        }
    }
}
