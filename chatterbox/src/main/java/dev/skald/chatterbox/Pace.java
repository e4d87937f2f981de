package dev.skald.chatterbox;

import dev.skald.spi.EngineContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalDouble;

/** How fast a model spoke last on this machine, kept in the cache of the Skald home. */
final class Pace {
    private static final System.Logger LOG = System.getLogger(Pace.class.getName());

    /** Shorter speech tells of the start more than of the pace. */
    private static final double LEAST_AUDIO = 2;

    private Pace() {}

    /** The last real-time factor with so many threads; below 1 it keeps up. */
    static OptionalDouble of(EngineContext context, ChatterboxModel model) {
        try {
            return OptionalDouble.of(Double.parseDouble(Files.readString(file(context, model))));
        } catch (IOException | NumberFormatException e) {
            return OptionalDouble.empty();
        }
    }

    /** Remembers that {@code audio} seconds took {@code seconds}. */
    static void keep(EngineContext context, ChatterboxModel model, double seconds, double audio) {
        if (audio < LEAST_AUDIO) {
            return;
        }
        Path file = file(context, model);
        try {
            Files.createDirectories(context.home().resolve("cache"));
            Files.writeString(file, String.format(Locale.ROOT, "%.3f", seconds / audio));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "the pace cannot be kept in " + file, e);
        }
    }

    private static Path file(EngineContext context, ChatterboxModel model) {
        return context.home()
                .resolve("cache")
                .resolve("pace-" + model.id() + "-" + context.threads() + ".txt");
    }
}
