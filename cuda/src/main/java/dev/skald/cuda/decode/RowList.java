package dev.skald.cuda.decode;

import java.util.Arrays;

/** The rows of a step: {@code T3Entry}s, four integers each. */
final class RowList {
    private static final int ENTRY = 4;

    private final int[] entries = new int[StepKernels.ROWS * ENTRY];
    private int count;

    int count() {
        return count;
    }

    /**
     * @param row twice the slot, and its branch
     * @param offset positions after the slot's
     * @param first the first offset of this branch in the same launch
     * @param draw whether a token is drawn from it
     */
    void add(int row, int offset, int first, boolean draw) {
        int at = count++ * ENTRY;
        entries[at] = row;
        entries[at + 1] = offset;
        entries[at + 2] = first;
        entries[at + 3] = draw ? 1 : 0;
    }

    /** With empty rows up to a size of a step. */
    int[] padded(int size) {
        int[] all = Arrays.copyOf(entries, size * ENTRY);
        for (int i = count; i < size; i++) {
            all[i * ENTRY] = -1;
        }
        return all;
    }
}
