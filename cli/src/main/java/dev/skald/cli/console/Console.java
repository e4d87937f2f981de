package dev.skald.cli.console;

import dev.skald.Skald;
import dev.skald.spi.EngineContext;

/**
 * What a command works with: its streams, the options that every command has, and the library
 * opened as they say.
 */
public record Console(Io io, GlobalOptions globals) {
    public Messages messages() {
        return new Messages(io.err(), globals);
    }

    /** Opens the library with what the command line says of it. */
    public Skald open() {
        if (globals.debug) {
            StderrLoggerFinder.threshold(System.Logger.Level.DEBUG);
        }
        Skald.Builder builder =
                Skald.builder()
                        .home(globals.home())
                        .offline(globals.offline())
                        .warnings(messages()::warn);
        if (globals.threads != null) {
            builder.threads(globals.threads);
        }
        return builder.open();
    }

    /** What an engine is opened with. */
    public EngineContext engineContext() {
        return new EngineContext(globals.home(), globals.threads(), globals.offline());
    }
}
