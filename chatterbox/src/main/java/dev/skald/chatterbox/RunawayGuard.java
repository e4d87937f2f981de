package dev.skald.chatterbox;

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

    /** So many tokens that were just said so before may begin a loop; or are a pause. */
    private static final int ECHO = 8;

    /** A sound may be held for so many tokens more without a doubt. */
    private static final int HELD = 5;

    private final int[] tokens;

    /** By period: how many of the last tokens equal the one a period before them. */
    private final int[] echoed = new int[LONGEST_PATTERN + 1];

    private final int least;
    private int count;

    /**
     * @param length of the text, as {@link SpokenLength} counts
     */
    RunawayGuard(int length) {
        tokens = new int[most(length)];
        least = length / 4;
    }

    /** The most tokens a text may take: twice the slowest speech, and the official limit. */
    static int most(int length) {
        return Math.clamp(100 + 4L * length, 150, 1000);
    }

    /** Takes a token; tells whether the last ones are a loop. */
    boolean add(int token) {
        if (count == tokens.length) {
            return true;
        }
        for (int period = 1; period <= LONGEST_PATTERN; period++) {
            boolean echo = count >= period && tokens[count - period] == token;
            echoed[period] = echo ? echoed[period] + 1 : 0;
        }
        tokens[count++] = token;
        return loops();
    }

    private boolean loops() {
        if (echoed[1] >= LONGEST_RUN - 1) {
            return true;
        }
        for (int period = 2; period <= LONGEST_PATTERN; period++) {
            if (echoed[period] >= Math.max(SHORTEST_LOOP - period, 2 * period)) {
                return true;
            }
        }
        return false;
    }

    /**
     * How many of the last tokens only say again what was just said, but for a short held sound: if
     * more of them follow, they are a loop and not to be spoken.
     */
    int doubtful() {
        int most = Math.max(0, echoed[1] - HELD);
        for (int period = 2; period <= LONGEST_PATTERN; period++) {
            // A held sound echoes at every distance; it is counted above.
            if (echoed[period] >= ECHO && echoed[period] > echoed[1]) {
                most = Math.max(most, echoed[period]);
            }
        }
        return most;
    }

    /** Whether so few tokens cannot be the whole text. */
    boolean tooShort() {
        return count < least;
    }

    int count() {
        return count;
    }
}
