package dev.skald.piper;

import dev.skald.Timestamps;
import dev.skald.piper.SpokenSentence.SpokenWord;
import dev.skald.piper.SpokenSentence.Utterance;
import dev.skald.text.SentenceTrace;
import dev.skald.text.SourceWord;
import dev.skald.text.origins.Origins;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which phonemes of a sentence say which of its words. eSpeak NG tells only where it puts spaces,
 * and it joins words ("of the") and parts them; so each word is read by itself too, and the two
 * readings are aligned. For one thread.
 */
final class WordPhonemes {
    private static final int MOST_KNOWN = 4096;

    private final PiperVoiceConfig config;
    private final PiperPhonemizer phonemizer;
    private final Timestamps level;
    private final Map<String, List<String>> known = new HashMap<>();

    WordPhonemes(PiperVoiceConfig config, PiperPhonemizer phonemizer, Timestamps level) {
        this.config = config;
        this.phonemizer = phonemizer;
        this.level = level;
    }

    /**
     * The utterances of a sentence with their words, or with all their words as one.
     *
     * @param spelled the sentence as the phonemizer got it
     * @param origins where that stands in the sentence as normalised
     */
    List<Utterance> timed(
            SentenceTrace trace, String spelled, Origins origins, List<Utterance> utterances) {
        List<SourceWord> words = trace.words();
        List<List<String>> alone = new ArrayList<>(words.size());
        for (SourceWord word : words) {
            alone.add(read(spelling(word, spelled, origins)));
        }
        List<String> phonemes = new ArrayList<>();
        utterances.forEach(utterance -> phonemes.addAll(utterance.phonemes()));
        int[] owners = WordAlignment.owners(alone, phonemes);
        int[] homes = homes(owners, words.size(), utterances);
        List<Utterance> timed = new ArrayList<>(utterances.size());
        int from = 0;
        int word = 0;
        for (int u = 0; u < utterances.size(); u++) {
            Utterance utterance = utterances.get(u);
            int to = from + utterance.phonemes().size();
            int[] own = Arrays.copyOfRange(owners, from, to);
            int[] places = PhonemeIds.places(utterance.phonemes(), config);
            List<SpokenWord> said = new ArrayList<>();
            int end = places[0];
            for (; word < words.size() && homes[word] == u; word++) {
                int first = 0;
                while (first < own.length && own[first] != word) {
                    first++;
                }
                int last = own.length;
                while (last > first && own[last - 1] != word) {
                    last--;
                }
                boolean silent = first == last;
                said.add(
                        new SpokenWord(
                                words.get(word),
                                silent ? end : places[first],
                                silent ? end : places[last]));
                end = silent ? end : places[last];
            }
            timed.add(
                    new Utterance(
                            utterance.phonemes(),
                            utterance.ids(),
                            utterance.silence(),
                            level == Timestamps.WORD ? said : whole(trace, said)));
            from = to;
        }
        return timed;
    }

    private static List<SpokenWord> whole(SentenceTrace trace, List<SpokenWord> said) {
        return said.isEmpty()
                ? said
                : List.of(
                        new SpokenWord(
                                trace.joined(said.stream().map(SpokenWord::word).toList()),
                                said.getFirst().from(),
                                said.getLast().to()));
    }

    /** The utterance that each word begins in; for a silent one that of the word before. */
    private static int[] homes(int[] owners, int words, List<Utterance> utterances) {
        int[] homes = new int[words];
        Arrays.fill(homes, -1);
        int at = 0;
        for (int u = 0; u < utterances.size(); u++) {
            for (int end = at + utterances.get(u).phonemes().size(); at < end; at++) {
                if (owners[at] >= 0 && homes[owners[at]] < 0) {
                    homes[owners[at]] = u;
                }
            }
        }
        int home = 0;
        for (int i = 0; i < words; i++) {
            home = Math.max(home, homes[i]);
            homes[i] = home;
        }
        return homes;
    }

    /** The word as the phonemizer gets it. */
    private static String spelling(SourceWord word, String spelled, Origins origins) {
        int from = 0;
        while (from < spelled.length() && origins.end(from) <= word.from()) {
            from++;
        }
        int to = from;
        while (to < spelled.length() && origins.start(to) < word.to()) {
            to++;
        }
        return spelled.substring(from, to);
    }

    private List<String> read(String word) {
        if (known.size() > MOST_KNOWN) {
            known.clear();
        }
        return known.computeIfAbsent(
                word, w -> phonemizer.phonemes(w).stream().flatMap(List::stream).toList());
    }
}
