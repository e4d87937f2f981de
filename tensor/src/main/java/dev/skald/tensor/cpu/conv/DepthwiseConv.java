package dev.skald.tensor.cpu.conv;

import dev.skald.tensor.cpu.elementwise.Arithmetic;
import dev.skald.tensor.cpu.elementwise.Functions;
import dev.skald.tensor.cpu.gemm.Output;
import dev.skald.tensor.cpu.gemm.OutputKernels;
import dev.skald.tensor.cpu.gemm.Windows;
import dev.skald.tensor.cpu.memory.Scratch;
import dev.skald.tensor.cpu.workers.Team;

/** Convolutions with a group for each channel. */
public final class DepthwiseConv {
    /** Rows of a piece of work, at least. */
    private static final int ROWS = 24;

    /** Input values of a piece of work. */
    private static final int BLOCK = 1 << 15;

    private final Functions functions;
    private final OutputKernels outputs;
    private final Team team;
    private final Scratch scratch;

    public DepthwiseConv(Functions functions, OutputKernels outputs, Team team, Scratch scratch) {
        this.functions = functions;
        this.outputs = outputs;
        this.team = team;
        this.scratch = scratch;
    }

    /** {@code filter} is (taps, channels). */
    public void run(Windows x, float[] filter, Output output) {
        int n = x.x().cols();
        int count = output.out().rows();
        int block = Math.max(ROWS, BLOCK / Math.max(1, n));
        int blocks = (count + block - 1) / block;
        team.run(
                x.x().batch() * blocks,
                (item, worker) -> {
                    int row0 = item % blocks * block;
                    int row1 = Math.min(count, row0 + block);
                    rows(x, filter, output, item / blocks, row0, row1, worker);
                });
    }

    private void rows(
            Windows x, float[] filter, Output output, int b, int row0, int row1, int worker) {
        int n = x.x().cols();
        int from = x.from(row0);
        int to = x.to(row1);
        float[] a = x.x().data;
        int ao = x.x().at(b, from);
        int rowStride = x.x().rowStride;
        if (!x.inPlace(from, to)) {
            a = scratch.input(worker, (to - from) * n);
            x.load(functions, b, from, to, a);
            ao = 0;
            rowStride = n;
        }
        float[] t = scratch.tile(worker, n);
        for (int i = row0; i < row1; i++) {
            int at = ao + (i - row0) * x.stride() * rowStride;
            Arithmetic.mul(a, at, filter, 0, t, 0, n);
            for (int k = 1; k < x.taps(); k++) {
                Arithmetic.mulAdd(a, at + k * x.dilation() * rowStride, filter, k * n, t, 0, n);
            }
            outputs.store(t, n, 1, output, b, i, 0);
        }
    }
}
