package dev.skald.piper;

import java.util.Arrays;
import java.util.List;

/**
 * Aligns the phonemes of a sentence with those of its words read one by one: the cheapest way to
 * change one into the other (Needleman and Wunsch, 1970), where sounds of a kind are changed
 * cheaply and words begin behind spaces.
 */
final class WordAlignment {
    /** Cells of the table; more than a sentence has. */
    private static final long MOST_CELLS = 16_000_000;

    private static final int VOWEL_FOR_VOWEL = 4;
    private static final int CONSONANT_FOR_CONSONANT = 7;
    private static final int MARK_FOR_MARK = 2;
    private static final int OTHER_KIND = 14;

    /** A sound that only one of the two has; a stress or length mark costs less. */
    private static final int SOUND = 10;

    private static final int MARK = 2;

    /** A space within a word; no space before one. */
    private static final int SPACE_WITHIN = 8;

    private static final int NO_SPACE = 4;

    private static final byte SKIP = 1; // what the sentence has and no word
    private static final byte DROP = 2; // what a word has and the sentence has not
    private static final byte PAIR = 3;

    private enum Kind {
        VOWEL,
        CONSONANT,
        MARK,
        SPACE
    }

    private WordAlignment() {}

    /** For each phoneme the word that it belongs to; -1 for spaces and punctuation. */
    static int[] owners(List<List<String>> words, List<String> phonemes) {
        int most = words.stream().mapToInt(List::size).sum();
        String[] alone = new String[most];
        int[] wordOf = new int[most];
        int n = 0;
        for (int w = 0; w < words.size(); w++) {
            for (String phoneme : words.get(w)) {
                if (kind(phoneme) != Kind.SPACE) {
                    alone[n] = phoneme;
                    wordOf[n++] = w;
                }
            }
        }
        int[] owners = new int[phonemes.size()];
        Arrays.fill(owners, -1);
        if (n > 0 && (long) (n + 1) * (phonemes.size() + 1) <= MOST_CELLS) {
            align(alone, wordOf, n, phonemes, owners);
        }
        return owners;
    }

    private static void align(
            String[] alone, int[] wordOf, int n, List<String> phonemes, int[] owners) {
        int m = phonemes.size();
        Kind[] kinds = phonemes.stream().map(WordAlignment::kind).toArray(Kind[]::new);
        byte[][] moves = new byte[n + 1][m + 1];
        int[] before = new int[m + 1];
        int[] costs = new int[m + 1];
        for (int i = 0; i <= n; i++) {
            boolean boundary = i == n || i == 0 || wordOf[i] != wordOf[i - 1];
            Kind own = i == 0 ? Kind.SPACE : kind(alone[i - 1]);
            boolean begins = i > 1 && wordOf[i - 1] != wordOf[i - 2];
            for (int j = 0; j <= m; j++) {
                int best = i == 0 && j == 0 ? 0 : Integer.MAX_VALUE;
                byte move = 0;
                if (j > 0) {
                    int skip = skip(kinds[j - 1], boundary);
                    best = costs[j - 1] + skip;
                    move = SKIP;
                }
                if (i > 0) {
                    int drop = before[j] + gap(own);
                    if (drop < best) {
                        best = drop;
                        move = DROP;
                    }
                }
                if (i > 0 && j > 0 && kinds[j - 1] != Kind.SPACE) {
                    boolean same = alone[i - 1].equals(phonemes.get(j - 1));
                    int glued = begins && j > 1 && kinds[j - 2] != Kind.SPACE ? NO_SPACE : 0;
                    int pair = before[j - 1] + glued + (same ? 0 : change(own, kinds[j - 1]));
                    if (pair <= best) {
                        best = pair;
                        move = PAIR;
                    }
                }
                costs[j] = best;
                moves[i][j] = move;
            }
            int[] swap = before;
            before = costs;
            costs = swap;
        }
        for (int i = n, j = m; i > 0 || j > 0; ) {
            byte move = moves[i][j];
            if (move == PAIR) {
                owners[--j] = wordOf[--i];
            } else if (move == DROP) {
                i--;
            } else {
                j--;
                if (kinds[j] != Kind.SPACE) {
                    // Behind a space it begins the next word, else it ends this one.
                    boolean next = j == 0 || kinds[j - 1] == Kind.SPACE;
                    owners[j] = wordOf[Math.clamp(next ? i : i - 1, 0, n - 1)];
                }
            }
        }
    }

    private static int skip(Kind kind, boolean boundary) {
        return kind == Kind.SPACE ? boundary ? 0 : SPACE_WITHIN : gap(kind);
    }

    private static int gap(Kind kind) {
        return kind == Kind.MARK ? MARK : SOUND;
    }

    private static int change(Kind a, Kind b) {
        if (a != b) {
            return OTHER_KIND;
        }
        return switch (a) {
            case VOWEL -> VOWEL_FOR_VOWEL;
            case MARK -> MARK_FOR_MARK;
            default -> CONSONANT_FOR_CONSONANT;
        };
    }

    private static Kind kind(String phoneme) {
        int c = phoneme.codePointAt(0);
        if (c >= 0x2B0 && c <= 0x36F || c >= '0' && c <= '9') {
            return Kind.MARK; // stress, length, combining marks, tones
        }
        if (!Character.isLetter(c)) {
            return Kind.SPACE;
        }
        return "aeiouyæøœɐɑɒɔəɘɚɛɜɝɞɤɨɪɯɵɶʉʊʌʏᵻᵿɷ".indexOf(c) >= 0 ? Kind.VOWEL : Kind.CONSONANT;
    }
}
