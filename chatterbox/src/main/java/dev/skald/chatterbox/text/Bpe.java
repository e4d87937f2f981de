package dev.skald.chatterbox.text;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * Byte pair encoding over a given vocabulary and merge list, with tokens that are taken out of the
 * text whole before anything else (Sennrich et al. 2016; huggingface/tokenizers' {@code BPE} and
 * {@code AddedVocabulary}).
 */
final class Bpe {
    private record Merge(int rank, int id) {}

    private final Map<String, Integer> vocabulary;
    private final Map<Long, Merge> merges;
    private final Map<String, Integer> added;
    private final int longestAdded;
    private final int unknown;
    private final int size;

    /**
     * @param unknown the id of what is not in the vocabulary, -1 to leave it out
     */
    Bpe(
            Map<String, Integer> vocabulary,
            List<String[]> mergeList,
            Map<String, Integer> added,
            int unknown) {
        this.vocabulary = vocabulary;
        this.added = added;
        this.unknown = unknown;
        merges = new HashMap<>(mergeList.size() * 2);
        for (int rank = 0; rank < mergeList.size(); rank++) {
            String[] pair = mergeList.get(rank);
            Integer left = vocabulary.get(pair[0]);
            Integer right = vocabulary.get(pair[1]);
            Integer both = vocabulary.get(pair[0] + pair[1]);
            if (left == null || right == null || both == null) {
                throw new IllegalArgumentException(
                        "merge '" + pair[0] + " " + pair[1] + "' is not in the vocabulary");
            }
            merges.putIfAbsent(key(left, right), new Merge(rank, both));
        }
        int longest = 0;
        int most = 0;
        for (Map.Entry<String, Integer> e : added.entrySet()) {
            longest = Math.max(longest, e.getKey().length());
            most = Math.max(most, e.getValue());
        }
        for (int id : vocabulary.values()) {
            most = Math.max(most, id);
        }
        longestAdded = longest;
        size = most + 1;
    }

    private static long key(int left, int right) {
        return (long) left << 32 | right;
    }

    int size() {
        return size;
    }

    /** The id of a whole token, -1 if there is none. */
    int id(String token) {
        Integer id = added.get(token);
        if (id == null) {
            id = vocabulary.get(token);
        }
        return id == null ? -1 : id;
    }

    /** Gives the ids of added tokens to {@code ids} and the text between them to {@code rest}. */
    void split(String text, IntConsumer ids, Consumer<String> rest) {
        int from = 0;
        int i = 0;
        while (i < text.length()) {
            Integer id = null;
            int end = i;
            for (int n = Math.min(longestAdded, text.length() - i); n > 0 && id == null; n--) {
                id = added.get(text.substring(i, i + n));
                end = i + n;
            }
            if (id == null) {
                i++;
                continue;
            }
            if (from < i) {
                rest.accept(text.substring(from, i));
            }
            ids.accept(id);
            from = end;
            i = end;
        }
        if (from < text.length()) {
            rest.accept(text.substring(from));
        }
    }

    /** Merges the code points of one word, the best-ranked pair first, the leftmost of equals. */
    void encode(String word, IntConsumer ids) {
        int[] symbols = new int[word.length()];
        int n = 0;
        for (int i = 0; i < word.length(); ) {
            int length = Character.charCount(word.codePointAt(i));
            int id = vocabulary.getOrDefault(word.substring(i, i + length), unknown);
            if (id >= 0) {
                symbols[n++] = id;
            }
            i += length;
        }
        while (n > 1) {
            Merge best = null;
            for (int i = 0; i + 1 < n; i++) {
                Merge m = merges.get(key(symbols[i], symbols[i + 1]));
                if (m != null && (best == null || m.rank < best.rank)) {
                    best = m;
                }
            }
            if (best == null) {
                break;
            }
            int to = 0;
            for (int i = 0; i < n; i++) {
                Merge m = i + 1 < n ? merges.get(key(symbols[i], symbols[i + 1])) : null;
                if (m != null && m.rank == best.rank) {
                    symbols[to++] = m.id;
                    i++;
                } else {
                    symbols[to++] = symbols[i];
                }
            }
            n = to;
        }
        Arrays.stream(symbols, 0, n).forEach(ids);
    }
}
