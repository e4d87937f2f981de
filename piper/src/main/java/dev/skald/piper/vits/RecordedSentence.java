package dev.skald.piper.vits;

import dev.skald.nn.Rows;
import dev.skald.piper.PiperNetwork;
import dev.skald.piper.vits.Vits.Stage;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A sentence on a device that replays recordings: the encoder with the durations is one, the flow
 * of all frames another, both padded to buckets; the decoder speaks windows of three shapes, at the
 * beginning, in the middle and at the end. Short sentences are one padded window.
 */
final class RecordedSentence implements VitsUtterance.Sentence {
    /** Frames of the first window, which is small to be heard early, and of the others. */
    private static final int FIRST = 64;

    private static final int WINDOW = 256;

    /** A frame that is far from every edge, and a whole that has it in its middle. */
    private static final int FAR = 1 << 12;

    private static final Rows FIRST_WINDOW = new Rows(0, FIRST);
    private static final Rows MIDDLE_WINDOW = new Rows(FAR, FAR + WINDOW);
    private static final Rows LAST_WINDOW = new Rows(2 * FAR - WINDOW, 2 * FAR);

    private final VitsNetwork network;
    private final Vits vits;
    private final Ops ops;
    private final Ops.Scope frame;
    private final PiperNetwork.Settings settings;
    private final int[] ends;
    private final int frames;

    /** (1,F,channels) */
    private final Tensor latent;

    private int spoken;

    /** Where the ops of a part are the same. */
    private record Shape(VitsNetwork network, Object part, int rows, boolean padded) {}

    /**
     * What encoder and durations work on.
     *
     * @param valid how many ids are; null if all
     * @param speaker null for a voice of one
     * @param noise (1,T,2)
     * @param log (1,T,1): logarithms of durations
     */
    private record Text(
            Ints ids,
            @Nullable Ints valid,
            @Nullable Ints speaker,
            Tensor noise,
            TextEncoder.Encoded encoded,
            Tensor log) {}

    /**
     * What the flow works on, or the decoder.
     *
     * @param z (1,F,channels)
     * @param audio (1,S,1); of the flow, none
     */
    private record Frames(Tensor z, @Nullable Ints valid, @Nullable Ints speaker, Tensor audio) {
        /** The frames, padded where they are. */
        Tensor frames() {
            return valid == null ? z : z.valid(valid);
        }
    }

    /**
     * Encodes the ids and makes the latent of all frames.
     *
     * @param frame holds what lives as long as the sentence
     * @param number of the part of a very long sentence
     */
    RecordedSentence(
            VitsNetwork network,
            Ops ops,
            Ops.Scope frame,
            int[] ids,
            PiperNetwork.Settings settings,
            int number) {
        this.network = network;
        this.ops = ops;
        this.frame = frame;
        this.settings = settings;
        vits = network.vits();
        int rows = bucket(ids.length);
        boolean padded = rows > ids.length;
        try (Ops.Recording<Text> reading =
                ops.record(
                        new Shape(network, Stage.ENCODER, rows, padded),
                        on -> text(on, rows, padded),
                        this::read)) {
            Text text = reading.tensors();
            write(ids, rows, text.ids());
            write(ids.length, text.valid());
            write(settings.speaker(), text.speaker());
            DurationPredictor.noise(
                    ops,
                    settings.noiseWidth(),
                    settings.seed(),
                    (long) number * VitsUtterance.PIECE,
                    text.noise());
            long operations =
                    vits.encoder().operations(ids.length)
                            + vits.durations().operations() * ids.length;
            float[] log =
                    network.timed(
                            Stage.ENCODER,
                            operations,
                            () -> {
                                reading.replay();
                                return ops.read(text.log().rows(0, ids.length));
                            });
            ends = VitsUtterance.ends(log, settings.lengthScale(), network.hop());
            frames = ends[ends.length - 1];
            latent = ops.tensor(1, frames, vits.flow().channels());
            network.timed(
                    Stage.FLOW,
                    vits.flow().operations() * frames,
                    () -> {
                        flow(text.encoded(), number);
                        return null;
                    });
        }
    }

    /** Few shapes, for tiles beyond the valid rows cost next to nothing. */
    private int bucket(int rows) {
        int least = ops.bucket(1);
        int step = least > 1 && rows > WINDOW ? 4 * least : least;
        return Math.ceilDiv(rows, step) * step;
    }

    private void write(int value, @Nullable Ints to) {
        if (to != null) {
            ops.write(new int[] {value}, to);
        }
    }

    /** With zeros behind, which are read like others. */
    private void write(int[] values, int count, Ints to) {
        int[] all = new int[count];
        System.arraycopy(values, 0, all, 0, values.length);
        ops.write(all, to);
    }

    // ---- the text

    private Text text(Ops on, int rows, boolean padded) {
        return new Text(
                on.ints(rows),
                padded ? on.ints(1) : null,
                vits.speakers() == null ? null : on.ints(1),
                on.zeros(1, rows, 2),
                vits.encoder().room(on, rows),
                on.tensor(1, rows, 1));
    }

