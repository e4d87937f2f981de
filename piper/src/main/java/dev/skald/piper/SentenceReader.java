package dev.skald.piper;

import dev.skald.SkaldException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import org.jspecify.annotations.Nullable;

/** Sentences of a text, one a line. */
final class SentenceReader {
    record Sentence(String source, String normalized) {}

    private final BufferedReader lines;

    SentenceReader(Reader text, String language) {
        lines = new BufferedReader(text);
    }

    @Nullable Sentence next() {
        try {
            String line = lines.readLine();
            return line == null ? null : new Sentence(line, line);
        } catch (IOException e) {
            throw new SkaldException("cannot read the text: " + e.getMessage(), e);
        }
    }
}
