package dev.skald.tensor.cpu.conv;

import dev.skald.tensor.cpu.memory.CpuTensor;
import dev.skald.tensor.cpu.workers.Team;
import java.util.Arrays;

/**
 * The windows of a 2-D convolution written out, so that it becomes a matrix product.
 *
 * @param in channels of the image
 */
public record Im2col(
        int in, int kernelH, int kernelW, int strideH, int strideW, int paddingH, int paddingW) {
    /** Writes the windows of an image (H, W, in): (h, v, kernelH * kernelW * in). */
    public void run(Team team, CpuTensor x, CpuTensor windows) {
        int row = kernelW * in;
        team.run(
                windows.batch(),
                (i, worker) -> {
                    for (int j = 0; j < windows.rows(); j++) {
                        for (int k = 0; k < kernelH; k++) {
                            int y = i * strideH - paddingH + k;
                            int to = windows.at(i, j) + k * row;
                            Arrays.fill(windows.data, to, to + row, 0);
                            if (y >= 0 && y < x.batch()) {
                                row(x, y, j * strideW - paddingW, windows, to);
                            }
                        }
                    }
                });
    }

    /** One row of a window whose first column is {@code left}; beyond the image it stays zero. */
    private void row(CpuTensor x, int y, int left, CpuTensor windows, int to) {
        int high = Math.min(x.rows(), left + kernelW);
        for (int k = Math.max(0, left); k < high; k++) {
            System.arraycopy(x.data, x.at(y, k), windows.data, to + (k - left) * in, in);
        }
    }
}
