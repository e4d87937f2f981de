package dev.skald.chatterbox.t3;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.tensor.decode.TokenDecoder;
import java.util.Arrays;

/**
 * The logits of a text by the decoder that would speak it, along tokens that are given (teacher
 * forcing): what rounded weights do to them, where drawing would go its own way soon.
 */
public final class T3Logits {
    private static final long SEED = 1;

    private final T3 model;
    private final TokenDecoder decoder;
    private final TokenDecoder.Prefix prefix;
    private final int[] text;
    private final boolean guided;

    /**
     * @param decoder of the model; a slot of it must be free
     * @param text token ids, framed where the model wants it
     */
    public T3Logits(T3 model, TokenDecoder decoder, TokenDecoder.Prefix prefix, int[] text) {
        this.model = model;
        this.decoder = decoder;
        this.prefix = prefix;
        this.text = text.clone();
        guided = model.config().kind() == DecoderModel.Kind.LLAMA;
    }

    /** The tokens that this model draws, at most so many; no stop token. */
    public int[] drawn(int most) {
        int slot = join(new int[0], most);
        int[] tokens = decoder.poll(slot);
        while (!decoder.ended(slot)) {
            decoder.step();
            int[] more = decoder.poll(slot);
            tokens = Arrays.copyOf(tokens, tokens.length + more.length);
            System.arraycopy(more, 0, tokens, tokens.length - more.length, more.length);
        }
        decoder.leave(slot);
        return Arrays.stream(tokens).filter(t -> t != T3Config.STOP_SPEECH).toArray();
    }

    /** The logits (B,V) before each of the tokens, and after the last. */
    public float[][] along(int[] tokens) {
        float[][] logits = new float[tokens.length + 1][];
        for (int i = 0; i < logits.length; i++) {
            int slot = join(Arrays.copyOf(tokens, i), 1);
            logits[i] = decoder.logits(slot);
            decoder.leave(slot);
        }
        return logits;
    }

    /** Begins a sequence whose first tokens are given: they are read together with the text. */
    private int join(int[] tokens, int limit) {
        Ops ops = decoder.ops();
        SamplerSettings settings = guided ? SamplerSettings.ORIGINAL : SamplerSettings.TURBO;
        try (Ops.Scope ignored = ops.scope()) {
            int rows = model.textRows(text);
            Tensor x = ops.tensor(guided ? 2 : 1, rows + tokens.length, model.config().hidden());
            model.embedText(ops, text, guided, x.rows(0, rows));
            for (int b = 0; b < x.batch() && tokens.length > 0; b++) {
                // The start token has place 0.
                model.embedSpeech(ops, tokens, 1, x.batch(b).rows(rows, x.rows()));
            }
            return decoder.join(prefix, x, settings, SEED, 0, limit);
        }
    }

    /**
     * How far logits are from others.
     *
     * @param rms root mean square of the differences, as a share of the others' deviation
     * @param mean of the differences' sizes
     * @param most the largest of them
     * @param sameBest of the steps, the share whose best token is the same (the first row's)
     */
    public record Distance(double rms, double mean, double most, double sameBest) {
        /**
         * @param vocabulary V
         */
        public static Distance of(float[][] found, float[][] expected, int vocabulary) {
            double sum = 0;
            long n = 0;
            for (float[] step : expected) {
                n += step.length;
                for (float v : step) {
                    sum += v;
                }
            }
            double average = sum / n;
            double squares = 0;
            double deviation = 0;
            double sizes = 0;
            double most = 0;
            int same = 0;
            for (int i = 0; i < expected.length; i++) {
                for (int k = 0; k < expected[i].length; k++) {
                    double e = Math.abs((double) found[i][k] - expected[i][k]);
                    squares += e * e;
                    sizes += e;
                    most = Math.max(most, e);
                    double d = expected[i][k] - average;
                    deviation += d * d;
                }
                same += best(found[i], vocabulary) == best(expected[i], vocabulary) ? 1 : 0;
            }
            return new Distance(
                    Math.sqrt(squares / deviation),
                    sizes / n,
                    most,
                    same / (double) expected.length);
        }

        private static int best(float[] logits, int vocabulary) {
            int best = 0;
            for (int i = 1; i < vocabulary; i++) {
                best = logits[i] > logits[best] ? i : best;
            }
            return best;
        }
    }
}
