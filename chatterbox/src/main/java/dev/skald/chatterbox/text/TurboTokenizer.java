package dev.skald.chatterbox.text;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * GPT-2's byte-level tokenizer with the tags of Turbo and Nano ({@code [laugh]}). Source: Radford
 * et al. 2019; huggingface/tokenizers' {@code ByteLevel}.
 */
public final class TurboTokenizer implements TextTokenizer {
    private static final String[] CONTRACTIONS = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};

    private final Bpe bpe;
    private final char[] letterOfByte = new char[256];

    /**
     * @param folder holds {@code vocab.json} and {@code merges.txt}, or {@code tokenizer.json}
     * @throws dev.skald.VoiceException if it cannot be read
     */
    public TurboTokenizer(Path folder) {
        Path whole = folder.resolve("tokenizer.json");
        bpe = Files.exists(whole) ? TokenizerFile.readBpe(whole) : TokenizerFile.readGpt2(folder);
        char spare = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b > 0x20 && b < 0x7f) || (b > 0xa0 && b != 0xad);
            letterOfByte[b] = printable ? (char) b : spare++;
        }
    }

    @Override
    public int[] encode(String text, Optional<String> language) {
        IntStream.Builder ids = IntStream.builder();
        bpe.split(text, ids::add, rest -> words(rest, ids));
        return ids.build().toArray();
    }

    @Override
    public int vocabularySize() {
        return bpe.size();
    }

    /**
     * Splits as GPT-2's pattern does: contractions, then an optional blank with a run of letters,
     * of digits or of signs, then blanks; the last blank of a run goes to the word after it.
     */
    private void words(String text, IntStream.Builder ids) {
        int i = 0;
        while (i < text.length()) {
            int end = contraction(text, i);
            if (end < 0) {
                int start = text.charAt(i) == ' ' && i + 1 < text.length() ? i + 1 : i;
                int kind = kind(text.codePointAt(start));
                if (kind == 0 && start > i) {
                    start = i;
                }
                end = run(text, start, kind);
                if (kind == 0 && end < text.length() && end - start > 1) {
                    end--; // all of White_Space lies in the basic plane
                }
            }
            encode(text.substring(i, end), ids);
            i = end;
        }
    }

    private static int contraction(String text, int at) {
        if (text.charAt(at) == '\'') {
            for (String c : CONTRACTIONS) {
                if (text.startsWith(c, at)) {
                    return at + c.length();
                }
            }
        }
        return -1;
    }

    private static int run(String text, int from, int kind) {
        int i = from;
        while (i < text.length()) {
            int c = text.codePointAt(i);
            if (kind(c) != kind) {
                break;
            }
            i += Character.charCount(c);
        }
        return i;
    }

    /** 0 blank, 1 letter, 2 number, 3 anything else. */
    private static int kind(int c) {
        if (PunctuationNorm.isSpace(c)) {
            return 0;
        }
        return switch (Character.getType(c)) {
            case Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER ->
                    1;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
                    2;
            default -> 3;
        };
    }

    private void encode(String word, IntStream.Builder ids) {
        byte[] utf8 = word.getBytes(StandardCharsets.UTF_8);
        char[] letters = new char[utf8.length];
        for (int k = 0; k < utf8.length; k++) {
            letters[k] = letterOfByte[utf8[k] & 0xff];
        }
        bpe.encode(new String(letters), ids::add);
    }
}
