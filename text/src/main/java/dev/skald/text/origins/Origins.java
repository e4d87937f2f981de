package dev.skald.text.origins;

import java.util.Arrays;

/**
 * Where each character of a text stands in the text that it was made from: a range, which is empty
 * for what was put in between. It grows with its text. For one thread.
 */
public final class Origins {
    /** Texts that differ go on alike again where so many characters are equal ... */
    private static final int ALIKE = 4;

    /** ... within so many. */
    private static final int FURTHEST = 200;

    private int[] starts = new int[64];
    private int[] ends = new int[64];
    private int size;

    /** Those of a text that is the same as the other one. */
    public static Origins same(int length) {
        Origins same = new Origins();
        same.copied(length, 0);
        return same;
    }

    /**
     * Those of a text that was made of another by changes here and there. Where they differ, as
     * many characters as there were stand for one each, others for all together.
     */
    public static Origins between(String from, String to) {
        Origins origins = new Origins();
        int i = 0;
        int j = 0;
        while (j < to.length()) {
            if (i < from.length() && from.charAt(i) == to.charAt(j)) {
                origins.add(i, ++i);
                j++;
                continue;
            }
            int gone = from.length() - i;
            int come = to.length() - j;
            int most = Math.min(FURTHEST, gone + come);
            search:
            for (int d = 1; d <= most; d++) {
                for (int a = 0; a <= d; a++) {
                    if (alike(from, i + a, to, j + d - a)) {
                        gone = a;
                        come = d - a;
                        break search;
                    }
                }
            }
            for (int k = 0; k < come; k++) {
                origins.add(gone == come ? i + k : i, gone == come ? i + k + 1 : i + gone);
            }
            i += gone;
            j += come;
        }
        return origins;
    }

    private static boolean alike(String a, int i, String b, int j) {
        if (i > a.length() || j > b.length()) {
            return false;
        }
        int n = Math.min(ALIKE, a.length() - i);
        return (n == ALIKE || b.length() - j == n) && a.regionMatches(i, b, j, n);
    }

    public int size() {
        return size;
    }

    public int start(int i) {
        return starts[i];
    }

    public int end(int i) {
        return ends[i];
    }

    /** The end of the last character's; 0 if there is none. */
    public int end() {
        return size == 0 ? 0 : ends[size - 1];
    }

    /** The next character's. */
    public void add(int start, int end) {
        if (size == starts.length) {
            starts = Arrays.copyOf(starts, 2 * size);
            ends = Arrays.copyOf(ends, 2 * size);
        }
        starts[size] = start;
        ends[size++] = end;
    }

    /** The text has grown to {@code length} by characters that stand from {@code from} on. */
    public void copied(int length, int from) {
        for (int at = from; size < length; at++) {
            add(at, at + 1);
        }
    }

    /** The text has grown to {@code length} by what is said for a range. */
    public void said(int length, int from, int to) {
        while (size < length) {
            add(from, to);
        }
    }

    /** The text has got a part that has origins of its own, counted from {@code shift} on. */
    public void add(Origins part, int shift) {
        for (int i = 0; i < part.size; i++) {
            add(part.starts[i] + shift, part.ends[i] + shift);
        }
    }

    /** The text was cut to {@code length} if it was longer. */
    public void cut(int length) {
        size = Math.min(size, length);
    }

    /** The first characters of the text are gone. */
    public void drop(int n) {
        System.arraycopy(starts, n, starts, 0, size - n);
        System.arraycopy(ends, n, ends, 0, size - n);
        size -= n;
    }

    /** Those of a part of the text. */
    public Origins part(int from, int to) {
        Origins part = new Origins();
        for (int i = from; i < to; i++) {
            part.add(starts[i], ends[i]);
        }
        return part;
    }

    /** Now they stand for what the text that this one was made from was itself made from. */
    public void through(Origins earlier) {
        for (int i = 0; i < size; i++) {
            int from = starts[i];
            int to = ends[i];
            starts[i] = from < earlier.size ? earlier.starts[from] : earlier.end();
            ends[i] = to > from ? Math.max(starts[i], earlier.ends[to - 1]) : starts[i];
        }
    }

    /** The text was changed here and there: now they are those of the new one. */
    public void changed(String from, String to) {
        if (!from.equals(to)) {
            Origins change = between(from, to);
            change.through(this);
            size = 0;
            add(change, 0);
        }
    }
}
