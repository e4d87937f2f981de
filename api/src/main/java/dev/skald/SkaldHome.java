package dev.skald;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * Where Skald keeps what it installs.
 *
 * <p>{@code SKALD_HOME} if set; else {@code %LOCALAPPDATA%\skald} on Windows, {@code
 * ~/Library/Application Support/skald} on macOS, {@code $XDG_DATA_HOME/skald} or {@code
 * ~/.local/share/skald} elsewhere.
 */
public final class SkaldHome {
    private SkaldHome() {}

    /** The folder; it may not exist yet. */
    public static Path folder() {
        return folder(
                System.getenv(),
                System.getProperty("os.name", ""),
                System.getProperty("user.home", "."));
    }

    /** Whether {@code SKALD_OFFLINE} or {@code HF_HUB_OFFLINE} asks to leave the network alone. */
    public static boolean offline() {
        return isSet(System.getenv("SKALD_OFFLINE")) || isSet(System.getenv("HF_HUB_OFFLINE"));
    }

    static Path folder(Map<String, String> env, String os, String userHome) {
        String own = env.getOrDefault("SKALD_HOME", "");
        if (!own.isBlank()) {
            return Path.of(own);
        }
        String system = os.toLowerCase(Locale.ROOT);
        if (system.startsWith("windows")) {
            String local = env.getOrDefault("LOCALAPPDATA", "");
            return (local.isBlank() ? Path.of(userHome, "AppData", "Local") : Path.of(local))
                    .resolve("skald");
        }
        if (system.startsWith("mac")) {
            return Path.of(userHome, "Library", "Application Support", "skald");
        }
        String xdg = env.getOrDefault("XDG_DATA_HOME", "");
        return (xdg.isBlank() ? Path.of(userHome, ".local", "share") : Path.of(xdg))
                .resolve("skald");
    }

    private static boolean isSet(@org.jspecify.annotations.Nullable String value) {
        return value != null
                && !value.isBlank()
                && !value.equals("0")
                && !value.equalsIgnoreCase("false");
    }
}
