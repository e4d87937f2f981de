package dev.skald;

import java.util.Locale;

/** What is wanted of the speech; which models there are for it is found out by the engines. */
public enum Mode {
    /**
     * Chosen for each request from what is installed; the reason is told in {@link EngineChoice}.
     */
    AUTO,
    /** Far faster than real time on any CPU: Piper voices. */
    FAST,
    /** Expressive speech and voice cloning: Chatterbox. */
    CINEMATIC;

    /** The mode of that name, in any letter case. Throws {@link InvalidRequestException}. */
    public static Mode of(String name) {
        for (Mode mode : values()) {
            if (mode.toString().equals(name.strip().toLowerCase(Locale.ROOT))) {
                return mode;
            }
        }
        throw new InvalidRequestException(
                "unknown mode '" + name + "': use auto, fast or cinematic");
    }

    /**
     * The name as it is written on the command line: {@code auto}, {@code fast}, {@code cinematic}.
     */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
