package dev.skald.piper;

import dev.skald.VoiceException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A voice's {@code .onnx.json}, checked: mirrors {@code PiperConfig} of piper1-gpl.
 *
 * @param numSymbols rows of the phoneme embedding; every id lies below it
 * @param numSpeakers rows of the speaker embedding, at least 1; no embedding if 1
 * @param sampleRate hertz of the audio
 * @param espeakVoice the eSpeak NG voice that makes its phonemes, {@code en-us}; empty if they are
 *     not eSpeak NG's
 * @param phonemeType what its phonemes are
 * @param phonemeIds phoneme to ids; has {@code _}, {@code ^} and {@code $}
 * @param speakerIds speaker's name to id; may be empty
 * @param defaultSpeaker the speaker of a request that names none
 * @param inference the voice's own defaults
 * @param hopLength samples of one frame of the spectrogram
 * @param vowelClusters runs of phonemes that the voice knows as one: {@code [a, ɪ]}
 * @param language the language's code as published, {@code en_US}; the eSpeak NG voice's name if
 *     the file has none
 * @param quality {@code medium}; empty if the file has none
 */
public record PiperVoiceConfig(
        int numSymbols,
        int numSpeakers,
        int sampleRate,
        String espeakVoice,
        PhonemeType phonemeType,
        Map<String, List<Integer>> phonemeIds,
        Map<String, Integer> speakerIds,
        int defaultSpeaker,
        Inference inference,
        int hopLength,
        Set<List<String>> vowelClusters,
        String language,
        String quality) {

    /** What a voice's phonemes are. */
    public enum PhonemeType {
        /** IPA out of eSpeak NG. */
        ESPEAK,
        /** The codepoints of the text itself. */
        TEXT
    }

    /**
     * A voice's defaults.
     *
     * @param noiseScale {@code noise_scale}
     * @param lengthScale {@code length_scale}
     * @param noiseWidth {@code noise_w}
     * @param silences {@code phoneme_silence}: seconds of silence after a phoneme
     */
    public record Inference(
            float noiseScale, float lengthScale, float noiseWidth, Map<String, Float> silences) {
        public Inference {
            silences = Map.copyOf(silences);
        }

        /** What piper1-gpl uses where a voice says nothing. */
        public static final Inference DEFAULT = new Inference(0.667f, 1f, 0.8f, Map.of());
    }

    /** Between phonemes. */
    public static final String PAD = "_";

    /** Before the first phoneme. */
    public static final String BEGIN = "^";

    /** After the last phoneme. */
    public static final String END = "$";

    public PiperVoiceConfig {
        phonemeIds = Map.copyOf(phonemeIds);
        speakerIds = Map.copyOf(speakerIds);
        vowelClusters = Set.copyOf(vowelClusters);
    }

    /**
     * Reads and checks a file.
     *
     * @throws VoiceException in one line that names the file and the key that is wrong
     */
    public static PiperVoiceConfig read(Path json) {
        return PiperVoiceConfigReader.read(json);
    }
}
