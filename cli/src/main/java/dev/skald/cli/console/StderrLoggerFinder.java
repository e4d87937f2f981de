package dev.skald.cli.console;

import java.text.MessageFormat;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/**
 * The library's log as single lines on the error stream: warnings, and with {@code --debug}
 * everything. It spares the command java.util.logging, whose start costs more than a sentence.
 */
public final class StderrLoggerFinder extends System.LoggerFinder {
    private static volatile System.Logger.Level threshold = System.Logger.Level.WARNING;

    public static void threshold(System.Logger.Level level) {
        threshold = level;
    }

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new StderrLogger(name);
    }

    private record StderrLogger(String name) implements System.Logger {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public boolean isLoggable(Level level) {
            // The JDK's own loggers have only warnings to tell.
            Level from = name.startsWith("dev.skald") ? threshold : Level.WARNING;
            return level.compareTo(from) >= 0 && level != Level.OFF;
        }

        @Override
        public void log(
                Level level,
                @Nullable ResourceBundle bundle,
                @Nullable String message,
                @Nullable Throwable thrown) {
            if (isLoggable(level)) {
                System.err.println("skald: " + Messages.oneLine(String.valueOf(message)));
                if (thrown != null && threshold.compareTo(Level.DEBUG) <= 0) {
                    thrown.printStackTrace();
                }
            }
        }

        @Override
        public void log(
                Level level,
                @Nullable ResourceBundle bundle,
                @Nullable String format,
                @Nullable Object @Nullable ... params) {
            if (isLoggable(level)) {
                String text = String.valueOf(format);
                boolean filled = params != null && params.length > 0;
                Throwable none = null;
                log(level, bundle, filled ? MessageFormat.format(text, params) : text, none);
            }
        }
    }
}
