package dev.skald.piper.vits;

import dev.skald.nn.Rows;
import dev.skald.piper.vits.Vits.Stage;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The network in three recordings, each over so many sentences that are padded to the same rows:
 * the encoder with the durations, the flow of all frames, and the decoder of a window of them.
 */
final class VitsRecordings {
    /** Frames of the first window, which is small to be heard early, and of the others. */
    static final int FIRST = 64;

    static final int WINDOW = 256;

    /** A frame that is far from every edge, and a whole that has it in its middle. */
    static final int FAR = 1 << 12;

    static final Rows FIRST_WINDOW = new Rows(0, FIRST);
    static final Rows MIDDLE_WINDOW = new Rows(FAR, FAR + WINDOW);
    static final Rows LAST_WINDOW = new Rows(2 * FAR - WINDOW, 2 * FAR);

    private final VitsNetwork network;
    private final Vits vits;

    /** Where the ops of a part are the same. */
    private record Shape(VitsNetwork network, Object part, int batch, int rows, boolean padded) {}

    /**
     * What encoder and durations work on.
     *
     * @param ids T of each sentence, one after the other
     * @param valid how many ids are; null if all
     * @param speaker null for a voice of one
     * @param noise (B,T,2)
     * @param log (B,T,1): logarithms of durations
     */
    record Text(
            Ints ids,
            @Nullable Ints valid,
            @Nullable Ints speaker,
            Tensor noise,
            TextEncoder.Encoded encoded,
            Tensor log) {}

    /**
     * What the flow works on, or the decoder.
     *
     * @param z (B,F,channels)
     * @param audio (B,S,1); of the flow, none
     */
    record Frames(Tensor z, @Nullable Ints valid, @Nullable Ints speaker, Tensor audio) {
        /** The frames, padded where they are. */
        Tensor frames() {
            return valid == null ? z : z.valid(valid);
        }
    }

    VitsRecordings(VitsNetwork network, Vits vits) {
        this.network = network;
        this.vits = vits;
    }

    /** Few shapes, for tiles beyond the valid rows cost next to nothing. */
    static int bucket(Ops ops, int rows) {
        int least = ops.bucket(1);
        int step = least > 1 && rows > WINDOW ? 4 * least : least;
        return Math.ceilDiv(rows, step) * step;
    }

    /** Frames before a window that its samples depend on. */
    int left() {
        return LAST_WINDOW.from() - needed(LAST_WINDOW).from();
    }

    /** Frames behind it. */
    int right() {
        return needed(FIRST_WINDOW).to() - FIRST;
    }

    /** The frames that a window somewhere in a whole of {@code 2 FAR} depends on. */
    Rows needed(Rows window) {
        return vits.decoder().needed(window, 2 * FAR);
    }

    // ---- the text

    Ops.Recording<Text> text(Ops ops, int batch, int rows, boolean padded) {
        return ops.record(
                new Shape(network, Stage.ENCODER, batch, rows, padded),
                on ->
                        new Text(
                                on.ints(batch * rows),
                                padded ? on.ints(batch) : null,
                                vits.speakers() == null ? null : on.ints(batch),
                                on.zeros(batch, rows, 2),
                                vits.encoder().room(on, batch, rows),
                                on.tensor(batch, rows, 1)),
                this::read);
    }

    private void read(Ops on, Text text) {
        TextEncoder.Encoded encoded = text.encoded();
        Ints valid = text.valid();
        vits.encoder().encode(on, text.ids(), valid, () -> {}, encoded);
        Tensor hidden = valid == null ? encoded.hidden() : encoded.hidden().valid(valid);
        vits.durations()
                .logDurations(on, hidden, speaker(on, text.speaker()), text.noise(), text.log());
    }

    /** (B,1,speaker channels), or null for a voice of one. */
    private @Nullable Tensor speaker(Ops on, @Nullable Ints id) {
        if (id == null || vits.speakers() == null) {
            return null;
        }
        int channels = vits.speakers().dim();
        Tensor speaker = on.tensor(1, id.count(), channels);
        on.embed(vits.speakers(), id, speaker);
        return speaker.reshape(id.count(), 1, channels);
    }

    // ---- the latent

    Ops.Recording<Frames> flow(Ops ops, int batch, int rows, boolean padded) {
        return ops.record(
                new Shape(network, Stage.FLOW, batch, rows, padded),
                on -> frames(on, batch, rows, padded, 0),
                this::invert);
    }

    private Frames frames(Ops on, int batch, int rows, boolean padded, int samples) {
        return new Frames(
                on.zeros(batch, rows, vits.flow().channels()),
                padded ? on.ints(batch) : null,
                vits.speakers() == null ? null : on.ints(batch),
                on.tensor(batch, samples, 1));
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

    /**
     * @param window its samples are made
     * @param padded then the window is the whole
     */
    Ops.Recording<Frames> decoder(Ops ops, int batch, Rows window, int whole, boolean padded) {
        int needed = padded ? window.count() : vits.decoder().needed(window, whole).count();
        return ops.record(
                new Shape(network, window, batch, whole, padded),
                on -> frames(on, batch, needed, padded, window.count() * network.hop()),
                (on, w) -> decode(on, w, window, whole));
    }

    private void decode(Ops on, Frames w, Rows window, int whole) {
        Tensor condition = vits.decoder().condition(on, speaker(on, w.speaker()));
        vits.decoder().decode(on, w.frames(), window, whole, condition, w.audio());
    }
}
