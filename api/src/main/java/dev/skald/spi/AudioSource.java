package dev.skald.spi;

import dev.skald.AudioChunk;
import dev.skald.StageWork;
import dev.skald.Voice;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One request being spoken. Pulled by one thread; {@link #cancel} may be called by any. */
public interface AudioSource extends AutoCloseable {
    Voice voice();

    /** Hertz of every chunk. */
    int sampleRate();

    /**
     * The next chunk, made now if it is not ready; {@code null} at the end. Throws {@link
     * dev.skald.SpeechCancelledException} soon after {@link #cancel}.
     */
    @Nullable AudioChunk next();

    /**
     * Tells, before the first chunk is taken, that nobody listens before the last one is there: the
     * engine may make larger pieces if they are cheaper.
     */
    default void whole() {}

    /**
     * Where the time went so far, in the order the stages work in; empty if the engine does not
     * tell. For the pulling thread.
     */
    default List<StageWork> stages() {
        return List.of();
    }

    /** Stops the work at the next opportunity. */
    void cancel();

    /** Frees what the request held; implies {@link #cancel}. */
    @Override
    void close();
}
