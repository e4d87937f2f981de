package dev.skald.text;

import dev.skald.TextFormat;
import dev.skald.text.english.EnglishNormalizer;
import dev.skald.text.english.EnglishSentences;
import dev.skald.text.input.Arriving;
import dev.skald.text.input.Tape;
import dev.skald.text.input.TextInput;
import dev.skald.text.languages.LanguageNormalizer;
import dev.skald.text.languages.LanguageSentences;
import dev.skald.text.markup.MarkupInput;
import dev.skald.text.normalize.TextNormalizer;
import dev.skald.text.origins.Origins;
import dev.skald.text.split.SentenceEnds;
import dev.skald.text.split.SentenceSplitter;
import java.io.Reader;
import java.io.StringReader;
import java.util.Iterator;
import java.util.Locale;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * From text to the sentences an engine speaks: split, looked up in the lexicon, normalised.
 *
 * <pre>{@code
 * TextFrontEnd front = new TextFrontEnd("en-US", Lexicon.EMPTY);
 * front.sentences(reader).forEachRemaining(s -> speak(s.normalized()));
 * }</pre>
 *
 * <p>Safe for many threads; an iterator belongs to one.
 */
public final class TextFrontEnd {
    private final TextNormalizer normalizer;
    private final SentenceEnds ends;
    private final Lexicon lexicon;
    private final TextFormat format;
    private final boolean english;

    /**
     * @param language by its tag or voice name: {@code en}, {@code en-US}, {@code en_GB}. English
     *     is written out in full; every other language only has its Unicode cleaned up, because
     *     eSpeak NG reads numbers and symbols in most of them
     * @param lexicon the user's words; {@link Lexicon#EMPTY} for none
     */
    public TextFrontEnd(String language, Lexicon lexicon) {
        this(language, lexicon, TextFormat.AUTO);
    }

    /**
     * @param format how the text is marked up
     */
    public TextFrontEnd(String language, Lexicon lexicon, TextFormat format) {
        english = english(language);
        this.normalizer = english ? new EnglishNormalizer() : new LanguageNormalizer(language);
        this.ends = english ? new EnglishSentences() : new LanguageSentences(language);
        this.lexicon = lexicon;
        this.format = format;
    }

    private static boolean english(String language) {
        String tag = language.strip().toLowerCase(Locale.ROOT);
        return tag.equals("en") || tag.startsWith("en-") || tag.startsWith("en_");
    }

    private SentenceSplitter split(TextInput text, boolean traced) {
        return new SentenceSplitter(
                format == TextFormat.TEXT ? text : new MarkupInput(text, format, traced),
                ends,
                traced);
    }

    /**
     * The sentences of a text, read as they are asked for. What cannot be spoken is left out, so a
     * text of nothing but punctuation has none. Throws {@link java.io.UncheckedIOException} if the
     * reader fails; the caller closes it.
     */
    public Iterator<Sentence> sentences(Reader text) {
        return new Sentences(split(new Arriving(text), false), null);
    }

    /** The same sentences, which know where each of their words stands in the text. */
    public Iterator<Sentence> traced(Reader text) {
        Tape tape = new Tape(new Arriving(text));
        return new Sentences(split(tape, true), tape);
    }

    /**
     * The whole text as it is said: its sentences, with a blank line where a paragraph, heading or
     * list item ends. Empty if nothing can be spoken.
     */
    public String normalize(CharSequence text) {
        Sentences sentences =
                new Sentences(split(new Arriving(new StringReader(text.toString())), false), null);
        StringBuilder out = new StringBuilder(text.length() + 16);
        while (sentences.hasNext()) {
            if (!out.isEmpty()) {
                out.append(sentences.newBlock ? "\n\n" : " ");
            }
            sentences.newBlock = false;
            out.append(sentences.next().normalized());
        }
        return out.toString();
    }

    private final class Sentences implements Iterator<Sentence> {
        private final SentenceSplitter splitter;
        private final @Nullable Tape tape;
        private @Nullable Sentence next;

        /** Whether a block ended before {@link #next}; and, until it is fetched, with the last. */
        private boolean newBlock;

        private boolean endedBlock;

        /** Where the last sentence ended in the text as it came in. */
        private int rawEnd;

        /**
         * @param tape the text as it comes in, if the sentences are to be traced
         */
        Sentences(SentenceSplitter splitter, @Nullable Tape tape) {
            this.splitter = splitter;
            this.tape = tape;
        }

        @Override
        public boolean hasNext() {
            while (next == null && splitter.hasNext()) {
                String source = splitter.next();
                newBlock |= endedBlock;
                endedBlock = splitter.endsBlock();
                Tape traced = tape;
                next = traced == null ? read(source) : read(source, traced);
            }
            return next != null;
        }

        private @Nullable Sentence read(String source) {
            String said = normalizer.normalize(lexicon.apply(source, english, null));
            return said.isEmpty() ? null : new Sentence(source, said, endedBlock);
        }

        private @Nullable Sentence read(String source, Tape text) {
            Origins input = splitter.origins();
            Origins looked = new Origins();
            Origins made = new Origins();
            String said = normalizer.normalize(lexicon.apply(source, english, looked), made);
            if (said.isEmpty()) {
                return null;
            }
            String raw = text.text(rawEnd, input.end());
            made.through(looked);
            SentenceTrace trace = new SentenceTrace(raw, rawEnd, source, input, said, made);
            rawEnd = input.end();
            text.forget(rawEnd);
            return new Sentence(source, said, endedBlock, trace);
        }

        @Override
        public Sentence next() {
            if (!hasNext() || next == null) {
                throw new NoSuchElementException("the text has no more sentences");
            }
            Sentence sentence = next;
            next = null;
            return sentence;
        }
    }
}
