package dev.skald.piper.vits;

import dev.skald.engine.BatchStream;
import dev.skald.engine.SpeechJob;
import dev.skald.nn.Rows;
import dev.skald.piper.PiperNetwork;
import dev.skald.piper.vits.RecordedSentence.Held;
import dev.skald.piper.vits.Vits.Stage;
import dev.skald.piper.vits.VitsRecordings.Frames;
import dev.skald.piper.vits.VitsRecordings.Text;
import dev.skald.piper.vits.VitsUtterance.Share;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Computes the next samples of several speeches with one voice, each of its true length, the rest
 * of its rows being padding: what a sentence becomes does not depend on the others. They hold
 * nothing of the device in between, so one op stream is the workspace of all.
 *
 * <p>Batches are of 1, 2, 4 or 8 sentences, so that few shapes are recorded; those that are too
 * many have one row. Windows of the decoder have two shapes, a small one for beginnings and a large
 * one, wherever in a sentence they are: frames that lie around a window belong to it, and what its
 * artificial edges spoil is not read.
 */
final class VitsBatch implements SpeechJob.Batch, AutoCloseable {
    /** Sentences that are computed together. */
    static final int MOST = 8;

    /** Rows of the encoder, and of the flow, that are computed together. */
    private static final int TEXT_ROWS = 4096;

    private static final int FLOW_ROWS = 8192;

    private final VitsNetwork network;
    private final Vits vits;
    private final VitsRecordings recordings;
    private final BatchStream stream;

    /** Speeches with sentences that are open, and how many; guarded by itself. */
    private final Map<Object, Integer> speeches = new IdentityHashMap<>();

    /** Those of the next run. For the thread that runs it. */
    private final List<VitsUtterance> joined = new ArrayList<>();

    private VitsBatch(VitsNetwork network, Backend device) {
        this.network = network;
        vits = network.vits();
        recordings = network.recordings();
        stream = new BatchStream(device);
    }

    /** That of a network; null if its windows are of another kind. */
    static @Nullable VitsBatch of(VitsNetwork network, Backend device) {
        boolean far = network.recordings().left() > VitsRecordings.FIRST;
        return far ? null : new VitsBatch(network, device);
    }

    // ---- who takes part

    void begins(Object speech) {
        synchronized (speeches) {
            speeches.merge(speech, 1, Integer::sum);
        }
    }

    void ended(Object speech) {
        synchronized (speeches) {
            speeches.computeIfPresent(speech, (s, n) -> n == 1 ? null : n - 1);
        }
    }

    /** Whether more than one speaks: one alone goes its own way. */
    boolean wanted() {
        synchronized (speeches) {
            return speeches.size() > 1;
        }
    }

    void add(VitsUtterance utterance) {
        joined.add(utterance);
    }

    @Override
    public int most() {
        return MOST;
    }

    @Override
    public boolean light() {
        return true;
    }

    @Override
    public void run() {
        List<VitsUtterance> all = List.copyOf(joined);
        joined.clear();
        network.running(
                () -> {
                    List<Share> shares = new ArrayList<>();
                    for (VitsUtterance utterance : all) {
                        Share share = utterance.share(all.size() == 1);
                        if (share != null) {
                            shares.add(share);
                        }
                    }
                    if (!shares.isEmpty()) {
                        stream.use(on -> BatchStream.divide(shares, some -> compute(on, some)));
                    }
                    return null;
                });
    }

    private void compute(Ops on, List<Share> shares) {
        encode(on, shares.stream().filter(s -> s.sentence() == null).toList());
        decode(on, shares.stream().filter(s -> !s.done()).toList());
    }

    /** Sentences of about the same length, as many together as so many rows allow. */
    private static <T> List<List<T>> groups(List<T> all, ToIntFunction<T> rows, int most) {
        List<List<T>> groups = new ArrayList<>();
        List<T> group = new ArrayList<>();
        for (T one : all.stream().sorted(Comparator.comparingInt(rows)).toList()) {
            if (!group.isEmpty() && size(group.size() + 1) * rows.applyAsInt(one) > most) {
                groups.add(group);
                group = new ArrayList<>();
            }
            group.add(one);
        }
        groups.add(group);
        return groups;
    }

