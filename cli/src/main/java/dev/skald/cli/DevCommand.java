package dev.skald.cli;

import dev.skald.InvalidRequestException;
import dev.skald.chatterbox.ChatterboxModel;
import dev.skald.chatterbox.RandomCheckpoint;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code skald dev}: tools for those who work on Skald. */
@Command(
        name = "dev",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = "Tools for working on Skald itself.")
public final class DevCommand implements Callable<Integer> {
    private final Console console;

    @Spec @Nullable CommandSpec spec;

    public DevCommand(Console console) {
        this.console = console;
    }

    /** {@code skald dev} alone shows its help. */
    @Override
    public Integer call() {
        if (spec != null) {
            spec.commandLine().usage(console.io().out());
        }
        return ExitCode.OK.number;
    }

    @Command(
            name = "random-checkpoint",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            usageHelpAutoWidth = true,
            description = {
                "Write a checkpoint of true size with random weights: it babbles, but loads,",
                "streams and takes the time of the real one (1 to 4 GB)."
            })
    Integer randomCheckpoint(
            @Parameters(
                            paramLabel = "MODEL",
                            description = "turbo, nano, chatterbox or multilingual.")
                    String model,
            @Parameters(paramLabel = "DIR", description = "The folder to write into.") Path folder,
            @Option(
                            names = "--seed",
                            paramLabel = "N",
                            defaultValue = "1",
                            description = "Gives the same weights again.")
                    long seed) {
        ChatterboxModel which =
                ChatterboxModel.named(model)
                        .orElseThrow(
                                () ->
                                        new InvalidRequestException(
                                                "there is no model '"
                                                        + model
                                                        + "': turbo, nano, chatterbox or"
                                                        + " multilingual"));
        RandomCheckpoint.write(which, folder, seed);
        console.messages().info("wrote " + which.id() + " to " + folder);
        return ExitCode.OK.number;
    }
}