    private void read(Ops on, Text text) {
        TextEncoder.Encoded encoded = text.encoded();
        Ints valid = text.valid();
        vits.encoder().encode(on, text.ids(), valid, () -> {}, encoded);
        Tensor hidden = valid == null ? encoded.hidden() : encoded.hidden().valid(valid);
        vits.durations()
                .logDurations(on, hidden, speaker(on, text.speaker()), text.noise(), text.log());
    }

    private @Nullable Tensor speaker(Ops on, @Nullable Ints id) {
        if (id == null || vits.speakers() == null) {
            return null;
        }
        Tensor speaker = on.tensor(1, 1, vits.speakers().dim());
        on.embed(vits.speakers(), id, speaker);
        return speaker;
    }

    // ---- the latent

    private void flow(TextEncoder.Encoded encoded, int number) {
        int rows = bucket(frames);
        boolean padded = rows > frames;
        try (Ops.Scope inner = ops.scope();
                Ops.Recording<Frames> inverting =
                        ops.record(
                                new Shape(network, Stage.FLOW, rows, padded),
                                on -> frames(on, rows, padded, 0),
                                this::invert)) {
            Frames all = inverting.tensors();
            Tensor z = all.z().rows(0, frames);
            Ints phonemes = ops.ints(VitsUtterance.phonemes(ends));
            VitsUtterance.prior(ops, encoded, phonemes, settings, number, 0, z);
            write(frames, all.valid());
            write(settings.speaker(), all.speaker());
            inverting.replay();
            ops.copy(z, latent);
        }
    }

    private Frames frames(Ops on, int rows, boolean padded, int samples) {
        return new Frames(
                on.zeros(1, rows, vits.flow().channels()),
                padded ? on.ints(1) : null,
                vits.speakers() == null ? null : on.ints(1),
                on.tensor(1, samples, 1));
    }

    private void invert(Ops on, Frames all) {
        Tensor speaker = speaker(on, all.speaker());
        Rows rows = Rows.all(all.z().rows());
        vits.flow()
                .invert(
                        on,
                        all.frames(),
                        rows,
                        rows,
                        rows.to(),
                        speaker == null ? List.of() : vits.flow().conditions(on, speaker));
    }

    // ---- windows

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
        int left = LAST_WINDOW.from() - needed(LAST_WINDOW).from();
        int right = needed(FIRST_WINDOW).to() - FIRST;
        int before = spoken;
        float[] samples;
        if (frames < WINDOW + left + right || left > FIRST) {
            spoken = frames;
            samples = whole();
        } else if (spoken == 0) {
            spoken = FIRST;
            samples = window(FIRST_WINDOW, 0, 0, FIRST);
        } else if (frames - spoken <= WINDOW) {
            spoken = frames;
            samples = window(LAST_WINDOW, frames - WINDOW, before, frames);
        } else {
            spoken = Math.min(spoken + WINDOW, frames - right);
            samples = window(MIDDLE_WINDOW, spoken - WINDOW, before, spoken);
        }
        return samples;
    }

    private Rows needed(Rows window) {
        return vits.decoder().needed(window, 2 * FAR);
    }

    private float[] whole() {
        int rows = bucket(frames);
        return decode(Rows.all(rows), rows, rows > frames, 0, frames, 0, frames);
    }

    /**
     * The samples of frames [from, to).
     *
     * @param shape the window, somewhere in a whole of {@code 2 FAR} frames
     * @param first its first frame
     */
    private float[] window(Rows shape, int first, int from, int to) {
        Rows needed = needed(shape);
        int begin = first - (shape.from() - needed.from());
        int end = begin + needed.count();
        return decode(shape, 2 * FAR, false, begin, end, from - first, to - first);
    }

    /**
     * @param begin the latent's first frame that is read
     * @param end the one behind the last
     * @param from the first frame of the window whose samples are given
     */
    private float[] decode(
            Rows shape, int whole, boolean padded, int begin, int end, int from, int to) {
        Rows needed = padded ? shape : vits.decoder().needed(shape, whole);
        int hop = network.hop();
        return network.timed(
                Stage.DECODER,
                vits.decoder().operations() * (to - from),
                () -> {
                    try (Ops.Scope inner = ops.scope();
                            Ops.Recording<Frames> decoding =
                                    ops.record(
                                            new Shape(network, shape, whole, padded),
                                            on ->
                                                    frames(
                                                            on,
                                                            needed.count(),
                                                            padded,
                                                            shape.count() * hop),
                                            (on, w) -> decode(on, w, shape, whole))) {
                        Frames w = decoding.tensors();
                        ops.copy(latent.rows(begin, end), w.z().rows(0, end - begin));
                        write(end - begin, w.valid());
                        write(settings.speaker(), w.speaker());
                        decoding.replay();
                        return ops.read(w.audio().rows(from * hop, to * hop));
                    }
                });
    }

    private void decode(Ops on, Frames w, Rows shape, int whole) {
        Tensor condition = vits.decoder().condition(on, speaker(on, w.speaker()));
        vits.decoder().decode(on, w.frames(), shape, whole, condition, w.audio());
    }
}
