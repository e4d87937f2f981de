package dev.skald.piper;

import dev.skald.Voice;
import java.io.IOException;
import java.io.InputStream;

/**
 * A voice that comes with the program, on the class path: it speaks with nothing installed. Found
 * by {@link java.util.ServiceLoader}. An installed voice of the same id goes before it.
 */
public interface BundledVoice {
    /** What is told of it. */
    Voice about();

    /** Its packed file ({@code .skv}, written by {@link dev.skald.piper.vits.VoicePacker}). */
    InputStream open() throws IOException;
}
