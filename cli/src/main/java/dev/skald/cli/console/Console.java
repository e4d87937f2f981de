package dev.skald.cli.console;

import dev.skald.Optimisation;
import dev.skald.Precision;
import dev.skald.Skald;
import dev.skald.spi.EngineContext;
import java.util.Set;

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
        return builder().device(device).open();
    }

    /** The library as the command line says, not opened yet. */
    public Skald.Builder builder() {
        if (globals.debug) {
            StderrLoggerFinder.threshold(System.Logger.Level.DEBUG);
        }
        globals.chooseKernels();
        return Skald.builder()
                .home(globals.home())
                .offline(globals.offline())
                .threads(globals.threads())
                .device(globals.device)
                .precision(Precision.of(globals.precision))
                .deviceMemory(globals.deviceMemory())
                .without(globals.without())
                .warnings(messages()::warn);
    }

    /** What an engine is opened with. */
    public EngineContext engineContext() {
        return engineContext(globals.without());
    }

    /** The same with that switched off, and nothing else. */
    public EngineContext engineContext(Set<Optimisation> without) {
        globals.chooseKernels();
        return EngineContext.builder()
                .home(globals.home())
                .threads(globals.threads())
                .offline(globals.offline())
                .device(globals.device)
                .precision(Precision.of(globals.precision))
                .deviceMemory(globals.deviceMemory())
                .without(without)
                .build();
    }
}
