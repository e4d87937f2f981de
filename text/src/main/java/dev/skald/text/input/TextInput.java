package dev.skald.text.input;

import dev.skald.text.origins.Origins;

/**
 * Characters that may still be arriving. Used by one thread; throws {@link
 * java.io.UncheckedIOException} if the text cannot be read.
 */
public interface TextInput {
    /**
     * Reads up to {@code n} characters to {@code to[from..]}.
     *
     * @return how many; 0 if nothing came for a moment; -1 at the end
     */
    int read(char[] to, int from, int n);

    /**
     * Adds where each of the {@code n} characters that were read last stands in the text as it came
     * in. Not for inputs that are not asked to trace it.
     */
    default void origins(int n, Origins to) {
        throw new UnsupportedOperationException("this text is not traced");
    }
}
