package dev.skald.tensor.cpu.norm;

import dev.skald.tensor.cpu.elementwise.Arithmetic;
import dev.skald.tensor.cpu.memory.CpuTensor;
import java.util.Arrays;

/** Mean and standard deviation over the rows of each batch. */
public final class Moments {
    private Moments() {}

    /** The mean over the rows of each batch. */
    public static void mean(CpuTensor x, CpuTensor out) {
        for (int b = 0; b < x.batch(); b++) {
            int to = out.at(b, 0);
            Arrays.fill(out.data, to, to + x.cols(), 0);
            for (int r = 0; r < x.rows(); r++) {
                Arithmetic.add(out.data, to, x.data, x.at(b, r), out.data, to, x.cols());
            }
            Arithmetic.scale(out.data, to, 1f / x.rows(), 0, out.data, to, x.cols());
        }
    }

    /** The unbiased standard deviation over the rows of each batch. */
    public static void deviation(CpuTensor x, CpuTensor mean, CpuTensor out) {
        for (int b = 0; b < x.batch(); b++) {
            for (int c = 0; c < x.cols(); c++) {
                double m = mean.data[mean.at(b, 0) + c];
                double sum = 0;
                for (int r = 0; r < x.rows(); r++) {
                    double d = x.data[x.at(b, r) + c] - m;
                    sum += d * d;
                }
                out.data[out.at(b, 0) + c] = (float) Math.sqrt(sum / (x.rows() - 1));
            }
        }
    }
}
