package dev.skald.cli.speak;

import dev.skald.ChatterboxOptions;
import dev.skald.Mode;
import dev.skald.PiperOptions;
import dev.skald.SpeechRequest;
import dev.skald.TextFormat;
import dev.skald.Timestamps;
import dev.skald.VoiceException;
import dev.skald.cli.console.Choices;
import dev.skald.cli.console.Console;
import dev.skald.cli.voices.Bundled;
import dev.skald.voices.VoiceKind;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.catalogue.Catalogue;
import java.io.Reader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How to say it: the options that become a {@link SpeechRequest}. */
public final class SpeechOptions {
    @Option(
            names = "--mode",
            paramLabel = "MODE",
            completionCandidates = Choices.Modes.class,
            defaultValue = "auto",
            description = "auto, fast (Piper) or cinematic (Chatterbox). Default: auto.")
    public String mode = "auto";

    @Option(names = "--strict", description = "Fail when the mode cannot be had; no fallback.")
    public boolean strict;

    @Option(
            names = "--voice",
            paramLabel = "VOICE",
            completionCandidates = Choices.Voices.class,
            description = "A voice's name, or a clip (clip.wav) to clone with --mode cinematic.")
    public @Nullable String voice;

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            completionCandidates = Choices.Models.class,
            description =
                    "A family or one of its models: piper, chatterbox, multilingual, turbo, nano,"
                            + " or a checkpoint's folder.")
    public @Nullable String model;

    @Option(
            names = "--language",
            paramLabel = "LANG",
            completionCandidates = Choices.Languages.class,
            description = "The language of the text (en, de ...).")
    public @Nullable String language;

    @Option(
            names = "--speaker",
            paramLabel = "NAME",
            description = "The speaker of a voice that has several: name or number.")
    public @Nullable String speaker;

    @Option(names = "--speed", paramLabel = "X", description = "Pace: 1 is the voice's own.")
    public @Nullable Double speed;

    @Option(names = "--volume", paramLabel = "X", description = "Loudness: 1 leaves it as it is.")
    public @Nullable Double volume;

    @Option(
            names = "--sentence-silence",
            paramLabel = "SECONDS",
            description = "Silence between sentences.")
    public @Nullable Double sentenceSilence;

    @Option(names = "--seed", paramLabel = "N", description = "The same seed, the same speech.")
    public @Nullable Long seed;

    @Option(
            names = "--lexicon",
            paramLabel = "FILE",
            description = "Words and how to say them (docs/TEXT.md).")
    public @Nullable Path lexicon;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            completionCandidates = Choices.Formats.class,
            description = "The text's mark-up: auto, text, markdown or html. Default: auto.")
    public @Nullable String format;

    @Option(
            names = "--paragraph-silence",
            paramLabel = "SECONDS",
            description = "Silence after a paragraph, heading or list item. Default: 0.4.")
    public @Nullable Double paragraphSilence;

    @Option(
            names = "--noise-scale",
            paramLabel = "X",
            description = "Fast: how much the sound varies.")
    public @Nullable Double noiseScale;

    @Option(
            names = "--noise-width",
            paramLabel = "X",
            description = "Fast: how much the rhythm varies.")
    public @Nullable Double noiseWidth;

    @Option(
            names = "--exaggeration",
            paramLabel = "X",
            description = "Cinematic: strength of emotion.")
    public @Nullable Double exaggeration;

    @Option(
            names = "--cfg-weight",
            paramLabel = "X",
            description = "Cinematic: weight of classifier-free guidance.")
    public @Nullable Double cfgWeight;

    @Option(
            names = "--temperature",
            paramLabel = "X",
            description = "Cinematic: sampling temperature.")
    public @Nullable Double temperature;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Cinematic: drop tokens below this share of the likeliest.")
    public @Nullable Double minP;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Cinematic: keep the likeliest up to this total.")
    public @Nullable Double topP;

    @Option(
            names = "--top-k",
            paramLabel = "N",
            description = "Cinematic: keep this many of the likeliest.")
    public @Nullable Integer topK;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "X",
            description = "Cinematic: divisor for tokens already spoken.")
    public @Nullable Double repetitionPenalty;

    /** What is asked of the times of words; set by the command. */
    Timestamps timestamps = Timestamps.NONE;

    public SpeechRequest request(String text) {
        return build(SpeechRequest.builder(text));
    }

    public SpeechRequest request(Reader text) {
        return build(SpeechRequest.builder(text));
    }

    private SpeechRequest build(SpeechRequest.Builder b) {
        b.mode(Mode.of(mode)).strict(strict).timestamps(timestamps);
        if (voice != null) {
            b.voice(voice);
        }
        if (model != null) {
            b.model(model);
        }
        if (language != null) {
            b.language(language);
        }
        if (speaker != null) {
            b.speaker(speaker);
        }
        if (speed != null) {
            b.speed(speed);
        }
        if (volume != null) {
            b.volume(volume);
        }
        if (sentenceSilence != null) {
            b.sentenceSilence(sentenceSilence);
        }
        if (seed != null) {
            b.seed(seed);
        }
        if (format != null) {
            b.format(TextFormat.of(format));
        }
        if (paragraphSilence != null) {
            b.paragraphSilence(paragraphSilence);
        }
        if (lexicon != null) {
            b.lexicon(lexicon);
        }
        return b.options(piper()).options(chatterbox()).build();
    }

    /** The options given that a server does not take. */
    List<String> foreignToServers() {
        Map<String, @Nullable Object> others = new LinkedHashMap<>();
        others.put("--volume", volume);
        others.put("--sentence-silence", sentenceSilence);
        others.put("--paragraph-silence", paragraphSilence);
        others.put("--lexicon", lexicon);
        others.put("--format", format);
        List<String> given = given(others);
        given.addAll(foreignTo(Mode.FAST));
        given.addAll(foreignTo(Mode.CINEMATIC));
        return given;
    }

    /** The options given that the other mode alone knows. */
    List<String> foreignTo(Mode speaks) {
        Map<String, @Nullable Object> others = new LinkedHashMap<>();
        if (speaks == Mode.FAST) {
            others.put("--exaggeration", exaggeration);
            others.put("--cfg-weight", cfgWeight);
            others.put("--temperature", temperature);
            others.put("--min-p", minP);
            others.put("--top-p", topP);
            others.put("--top-k", topK);
            others.put("--repetition-penalty", repetitionPenalty);
        } else {
            others.put("--noise-scale", noiseScale);
            others.put("--noise-width", noiseWidth);
        }
        return given(others);
    }

    private static List<String> given(Map<String, @Nullable Object> others) {
        List<String> given = new ArrayList<>();
        others.forEach(
                (name, value) -> {
                    if (value != null) {
                        given.add(name);
                    }
                });
        return given;
    }

    /**
     * Refuses a voice that only has to be installed, with the command that does so.
     *
     * @throws VoiceException if it is one
     */
    void requireVoice(Console console) {
        if (voice == null || Bundled.find(voice).isPresent()) {
            return;
        }
        Path home = console.globals().home();
        if (VoiceLibrary.at(home).find(voice).isEmpty()) {
            Catalogue.of(home)
                    .find(voice)
                    .filter(e -> e.info().kind() == VoiceKind.PIPER)
                    .ifPresent(
                            e -> {
                                throw new VoiceException(
                                        "voice '"
                                                + e.id()
                                                + "' is not installed: skald voices install "
                                                + e.id());
                            });
        }
    }

    private PiperOptions piper() {
        PiperOptions.Builder piper = PiperOptions.builder();
        if (noiseScale != null) {
            piper.noiseScale(noiseScale);
        }
        if (noiseWidth != null) {
            piper.noiseWidth(noiseWidth);
        }
        return piper.build();
    }

    private ChatterboxOptions chatterbox() {
        ChatterboxOptions.Builder chatterbox = ChatterboxOptions.builder();
        if (exaggeration != null) {
            chatterbox.exaggeration(exaggeration);
        }
        if (cfgWeight != null) {
            chatterbox.cfgWeight(cfgWeight);
        }
        if (temperature != null) {
            chatterbox.temperature(temperature);
        }
        if (minP != null) {
            chatterbox.minP(minP);
        }
        if (topP != null) {
            chatterbox.topP(topP);
        }
        if (topK != null) {
            chatterbox.topK(topK);
        }
        if (repetitionPenalty != null) {
            chatterbox.repetitionPenalty(repetitionPenalty);
        }
        return chatterbox.build();
    }
}
