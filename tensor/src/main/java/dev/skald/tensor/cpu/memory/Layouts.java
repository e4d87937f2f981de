package dev.skald.tensor.cpu.memory;

/** Ops that only copy values to other places. */
public final class Layouts {
    private Layouts() {}

    /**
     * Row i of the output becomes row {@code ids[i]} of a table.
     *
     * @param op for messages
     * @param step from one row of the table to the next
     * @param count rows of the table
     */
    public static void gather(
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

    public static void repeat(CpuTensor x, int times, CpuTensor out) {
        for (int b = 0; b < x.batch(); b++) {
            for (int r = 0; r < out.rows(); r++) {
                System.arraycopy(x.data, x.at(b, r / times), out.data, out.at(b, r), x.cols());
            }
        }
    }
}
