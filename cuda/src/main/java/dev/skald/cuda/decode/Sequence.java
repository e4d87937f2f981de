package dev.skald.cuda.decode;

import java.util.Arrays;

/**
 * What the host knows of a slot's sequence. Draw n comes as {@code (n + 1) << 14 | token} in place
 * {@code n % RING} of the slot's ring.
 */
final class Sequence {
    /** Places of a ring: more than steps are ahead of the host. */
    static final int RING = 16;

    final int slot;

    /** Rows of a step: 2 with guidance. */
    final int branches;

    /** Where the prefix lies. */
    final long prefix;

    /** Positions of prefix and text. */
    private final int given;

    /** Draws that have a place and are allowed. */
    private final int most;

    private final int stopToken;

    /** The first row in the list of rows. */
    int row;

    /** Draws that the device was told to make. */
    private int asked = 1;

    private int[] tokens = new int[64];
    private int count;
    private int polled;
    private boolean ended;

    Sequence(int slot, int branches, long prefix, int given, int most, int stopToken) {
        this.slot = slot;
        this.branches = branches;
        this.prefix = prefix;
        this.given = given;
        this.most = most;
        this.stopToken = stopToken;
    }

    /** Takes what place {@code count % RING} of the ring holds, if it is the next draw. */
    boolean take(int word) {
        if (ended || word >>> 14 != count + 1) {
            return false;
        }
        if (count == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * count);
        }
        int token = word & (1 << 14) - 1;
        tokens[count++] = token;
        ended = token == stopToken || count >= most;
        return true;
    }

    int count() {
        return count;
    }

    /** Positions that attention reads after the draws that were asked for. */
    int positions() {
        return given + asked;
    }

    /** Draws that were asked for and have not come; 0 after the last one, whatever was asked. */
    int ahead() {
        return ended ? 0 : asked - count;
    }

    /** Whether another draw can be asked for. */
    boolean unfinished() {
        return !ended && asked < most;
    }

    void ask() {
        asked = Math.min(asked + 1, most);
    }

    boolean ended() {
        return ended;
    }

    boolean polledAll() {
        return ended && polled == count;
    }

    int[] poll() {
        int[] fresh = Arrays.copyOfRange(tokens, polled, count);
        polled = count;
        return fresh;
    }
}
