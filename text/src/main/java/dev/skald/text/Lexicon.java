package dev.skald.text;

import dev.skald.InvalidRequestException;
import dev.skald.SpeechRequest;
import dev.skald.text.origins.Origins;
import dev.skald.text.words.Phonemes;
import dev.skald.text.words.Words;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The user's own words: how to say them, as other words or as {@code [[phonemes]]}.
 *
 * <p>A file in UTF-8, one word (or phrase) a line: the word, a tab or {@code =}, what to say
 * instead. Blank lines and lines that begin with {@code #} are skipped. A word counts only as a
 * whole, as written in the text, before numbers and abbreviations are written out. A word in lower
 * case stands for every letter case; one with a capital letter for itself alone, and wins.
 * Immutable.
 */
public final class Lexicon {
    /** The lexicon without words. */
    public static final Lexicon EMPTY = new Lexicon(List.of());

    private static final int MOST_ENTRIES = 200_000;
    private static final int LONGEST_WORD = 100;
    private static final int LONGEST_READING = 1_000;

    private record Entry(String word, String reading, boolean anyCase) {}

    /** By the lower case of the word up to its first character that is no letter or digit. */
    private final Map<String, List<Entry>> entries = new HashMap<>();

    private final int size;

    private Lexicon(List<Entry> words) {
        for (Entry entry : words) {
            entries.computeIfAbsent(head(entry.word, 0), key -> new ArrayList<>(1)).add(entry);
        }
        // The longest wins; among equals the exact letter case.
        Comparator<Entry> order =
                Comparator.<Entry>comparingInt(e -> -e.word.length()).thenComparing(Entry::anyCase);
        entries.values().forEach(list -> list.sort(order));
        size = words.size();
    }

    /**
     * The words of a request: those of its file, and its own, which win.
     *
     * @throws LexiconException if the file cannot be read or a line of it is not an entry
     * @throws InvalidRequestException if one of its own words cannot be an entry
     */
    public static Lexicon of(SpeechRequest request) {
        Lexicon file = request.lexicon().map(Lexicon::load).orElse(EMPTY);
        if (request.words().isEmpty()) {
            return file;
        }
        Map<String, Entry> words = new HashMap<>();
        file.entries.values().forEach(list -> list.forEach(e -> words.put(e.word, e)));
        request.words()
                .forEach(
                        (word, reading) -> {
                            String fault = add(word.strip(), reading.strip(), words);
                            if (!fault.isEmpty()) {
                                throw new InvalidRequestException("lexicon: " + fault);
                            }
                        });
        return new Lexicon(List.copyOf(words.values()));
    }

    /**
     * Reads a lexicon file.
     *
     * @throws LexiconException if it cannot be read or a line is not an entry
     */
    public static Lexicon load(Path file) {
        try (Reader in =
                new InputStreamReader(
                        Files.newInputStream(file), StandardCharsets.UTF_8.newDecoder())) {
            return read(in, file.toString());
        } catch (NoSuchFileException e) {
            throw new LexiconException("there is no lexicon file " + file, e);
        } catch (CharacterCodingException e) {
            throw new LexiconException("the lexicon " + file + " is not UTF-8 text", e);
        } catch (IOException e) {
            throw new LexiconException(
                    "the lexicon " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    static Lexicon read(Reader in, String name) throws IOException {
        Map<String, Entry> words = new HashMap<>();
        BufferedReader lines = new BufferedReader(new BoundedReader(in));
        int number = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            number++;
            String text = (number == 1 && line.startsWith("\uFEFF") ? line.substring(1) : line);
            if (text.isBlank() || text.stripLeading().startsWith("#")) {
                continue;
            }
            String fault = add(text, words);
            if (!fault.isEmpty()) {
                throw new LexiconException(name + ", line " + number + ": " + fault);
            }
        }
        return new Lexicon(List.copyOf(words.values()));
    }

    /** How many words it holds. */
    public int size() {
        return size;
    }

    /** The text with every word of the lexicon replaced. {@code [[phonemes]]} stay as they are. */
    public String apply(String text) {
        return apply(text, false, null);
    }

    /**
     * The text with every word of the lexicon replaced.
     *
     * @param english whether an entry also stands for its possessive and plural: "Geis's"
     * @param origins gets where each character stands in the text; null if nobody asks
     */
    String apply(String text, boolean english, @Nullable Origins origins) {
        if (entries.isEmpty()) {
            if (origins != null) {
                origins.copied(text.length(), 0);
            }
            return text;
        }
        StringBuilder out = new StringBuilder(text.length() + 16);
        int i = 0;
        while (i < text.length()) {
            int raw = Phonemes.end(text, i);
            if (raw > i) {
                out.append(text, i, raw);
                if (origins != null) {
                    origins.copied(out.length(), i);
                }
                i = raw;
                continue;
            }
            int from = i;
            Entry entry = starts(text, i) ? find(text, i, english) : null;
            if (entry != null) {
                i += entry.word.length();
                int ending = english ? Inflection.end(text, i) : i;
                out.append(
                        ending > i
                                ? Inflection.of(entry.reading, text.substring(i, ending))
                                : entry.reading);
                i = ending;
            } else {
                out.append(text.charAt(i++));
            }
            if (origins != null) {
                origins.said(out.length(), from, i);
            }
        }
        return out.toString();
    }

    private static boolean starts(String text, int i) {
        return !Character.isLetterOrDigit(text.charAt(i)) || Words.edge(text, i - 1);
    }

    private @Nullable Entry find(String text, int i, boolean english) {
        String head = head(text, i);
        Entry entry = find(text, i, head, false);
        if (entry == null && english && head.endsWith("s")) {
            entry = find(text, i, head.substring(0, head.length() - 1), true);
        }
        return entry;
    }

    private @Nullable Entry find(String text, int i, String head, boolean plural) {
        for (Entry entry : entries.getOrDefault(head, List.of())) {
            int end = i + entry.word.length();
            if (text.regionMatches(entry.anyCase, i, entry.word, 0, entry.word.length())
                    && (plural
                            ? Inflection.end(text, end) > end
                            : Words.edge(text, end) || Words.edge(text, end - 1))) {
                return entry;
            }
        }
        return null;
    }

    /** The letters and digits from {@code from} on, or the one other character there. */
    private static String head(String text, int from) {
        int end = from;
        while (end < text.length()
                && end - from < LONGEST_WORD
                && Character.isLetterOrDigit(text.charAt(end))) {
            end++;
        }
        return text.substring(from, Math.max(end, from + 1)).toLowerCase(Locale.ROOT);
    }

    /** Adds the entry of a line; says what is wrong with it, or nothing. */
    private static String add(String line, Map<String, Entry> words) {
        int split = line.indexOf('\t');
        if (split < 0) {
            // "=" may itself be part of a word that a tab follows, so the tab is looked for first.
            split = line.indexOf('=');
        }
        if (split < 0) {
            return "write the word, a tab or '=', and what to say";
        }
        for (int i = 0; i < line.length(); i++) {
            if (Character.isISOControl(line.charAt(i)) && line.charAt(i) != '\t') {
                return "there is a control character in column " + (i + 1);
            }
        }
        return add(line.substring(0, split).strip(), line.substring(split + 1).strip(), words);
    }

    private static String add(String word, String reading, Map<String, Entry> words) {
        if (word.isEmpty()) {
            return "the word before the tab or '=' is missing";
        }
        if (reading.isEmpty()) {
            return "say what to speak for '" + shortened(word) + "'";
        }
        if (word.length() > LONGEST_WORD) {
            return "a word may have " + LONGEST_WORD + " characters at most";
        }
        if (reading.length() > LONGEST_READING) {
            return "what is said may have " + LONGEST_READING + " characters at most";
        }
        if (word.contains("[[") || word.contains("]]")) {
            return "[[phonemes]] stand after the tab or '=', not before it";
        }
        if (reading.contains("[[") && Phonemes.end(reading, reading.indexOf("[[")) < 0) {
            return "[[ has no ]]";
        }
        if ((word + reading).chars().anyMatch(Character::isISOControl)) {
            return "there is a control character in '" + shortened(word) + "' or what is said";
        }
        boolean anyCase = word.equals(word.toLowerCase(Locale.ROOT));
        words.put(word, new Entry(word, reading, anyCase));
        return words.size() > MOST_ENTRIES ? "more than " + MOST_ENTRIES + " words" : "";
    }

    private static String shortened(String word) {
        return word.length() <= 30 ? word : word.substring(0, 30) + "...";
    }

    /** Keeps one endless line from filling the memory. */
    private static final class BoundedReader extends Reader {
        private static final int LONGEST_LINE = 10_000;

        private final Reader in;
        private int sinceLineEnd;

        BoundedReader(Reader in) {
            this.in = in;
        }

        @Override
        public int read(char[] target, int offset, int length) throws IOException {
            int n = in.read(target, offset, length);
            for (int i = 0; i < n; i++) {
                boolean end = target[offset + i] == '\n' || target[offset + i] == '\r';
                sinceLineEnd = end ? 0 : sinceLineEnd + 1;
            }
            if (sinceLineEnd > LONGEST_LINE) {
                throw new IOException("a line has more than " + LONGEST_LINE + " characters");
            }
            return n;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
