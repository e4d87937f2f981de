package dev.skald.spi;

import dev.skald.Reading;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

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
     * Keeps the voice of a clip under a name.
     *
     * @return empty if this engine clones no voices
     * @throws dev.skald.SkaldException as {@link dev.skald.Skald#addVoice} says
     */
    default Optional<Voice> addVoice(String id, Path clip) {
        return Optional.empty();
    }

    /** Removes a voice that {@link #addVoice} made; false if it is none. */
    default boolean removeVoice(String id) {
        return false;
    }

    /** Frees the loaded models that nobody uses. */
    default void unload() {}

    /** What it holds and does at the moment. */
    default EngineStatus status() {
        return EngineStatus.NONE;
    }

    /**
     * Frees the models. Sources still open fail with {@link dev.skald.SpeechCancelledException}.
     */
    @Override
    void close();
}
