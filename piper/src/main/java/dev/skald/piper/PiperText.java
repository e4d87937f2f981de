package dev.skald.piper;

import dev.skald.EngineUnavailableException;
import dev.skald.InvalidRequestException;
import dev.skald.SkaldException;
import dev.skald.SpeechRequest;
import dev.skald.Timestamps;
import dev.skald.VoiceException;
import dev.skald.spi.EngineContext;
import dev.skald.text.EspeakSpelling;
import dev.skald.text.Lexicon;
import dev.skald.text.Phonemizer;
import dev.skald.text.Sentence;
import dev.skald.text.SentenceTrace;
import dev.skald.text.TextFrontEnd;
import dev.skald.text.origins.Origins;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * A request's text on its way to the network, sentence by sentence: as written, as read, its
 * phonemes, its ids. The engine speaks what this yields, and {@code skald text} shows it.
 *
 * <p>Reads the text as it goes, so in memory that does not grow with it. Used by one thread.
 */
public final class PiperText {
    /** What is wrong where {@link #readable} says so. */
    static final String NO_ESPEAK =
            "its voice needs eSpeak NG: put skald-espeak on the class path, or choose a voice whose"
                    + " phoneme_type is text";

    private final PiperVoiceConfig config;
    private final PiperPhonemizer phonemizer;
    private final Iterator<Sentence> sentences;
    private final boolean english;
    private final @Nullable WordPhonemes words;

    private PiperText(
            PiperVoiceConfig config,
            PiperPhonemizer phonemizer,
            Iterator<Sentence> sentences,
            boolean english,
            @Nullable WordPhonemes words) {
        this.config = config;
        this.phonemizer = phonemizer;
        this.sentences = sentences;
        this.english = english;
        this.words = words;
    }

    /**
     * The text of a request as the voice it means would speak it. Loads no network.
     *
     * @throws VoiceException if the voice is not there or its configuration is wrong
     */
    public static PiperText open(EngineContext context, SpeechRequest request) {
        VoiceFiles files =
                VoiceFiles.find(context, request)
                        .orElseThrow(() -> new VoiceException(PiperProvider.missing(request)));
        return open(files.config(), request);
    }

    static PiperText open(PiperVoiceConfig config, SpeechRequest request) {
        String language = request.language().orElse(config.language());
        PiperPhonemizer phonemizer = phonemizer(config, request.language());
        TextFrontEnd front = new TextFrontEnd(language, Lexicon.of(request), request.format());
        boolean english =
                config.phonemeType() == PiperVoiceConfig.PhonemeType.ESPEAK
                        && VoiceFiles.family(language).equals("en");
        boolean traced = request.timestamps() != Timestamps.NONE;
        return new PiperText(
                config,
                phonemizer,
                traced ? front.traced(request.openText()) : front.sentences(request.openText()),
                english,
                traced ? new WordPhonemes(config, phonemizer, request.timestamps()) : null);
    }

    /**
     * The next sentence; {@code null} at the end.
     *
     * @throws SkaldException if the text cannot be read
     */
    public @Nullable SpokenSentence next() {
        Sentence sentence;
        try {
            if (!sentences.hasNext()) {
                return null;
            }
            sentence = sentences.next();
        } catch (UncheckedIOException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new SkaldException("cannot read the text: " + cause.getMessage(), e);
        }
        SentenceTrace trace = sentence.trace();
        Origins origins = trace == null ? null : new Origins();
        String spelled = spelled(sentence.normalized(), origins);
        List<SpokenSentence.Utterance> utterances = new ArrayList<>();
        for (List<String> phonemes : phonemizer.phonemes(spelled)) {
            add(phonemes, utterances);
        }
        if (words != null && trace != null && origins != null) {
            utterances = words.timed(trace, spelled, origins, utterances);
        }
        return new SpokenSentence(
                sentence.source(), sentence.normalized(), sentence.endsBlock(), utterances);
    }

    /** One run of the network, or one up to each phoneme that the voice wants silence after. */
    private void add(List<String> phonemes, List<SpokenSentence.Utterance> to) {
        Map<String, Float> silences = config.inference().silences();
        int from = 0;
        for (int i = 0; !silences.isEmpty() && i < phonemes.size(); i++) {
            Float seconds = silences.get(phonemes.get(i));
            if (seconds != null) {
                add(phonemes.subList(from, i + 1), Math.round(seconds * config.sampleRate()), to);
                from = i + 1;
            }
        }
        if (from < phonemes.size()) {
            add(phonemes.subList(from, phonemes.size()), 0, to);
        }
    }

    private void add(List<String> phonemes, int silence, List<SpokenSentence.Utterance> to) {
        to.add(
                new SpokenSentence.Utterance(
                        phonemes, PhonemeIds.of(phonemes, config), silence, List.of()));
    }

    /** The text as eSpeak NG is given it. */
    private String spelled(String text, @Nullable Origins origins) {
        if (english) {
            return EspeakSpelling.of(text, origins);
        }
        if (origins != null) {
            origins.copied(text.length(), 0);
        }
        return text;
    }

    private static PiperPhonemizer phonemizer(PiperVoiceConfig config, Optional<String> language) {
        if (config.phonemeType() == PiperVoiceConfig.PhonemeType.TEXT) {
            return new PiperPhonemizer(config, null, "");
        }
        Phonemizer espeak =
                Espeak.FOUND.orElseThrow(() -> new EngineUnavailableException(NO_ESPEAK));
        return new PiperPhonemizer(config, espeak, espeakVoice(config, language, espeak));
    }

    /** Whether the voice's text can be read: without eSpeak NG, not if its phonemes are of that. */
    static boolean readable(VoiceFiles files) {
        try {
            return Espeak.FOUND.isPresent()
                    || files.config().phonemeType() == PiperVoiceConfig.PhonemeType.TEXT;
        } catch (VoiceException e) {
            // Whoever opens the voice is told.
            return true;
        }
    }

    private static final class Espeak {
        static final Optional<Phonemizer> FOUND =
                ServiceLoader.load(Phonemizer.class, PiperText.class.getClassLoader()).findFirst();
    }

    /** The voice's own reader, unless the text is of another language. */
    private static String espeakVoice(
            PiperVoiceConfig config, Optional<String> language, Phonemizer espeak) {
        if (language.isEmpty()
                || VoiceFiles.family(language.get()).equals(VoiceFiles.family(config.language()))) {
            return config.espeakVoice();
        }
        String wanted = language.get().toLowerCase(Locale.ROOT).replace('_', '-');
        List<String> voices = espeak.voices();
        if (voices.contains(wanted)) {
            return wanted;
        }
        String family = VoiceFiles.family(wanted);
        if (voices.contains(family)) {
            return family;
        }
        throw new InvalidRequestException(
                "language",
                "eSpeak NG cannot read the language '"
                        + language.get()
                        + "': name one such as de, fr or pt-br");
    }
}
