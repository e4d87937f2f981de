package dev.skald.chatterbox.t3;

import dev.skald.Optimisation;
import dev.skald.Precision;
import dev.skald.nn.Loader;
import dev.skald.tensor.Conversion;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.TokenDecoder;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a T3 model. Immutable and safe for many threads; what changes while speaking lives
 * in a {@link T3State}.
 *
 * <p>Text embeddings are read from the checkpoint row by row as texts come, so the file must stay
 * open as long as the model is used: Turbo's table has 50,276 rows.
 */
public final class T3 {
    private final T3Config config;
    private final Transformer transformer;
    private final Precision precision;
    private final Weight textEmbedding; // (text vocabulary, C)
    private final @Nullable Weight textPositions; // (n, C)
    private final Embedding speechEmbedding; // (V, C)
    private final @Nullable Embedding speechPositions; // (n, C)
    private final Linear speechHead; // C → V
    private final DecoderModel whole;
    private final Linear speakerEncoder;
    private final int speakerSize;
    private final @Nullable Perceiver perceiver;
    private final float[] emotionWeight; // (C), empty without emotion

    private T3(Parameters parameters, Weights w, T3Config config) {
        this.config = config;
        precision = parameters.streamed();
        int c = config.hidden();
        Loader load = Loader.of(w, parameters);
        transformer =
                switch (config.kind()) {
                    case LLAMA -> new Llama(load.under("tfmr"), config);
                    case GPT2 -> new Gpt2(load.under("tfmr"), config);
                };
        textEmbedding = w.get("text_emb.weight", config.textVocabulary(), c);
        textPositions =
                config.textPositions() == 0
                        ? null
                        : w.get("text_pos_emb.emb.weight", config.textPositions(), c);
        speechEmbedding = load.embedding("speech_emb", -1, c);
        speechPositions =
                config.speechPositions() == 0 ? null : load.embedding("speech_pos_emb.emb", -1, c);
        int v = config.speechVocabulary();
        // Logits stay in fp32 accumulation in every precision; their weights follow it.
        Loader streamed = load.role(Role.STREAMED);
        speechHead =
                w.has("speech_head.bias")
                        ? streamed.linear("speech_head", c, v)
                        : streamed.linearNoBias("speech_head", c, v);
        whole = transformer.decoder(speechEmbedding, speechPositions, speechHead);
        speakerEncoder = load.linear("cond_enc.spkr_enc", -1, c);
        speakerSize = speakerEncoder.in();
        perceiver =
                config.perceiverHeads() == 0
                        ? null
                        : new Perceiver(
                                load.under("cond_enc.perceiver"), c, config.perceiverHeads());
        emotionWeight =
                config.emotion()
                        ? w.get("cond_enc.emotion_adv_fc.weight", c, 1).floats()
                        : new float[0];
    }

    /** Loads a model of published hyperparameters. Throws {@link WeightException}. */
    public static T3 load(Parameters parameters, Weights weights) {
        return load(parameters, weights, T3Config.of(weights));
    }

    /** Loads a model. Throws {@link WeightException}. */
    public static T3 load(Parameters parameters, Weights weights, T3Config config) {
        return parameters.load(() -> new T3(parameters, weights, config));
    }

    public T3Config config() {
        return config;
    }

    Transformer transformer() {
        return transformer;
    }

    /** How the matrices are kept. */
    public Precision precision() {
        return precision;
    }

    /** How keys and values are kept: as fp32 or bfloat16. */
    public Precision cachePrecision() {
        return precision == Precision.FP32 ? Precision.FP32 : Precision.BF16;
    }

    /** H*D: columns of keys and values. */
    public int cacheWidth() {
        return transformer.cacheWidth();
    }

    Linear speechHead() {
        return speechHead;
    }

    /**
     * Computes keys and values of the prefix: speaker, prompt, emotion.
     *
     * @throws IllegalArgumentException if the prompt cannot be this model's
     */
    public T3Prefix prefix(Ops ops, T3Prompt prompt) {
        float[][] layers = new float[config.layers()][];
        try (Ops.Scope ignored = ops.scope();
                TokenDecoder decoder = decoder(ops, 0);
                TokenDecoder.Prefix computed = decoder.prefix(condition(ops, prompt, Taps.NONE))) {
            for (int i = 0; i < layers.length; i++) {
                layers[i] = new float[2 * computed.rows() * cacheWidth()];
                computed.read(i, layers[i]);
            }
            return new T3Prefix.Computed(computed.rows(), layers);
        }
    }

    /** Keys and values that were computed before, in a cache. */
    KvCache restore(Ops ops, TokenDecoder.Stored prefix) {
        int n = prefix.rows();
        int width = cacheWidth();
        KvCache cache = KvCache.of(ops, this, n);
        cache.advance(n);
        float[] values = new float[2 * n * width];
        Ops.Ints first = ops.ints(new int[] {0});
        for (int i = 0; i < config.layers(); i++) {
            try (Ops.Scope ignored = ops.scope()) {
                Tensor k = ops.tensor(1, n, width);
                Tensor v = ops.tensor(1, n, width);
                prefix.read(i, values);
                ops.write(values, 0, k);
                ops.write(values, n * width, v);
                ops.append(k, v, List.of(cache.layer(i)), first);
            }
        }
        return cache;
    }

    /**
     * A decoder of this model.
     *
     * @param ops the stream it computes on; not closed with it
     * @param slots how many sequences it can hold
     */
    public TokenDecoder decoder(Ops ops, int slots) {
        return ops.backend()
                .decoder(whole, ops, slots)
                .orElseGet(() -> new T3Decoder(this, ops, slots));
    }

