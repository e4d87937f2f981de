package dev.skald.text.input;

import dev.skald.text.origins.Origins;

/** Text as it comes in, kept from a place on: what was made of it can be shown as it stands. */
public final class Tape implements TextInput {
    private final TextInput in;
    private final StringBuilder kept = new StringBuilder();
    private int keptFrom;

    public Tape(TextInput in) {
        this.in = in;
    }

    @Override
    public int read(char[] to, int from, int n) {
        int count = in.read(to, from, n);
        if (count > 0) {
            kept.append(to, from, count);
        }
        return count;
    }

    @Override
    public void origins(int n, Origins to) {
        int end = keptFrom + kept.length();
        to.copied(to.size() + n, end - n);
    }

    /** A part of the text. */
    public String text(int from, int to) {
        return kept.substring(from - keptFrom, to - keptFrom);
    }

    /** What stands before a place is not asked for any more. */
    public void forget(int before) {
        kept.delete(0, before - keptFrom);
        keptFrom = Math.max(keptFrom, before);
    }
}
