package dev.skald.piper;

import dev.skald.SpeechRequest;
import dev.skald.VoiceException;
import dev.skald.espeak.EspeakNg;
import dev.skald.spi.EngineContext;
import dev.skald.text.Phonemizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request's text on its way to the network, sentence by sentence: as written, as read, its
 * phonemes, its ids. The engine speaks what this yields, and {@code skald text} shows it.
 *
 * <p>Reads the text as it goes, so in memory that does not grow with it. Used by one thread.
 */
public final class PiperText {
    private final PiperVoiceConfig config;
    private final PiperPhonemizer phonemizer;
    private final SentenceReader sentences;

    private PiperText(
            PiperVoiceConfig config, PiperPhonemizer phonemizer, SentenceReader sentences) {
        this.config = config;
        this.phonemizer = phonemizer;
        this.sentences = sentences;
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
        return open(PiperVoiceConfig.read(files.json()), request, phonemizer(context));
    }

    /** The phonemizer of every voice of this process. */
    static Phonemizer phonemizer(EngineContext context) {
        return EspeakNg.open(context.home().resolve("cache"));
    }

    static PiperText open(PiperVoiceConfig config, SpeechRequest request, Phonemizer espeak) {
        String language = request.language().orElse(config.language());
        PiperPhonemizer phonemizer =
                new PiperPhonemizer(
                        config, espeak, espeakVoice(config, request.language(), espeak));
        return new PiperText(config, phonemizer, new SentenceReader(request.openText(), language));
    }

    /** The next sentence; {@code null} at the end. */
    public @Nullable SpokenSentence next() {
        SentenceReader.Sentence sentence = sentences.next();
        if (sentence == null) {
            return null;
        }
        List<SpokenSentence.Utterance> utterances = new ArrayList<>();
        for (List<String> phonemes : phonemizer.phonemes(sentence.normalized())) {
            utterances.add(new SpokenSentence.Utterance(phonemes, PhonemeIds.of(phonemes, config)));
        }
        return new SpokenSentence(sentence.source(), sentence.normalized(), utterances);
    }

    /** The voice's own reader, unless the text is of another language. */
    private static String espeakVoice(
            PiperVoiceConfig config, Optional<String> language, Phonemizer espeak) {
        if (config.phonemeType() != PiperVoiceConfig.PhonemeType.ESPEAK
                || language.isEmpty()
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
        throw new VoiceException(
                "eSpeak NG cannot read the language '"
                        + language.get()
                        + "': name one such as de, fr or pt-br");
    }
}