    /** The batch that so many are computed in. */
    private static int size(int count) {
        return count == 1 ? 1 : 2 * Integer.highestOneBit(count - 1);
    }

    // ---- the text

    private void encode(Ops on, List<Share> begun) {
        if (begun.isEmpty()) {
            return;
        }
        for (List<Share> group :
                groups(begun, s -> VitsRecordings.bucket(on, s.ids().length), TEXT_ROWS)) {
            read(on, group);
        }
    }

    /** A sentence that was read, the place in its batch, and where its phonemes end. */
    private record Timed(Share share, int index, int[] ends) {
        int frames() {
            return ends[ends.length - 1];
        }
    }

    private void read(Ops on, List<Share> group) {
        int rows = VitsRecordings.bucket(on, group.getLast().ids().length);
        int batch = size(group.size());
        int[] ids = new int[batch * rows];
        long operations = 0;
        for (int i = 0; i < group.size(); i++) {
            int[] own = group.get(i).ids();
            System.arraycopy(own, 0, ids, i * rows, own.length);
            operations +=
                    vits.encoder().operations(own.length)
                            + vits.durations().operations() * own.length;
        }
        try (Ops.Scope inner = on.scope();
                Ops.Recording<Text> reading = recordings.text(on, batch, rows, true)) {
            Text text = reading.tensors();
            on.write(ids, text.ids());
            write(on, group, s -> s.ids().length, batch, 1, text.valid());
            write(on, group, s -> s.settings().speaker(), batch, 0, text.speaker());
            for (int i = 0; i < group.size(); i++) {
                PiperNetwork.Settings settings = group.get(i).settings();
                DurationPredictor.noise(
                        on,
                        settings.noiseWidth(),
                        settings.seed(),
                        (long) group.get(i).number() * VitsUtterance.PIECE,
                        text.noise().batch(i));
            }
            float[] log =
                    network.timed(
                            Stage.ENCODER,
                            operations,
                            () -> {
                                reading.replay();
                                return on.read(text.log());
                            });
            List<Timed> timed = new ArrayList<>();
            for (int i = 0; i < group.size(); i++) {
                Share share = group.get(i);
                float[] own = Arrays.copyOfRange(log, i * rows, i * rows + share.ids().length);
                float scale = share.settings().lengthScale();
                timed.add(new Timed(share, i, VitsUtterance.ends(own, scale, network.hop())));
            }
            for (List<Timed> some :
                    groups(timed, t -> VitsRecordings.bucket(on, t.frames()), FLOW_ROWS)) {
                flow(on, text.encoded(), some);
            }
        }
    }

    /** A value of each; {@code other} of those that are too many. */
    private static <T> void write(
            Ops on,
            List<T> group,
            ToIntFunction<T> value,
            int batch,
            int other,
            @Nullable Ints to) {
        if (to != null) {
            int[] values = new int[batch];
            Arrays.fill(values, other);
            for (int i = 0; i < group.size(); i++) {
                values[i] = value.applyAsInt(group.get(i));
            }
            on.write(values, to);
        }
    }

    // ---- the latent

    private void flow(Ops on, TextEncoder.Encoded encoded, List<Timed> group) {
        int rows = VitsRecordings.bucket(on, group.getLast().frames());
        int batch = size(group.size());
        int channels = vits.flow().channels();
        long frames = group.stream().mapToLong(Timed::frames).sum();
        network.timed(
                Stage.FLOW,
                vits.flow().operations() * frames,
                () -> {
                    try (Ops.Scope inner = on.scope();
                            Ops.Recording<Frames> inverting =
                                    recordings.flow(on, batch, rows, true)) {
                        Frames all = inverting.tensors();
                        for (int i = 0; i < group.size(); i++) {
                            Timed one = group.get(i);
                            prior(on, encoded, one, all.z().batch(i).rows(0, one.frames()));
                        }
                        write(on, group, Timed::frames, batch, 1, all.valid());
                        write(
                                on,
                                group,
                                t -> t.share().settings().speaker(),
                                batch,
                                0,
                                all.speaker());
                        inverting.replay();
                        float[] latent = on.read(all.z());
                        for (int i = 0; i < group.size(); i++) {
                            Timed one = group.get(i);
                            int from = i * rows * channels;
                            int to = from + one.frames() * channels;
                            float[] own = Arrays.copyOfRange(latent, from, to);
                            one.share().encoded(new Held(one.ends(), own, 0));
                        }
                    }
                    return null;
                });
    }

