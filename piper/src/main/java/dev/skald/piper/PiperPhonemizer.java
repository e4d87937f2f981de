package dev.skald.piper;

import dev.skald.text.Phonemizer;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Text to the phonemes a voice was trained on, as {@code PiperVoice.phonemize} of piper1-gpl does
 * it, but for the network that writes out the vowels of Arabic there: text is read as it is
 * written. Safe for many threads.
 */
final class PiperPhonemizer {
    private final PiperVoiceConfig config;
    private final @Nullable Phonemizer espeak;
    private final String espeakVoice;
    private final int longestCluster;

    /**
     * @param espeak what reads; {@code null} for a voice of type {@code text}, which needs none
     * @param espeakVoice the eSpeak NG voice to read with, usually the configuration's
     */
    PiperPhonemizer(PiperVoiceConfig config, @Nullable Phonemizer espeak, String espeakVoice) {
        this.config = config;
        this.espeak = espeak;
        this.espeakVoice = espeakVoice;
        this.longestCluster = config.vowelClusters().stream().mapToInt(List::size).max().orElse(0);
    }

    /** The phonemes of each sentence that has any; one phoneme is a codepoint or a cluster. */
    List<List<String>> phonemes(String text) {
        List<List<String>> sentences = new ArrayList<>();
        switch (config.phonemeType()) {
            case TEXT -> {
                List<String> sentence = new ArrayList<>();
                addCodepoints(nfd(text), sentence);
                sentences.add(sentence);
            }
            case ESPEAK -> addParts(parts(text), sentences);
        }
        sentences.removeIf(List::isEmpty);
        return sentences;
    }

    /** Text and {@code [[raw phonemes]]} by turns. */
    private void addParts(List<String> parts, List<List<String>> sentences) {
        boolean afterRaw = false;
        for (int i = 0; i < parts.size(); i++) {
            String part = parts.get(i);
            if (part.startsWith("[[")) {
                if (sentences.isEmpty()) {
                    sentences.add(new ArrayList<>());
                }
                List<String> last = sentences.getLast();
                if (i > 0 && parts.get(i - 1).endsWith(" ")) {
                    last.add(" ");
                }
                addCodepoints(strip(part.substring(2, Math.max(2, part.length() - 2))), last);
                if (i < parts.size() - 1 && parts.get(i + 1).startsWith(" ")) {
                    last.add(" ");
                }
                afterRaw = true;
                continue;
            }
            List<List<String>> spoken = spoken(part);
            if (afterRaw && !spoken.isEmpty()) {
                // Text after a raw block goes on with that block's sentence.
                sentences.getLast().addAll(spoken.removeFirst());
            }
            sentences.addAll(spoken);
            afterRaw = false;
        }
    }

    /** {@code EspeakPhonemizer.phonemize}: the sentences of a stretch without raw blocks. */
    private List<List<String>> spoken(String text) {
        List<List<String>> sentences = new ArrayList<>();
        List<String> sentence = new ArrayList<>();
        Phonemizer reader = Objects.requireNonNull(espeak, "a voice of type text has none");
        for (Phonemizer.Clause clause : reader.phonemize(espeakVoice, TextBounds.bounded(text))) {
            String phonemes = withoutLanguageSwitches(clause.phonemes()) + clause.terminator();
            switch (clause.terminator()) {
                case ",", ":", ";" -> phonemes += " ";
                default -> {}
            }
            addCodepoints(nfd(phonemes), sentence);
            if (clause.endOfSentence()) {
                sentences.add(merged(sentence));
                sentence = new ArrayList<>();
            }
        }
        if (!sentence.isEmpty()) {
            sentences.add(merged(sentence));
        }
        return sentences;
    }

    /** Runs that the voice knows as one phoneme, the longest first. */
    private List<String> merged(List<String> phonemes) {
        Set<List<String>> clusters = config.vowelClusters();
        if (clusters.isEmpty()) {
            return phonemes;
        }
        List<String> merged = new ArrayList<>(phonemes.size());
        for (int i = 0; i < phonemes.size(); ) {
            int n = Math.min(longestCluster, phonemes.size() - i);
            while (n > 1 && !clusters.contains(phonemes.subList(i, i + n))) {
                n--;
            }
            n = Math.max(n, 1);
            merged.add(String.join("", phonemes.subList(i, i + n)));
            i += n;
        }
        return merged;
    }

    /**
     * Splits as {@code re.split(r"(\[\[.*?\]\])")} does: text at even places, blocks at odd ones. A
     * block does not span lines.
     */
    static List<String> parts(String text) {
        List<String> parts = new ArrayList<>();
        int from = 0;
        for (int at = text.indexOf("[["); at >= 0; ) {
            int end = text.indexOf("]]", at + 2);
            if (end < 0) {
                break;
            }
            int newline = text.indexOf('\n', at + 2);
            if (newline >= 0 && newline < end) {
                at = text.indexOf("[[", newline);
                continue;
            }
            parts.add(text.substring(from, at));
            parts.add(text.substring(at, end + 2));
            from = end + 2;
            at = text.indexOf("[[", from);
        }
        parts.add(text.substring(from));
        return parts;
    }

    /** Without {@code (en)} and the like, which mark words of another language. */
    static String withoutLanguageSwitches(String phonemes) {
        int open = phonemes.indexOf('(');
        if (open < 0) {
            return phonemes;
        }
        StringBuilder out = new StringBuilder(phonemes.length());
        int from = 0;
        while (open >= 0) {
            int close = phonemes.indexOf(')', open + 1);
            if (close < 0) {
                break;
            }
            if (close == open + 1) {
                // Empty parentheses are not a switch, but may open one: "()x)".
                open = phonemes.indexOf('(', open + 1);
                continue;
            }
            out.append(phonemes, from, open);
            from = close + 1;
            open = phonemes.indexOf('(', from);
        }
        return out.append(phonemes, from, phonemes.length()).toString();
    }

    private static void addCodepoints(String text, List<String> to) {
        for (int i = 0; i < text.length(); ) {
            int next = text.offsetByCodePoints(i, 1);
            to.add(text.substring(i, next));
            i = next;
        }
    }

    private static String nfd(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!decomposed(text.charAt(i))) {
                return Normalizer.normalize(text, Normalizer.Form.NFD);
            }
        }
        return text;
    }

    /** ASCII, IPA and its modifiers: what English needs, and the normalizer's tables are not. */
    private static boolean decomposed(char c) {
        return c < 0xA0
                || c == 'æ'
                || c == 'ð'
                || c == 'ø'
                || c >= 0x250 && c < 0x300
                || c == 'ŋ'
                || c == 'θ'
                || c == 'ᵻ';
    }

    /** {@code str.strip()}, whose white space holds the no-break ones too. */
    private static String strip(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && white(text.charAt(from))) {
            from++;
        }
        while (to > from && white(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean white(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }
}
