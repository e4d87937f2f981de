package dev.skald.chatterbox.t3;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.tensor.decode.TokenDecoder;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Speech tokens of one text, drawn one by one. The same seed and stream give the same tokens. Used
 * by one thread.
 */
public final class TokenStream implements AutoCloseable {
    /** What {@link #next} gives at the end. */
    public static final int END = -1;

    private final T3 model;
    private final TokenDecoder decoder;
    private final boolean guided;
    private final T3Prompt prompt;
    private final int[] text;
    private final SamplerSettings settings;
    private final long seed;
    private final int stream;
    private final int limit;
    private final BiFunction<Ops, T3Prompt, T3Prefix> prefixes;
    private TokenDecoder.@Nullable Prefix prefix;
    private int slot = -1;
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
        this.prompt = prompt;
        this.prefixes = prefixes;
        this.text = text;
        this.settings = settings;
        this.seed = seed;
        this.stream = stream;
        this.limit = limit;
        // Without guidance the official code computes the same row twice, or crashes (tts.py).
        guided = model.config().kind() == DecoderModel.Kind.LLAMA && settings.cfgWeight() > 0;
        decoder = model.decoder(ops, 1);
    }

    /** The next token, or {@link #END} after the stop token, the limit or the last position. */
    public int next() {
        if (ended) {
            return END;
        }
        if (slot < 0) {
            join();
        } else if (decoder.ended(slot)) {
            ended = true;
            return END;
        } else {
            decoder.step();
        }
        last = decoder.poll(slot)[0];
        count++;
        if (last == T3Config.STOP_SPEECH) {
            ended = true;
            return END;
        }
        return last;
    }

    private void join() {
        Ops ops = decoder.ops();
        TokenDecoder.Prefix known;
        try (T3Prefix voice = prefixes.apply(ops, prompt)) {
            read = voice.computed() + model.textRows(text);
            known = decoder.restore(voice);
        }
        prefix = known;
        try (Ops.Scope ignored = ops.scope()) {
            Tensor x = ops.tensor(guided ? 2 : 1, model.textRows(text), model.config().hidden());
            model.embedText(ops, text, guided, x);
            slot = decoder.join(known, x, settings, seed, stream, limit);
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
        decoder.close();
        if (prefix != null) {
            prefix.close();
        }
    }
}
