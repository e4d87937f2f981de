package dev.skald.tensor.cpu;

import dev.skald.tensor.Activation;
import dev.skald.tensor.cpu.memory.CpuTensor;
import dev.skald.tensor.cpu.workers.WorkerPool;
import java.util.Arrays;

/** Work that goes row by row or value by value, cut into pieces for the workers. */
final class Rows {
    /** Work in a piece, in plain operations on a value: a few microseconds. */
    private static final int PIECE = 1 << 15;

    private final Kernels kernels;
    private final WorkerPool pool;

    Rows(Kernels kernels, WorkerPool pool) {
        this.kernels = kernels;
        this.pool = pool;
    }

    /** Something done to a row. */
    interface Row {
        void run(float[] from, int at, int to, int batch, int row);
    }

    /** Something done to values that lie side by side. */
    interface Flat {
        void run(float[] from, int at, int to, int n);
    }

    /** A function of two values. */
    interface Pair {
        void run(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n);
    }

    /** Every row of x beside the same row of out; a value costs about {@code cost} operations. */
    void each(CpuTensor x, CpuTensor out, int cost, Row row) {
        int total = x.batch() * x.rows();
        int piece = Math.max(1, PIECE / Math.max(1, x.cols() * cost));
        pool.run(
                (total + piece - 1) / piece,
                (item, worker) -> {
                    int end = Math.min(total, (item + 1) * piece);
                    for (int i = item * piece; i < end; i++) {
                        int b = i / x.rows();
                        int r = i % x.rows();
                        row.run(x.data, x.at(b, r), out.at(b, r), b, r);
                    }
                });
    }

    /** Every value of x beside the same of out, in runs as long as can be. */
    void flat(CpuTensor x, CpuTensor out, int cost, Flat flat) {
        if (!x.isDense() || !out.isDense()) {
            each(x, out, cost, (from, at, to, b, r) -> flat.run(from, at, to, x.cols()));
            return;
        }
        int total = x.size();
        int piece = PIECE / cost;
        pool.run(
                (total + piece - 1) / piece,
                (item, worker) -> {
                    int from = item * piece;
                    int n = Math.min(piece, total - from);
                    flat.run(x.data, x.offset + from, out.offset + from, n);
                });
    }

    /** Every value of a with the one of b at its place, b repeated where it has one of a kind. */
    void pair(String op, CpuTensor a, CpuTensor b, CpuTensor out, Pair pair) {
        boolean fits =
                (b.batch() == a.batch() || b.batch() == 1)
                        && (b.rows() == a.rows() || b.rows() == 1)
                        && b.cols() == a.cols();
        if (!fits || !out.sameShape(a)) {
            throw new IllegalArgumentException(op + ": " + a + " with " + b + " into " + out);
        }
        if (a.sameShape(b) && a.isDense() && b.isDense() && out.isDense()) {
            flat(
                    a,
                    out,
                    2,
                    (x, at, to, n) ->
                            pair.run(x, at, b.data, b.offset + at - a.offset, out.data, to, n));
            return;
        }
        each(
                a,
                out,
                2,
                (x, at, to, batch, row) -> {
                    int other = b.at(b.batch() == 1 ? 0 : batch, b.rows() == 1 ? 0 : row);
                    pair.run(x, at, b.data, other, out.data, to, a.cols());
                });
    }

    /** A function of a row, its per-channel values taken from the row's first column on. */
    void activate(Activation f, float[] x, int xo, float[] y, int yo, int n) {
        CpuTensor alpha = (CpuTensor) f.alpha();
        kernels.activate(
                f,
                alpha == null ? null : alpha.data,
                alpha == null ? 0 : alpha.offset,
                x,
                xo,
                y,
                yo,
                n);
    }

    /** The mean over the rows of each batch. */
    void mean(CpuTensor x, CpuTensor out) {
        for (int b = 0; b < x.batch(); b++) {
            int to = out.at(b, 0);
            Arrays.fill(out.data, to, to + x.cols(), 0);
            for (int r = 0; r < x.rows(); r++) {
                kernels.add(out.data, to, x.data, x.at(b, r), out.data, to, x.cols());
            }
            kernels.scale(out.data, to, 1f / x.rows(), 0, out.data, to, x.cols());
        }
    }

    /** The unbiased standard deviation over the rows of each batch. */
    void deviation(CpuTensor x, CpuTensor mean, CpuTensor out) {
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
