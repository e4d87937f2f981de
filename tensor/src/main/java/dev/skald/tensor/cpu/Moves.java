package dev.skald.tensor.cpu;

import dev.skald.tensor.cpu.PackedWeights.CpuConv2d;
import dev.skald.tensor.cpu.memory.CpuTensor;
import dev.skald.tensor.cpu.workers.WorkerPool;
import java.util.Arrays;

/** Ops that only move values. */
final class Moves {
    private Moves() {}

    static void pick(
            String op, float[] from, int offset, int step, int count, int[] ids, CpuTensor out) {
        for (int id : ids) {
            if (id < 0 || id >= count) {
                throw new IllegalArgumentException(
                        op + ": index " + id + " is not one of " + count);
            }
        }
        for (int i = 0; i < ids.length; i++) {
            System.arraycopy(from, offset + ids[i] * step, out.data, out.at(0, i), out.cols());
        }
    }

    static void repeat(CpuTensor x, int times, CpuTensor out) {
        for (int b = 0; b < x.batch(); b++) {
            for (int r = 0; r < out.rows(); r++) {
                System.arraycopy(x.data, x.at(b, r / times), out.data, out.at(b, r), x.cols());
            }
        }
    }

    static void transpose(CpuTensor x, CpuTensor out) {
        for (int b = 0; b < x.batch(); b++) {
            for (int r = 0; r < x.rows(); r++) {
                int at = x.at(b, r);
                int o = out.at(b, 0) + r;
                for (int c = 0; c < x.cols(); c++, o += out.rowStride) {
                    out.data[o] = x.data[at + c];
                }
            }
        }
    }

    /** Writes out the windows of an image (H, W, in): (h, v, kernelH * kernelW * in). */
    static void windows(WorkerPool pool, CpuTensor x, CpuConv2d c, CpuTensor windows) {
        int row = c.kernelW() * c.in();
        pool.run(
                windows.batch(),
                (i, worker) -> {
                    for (int j = 0; j < windows.rows(); j++) {
                        for (int k = 0; k < c.kernelH(); k++) {
                            int y = i * c.strideH() - c.paddingH() + k;
                            int to = windows.at(i, j) + k * row;
                            Arrays.fill(windows.data, to, to + row, 0);
                            if (y >= 0 && y < x.batch()) {
                                window(x, y, j * c.strideW() - c.paddingW(), c, windows, to);
                            }
                        }
                    }
                });
    }

    /** One row of a window whose first column is {@code left}, zeros left where there is none. */
    private static void window(
            CpuTensor x, int y, int left, CpuConv2d c, CpuTensor windows, int to) {
        int high = Math.min(x.rows(), left + c.kernelW());
        for (int k = Math.max(0, left); k < high; k++) {
            System.arraycopy(x.data, x.at(y, k), windows.data, to + (k - left) * c.in(), c.in());
        }
    }
}
