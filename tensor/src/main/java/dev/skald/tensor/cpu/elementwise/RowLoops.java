package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.cpu.memory.CpuTensor;
import dev.skald.tensor.cpu.workers.Team;

/** Goes over a tensor row by row or value by value, in pieces for the workers. */
public final class RowLoops {
    /** Work in a piece, in plain operations on a value: a few microseconds. */
    private static final int PIECE = 1 << 15;

    private final Team team;

    public RowLoops(Team team) {
        this.team = team;
    }

    /** Something done to a row of {@code from} at {@code at}, its result going to {@code to}. */
    public interface Row {
        void run(float[] from, int at, int to, int batch, int row);
    }

    /** Something done to n values that lie side by side. */
    public interface Run {
        void run(float[] from, int at, int to, int n);
    }

    /** A function of two values. */
    public interface Pair {
        void run(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n);
    }

    /**
     * Runs over every row of x and the same row of out; a value costs about {@code cost}
     * operations.
     */
    public void each(CpuTensor x, CpuTensor out, int cost, Row row) {
        int total = x.batch() * x.rows();
        int piece = Math.max(1, PIECE / Math.max(1, x.cols() * cost));
        team.run(
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

    /** Runs over every value of x and the same of out, in runs as long as possible. */
    public void flat(CpuTensor x, CpuTensor out, int cost, Run run) {
        if (!x.isDense() || !out.isDense()) {
            each(x, out, cost, (from, at, to, b, r) -> run.run(from, at, to, x.cols()));
            return;
        }
        int total = x.size();
        int piece = PIECE / cost;
        team.run(
                (total + piece - 1) / piece,
                (item, worker) -> {
                    int from = item * piece;
                    int n = Math.min(piece, total - from);
                    run.run(x.data, x.offset + from, out.offset + from, n);
                });
    }

    /**
     * Runs over every value of a and the one of b at its place; b is repeated over a dimension in
     * which it has size 1.
     */
    public void pair(String op, CpuTensor a, CpuTensor b, CpuTensor out, Pair pair) {
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
}
