package dev.skald.server.openai;

import dev.skald.server.http.ApiError;
import dev.skald.spi.AudioEncoderProvider;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/** The formats a response can have. */
final class AudioFormats {
    /** OpenAI's names, in the order in which they are listed. */
    private static final List<String> NAMES = List.of("mp3", "opus", "aac", "flac", "wav", "pcm");

    private final Map<String, AudioEncoderProvider> byName;

    AudioFormats() {
        Map<String, AudioEncoderProvider> found = new java.util.LinkedHashMap<>();
        List<AudioEncoderProvider> all =
                ServiceLoader.load(AudioEncoderProvider.class, AudioFormats.class.getClassLoader())
                        .stream()
                        .map(ServiceLoader.Provider::get)
                        .toList();
        for (String name : NAMES) {
            all.stream()
                    .filter(p -> p.formats().contains(name))
                    .findFirst()
                    .ifPresent(p -> found.put(name, p));
        }
        byName = Map.copyOf(found);
    }

    /** Those there is an encoder for. */
    List<String> names() {
        return NAMES.stream().filter(byName::containsKey).toList();
    }

    /**
     * @throws ApiError 400 if there is no encoder for it
     */
    AudioEncoderProvider encoder(String name) {
        AudioEncoderProvider encoder = byName.get(name);
        if (encoder == null) {
            throw ApiError.invalid(
                    "response_format",
                    "invalid_value",
                    "'response_format' can be " + String.join(", ", names()) + " here");
        }
        return encoder;
    }

    /** The rate on these routes: 24 kHz where samples are plain, else the voice's own. */
    static int sampleRate(String name, int ofVoice) {
        return name.equals("wav") || name.equals("pcm") ? 24_000 : ofVoice;
    }

    /** The media type; OpenAI's for Opus names the codec. */
    static String mediaType(String name, AudioEncoderProvider encoder) {
        return name.equals("opus") ? "audio/ogg; codecs=opus" : encoder.mediaType();
    }
}
