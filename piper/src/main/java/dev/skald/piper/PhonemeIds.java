package dev.skald.piper;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The ids of one sentence as the network takes them.
 *
 * @param ids {@code ^ _ (p _)* $}, each below the voice's {@code numSymbols}
 * @param unknown phonemes that the voice does not know, and how often they were left out
 */
public record PhonemeIds(int[] ids, Map<String, Integer> unknown) {
    public PhonemeIds {
        unknown = Map.copyOf(unknown);
    }

    /** {@code phonemes_to_ids} of piper1-gpl. */
    static PhonemeIds of(List<String> phonemes, PiperVoiceConfig config) {
        Map<String, List<Integer>> map = config.phonemeIds();
        List<Integer> pad = map.getOrDefault(PiperVoiceConfig.PAD, List.of());
        List<Integer> ids = new ArrayList<>(2 * phonemes.size() + 3);
        ids.addAll(map.getOrDefault(PiperVoiceConfig.BEGIN, List.of()));
        ids.addAll(pad);
        Map<String, Integer> unknown = new TreeMap<>();
        for (String phoneme : phonemes) {
            List<Integer> known = map.get(phoneme);
            if (known == null) {
                unknown.merge(phoneme, 1, Integer::sum);
            } else {
                ids.addAll(known);
                ids.addAll(pad);
            }
        }
        ids.addAll(map.getOrDefault(PiperVoiceConfig.END, List.of()));
        return new PhonemeIds(ids.stream().mapToInt(Integer::intValue).toArray(), unknown);
    }

    /**
     * Where the ids of each phoneme begin, and behind the last one's pad those of the end: one
     * place more than there are phonemes.
     */
    static int[] places(List<String> phonemes, PiperVoiceConfig config) {
        Map<String, List<Integer>> map = config.phonemeIds();
        int pad = map.getOrDefault(PiperVoiceConfig.PAD, List.of()).size();
        int[] places = new int[phonemes.size() + 1];
        int at = map.getOrDefault(PiperVoiceConfig.BEGIN, List.of()).size() + pad;
        for (int i = 0; i < phonemes.size(); i++) {
            places[i] = at;
            List<Integer> known = map.get(phonemes.get(i));
            at += known == null ? 0 : known.size() + pad;
        }
        places[phonemes.size()] = at;
        return places;
    }

    @Override
    public boolean equals(@Nullable Object o) {
        return o instanceof PhonemeIds other
                && Arrays.equals(ids, other.ids)
                && unknown.equals(other.unknown);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(ids);
    }

    @Override
    public String toString() {
        return Arrays.toString(ids) + (unknown.isEmpty() ? "" : " without " + unknown);
    }
}
