package dev.skald.spi;

import dev.skald.Mode;
import dev.skald.SpeechRequest;

/** Tells of an engine and opens it. Found by {@link java.util.ServiceLoader}. Thread-safe. */
public interface SpeechEngineProvider {
    /** The engine's name: {@code piper}. */
    String name();

    /** The mode it serves; never {@link Mode#AUTO}. */
    Mode mode();

    /**
     * Whether the engine could speak this request here and now, without loading a model: what is
     * installed, and whether the request's voice and model are this engine's.
     */
    Availability availability(EngineContext context, SpeechRequest request);

    /** Loads what every request shares. Throws {@link dev.skald.SkaldException}. */
    SpeechEngine open(EngineContext context);
}
