package dev.skald.chatterbox.s3gen;

import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;

/**
 * The sinusoidal table of relative positions of ESPnet's conformer (Transformer-XL, appendix B):
 * row r of the table for T rows is distance T-1-r. Kept for the longest sequence met, doubled when
 * a longer one comes.
 */
final class RelativePositions {
    private final Parameters parameters;
    private final int width;
    private int longest;
    private volatile Tensor table; // (1, 2*longest-1, C)

    RelativePositions(Parameters parameters, int width) {
        this.parameters = parameters;
        this.width = width;
        longest = 1024; // 10 s of clip and 10 s of speech
        table = make(longest);
    }

    /** (1, 2*rows-1, C). */
    Tensor of(int rows) {
        Tensor known = table;
        int half = known.rows() / 2;
        if (half + 1 < rows) {
            synchronized (this) {
                while (longest < rows) {
                    longest *= 2;
                }
                if (table.rows() != 2 * longest - 1) {
                    table = make(longest);
                }
                known = table;
                half = known.rows() / 2;
            }
        }
        return known.rows(half - rows + 1, half + rows);
    }

    private Tensor make(int count) {
        float[] values = new float[(2 * count - 1) * width];
        for (int d = 0; d < width; d += 2) {
            float frequency = (float) Math.exp(d * (float) -(Math.log(10000.0) / width));
            for (int distance = 0; distance < count; distance++) {
                float angle = distance * frequency;
                float sin = (float) Math.sin(angle);
                float cos = (float) Math.cos(angle);
                int left = (count - 1 - distance) * width + d;
                int right = (count - 1 + distance) * width + d;
                values[right] = -sin;
                values[right + 1] = cos;
                values[left] = sin;
                values[left + 1] = cos;
            }
        }
        return parameters.constant(values, 2 * count - 1, width);
    }
}
