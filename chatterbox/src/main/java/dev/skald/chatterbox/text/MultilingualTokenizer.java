package dev.skald.chatterbox.text;

import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * The tokenizer of the Multilingual model ({@code MTLTokenizer}): lower case, NFKD, a tag of the
 * language, Chinese as Cangjie codes.
 *
 * <p>As in the official code without its optional packages, Chinese is not segmented into words,
 * Japanese keeps its kanji, Hebrew gets no vowel points and Russian no stress marks.
 */
public final class MultilingualTokenizer implements TextTokenizer {
    /** The languages the model speaks, by ISO 639-1 code. */
    public static final List<String> LANGUAGES =
            List.of(
                    "ar", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "it", "ja", "ko",
                    "ms", "nl", "no", "pl", "pt", "ru", "sv", "sw", "tr", "zh");

    private final WhitespaceBpe tokenizer;
    private final Path cangjieFile;
    private volatile Map<Integer, String> cangjie = Map.of();

    /**
     * @param file {@code grapheme_mtl_merged_expanded_v1.json}; {@code Cangjie5_TC.json} is taken
     *     from beside it when Chinese is spoken first
     * @throws dev.skald.VoiceException if it cannot be read
     */
    public MultilingualTokenizer(Path file) {
        tokenizer = new WhitespaceBpe(file);
        cangjieFile = file.resolveSibling("Cangjie5_TC.json");
    }

    @Override
    public int[] encode(String text, Optional<String> language) {
        String tag = language.map(l -> l.toLowerCase(Locale.ROOT)).orElse("");
        String t = prepare(text);
        if (tag.equals("zh")) {
            t = cangjie(t);
        } else if (tag.equals("ko")) {
            t = strip(t); // NFKD has taken the syllables apart already
        }
        return tokenizer.encode(tag.isEmpty() ? t : "[" + tag + "]" + t);
    }

    @Override
    public int vocabularySize() {
        return tokenizer.size();
    }

    static String prepare(String text) {
        return Normalizer.normalize(text.toLowerCase(Locale.ROOT), Normalizer.Form.NFKD);
    }

    /**
     * Each character that has a Cangjie code becomes its keys, {@code [cj_o][cj_n][cj_f][cj_.]}.
     */
    private String cangjie(String text) {
        Map<Integer, String> codes = codes();
        StringBuilder out = new StringBuilder();
        text.codePoints()
                .forEach(
                        c -> {
                            String code =
                                    Character.getType(c) == Character.OTHER_LETTER
                                            ? codes.get(c)
                                            : null;
                            if (code == null) {
                                out.appendCodePoint(c);
                            } else {
                                code.codePoints()
                                        .forEach(
                                                k ->
                                                        out.append("[cj_")
                                                                .appendCodePoint(k)
                                                                .append(']'));
                                out.append("[cj_.]");
                            }
                        });
        return out.toString();
    }

    /**
     * Code of each character; characters that share a code are told apart by their place in the
     * file, from the second on.
     */
    private Map<Integer, String> codes() {
        Map<Integer, String> known = cangjie;
        if (known.isEmpty() && Files.exists(cangjieFile)) {
            Map<Integer, String> read = new HashMap<>();
            Map<String, Integer> used = new HashMap<>();
            for (JsonNode entry : TokenizerFile.json(cangjieFile)) {
                String[] fields = entry.asString("").split("\t");
                if (fields.length < 2 || fields[0].isEmpty()) {
                    throw TokenizerFile.bad(cangjieFile, "'" + entry + "' is no code");
                }
                int place = used.merge(fields[1], 1, Integer::sum) - 1;
                if (fields[0].codePointCount(0, fields[0].length()) == 1) {
                    read.put(fields[0].codePointAt(0), place == 0 ? fields[1] : fields[1] + place);
                }
            }
            known = Map.copyOf(read);
            cangjie = known;
        }
        return known;
    }

    private static String strip(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && PunctuationNorm.isPythonSpace(text.charAt(from))) {
            from++;
        }
        while (to > from && PunctuationNorm.isPythonSpace(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }
}
