package dev.skald.cli.console;

import dev.skald.PhysicalCores;
import dev.skald.SkaldHome;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options every command has; they may stand before or after its name. */
public final class GlobalOptions {
    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Tell every step, and the stack trace of an error.")
    public boolean debug;

    @Option(
            names = {"-q", "--quiet"},
            scope = ScopeType.INHERIT,
            description = "Tell nothing but errors.")
    public boolean quiet;

    @Option(
            names = "--home",
            paramLabel = "DIR",
            scope = ScopeType.INHERIT,
            description = "Where voices and models are kept (else SKALD_HOME).")
    public @Nullable Path home;

    @Option(
            names = "--offline",
            scope = ScopeType.INHERIT,
            description = "Leave the network alone (also SKALD_OFFLINE=1).")
    public boolean offline;

    @Option(
            names = "--threads",
            paramLabel = "N",
            scope = ScopeType.INHERIT,
            description = "How many threads compute; else one per physical core.")
    public @Nullable Integer threads;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            scope = ScopeType.INHERIT,
            description = "What computes: auto, cpu, cuda, cuda:1. Default: auto.")
    public String device = "auto";

    @Option(
            names = "--precision",
            paramLabel = "P",
            scope = ScopeType.INHERIT,
            description = "How weights are kept: auto, fp32, bf16, int8. Default: auto.")
    public String precision = "auto";

    public Path home() {
        return home != null ? home : SkaldHome.folder();
    }

    public boolean offline() {
        return offline || SkaldHome.offline();
    }

    public int threads() {
        return threads == null ? PhysicalCores.count() : threads;
    }
}
