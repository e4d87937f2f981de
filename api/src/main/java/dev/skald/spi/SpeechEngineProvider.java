package dev.skald.spi;

import dev.skald.Mode;
import dev.skald.SpeechRequest;
import java.util.List;
import java.util.Locale;

/** Tells of an engine and opens it. Found by {@link java.util.ServiceLoader}. Thread-safe. */
public interface SpeechEngineProvider {
    /** The engine's name: {@code piper}. */
    String name();

    /** The mode it serves; never {@link Mode#AUTO}. */
    Mode mode();

    /** The names of its models, and of the family itself, that {@link #hasModel} knows. */
    default List<String> models() {
        return List.of(name());
    }

    /** Whether a request that names this model, family or checkpoint means this engine. */
    default boolean hasModel(EngineContext context, String model) {
        return models().contains(model.toLowerCase(Locale.ROOT));
    }

    /**
     * Whether the engine could speak this request here and now, without loading a model: what is
     * installed, and whether the request's voice and model are this engine's.
     */
    Availability availability(EngineContext context, SpeechRequest request);

    /** Loads what every request shares. Throws {@link dev.skald.SkaldException}. */
    SpeechEngine open(EngineContext context);
}