    private static void prior(Ops on, TextEncoder.Encoded encoded, Timed one, Tensor z) {
        try (Ops.Scope inner = on.scope()) {
            Share share = one.share();
            Ints phonemes = on.ints(VitsUtterance.phonemes(one.ends()));
            TextEncoder.Encoded own = encoded.batch(one.index());
            VitsUtterance.prior(on, own, phonemes, share.settings(), share.number(), 0, z);
        }
    }

    // ---- windows

    /**
     * A sentence's next window.
     *
     * @param frames of the latent that are read
     * @param spoken those whose samples are given
     */
    private record Window(Share share, Held sentence, Rows frames, Rows spoken) {}

    /**
     * @param rows frames of a latent that are decoded at once, at most
     */
    private Window window(Share share, Held sentence, int rows) {
        int frames = sentence.frames();
        int from = sentence.spoken();
        int begin = Math.max(0, from - recordings.left());
        int to = from == 0 ? VitsRecordings.FIRST : begin + rows - recordings.right();
        if (frames - begin <= rows) {
            to = frames;
        }
        int end = Math.min(frames, to + recordings.right());
        return new Window(share, sentence, new Rows(begin, end), new Rows(from, to));
    }

    private void decode(Ops on, List<Share> shares) {
        int small = VitsRecordings.bucket(on, VitsRecordings.FIRST + recordings.right());
        int large =
                VitsRecordings.bucket(
                        on, recordings.left() + VitsRecordings.WINDOW + recordings.right());
        List<Window> windows = new ArrayList<>();
        for (Share share : shares) {
            Held sentence = share.sentence();
            if (sentence != null) {
                windows.add(window(share, sentence, large));
            }
        }
        if (windows.isEmpty()) {
            return;
        }
        boolean few = windows.stream().allMatch(w -> w.frames().count() <= small);
        long frames = windows.stream().mapToLong(w -> w.spoken().count()).sum();
        network.timed(
                Stage.DECODER,
                vits.decoder().operations() * frames,
                () -> {
                    decode(on, windows, few ? small : large);
                    return null;
                });
    }

    private void decode(Ops on, List<Window> windows, int rows) {
        int batch = size(windows.size());
        int channels = vits.flow().channels();
        int hop = network.hop();
        try (Ops.Scope inner = on.scope();
                Ops.Recording<Frames> decoding =
                        recordings.decoder(on, batch, Rows.all(rows), rows, true)) {
            Frames all = decoding.tensors();
            for (int i = 0; i < windows.size(); i++) {
                Rows read = windows.get(i).frames();
                Tensor z = all.z().batch(i).rows(0, read.count());
                on.write(windows.get(i).sentence().latent(), read.from() * channels, z);
            }
            write(on, windows, w -> w.frames().count(), batch, 1, all.valid());
            write(on, windows, w -> w.share().settings().speaker(), batch, 0, all.speaker());
            decoding.replay();
            for (int i = 0; i < windows.size(); i++) {
                Window w = windows.get(i);
                int first = (w.spoken().from() - w.frames().from()) * hop;
                int count = w.spoken().count() * hop;
                float[] samples = on.read(all.audio().batch(i).rows(first, first + count));
                Held before = w.sentence();
                w.share().made(samples, new Held(before.ends(), before.latent(), w.spoken().to()));
            }
        }
    }

    /** Frees everything. Nothing may run any more. */
    @Override
    public void close() {
        stream.close();
    }
}
