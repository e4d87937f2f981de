package dev.skald.cli.speak;

import dev.skald.InvalidRequestException;
import dev.skald.SkaldException;
import dev.skald.TimedText;
import dev.skald.Timestamps;
import dev.skald.cli.console.Failure;
import dev.skald.spi.WholeFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Subtitles as SubRip or WebVTT, by the rules that broadcasters share: two lines of 42 characters
 * at most, up to 7 seconds, none shorter than a second or too fast to read where there is room for
 * more, a gap between two, and no line that ends within a phrase if it can be helped.
 */
final class Subtitles {
    private static final int LINE = 42;
    private static final int LINES = 2;
    private static final double LONGEST = 7;
    private static final double SHORTEST = 1;

    /** Characters a second that can be read. */
    private static final double READING = 20;

    /** Two frames of film. */
    private static final double GAP = 0.083;

    /** What a break behind a clause is worth, in characters of uneven lines. */
    private static final int CLAUSE = 20;

    private record Word(String shown, double start, double end) {}

    private record Cue(List<Word> words) {
        double start() {
            return words.getFirst().start;
        }

        double end() {
            return words.getLast().end;
        }

        String text() {
            return String.join("", words.stream().map(Word::shown).toList()).strip();
        }

        boolean fits() {
            return width(text()) <= LINE * LINES
                    && lines(text()).stream().allMatch(line -> width(line) <= LINE)
                    && end() - start() <= LONGEST;
        }

        Cue with(Cue next) {
            List<Word> both = new ArrayList<>(words);
            Word last = both.removeLast();
            both.add(new Word(last.shown.stripTrailing() + " ", last.start, last.end));
            both.addAll(next.words);
            return new Cue(both);
        }
    }

    private final Path file;
    private final boolean vtt;

    /**
     * @param file whose extension names the format
     */
    Subtitles(String file) {
        this.file = Path.of(file);
        String name = file.toLowerCase(Locale.ROOT);
        vtt = name.endsWith(".vtt");
        if (!vtt && !name.endsWith(".srt")) {
            throw new InvalidRequestException(
                    "cannot write subtitles to " + file + ": name a file .srt or .vtt");
        }
    }

    void write(List<TimedText> words) {
        try (WholeFile whole = WholeFile.beside(file)) {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(text(words));
            while (bytes.hasRemaining()) {
                whole.channel().write(bytes);
            }
            whole.keep();
        } catch (IOException e) {
            throw new SkaldException(
                    "cannot write the subtitles " + file + ": " + Failure.of(e).line(), e);
        }
    }

    String text(List<TimedText> words) {
        List<Cue> cues = cues(words);
        StringBuilder out = new StringBuilder(vtt ? "WEBVTT\n\n" : "");
        for (int i = 0; i < cues.size(); i++) {
            Cue cue = cues.get(i);
            String text = cue.text();
            double wanted = Math.max(SHORTEST, width(text) / READING);
            double end = Math.max(cue.end(), cue.start() + wanted);
            if (i < cues.size() - 1) {
                double next = cues.get(i + 1).start();
                // What was said stays in any case until it was said.
                end = Math.max(cue.end(), Math.min(end, next - GAP));
                end = Math.min(end, next);
            }
            if (!vtt) {
                out.append(i + 1).append('\n');
            }
            out.append(time(cue.start())).append(" --> ").append(time(end)).append('\n');
            out.append(String.join("\n", lines(vtt ? escaped(text) : text))).append("\n\n");
        }
        return out.toString();
    }

    /** What WebVTT takes for mark-up is written so that it does not. */
    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    private String time(double seconds) {
        long ms = Math.round(seconds * 1000);
        return String.format(
                Locale.ROOT,
                "%02d:%02d:%02d%s%03d",
                ms / 3_600_000,
                ms / 60_000 % 60,
                ms / 1000 % 60,
                vtt ? "." : ",",
                ms % 1000);
    }

    private static List<Cue> cues(List<TimedText> words) {
        List<Cue> cues = new ArrayList<>();
        List<Word> sentence = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            sentence.addAll(words(words.get(i)));
            if (i == words.size() - 1 || words.get(i + 1).sentence() != words.get(i).sentence()) {
                split(sentence, cues);
                sentence = new ArrayList<>();
            }
        }
        return cues;
    }

    /** A sentence whose words have no times of their own is parted by its letters. */
    private static List<Word> words(TimedText text) {
        if (text.level() == Timestamps.WORD) {
            return List.of(new Word(text.shown(), text.startSeconds(), text.endSeconds()));
        }
        String[] parts = text.shown().split("(?<= )");
        double second =
                (text.endSeconds() - text.startSeconds()) / Math.max(1, text.shown().length());
        double at = text.startSeconds();
        List<Word> words = new ArrayList<>(parts.length);
        for (String part : parts) {
            words.add(new Word(part, at, at + part.length() * second));
            at += part.length() * second;
        }
        return words;
    }

    private static void split(List<Word> sentence, List<Cue> to) {
        Cue cue = new Cue(sentence);
        if (cue.fits() || sentence.size() == 1) {
            Cue before = to.isEmpty() ? null : to.getLast();
            boolean quick = before != null && before.end() - before.start() < SHORTEST;
            if (before != null
                    && quick
                    && cue.start() - before.end() < SHORTEST
                    && before.with(cue).fits()) {
                to.set(to.size() - 1, before.with(cue));
            } else {
                to.add(cue);
            }
            return;
        }
        int all = width(cue.text());
        int best = 1;
        int least = Integer.MAX_VALUE;
        int before = 0;
        for (int i = 1; i < sentence.size(); i++) {
            String word = sentence.get(i - 1).shown;
            before += width(word);
            int uneven = Math.abs(all - 2 * before) - (endsClause(word) ? CLAUSE * 2 : 0);
            if (uneven < least) {
                least = uneven;
                best = i;
            }
        }
        split(sentence.subList(0, best), to);
        split(sentence.subList(best, sentence.size()), to);
    }

    /** One line, or two that are about as long. */
    private static List<String> lines(String text) {
        if (width(text) <= LINE) {
            return List.of(text);
        }
        int best = -1;
        int least = Integer.MAX_VALUE;
        for (int i = text.indexOf(' '); i > 0; i = text.indexOf(' ', i + 1)) {
            int first = width(text.substring(0, i));
            int second = width(text.substring(i + 1));
            int tooLong = Math.max(0, Math.max(first, second) - LINE) * 100;
            int uneven =
                    Math.abs(first - second)
                            + tooLong
                            - (endsClause(text.substring(0, i)) ? CLAUSE : 0);
            if (uneven < least) {
                least = uneven;
                best = i;
            }
        }
        return best < 0
                ? List.of(text)
                : List.of(text.substring(0, best), text.substring(best + 1));
    }

    private static boolean endsClause(String text) {
        String end = text.stripTrailing();
        return !end.isEmpty() && ",;:!?—–)、，。".indexOf(end.charAt(end.length() - 1)) >= 0;
    }

    /** Characters; those as wide as two count so. */
    private static int width(String text) {
        return text.codePoints()
                .map(
                        c ->
                                switch (Character.UnicodeScript.of(c)) {
                                    case HAN, HIRAGANA, KATAKANA, HANGUL -> 2;
                                    default -> 1;
                                })
                .sum();
    }
}