    /** How long a speaker embedding is. */
    int speakerSize() {
        return speakerSize;
    }

    /** Rows of the prefix. */
    public int prefixRows(T3Prompt prompt) {
        int n = prompt.speechTokens().length;
        return 1
                + (n == 0 || perceiver == null ? n : perceiver.rows())
                + (config.emotion() ? 1 : 0);
    }

    /**
     * The prefix: speaker, prompt, emotion: (1, prefix, C).
     *
     * @throws IllegalArgumentException if the prompt cannot be this model's
     */
    Tensor condition(Ops ops, T3Prompt prompt, Taps taps) {
        int c = config.hidden();
        if (prompt.speaker().length != speakerSize) {
            throw new IllegalArgumentException(
                    "a speaker embedding of "
                            + prompt.speaker().length
                            + " values; this model wants "
                            + speakerSize);
        }
        int n = prompt.speechTokens().length;
        int promptRows = n == 0 || perceiver == null ? n : perceiver.rows();
        int emotionRows = config.emotion() ? 1 : 0;
        Tensor prefix = ops.tensor(1, prefixRows(prompt), c);
        Tensor speaker = ops.tensor(1, 1, speakerSize);
        ops.write(prompt.speaker(), 0, speaker);
        ops.copy(ops.linear(speaker, speakerEncoder), prefix.rows(0, 1));
        if (n > 0) {
            Tensor embedded = ops.tensor(1, n, c);
            embedSpeech(ops, prompt.speechTokens(), 0, embedded);
            taps.tap("prompt_emb", ops, embedded);
            Tensor place = prefix.rows(1, 1 + promptRows);
            if (perceiver == null) {
                ops.copy(embedded, place);
            } else {
                perceiver.resample(ops, embedded, place, taps);
            }
        }
        if (emotionRows == 1) {
            float[] row = new float[c];
            for (int i = 0; i < c; i++) {
                row[i] = emotionWeight[i] * prompt.emotion();
            }
            ops.write(row, 0, prefix.rows(1 + promptRows, 2 + promptRows));
        }
        return prefix;
    }

    /**
     * Embeds speech tokens at positions {@code first...}: (1, n, C). Every id is checked, since a
     * voice file is anyone's.
     */
    void embedSpeech(Ops ops, int[] tokens, int first, Tensor out) {
        if (speechPositions != null && first + tokens.length > speechPositions.entries()) {
            throw new IllegalArgumentException(
                    (first + tokens.length)
                            + " speech tokens; this model holds "
                            + speechPositions.entries());
        }
        for (int t : tokens) {
            if (t < 0 || t >= speechEmbedding.entries()) {
                throw new IllegalArgumentException("no speech token " + t + " in this model");
            }
        }
        Ints ids = ops.ints(tokens.length);
        ops.write(tokens, ids);
        Ints positions = ops.ints(tokens.length);
        int[] at = new int[tokens.length];
        Arrays.setAll(at, i -> first + i);
        ops.write(at, positions);
        embedSpeech(ops, ids, positions, out);
    }

    /** The same where the ops run. */
    void embedSpeech(Ops ops, Ints ids, Ints positions, Tensor out) {
        ops.embed(speechEmbedding, ids, out);
        if (speechPositions != null) {
            Tensor p = ops.tensor(1, ids.count(), out.cols());
            ops.embed(speechPositions, positions, p);
            ops.add(out, p, out);
        }
    }

    /** Llama models get the start token twice, as they were trained; GPT-2 models once. */
    public int textRows(int[] text) {
        return text.length + (config.kind() == DecoderModel.Kind.LLAMA ? 2 : 1);
    }

    /**
     * What follows the prefix: text, then start tokens: (B, {@link #textRows}, C).
     *
     * @param guided whether row 1 does not hear the text
     */
    public void embedText(Ops ops, int[] text, boolean guided, Tensor out) {
        Tensor start = ops.tensor(1, 1, out.cols());
        embedSpeech(ops, new int[] {T3Config.START_SPEECH}, 0, start);
        for (int b = 0; b < out.batch(); b++) {
            Tensor row = out.batch(b);
            float[] embedded = embedText(text, guided && b == 1);
            boolean batched = ops.backend().uses(Optimisation.BATCHED_TEXT);
            int each = batched ? Math.max(1, text.length) : 1;
            for (int i = 0; i < text.length; i += each) {
                ops.write(embedded, i * out.cols(), row.rows(i, i + each));
            }
            for (int i = text.length; i < row.rows(); i++) {
                ops.copy(start, row.rows(i, i + 1));
            }
        }
    }

    /**
     * Text embeddings, row-major (n, C).
     *
     * @param silent whether the tokens themselves are left out, as in the unconditional row
     */
    float[] embedText(int[] tokens, boolean silent) {
        int c = config.hidden();
        if (textPositions != null && tokens.length > config.textPositions()) {
            throw new IllegalArgumentException(
                    tokens.length + " text tokens; this model holds " + config.textPositions());
        }
        float[] rows = new float[tokens.length * c];
        float[] position = new float[c];
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] < 0 || tokens[i] >= config.textVocabulary()) {
                throw new IllegalArgumentException("no text token " + tokens[i] + " in this model");
            }
            if (!silent) {
                Conversion.floats(textEmbedding, (long) tokens[i] * c, rows, i * c, c);
            }
            if (textPositions != null) {
                Conversion.floats(textPositions, (long) i * c, position, 0, c);
                for (int k = 0; k < c; k++) {
                    rows[i * c + k] += position[k];
                }
            }
        }
        return rows;
    }
}
