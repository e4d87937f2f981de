package dev.skald.chatterbox;

import java.util.Arrays;

/**
 * Watches the speech tokens of one text for the family's best-known fault: it repeats itself,
 * babbles or stays silent instead of ending. 25 tokens are a second.
 */
final class RunawayGuard {
    /** A sound held longer than 1.4 s is no speech. */
    private static final int LONGEST_RUN = 35;

    /** A pattern of up to this many tokens ... */
    private static final int LONGEST_PATTERN = 50;

    /** ... said over again for this long, and at least three times, is a loop. */
    private static final int SHORTEST_LOOP = 75;

    private final int[] tokens;
    private final int least;
    private int count;

    /**
     * @param characters of the text
     */
    RunawayGuard(int characters) {
        tokens = new int[most(characters)];
        least = characters / 4;
    }

    /** The most tokens a text may take: twice the slowest speech, and the official limit. */
    static int most(int characters) {
        return Math.clamp(100 + 4L * characters, 150, 1000);
    }

    /** Takes a token; tells whether the last ones are a loop. */
    boolean add(int token) {
        if (count == tokens.length) {
            return true;
        }
        tokens[count++] = token;
        return repeats(1, LONGEST_RUN) || loops();
    }

    private boolean loops() {
        for (int period = 2; period <= LONGEST_PATTERN; period++) {
            if (repeats(period, Math.max(SHORTEST_LOOP, 3 * period))) {
                return true;
            }
        }
        return false;
    }

    /** Whether the last {@code length} tokens repeat every {@code period}. */
    private boolean repeats(int period, int length) {
        return count >= length
                && Arrays.equals(
                        tokens,
                        count - length,
                        count - period,
                        tokens,
                        count - length + period,
                        count);
    }

    /** Whether so few tokens cannot be the whole text. */
    boolean tooShort() {
        return count < least;
    }

    int count() {
        return count;
    }
}
