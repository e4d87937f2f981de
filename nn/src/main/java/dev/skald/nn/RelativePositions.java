package dev.skald.nn;

import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;

/**
 * The sinusoidal table of relative positions of ESPnet's conformer (Transformer-XL, appendix B):
 * row r of the table for T rows is distance T-1-r. Made once, for the longest sequence.
 */
public final class RelativePositions {
    private final int longest;
    private final Tensor table; // (1, 2*longest-1, C)

    /** Of sequences of at most {@code longest} rows. */
    public RelativePositions(Parameters parameters, int hidden, int longest) {
        this.longest = longest;
        table = make(parameters, hidden, longest);
    }

    /** (1, 2*rows-1, C). Throws {@link IllegalArgumentException} on more rows than the longest. */
    public Tensor of(int rows) {
        if (rows > longest) {
            throw new IllegalArgumentException(
                    rows + " frames at once; this model was loaded for " + longest);
        }
        return table.rows(longest - rows, longest - 1 + rows);
    }

    private static Tensor make(Parameters parameters, int hidden, int count) {
        float[] values = new float[(2 * count - 1) * hidden];
        for (int d = 0; d < hidden; d += 2) {
            float frequency = (float) Math.exp(d * (float) -(Math.log(10000.0) / hidden));
            for (int distance = 0; distance < count; distance++) {
                float angle = distance * frequency;
                float sin = (float) Math.sin(angle);
                float cos = (float) Math.cos(angle);
                int left = (count - 1 - distance) * hidden + d;
                int right = (count - 1 + distance) * hidden + d;
                values[right] = -sin;
                values[right + 1] = cos;
                values[left] = sin;
                values[left + 1] = cos;
            }
        }
        return parameters.constant(values, 2 * count - 1, hidden);
    }
}
