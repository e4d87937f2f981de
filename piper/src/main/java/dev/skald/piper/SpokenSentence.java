package dev.skald.piper;

import dev.skald.text.SourceWord;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A sentence on its way to the network.
 *
 * @param source the text as it was written
 * @param normalized the text as it is read
 * @param endsBlock whether a paragraph, heading or list item ends with it
 * @param utterances what the network is given, in order: mostly one, more where eSpeak NG sees
 *     several sentences, none where there is nothing to say
 */
public record SpokenSentence(
        String source, String normalized, boolean endsBlock, List<Utterance> utterances) {

    /**
     * One run of the network.
     *
     * @param phonemes codepoints of IPA, or of the text for a voice of type {@code text}
     * @param ids what the voice makes of them
     * @param silence samples of silence after it
     * @param words those of the text it says, where the request asks when they are heard
     */
    public record Utterance(
            List<String> phonemes, PhonemeIds ids, int silence, List<SpokenWord> words) {
        public Utterance {
            phonemes = List.copyOf(phonemes);
            words = List.copyOf(words);
        }

        /** Whether the voice knows any of the phonemes. */
        boolean speakable() {
            return phonemes.size() > ids.unknown().values().stream().mapToInt(n -> n).sum();
        }
    }

    /**
     * A word, or all of the utterance, and the ids that say it.
     *
     * @param from the first of them
     * @param to behind the last of them; {@code from} where nothing is said for it
     */
    public record SpokenWord(SourceWord word, int from, int to) {}

    public SpokenSentence {
        utterances = List.copyOf(utterances);
    }

    /** Phonemes that the voice does not know, and how often they were left out. */
    public Map<String, Integer> unknown() {
        Map<String, Integer> all = new TreeMap<>();
        for (Utterance utterance : utterances) {
            utterance.ids().unknown().forEach((p, n) -> all.merge(p, n, Integer::sum));
        }
        return all;
    }
}
