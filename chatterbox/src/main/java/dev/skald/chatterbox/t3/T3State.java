package dev.skald.chatterbox.t3;

import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * One utterance in the making, step by step and with taps: what {@link T3Decoder} does for many.
 * Used by one thread.
 */
public final class T3State implements AutoCloseable {
    private final T3 model;
    private final Ops ops;
    private final Ops.Scope scope;
    private final int rows;
    private final List<KvCache> caches = new ArrayList<>();
    private final int capacity;
    private final Tensor logits; // (B,1,V)
    private int spoken;

    /**
     * @param rows 2 with classifier-free guidance, else 1
     * @param capacity the most positions: prefix, text and speech
     */
    public T3State(T3 model, Ops ops, int rows, int capacity) {
        this.model = model;
        this.ops = ops;
        this.rows = rows;
        this.capacity = Math.min(capacity, model.config().positions());
        scope = ops.scope();
        logits = ops.tensor(rows, 1, model.config().speechVocabulary());
    }

    /**
     * Reads prompt and text in one go; the logits of the first speech token follow.
     *
     * @param text token ids, framed where the model wants it
     * @param guided whether row 1 of the two does not hear the text
     * @return logits (B,1,V), overwritten by the next step
     */
    public Tensor prefill(T3Prompt prompt, int[] text, boolean guided, Taps taps) {
        try (Ops.Scope ignored = ops.scope()) {
            Tensor prefix = model.condition(ops, prompt, taps);
            taps.tap("cond_emb", ops, prefix);
            int n = prefix.rows() + model.textRows(text);
            Tensor x = ops.tensor(rows, n, model.config().hidden());
            for (int b = 0; b < rows; b++) {
                ops.copy(prefix, x.batch(b).rows(0, prefix.rows()));
                caches.add(KvCache.of(ops, model, capacity));
            }
            model.embedText(ops, text, guided, x.rows(prefix.rows(), n));
            return prefill(x, taps);
        }
    }

    /** The same after a prompt whose keys and values are known: the text alone is read. */
    public Tensor prefill(T3Prefix prefix, int[] text, boolean guided) {
        try (Ops.Scope ignored = ops.scope();
                KvCache known = model.restore(ops, prefix)) {
            for (int b = 0; b < rows; b++) {
                caches.add(known.fork(ops, capacity));
            }
            Tensor x = ops.tensor(rows, model.textRows(text), model.config().hidden());
            model.embedText(ops, text, guided, x);
            return prefill(x, Taps.NONE);
        }
    }

    private Tensor prefill(Tensor x, Taps taps) {
        int n = x.rows();
        taps.tap("prefill_embeds", ops, x);
        Tensor hidden = model.transformer().forward(ops, x, advance(n), taps);
        taps.tap("hidden", ops, hidden);
        ops.linear(hidden.rows(n - 1, n), model.speechHead(), Epilogue.NONE, logits);
        return logits;
    }

    private KvRows advance(int count) {
        KvRows all = new KvRows(ops, model, caches);
        all.advance(count);
        return all;
    }

    /**
     * Speaks {@code id} and computes what follows it.
     *
     * @return logits (B,1,V), overwritten by the next step
     */
    public Tensor step(int id, Taps taps) {
        spoken++;
        try (Ops.Scope ignored = ops.scope()) {
            Tensor x = ops.tensor(rows, 1, model.config().hidden());
            model.embedSpeech(
                    ops, ops.ints(new int[] {id}), ops.ints(new int[] {spoken}), x.batch(0));
            for (int b = 1; b < rows; b++) {
                ops.copy(x.batch(0), x.batch(b));
            }
            taps.tap("dec_embeds", ops, x);
            Tensor hidden = model.transformer().forward(ops, x, advance(1), Taps.NONE);
            taps.tap("dec_hidden", ops, hidden);
            ops.linear(hidden, model.speechHead(), Epilogue.NONE, logits);
        }
        return logits;
    }

    /** Whether no further step has a place. */
    public boolean full() {
        int most = model.config().speechPositions();
        return length() >= capacity || (most > 0 && spoken + 1 >= most);
    }

    /** Filled positions: prefix, text, speech. */
    public int length() {
        return caches.isEmpty() ? 0 : caches.getFirst().filled();
    }

    @Override
    public void close() {
        caches.forEach(KvCache::close);
        scope.close();
    }
}
