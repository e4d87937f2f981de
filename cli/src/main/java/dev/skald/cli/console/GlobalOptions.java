package dev.skald.cli.console;

import dev.skald.InvalidRequestException;
import dev.skald.Optimisation;
import dev.skald.PhysicalCores;
import dev.skald.SkaldHome;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
            completionCandidates = Choices.Devices.class,
            scope = ScopeType.INHERIT,
            description =
                    "What computes: auto, cpu, cuda, cuda:1; cuda:0,cuda:1 share the requests."
                            + " Default: auto.")
    public String device = "auto";

    @Option(
            names = "--precision",
            paramLabel = "P",
            completionCandidates = Choices.Precisions.class,
            scope = ScopeType.INHERIT,
            description = "How weights are kept: auto, fp32, bf16, int8. Default: auto.")
    public String precision = "auto";

    @Option(
            names = "--device-memory",
            paramLabel = "SIZE",
            scope = ScopeType.INHERIT,
            description = "How much of a GPU's memory may be taken: 8G, 512M. Default: all.")
    public @Nullable String deviceMemory;

    @Option(
            names = "--kernels",
            paramLabel = "K",
            scope = ScopeType.INHERIT,
            description =
                    "Which kernels compute on a GPU: auto, or portable, those that every GPU can run."
                            + " Default: auto.")
    public @Nullable String kernels;

    @Option(
            names = "--without",
            paramLabel = "NAME",
            completionCandidates = Choices.Optimisations.class,
            scope = ScopeType.INHERIT,
            description =
                    "Switch optimisations off: graphs,fused-attention; all of them: all. skald doctor"
                            + " lists them.")
    public String without = "";

    /** What is switched off. Throws {@link InvalidRequestException}. */
    public Set<Optimisation> without() {
        return Optimisation.parse(without);
    }

    /** Bytes; 0 for all. Throws {@link InvalidRequestException}. */
    long deviceMemory() {
        if (deviceMemory == null) {
            return 0;
        }
        Matcher m =
                Pattern.compile("([1-9][0-9]{0,5})([GM])i?B?", Pattern.CASE_INSENSITIVE)
                        .matcher(deviceMemory.strip());
        if (!m.matches()) {
            throw new InvalidRequestException(
                    "'" + deviceMemory + "' is no size: say --device-memory 8G or 512M");
        }
        return Long.parseLong(m.group(1)) << (m.group(2).equalsIgnoreCase("G") ? 30 : 20);
    }

    /** Tells the kernels' choice to the devices, which are opened later. */
    void chooseKernels() {
        if (kernels == null) {
            return;
        }
        String name = kernels.toLowerCase(Locale.ROOT);
        if (!name.equals("auto") && !name.equals("portable")) {
            throw new InvalidRequestException(
                    "'" + kernels + "' are no kernels: say --kernels auto or --kernels portable");
        }
        System.setProperty("skald.cuda.kernels", name);
    }

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
