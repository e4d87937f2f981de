package dev.skald.chatterbox.t3;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which text token the model attends to while it draws each speech token. Some heads of the Llama
 * models follow the text as it is read; the official code watches the same ones to notice when
 * speech goes astray ({@code AlignmentStreamAnalyzer}). The tokens that were drawn go through the
 * lower layers once more, many at a time, so that drawing costs nothing more.
 *
 * <p>For one thread, on its own op stream.
 */
public final class TextAttention implements AutoCloseable {
    /** Layer and head, by layer. */
    private static final int[][] HEADS = {{9, 2}, {12, 15}, {13, 11}};

    /** What a head that looks elsewhere gives, so that the others decide. */
    private static final float LEAST = 1e-5f;

    private final T3 model;
    private final Llama llama;
    private final Ops ops;
    private final KvCache cache;
    private final int text;
    private final int dim;
    private final int[][] heads;

    /** By head: the text's keys, row-major (S, D); none before the text is read. */
    private final float[][] keys;

    /** By speech token: the logarithm of the mean attention to each text token. */
    private final List<float[]> rows = new ArrayList<>();

    private int fed;

    /** Whether a model has these heads. */
    public static boolean knows(T3 model) {
        T3Config config = model.config();
        return model.transformer() instanceof Llama
                && Arrays.stream(HEADS)
                        .allMatch(h -> h[0] < config.layers() && h[1] < config.heads());
    }

    /**
     * Reads the text.
     *
     * @param text token ids
     * @param limit the most speech tokens
     */
    TextAttention(T3 model, Ops ops, T3Prefix prefix, int[] text, int limit) {
        this(model, ops, prefix, text, limit, HEADS);
    }

    /** The same by other heads, in the order of their layers, for tests. */
    TextAttention(T3 model, Ops ops, T3Prefix prefix, int[] text, int limit, int[][] heads) {
        if (!(model.transformer() instanceof Llama known)) {
            throw new IllegalArgumentException("this model's heads are not known");
        }
        this.model = model;
        this.ops = ops;
        this.text = text.length;
        this.heads = heads;
        keys = new float[heads.length][0];
        llama = known;
        dim = model.cacheWidth() / model.config().heads();
        int rows = model.textRows(text);
        try (KvCache voice = model.restore(ops, prefix)) {
            cache = voice.fork(ops, prefix.rows() + rows + limit + 1);
        }
        try (Ops.Scope ignored = ops.scope()) {
            Tensor x = ops.tensor(1, rows, model.config().hidden());
            model.embedText(ops, text, false, x);
            // The last row, a start token, draws the first speech token.
            forward(x, rows - 1);
        }
    }

    /**
     * The speech tokens that were drawn so far, those of the last call before them.
     *
     * @return by speech token: the logarithm of the attention to each text token
     */
    public List<float[]> follow(int[] tokens, int count) {
        if (count > fed) {
            int[] fresh = Arrays.copyOfRange(tokens, fed, count);
            try (Ops.Scope ignored = ops.scope()) {
                Tensor x = ops.tensor(1, fresh.length, model.config().hidden());
                model.embedSpeech(ops, fresh, 1 + fed, x);
                forward(x, 0);
            }
            fed = count;
        }
        return rows.subList(0, count);
    }

    /** Computes some positions; each from {@code first} on draws a speech token. */
    private void forward(Tensor x, int first) {
        KvRows at = new KvRows(ops, model, List.of(cache));
        at.advance(x.rows());
        float[][] mean = new float[x.rows() - first][text];
        at.watch(
                (layer, q, k) -> {
                    for (int h = 0; h < heads.length; h++) {
                        if (heads[h][0] == layer) {
                            float[] known = keys[h];
                            if (known.length == 0) {
                                known = head(ops.read(k), heads[h][1], 0, text);
                                keys[h] = known;
                            }
                            add(head(ops.read(q), heads[h][1], first, x.rows()), known, mean);
                        }
                    }
                });
        llama.forward(ops, x, at, Taps.NONE, heads[heads.length - 1][0] + 1);
        for (float[] row : mean) {
            for (int j = 0; j < text; j++) {
                row[j] = (float) Math.log(row[j] / heads.length + LEAST);
            }
            rows.add(row);
        }
    }

    /** One head's rows (n, D) of all heads' (T, H*D). */
    private float[] head(float[] all, int head, int from, int to) {
        int width = model.cacheWidth();
        float[] rows = new float[(to - from) * dim];
        for (int t = from; t < to; t++) {
            System.arraycopy(all, t * width + head * dim, rows, (t - from) * dim, dim);
        }
        return rows;
    }

    /** Adds softmax(q k) over the text's tokens. */
    private void add(float[] q, float[] k, float[][] to) {
        double scale = 1 / Math.sqrt(dim);
        double[] scores = new double[text];
        for (int t = 0; t < to.length; t++) {
            double most = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < text; j++) {
                double dot = 0;
                for (int d = 0; d < dim; d++) {
                    dot += q[t * dim + d] * k[j * dim + d];
                }
                scores[j] = dot * scale;
                most = Math.max(most, scores[j]);
            }
            double sum = 0;
            for (int j = 0; j < text; j++) {
                scores[j] = Math.exp(scores[j] - most);
                sum += scores[j];
            }
            for (int j = 0; j < text; j++) {
                to[t][j] += (float) (scores[j] / sum);
            }
        }
    }

    @Override
    public void close() {
        cache.close();
    }
}
