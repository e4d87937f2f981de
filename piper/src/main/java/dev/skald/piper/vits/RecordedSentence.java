package dev.skald.piper.vits;

import static dev.skald.piper.vits.VitsRecordings.FAR;
import static dev.skald.piper.vits.VitsRecordings.FIRST;
import static dev.skald.piper.vits.VitsRecordings.FIRST_WINDOW;
import static dev.skald.piper.vits.VitsRecordings.LAST_WINDOW;
import static dev.skald.piper.vits.VitsRecordings.MIDDLE_WINDOW;
import static dev.skald.piper.vits.VitsRecordings.WINDOW;

import dev.skald.nn.Rows;
import dev.skald.piper.PiperNetwork;
import dev.skald.piper.vits.Vits.Stage;
import dev.skald.piper.vits.VitsRecordings.Frames;
import dev.skald.piper.vits.VitsRecordings.Text;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A sentence on a device that replays recordings: the encoder with the durations is one, the flow
 * of all frames another, both padded to buckets; the decoder speaks windows of three shapes, at the
 * beginning, in the middle and at the end. Short sentences are one padded window.
 */
final class RecordedSentence implements VitsUtterance.Sentence {
    private final VitsNetwork network;
    private final Vits vits;
    private final VitsRecordings recordings;
    private final Ops ops;
    private final Ops.Scope frame;
    private final PiperNetwork.Settings settings;
    private final int[] ends;
    private final int frames;

    /** (1,F,channels) */
    private final Tensor latent;

    private int spoken;

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
        recordings = network.recordings();
        int rows = VitsRecordings.bucket(ops, ids.length);
        boolean padded = rows > ids.length;
        try (Ops.Recording<Text> reading = recordings.text(ops, 1, rows, padded)) {
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

    /**
     * Goes on with one that was computed with others.
     *
     * @param frame holds what lives as long as the sentence
     */
    RecordedSentence(
            VitsNetwork network,
            Ops ops,
            Ops.Scope frame,
            Held held,
            PiperNetwork.Settings settings) {
        this.network = network;
        this.ops = ops;
        this.frame = frame;
        this.settings = settings;
        vits = network.vits();
        recordings = network.recordings();
        ends = held.ends();
        frames = held.frames();
        spoken = held.spoken();
        latent = ops.tensor(1, frames, vits.flow().channels());
        ops.write(held.latent(), 0, latent);
    }

    /**
     * A sentence that holds nothing of a device.
     *
     * @param ends where each phoneme ends, in frames
     * @param latent of all frames
     * @param spoken frames whose samples were made
     */
    record Held(int[] ends, float[] latent, int spoken) {
        int frames() {
            return ends[ends.length - 1];
        }
    }

    /** This sentence as it is now. */
    Held held() {
        return new Held(ends, ops.read(latent), spoken);
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

    // ---- the latent

    private void flow(TextEncoder.Encoded encoded, int number) {
        int rows = VitsRecordings.bucket(ops, frames);
        boolean padded = rows > frames;
        try (Ops.Scope inner = ops.scope();
                Ops.Recording<Frames> inverting = recordings.flow(ops, 1, rows, padded)) {
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
        int left = recordings.left();
        int right = recordings.right();
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

    private float[] whole() {
        int rows = VitsRecordings.bucket(ops, frames);
        return decode(Rows.all(rows), rows, rows > frames, 0, frames, 0, frames);
    }

    /**
     * The samples of frames [from, to).
     *
     * @param shape the window, somewhere in a whole of {@code 2 FAR} frames
     * @param first its first frame
     */
    private float[] window(Rows shape, int first, int from, int to) {
        Rows needed = recordings.needed(shape);
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
        int hop = network.hop();
        return network.timed(
                Stage.DECODER,
                vits.decoder().operations() * (to - from),
                () -> {
                    try (Ops.Scope inner = ops.scope();
                            Ops.Recording<Frames> decoding =
                                    recordings.decoder(ops, 1, shape, whole, padded)) {
                        Frames w = decoding.tensors();
                        ops.copy(latent.rows(begin, end), w.z().rows(0, end - begin));
                        write(end - begin, w.valid());
                        write(settings.speaker(), w.speaker());
                        decoding.replay();
                        return ops.read(w.audio().rows(from * hop, to * hop));
                    }
                });
    }
}
