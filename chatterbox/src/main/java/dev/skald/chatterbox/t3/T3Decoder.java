package dev.skald.chatterbox.t3;

import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.Sampler;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.tensor.decode.TokenDecoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A {@link TokenDecoder} over {@link Ops}: the rows of all sequences go through each layer
 * together, so that its weights are read once a step.
 */
final class T3Decoder implements TokenDecoder {
    private final T3 model;
    private final Ops ops;
    private final @Nullable Sequence[] slots;

    /** The rows of the last step; made anew when sequences come or end. */
    private @Nullable KvRows rows;

    private float[] logits = new float[0];

    T3Decoder(T3 model, Ops ops, int slots) {
        this.model = model;
        this.ops = ops;
        this.slots = new Sequence[slots];
    }

    private record SharedPrefix(KvCache cache, float @Nullable [][] layers, Stored stored)
            implements Prefix {
        @Override
        public int rows() {
            return cache.filled();
        }

        @Override
        public void read(int layer, float[] to) {
            if (layers != null) {
                System.arraycopy(layers[layer], 0, to, 0, layers[layer].length);
            } else {
                stored.read(layer, to);
            }
        }

        @Override
        public void close() {
            cache.close();
        }
    }

    /** What a slot holds. */
    private final class Sequence {
        final List<KvCache> caches = new ArrayList<>();
        final SamplerSettings settings;
        final Sampler sampler;
        final long seed;
        final int stream;
        final int limit;
        final BitSet history = new BitSet();
        int[] drawn = new int[64];
        int count;
        int polled;
        int last = T3Config.START_SPEECH;
        float[] scores = new float[0];
        boolean ended;

        Sequence(SamplerSettings settings, long seed, int stream, int limit) {
            this.settings = settings;
            this.seed = seed;
            this.stream = stream;
            this.limit = limit;
            T3Config config = model.config();
            sampler = new Sampler(config.kind(), settings, config.speechVocabulary());
            history.set(T3Config.START_SPEECH);
        }

        /** Draws from logits (rows, V). */
        void draw(float[] scores) {
            this.scores = scores;
            sampler.distribution(scores, history, Taps.NONE);
            last = sampler.draw(seed, stream, count);
            if (count == 0 && model.config().kind() == DecoderModel.Kind.GPT2) {
                history.clear(); // Turbo's history holds the start token at the first step alone
            }
            history.set(last);
            if (count == drawn.length) {
                drawn = Arrays.copyOf(drawn, 2 * count);
            }
            drawn[count++] = last;
            int most = model.config().speechPositions();
            KvCache cache = caches.getFirst();
            ended =
                    last == T3Config.STOP_SPEECH
                            || count >= limit
                            || cache.filled() >= cache.capacity()
                            || (most > 0 && count >= most);
        }

        void close() {
            caches.forEach(KvCache::close);
        }
    }

    @Override
    public int slots() {
        return slots.length;
    }

    @Override
    public int active() {
        int n = 0;
        for (Sequence s : slots) {
            n += s == null ? 0 : 1;
        }
        return n;
    }

    @Override
    public Ops ops() {
        return ops;
    }

    @Override
    public Prefix prefix(Tensor embeddings) {
        float[][] layers = new float[model.config().layers()][];
        KvCache cache = KvCache.of(ops, model, embeddings.rows());
        try (Ops.Scope ignored = ops.scope()) {
            KvRows one = new KvRows(ops, model, List.of(cache));
            one.record(layers, model.cachePrecision());
            one.advance(embeddings.rows());
            model.transformer().forward(ops, embeddings, one, Taps.NONE);
        }
        return new SharedPrefix(cache, layers, new T3Prefix.Computed(embeddings.rows(), layers));
    }

    @Override
    public Prefix restore(Stored prefix) {
        return new SharedPrefix(model.restore(ops, prefix), null, prefix);
    }

