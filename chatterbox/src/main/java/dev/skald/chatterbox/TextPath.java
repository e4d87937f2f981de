package dev.skald.chatterbox;

import java.util.List;

/**
 * The way through a text that fits best what each speech token attends to: forwards only, a few
 * text tokens a step (Viterbi).
 */
final class TextPath {
    /** Text tokens that may be passed in 40 ms; blanks are attended to by none. */
    private static final int FURTHEST = 7;

    private TextPath() {}

    /**
     * By speech token: the text token that is said with it.
     *
     * @param rows by speech token: how well each text token fits, as a logarithm
     * @param text how many text tokens there are
     * @param last whether the text has been said to its end
     */
    static int[] of(List<float[]> rows, int text, boolean last) {
        int n = rows.size();
        int[] path = new int[n];
        if (n == 0 || text == 0) {
            return path;
        }
        float[] best = new float[text];
        float[] before = new float[text];
        byte[][] steps = new byte[n][text];
        for (int j = 0; j < text; j++) {
            best[j] = j <= FURTHEST ? rows.getFirst()[j] : Float.NEGATIVE_INFINITY;
        }
        for (int t = 1; t < n; t++) {
            float[] swap = before;
            before = best;
            best = swap;
            for (int j = 0; j < text; j++) {
                int step = 0;
                for (int d = 1; d <= Math.min(FURTHEST, j); d++) {
                    if (before[j - d] > before[j - step]) {
                        step = d;
                    }
                }
                best[j] = before[j - step] + rows.get(t)[j];
                steps[t][j] = (byte) step;
            }
        }
        int at = last ? text - 1 : 0;
        // The stop token and the punctuation before it are attended to by few.
        for (int j = last ? Math.max(0, text - 4) : 0; j < text; j++) {
            at = best[j] > best[at] ? j : at;
        }
        for (int t = n - 1; t >= 0; t--) {
            path[t] = at;
            at -= steps[t][at];
        }
        return path;
    }
}
