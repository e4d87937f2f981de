package dev.skald.tensor.cpu.attention;

import dev.skald.tensor.cpu.memory.CpuTensor;

/** Rotary positions. */
public final class Rotary {
    private Rotary() {}

    /**
     * Rotates the pairs (x[d], x[d + half]) of each head of batch b by the angles of their
     * position.
     *
     * @param cos (1, positions, half)
     * @param first the position of row 0
     */
    public static void run(CpuTensor x, int b, int heads, CpuTensor cos, CpuTensor sin, int first) {
        int half = cos.cols();
        for (int r = 0; r < x.rows(); r++) {
            int c = cos.at(0, first + r);
            int s = sin.at(0, first + r);
            for (int h = 0; h < heads; h++) {
                rotate(x.data, x.at(b, r) + h * 2 * half, cos.data, c, sin.data, s, half);
            }
        }
    }

    private static void rotate(
            float[] x, int xo, float[] cos, int co, float[] sin, int so, int half) {
        for (int d = 0; d < half; d++) {
            float a = x[xo + d];
            float b = x[xo + half + d];
            float c = cos[co + d];
            float s = sin[so + d];
            x[xo + d] = a * c - b * s;
            x[xo + half + d] = b * c + a * s;
        }
    }
}
