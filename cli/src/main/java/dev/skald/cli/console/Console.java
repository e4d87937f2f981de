package dev.skald.cli.console;

import dev.skald.Precision;
import dev.skald.Skald;
import dev.skald.spi.EngineContext;

/**
 * What a command works with: its streams, the options that every command has, and the library
 * opened as they say.
 */
public record Console(Io io, GlobalOptions globals) {
    public Messages messages() {
        return new Messages(io, globals);
    }

    /** Opens the library with what the command line says of it. */
    public Skald open() {
        return open(globals.device);
    }

    /** The same on another device. */
    public Skald open(String device) {
        if (globals.debug) {
            StderrLoggerFinder.threshold(System.Logger.Level.DEBUG);
        }
        globals.chooseKernels();
        return Skald.builder()
                .home(globals.home())
                .offline(globals.offline())
                .threads(globals.threads())
                .device(device)
                .precision(Precision.of(globals.precision))
                .deviceMemory(globals.deviceMemory())
                .warnings(messages()::warn)
                .open();
    }

    /** What an engine is opened with. */
    public EngineContext engineContext() {
        globals.chooseKernels();
        return EngineContext.builder()
                .home(globals.home())
                .threads(globals.threads())
                .offline(globals.offline())
                .device(globals.device)
                .precision(Precision.of(globals.precision))
                .deviceMemory(globals.deviceMemory())
                .build();
    }
}
