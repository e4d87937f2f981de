package dev.skald.chatterbox.t3;

import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;

/**
 * One utterance in the making: caches, position, the logits of the next token. Used by one thread.
 */
public final class T3State implements AutoCloseable {
    private final T3 model;
    private final Ops ops;
    private final Ops.Scope frame;
    private final int rows;
    private final KvCache cache;
    private final Ints token;
    private final Ints speechPosition;
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
        frame = ops.scope();
        int most = Math.min(capacity, model.config().positions());
        cache = new KvCache(ops, model, rows, most);
        token = ops.ints(1);
        speechPosition = ops.ints(1);
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
            int n = prefix.rows() + textRows(text);
            Tensor x = ops.tensor(rows, n, model.config().width());
            for (int b = 0; b < rows; b++) {
                ops.copy(prefix, x.batch(b).rows(0, prefix.rows()));
            }
            embed(text, guided, x.rows(prefix.rows(), n));
            return prefill(x, taps);
        }
    }

    /** The same after a prompt whose keys and values are known: the text alone is read. */
    public Tensor prefill(T3Prefix prefix, int[] text, boolean guided) {
        try (Ops.Scope ignored = ops.scope()) {
            cache.restore(prefix);
            Tensor x = ops.tensor(rows, textRows(text), model.config().width());
            embed(text, guided, x);
            return prefill(x, Taps.NONE);
        }
    }

    /** Llama models get the start token twice, as they were trained; GPT-2 models once. */
    int textRows(int[] text) {
        return text.length + (model.config().kind() == T3Config.Kind.LLAMA ? 2 : 1);
    }

    private void embed(int[] text, boolean guided, Tensor x) {
        Tensor start = ops.tensor(1, 1, x.cols());
        model.embedSpeech(ops, new int[] {T3Config.START_SPEECH}, 0, start);
        for (int b = 0; b < rows; b++) {
            Tensor row = x.batch(b);
            ops.write(model.embedText(text, guided && b == 1), 0, row.rows(0, text.length));
            for (int i = text.length; i < row.rows(); i++) {
                ops.copy(start, row.rows(i, i + 1));
            }
        }
    }

    private Tensor prefill(Tensor x, Taps taps) {
        int n = x.rows();
        taps.tap("prefill_embeds", ops, x);
        cache.advance(n);
        Tensor hidden = model.transformer().forward(ops, x, cache, taps);
        taps.tap("hidden", ops, hidden);
        ops.linear(hidden.rows(n - 1, n), model.speechHead(), Epilogue.NONE, logits);
        return logits;
    }

    /**
     * Speaks {@code id} and computes what follows it.
     *
     * @return logits (B,1,V), overwritten by the next step
     */
    public Tensor step(int id, Taps taps) {
        spoken++;
        cache.advance(1);
        ops.write(new int[] {id}, token);
        ops.write(new int[] {spoken}, speechPosition);
        decode(taps);
        return logits;
    }

    private void decode(Taps taps) {
        try (Ops.Scope ignored = ops.scope()) {
            Tensor x = ops.tensor(rows, 1, model.config().width());
            model.embedSpeech(ops, token, speechPosition, x.batch(0));
            for (int b = 1; b < rows; b++) {
                ops.copy(x.batch(0), x.batch(b));
            }
            taps.tap("dec_embeds", ops, x);
            Tensor hidden = model.transformer().forward(ops, x, cache, Taps.NONE);
            taps.tap("dec_hidden", ops, hidden);
            ops.linear(hidden, model.speechHead(), Epilogue.NONE, logits);
        }
    }

    /** Whether another step has a place. */
    public boolean full() {
        T3Config config = model.config();
        return cache.filled() >= cache.capacity()
                || (config.speechPositions() > 0 && spoken + 1 >= config.speechPositions());
    }

    /** Filled positions: prefix, text, speech. */
    public int length() {
        return cache.filled();
    }

    @Override
    public void close() {
        frame.close();
    }
}
