package dev.skald;

import java.util.Locale;

/** How a text is marked up. */
public enum TextFormat {
    /** Told from the text: a page of HTML, Markdown or HTML here and there, or plain text. */
    AUTO,
    /** Plain text: every character counts as it stands. */
    TEXT,
    MARKDOWN,
    HTML;

    /** The format of that name, in any letter case. Throws {@link InvalidRequestException}. */
    public static TextFormat of(String name) {
        for (TextFormat format : values()) {
            if (format.toString().equals(name.strip().toLowerCase(Locale.ROOT))) {
                return format;
            }
        }
        throw new InvalidRequestException(
                "unknown format '" + name + "': use auto, text, markdown or html");
    }

    /** The name as it is written on the command line: {@code auto}, {@code text} ... */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
