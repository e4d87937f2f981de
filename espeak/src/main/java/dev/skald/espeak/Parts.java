package dev.skald.espeak;

import dev.skald.text.Phonemizer.Clause;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** A text that eSpeak NG fails on, read word by word, and a word it fails on letter by letter. */
final class Parts {
    private static final int LONGEST_SHOWN = 60;

    private final Function<String, List<Clause>> reader;
    private final long end;
    private final List<Clause> clauses = new ArrayList<>();
    private final List<String> spelled = new ArrayList<>();
    private final StringBuilder phonemes = new StringBuilder();
    private String left = "";

    /**
     * @param reader fails with a {@link SandboxException}
     * @param end when to give up, in {@link System#nanoTime}
     */
    Parts(Function<String, List<Clause>> reader, long end) {
        this.reader = reader;
        this.end = end;
    }

    List<Clause> read(String text) {
        for (String word : text.strip().split("\\s+")) {
            if (System.nanoTime() - end > 0) {
                left = ", and left out from \"" + shown(word) + "\" on";
                break;
            }
            try {
                add(reader.apply(word));
            } catch (SandboxException e) {
                spelled.add(shown(word));
                word.codePoints().forEach(this::letter);
            }
        }
        end("", true);
        return clauses;
    }

    /** What was done, to follow the text's name. */
    String told() {
        return ": read word by word" + (spelled.isEmpty() ? "" : ", spelled " + spelled) + left;
    }

    private void letter(int letter) {
        if (System.nanoTime() - end > 0) {
            return;
        }
        try {
            reader.apply(Character.toString(letter)).forEach(clause -> append(clause.phonemes()));
        } catch (SandboxException e) {
            // Not even alone: left out.
        }
    }

    private void add(List<Clause> word) {
        for (Clause clause : word) {
            append(clause.phonemes());
            // The end of a word without a mark is no end.
            if (!clause.terminator().isEmpty()) {
                end(clause.terminator(), clause.endOfSentence());
            }
        }
    }

    private void append(String more) {
        if (!phonemes.isEmpty() && !more.isEmpty()) {
            phonemes.append(' ');
        }
        phonemes.append(more);
    }

    private void end(String terminator, boolean sentence) {
        if (!phonemes.isEmpty()) {
            clauses.add(new Clause(phonemes.toString(), terminator, sentence));
            phonemes.setLength(0);
        }
    }

    /** Short and on one line. */
    static String shown(String text) {
        StringBuilder line = new StringBuilder();
        text.codePoints()
                .limit(LONGEST_SHOWN)
                .forEach(c -> line.appendCodePoint(Character.isISOControl(c) ? ' ' : c));
        return line.length() < text.length() ? line + "..." : line.toString();
    }
}
