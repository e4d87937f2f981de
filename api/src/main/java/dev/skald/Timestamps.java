package dev.skald;

import java.util.Locale;

/** How finely a {@link Speech} tells when which part of its text is heard. */
public enum Timestamps {
    /** Not at all, which costs nothing. */
    NONE,
    /** Sentence by sentence: any model can. */
    SENTENCE,
    /**
     * Word by word. A model that does not know where its words begin tells its sentences instead;
     * {@link TimedText#level} says which it is.
     */
    WORD;

    /** The level of that name, in any letter case. Throws {@link InvalidRequestException}. */
    public static Timestamps of(String name) {
        for (Timestamps level : values()) {
            if (level.toString().equals(name.strip().toLowerCase(Locale.ROOT))) {
                return level;
            }
        }
        throw new InvalidRequestException(
                "unknown timestamps '" + name + "': use word, sentence or none");
    }

    /** {@code none}, {@code sentence}, {@code word}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