    @Override
    public int join(
            Prefix prefix,
            Tensor text,
            SamplerSettings settings,
            long seed,
            int stream,
            int limit) {
        int slot = free();
        Sequence sequence = new Sequence(settings, seed, stream, limit);
        KvCache known = ((SharedPrefix) prefix).cache;
        int capacity = Math.min(known.filled() + text.rows() + limit, model.config().positions());
        if (known.filled() + text.rows() >= model.config().positions()) {
            throw new IllegalArgumentException(
                    "a prefix of "
                            + known.filled()
                            + " and a text of "
                            + text.rows()
                            + " positions; this model holds "
                            + model.config().positions());
        }
        for (int b = 0; b < text.batch(); b++) {
            sequence.caches.add(known.fork(ops, capacity));
        }
        int v = model.config().speechVocabulary();
        try (Ops.Scope ignored = ops.scope()) {
            KvRows all = new KvRows(ops, model, sequence.caches);
            all.advance(text.rows());
            Tensor hidden = model.transformer().forward(ops, text, all, Taps.NONE);
            Tensor out = ops.tensor(text.batch(), 1, v);
            Tensor last = hidden.rows(text.rows() - 1, text.rows());
            ops.linear(last, model.speechHead(), Epilogue.NONE, out);
            sequence.draw(ops.read(out));
        }
        slots[slot] = sequence;
        rows = null;
        return slot;
    }

    private int free() {
        for (int i = 0; i < slots.length; i++) {
            if (slots[i] == null) {
                return i;
            }
        }
        throw new IllegalStateException("all " + slots.length + " slots are taken");
    }

    @Override
    public void step() {
        List<Sequence> running = new ArrayList<>();
        List<KvCache> caches = new ArrayList<>();
        for (Sequence s : slots) {
            if (s != null && !s.ended) {
                running.add(s);
                caches.addAll(s.caches);
            }
        }
        if (running.isEmpty()) {
            return;
        }
        int n = caches.size();
        int v = model.config().speechVocabulary();
        int[] ids = new int[n];
        int[] places = new int[n];
        int r = 0;
        for (Sequence s : running) {
            for (int b = 0; b < s.caches.size(); b++, r++) {
                ids[r] = s.last;
                places[r] = s.count;
            }
        }
        KvRows all = rows;
        if (all == null) {
            all = new KvRows(ops, model, caches);
            rows = all;
        }
        all.advance(1);
        try (Ops.Scope ignored = ops.scope()) {
            Tensor x = ops.tensor(1, n, model.config().hidden());
            model.embedSpeech(ops, ops.ints(ids), ops.ints(places), x);
            Tensor hidden =
                    model.transformer().forward(ops, x.reshape(n, 1, x.cols()), all, Taps.NONE);
            Tensor out = ops.tensor(n, 1, v);
            ops.linear(hidden, model.speechHead(), Epilogue.NONE, out);
            if (logits.length < n * v) {
                logits = new float[n * v];
            }
            ops.read(out, logits, 0);
        }
        int at = 0;
        for (Sequence s : running) {
            int size = s.caches.size() * v;
            s.draw(Arrays.copyOfRange(logits, at, at + size));
            at += size;
            if (s.ended) {
                rows = null;
            }
        }
    }

    private Sequence sequence(int slot) {
        Sequence s = slots[slot];
        if (s == null) {
            throw new IllegalStateException("no sequence is in slot " + slot);
        }
        return s;
    }

    @Override
    public int[] poll(int slot) {
        Sequence s = sequence(slot);
        int[] tokens = Arrays.copyOfRange(s.drawn, s.polled, s.count);
        s.polled = s.count;
        return tokens;
    }

    @Override
    public boolean ended(int slot) {
        Sequence s = sequence(slot);
        return s.ended && s.polled == s.count;
    }

    @Override
    public float[] logits(int slot) {
        return sequence(slot).scores.clone();
    }

    @Override
    public void leave(int slot) {
        sequence(slot).close();
        slots[slot] = null;
        rows = null;
    }

    @Override
    public void close() {
        for (int i = 0; i < slots.length; i++) {
            if (slots[i] != null) {
                leave(i);
            }
        }
    }
}
