package dev.skald.chatterbox.t3;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import java.util.BitSet;
import java.util.function.BiFunction;

/**
 * Speech tokens of one text, drawn one by one. The same seed and stream give the same tokens. Used
 * by one thread.
 */
public final class TokenStream implements AutoCloseable {
    /** What {@link #next} gives at the end. */
    public static final int END = -1;

    private final T3 model;
    private final Ops ops;
    private final T3State state;
    private final Sampler sampler;
    private final boolean guided;
    private final T3Prompt prompt;
    private final int[] text;
    private final long seed;
    private final int stream;
    private final int limit;
    private final BitSet spoken = new BitSet();
    private final float[] logits;
    private final BiFunction<Ops, T3Prompt, T3Prefix> prefixes;
    private int read;
    private int count;
    private int last = T3Config.START_SPEECH;
    private boolean ended;

    /**
     * @param prefixes gives what the model makes of the prompt: {@link T3#prefix}, or what was kept
     *     of that
     * @param text token ids, framed where the model wants it
     * @param stream which of the seed's independent streams to draw from
     * @param limit the most tokens
     */
    public TokenStream(
            T3 model,
            Ops ops,
            T3Prompt prompt,
            BiFunction<Ops, T3Prompt, T3Prefix> prefixes,
            int[] text,
            SamplerSettings settings,
            long seed,
            int stream,
            int limit) {
        this.model = model;
        this.ops = ops;
        this.prompt = prompt;
        this.prefixes = prefixes;
        this.text = text;
        this.seed = seed;
        this.stream = stream;
        this.limit = limit;
        T3Config config = model.config();
        // Without guidance the official code computes the same row twice, or crashes (tts.py).
        guided = config.kind() == T3Config.Kind.LLAMA && settings.cfgWeight() > 0;
        int rows = guided ? 2 : 1;
        state = new T3State(model, ops, rows, model.prefixRows(prompt) + text.length + 2 + limit);
        sampler = new Sampler(config.kind(), settings, config.speechVocabulary());
        logits = new float[rows * config.speechVocabulary()];
        spoken.set(T3Config.START_SPEECH);
    }

    /** The next token, or {@link #END} after the stop token, the limit or the last position. */
    public int next() {
        if (ended || count >= limit || (count > 0 && state.full())) {
            ended = true;
            return END;
        }
        Tensor l = count == 0 ? prefill() : state.step(last, Taps.NONE);
        ops.read(l, logits, 0);
        sampler.distribution(logits, spoken, Taps.NONE);
        last = sampler.draw(seed, stream, count);
        if (count == 0 && model.config().kind() == T3Config.Kind.GPT2) {
            spoken.clear(); // Turbo's history holds the start token at the first step alone
        }
        spoken.set(last);
        count++;
        if (last == T3Config.STOP_SPEECH) {
            ended = true;
            return END;
        }
        return last;
    }

    private Tensor prefill() {
        try (T3Prefix prefix = prefixes.apply(ops, prompt)) {
            read = prefix.computed() + state.textRows(text);
            return state.prefill(prefix, text, guided);
        }
    }

    /** Tokens drawn so far, the stop token included. */
    public int count() {
        return count;
    }

    /**
     * Positions that were computed to draw the first token: of the prompt if need be, text, start.
     */
    public int positions() {
        return read;
    }

    /** Whether the model itself came to an end. */
    public boolean stopped() {
        return ended && last == T3Config.STOP_SPEECH;
    }

    @Override
    public void close() {
        state.close();
    }
}
