package dev.skald.spi;

import dev.skald.Reading;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import java.util.List;

/** A loaded engine. Safe for many threads; several {@link AudioSource}s may be open at once. */
public interface SpeechEngine extends AutoCloseable {
    /** The voices it could speak with, installed ones only. */
    List<Voice> voices();

    /** How it would read the request's text; nothing if it cannot tell. Loads no network. */
    default List<Reading> readings(SpeechRequest request) {
        return List.of();
    }

    /**
     * Begins to speak. Returns once the voice is loaded and the request checked; the audio is made
     * as it is asked for.
     */
    AudioSource speak(SpeechRequest request);

    /** The same with what {@link SpeechEngineProvider#availability} found out of the request. */
    default AudioSource speak(SpeechRequest request, Availability found) {
        return speak(request);
    }

    /**
     * Frees the models. Sources still open fail with {@link dev.skald.SpeechCancelledException}.
     */
    @Override
    void close();
}
