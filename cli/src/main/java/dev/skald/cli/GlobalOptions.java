package dev.skald.cli;

import dev.skald.Skald;
import dev.skald.SkaldHome;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options every command has; they may stand before or after its name. */
final class GlobalOptions {
    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Tell every step, and the stack trace of an error.")
    boolean debug;

    @Option(
            names = {"-q", "--quiet"},
            scope = ScopeType.INHERIT,
            description = "Tell nothing but errors.")
    boolean quiet;

    @Option(
            names = "--home",
            paramLabel = "DIR",
            scope = ScopeType.INHERIT,
            description = "Where voices and models are kept (else SKALD_HOME).")
    @Nullable Path home;

    @Option(
            names = "--offline",
            scope = ScopeType.INHERIT,
            description = "Leave the network alone (also SKALD_OFFLINE=1).")
    boolean offline;

    @Option(
            names = "--threads",
            paramLabel = "N",
            scope = ScopeType.INHERIT,
            description = "How many threads compute; else one per physical core.")
    @Nullable Integer threads;

    Path home() {
        return home != null ? home : SkaldHome.folder();
    }

    boolean offline() {
        return offline || SkaldHome.offline();
    }

    Skald open(Messages messages) {
        Skald.Builder builder =
                Skald.builder().home(home()).offline(offline()).warnings(messages::warn);
        if (threads != null) {
            builder.threads(threads);
        }
        return builder.open();
    }
}
