package dev.skald.text.input;

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
}
