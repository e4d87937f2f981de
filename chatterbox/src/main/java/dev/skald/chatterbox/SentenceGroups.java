package dev.skald.chatterbox;

import dev.skald.SpeechRequest;
import dev.skald.Timestamps;
import dev.skald.text.Lexicon;
import dev.skald.text.Sentence;
import dev.skald.text.SentenceTrace;
import dev.skald.text.SourceWord;
import dev.skald.text.TextFrontEnd;
import java.io.Reader;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Joins sentences to pieces that the model speaks well: long enough for its melody, short enough to
 * stay clear of its known failure beyond 20 to 40 s. The first piece is short, so that speech
 * begins soon. A piece ends with its paragraph, whose pause follows, unless it is very short (a
 * heading): that one is spoken together with what comes next.
 */
final class SentenceGroups implements Iterator<SentenceGroups.Group> {
    /** Letters: about 18 s of speech. */
    private static final int MOST = 280;

    /** A piece shorter than this takes the next sentence too: the model babbles on single words. */
    private static final int LEAST = 30;

    /**
     * A piece.
     *
     * @param text as the model gets it
     * @param endsBlock whether a paragraph, heading or list item ends with it
     * @param parts its sentences, where the request asks when they are heard; else none
     * @param level what it asks for
     */
    record Group(String text, boolean endsBlock, List<Part> parts, Timestamps level) {
        Group(String text, boolean endsBlock) {
            this(text, endsBlock, List.of(), Timestamps.NONE);
        }
    }

    /**
     * A sentence of a piece.
     *
     * @param at where it begins in the piece's text
     * @param asWritten whether the model gets it as it is written
     */
    record Part(SentenceTrace trace, int at, boolean asWritten) {
        /** Its words; their places are those in the piece's text. */
        List<SourceWord> words() {
            List<SourceWord> words = asWritten ? trace.wordsAsWritten() : trace.words();
            return words.stream()
                    .map(
                            w ->
                                    new SourceWord(
                                            at + w.from(),
                                            at + w.to(),
                                            w.text(),
                                            w.shown(),
                                            w.offset(),
                                            w.length()))
                    .toList();
        }
    }

    private final Iterator<Sentence> sentences;
    private final boolean asWritten;
    private final boolean single;
    private final Timestamps level;
    private @Nullable Group ahead;
    private boolean first = true;

    /**
     * @param asWritten whether the model gets the sentences as they are written, not as normalised
     * @param single whether a piece holds one sentence, so that it is known when each is heard; but
     *     for very short ones
     * @param level what the request asks of times
     */
    SentenceGroups(
            Iterator<Sentence> sentences, boolean asWritten, boolean single, Timestamps level) {
        this.level = level;
        this.sentences = sentences;
        this.asWritten = asWritten;
        this.single = single;
    }

    /**
     * The pieces of a request in a language.
     *
     * @param aligned whether the model knows where its words are
     */
    static SentenceGroups of(SpeechRequest request, String language, boolean aligned) {
        TextFrontEnd front = new TextFrontEnd(language, Lexicon.of(request), request.format());
        boolean timed = request.timestamps() != Timestamps.NONE;
        Reader text = request.openText();
        return new SentenceGroups(
                timed ? front.traced(text) : front.sentences(text),
                !language.equals("en"),
                timed && !aligned,
                request.timestamps());
    }

    @Override
    public boolean hasNext() {
        if (ahead == null && sentences.hasNext()) {
            Sentence s = sentences.next();
            // Tags such as [laugh] are the model's own and no text to normalise.
            boolean source = asWritten || s.source().indexOf('[') >= 0;
            SentenceTrace trace = s.trace();
            ahead =
                    new Group(
                            source ? s.source() : s.normalized(),
                            s.endsBlock(),
                            trace == null ? List.of() : List.of(new Part(trace, 0, source)),
                            level);
        }
        return ahead != null;
    }

    @Override
    public Group next() {
        if (!hasNext() || ahead == null) {
            throw new NoSuchElementException();
        }
        StringBuilder group = new StringBuilder(ahead.text());
        boolean ends = ahead.endsBlock();
        List<Part> parts = new ArrayList<>(ahead.parts());
        ahead = null;
        int enough = first || single ? LEAST : MOST;
        int length = SpokenLength.of(group);
        while (length < (ends ? LEAST : enough) && hasNext() && ahead != null) {
            int more = SpokenLength.of(ahead.text());
            if (length + more >= MOST) {
                break;
            }
            group.append(' ');
            for (Part part : ahead.parts()) {
                parts.add(new Part(part.trace(), group.length(), part.asWritten()));
            }
            group.append(ahead.text());
            ends = ahead.endsBlock();
            length += 1 + more;
            ahead = null;
        }
        first = false;
        return new Group(group.toString(), ends, parts, level);
    }
}
