package dev.skald.tensor.cpu.gemm;

import dev.skald.tensor.Activation;
import dev.skald.tensor.cpu.elementwise.Functions;
import dev.skald.tensor.cpu.memory.CpuTensor;
import java.util.Arrays;

/**
 * The left operand of a product: row i is the window of rows {@code first + i * stride + t *
 * dilation} of x, t from 0 to {@code taps - 1}, side by side. Windows are never written out. Rows
 * beyond x's edges are zeros.
 *
 * @param before applied to x first
 */
public record Windows(
        CpuTensor x, int first, int stride, int taps, int dilation, Activation before) {
    /** The rows of x as they are. */
    public static Windows of(CpuTensor x) {
        return new Windows(x, 0, 1, 1, 1, Activation.NONE);
    }

    /** The first row that window i begins with. */
    public int from(int i) {
        return first + i * stride;
    }

    /** The row after the last one that windows up to i, excluded, see. */
    public int to(int i) {
        return from(i - 1) + (taps - 1) * dilation + 1;
    }

    /** Whether rows [from, to) can be read from x where they lie. */
    public boolean inPlace(int from, int to) {
        return before.kind() == Activation.Kind.NONE && from >= 0 && to <= x.rows();
    }

    /** Copies rows [from, to) of a batch through the activation, zeros beyond the edges. */
    public void load(Functions functions, int b, int from, int to, float[] a) {
        int in = x.cols();
        int low = Math.clamp(0, from, to);
        int high = Math.clamp(x.rows(), low, to);
        Arrays.fill(a, 0, (low - from) * in, 0);
        Arrays.fill(a, (high - from) * in, (to - from) * in, 0);
        if (before.alpha() == null && x.rowStride == in) {
            int n = (high - low) * in;
            functions.activate(before, 0, x.data, x.at(b, low), a, (low - from) * in, n);
            return;
        }
        for (int r = low; r < high; r++) {
            functions.activate(before, 0, x.data, x.at(b, r), a, (r - from) * in, in);
        }
    }
}
