package dev.skald.server.speech;

import dev.skald.spi.AudioEncoderProvider;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** The encoders that are there. */
public final class AudioFormats {
    /** OpenAI's names, in the order in which they are listed. */
    private static final List<String> NAMES = List.of("mp3", "opus", "aac", "flac", "wav", "pcm");

    private final Map<String, AudioEncoderProvider> byName = new TreeMap<>();
    private final List<String> names;

    public AudioFormats() {
        for (AudioEncoderProvider encoder :
                ServiceLoader.load(
                        AudioEncoderProvider.class, AudioFormats.class.getClassLoader())) {
            encoder.formats().forEach(name -> byName.putIfAbsent(name, encoder));
        }
        names = NAMES.stream().filter(byName::containsKey).toList();
    }

    /** Those of OpenAI's that there is an encoder for. */
    public List<String> names() {
        return names;
    }

    /** All that a file can be written in. */
    public List<String> files() {
        return List.copyOf(byName.keySet());
    }

    /**
     * A format at a rate.
     *
     * @param rate hertz; 0 for the voice's own
     * @return empty if there is no encoder for it
     */
    public Optional<Encoding> encoding(String name, int rate) {
        AudioEncoderProvider encoder = byName.get(name);
        if (encoder == null) {
            return Optional.empty();
        }
        // Opus' media type names the codec, as OpenAI's does.
        String type = name.equals("opus") ? "audio/ogg; codecs=opus" : encoder.mediaType();
        return Optional.of(new Encoding(type, encoder, rate));
    }
}
