package dev.skald.cli.voices;

import dev.skald.cli.console.Console;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code skald voices}: what there is, what is here, and the way from one to the other. */
@Command(
        name = "voices",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "List, install, add and remove voices and models.",
        footer = {
            "",
            "Examples:",
            "  skald voices list --language en",
            "  skald voices install en_US-joe-medium",
            "  skald voices install chatterbox-turbo",
            "  skald voices add mine my-voice.onnx",
            "  skald voices add me recording.wav",
            "  skald voices add tuned ~/checkpoints/nano",
            ""
        })
public final class VoicesCommand implements Callable<Integer> {
    private final Console console;

    private VoicesCommand(Console console) {
        this.console = console;
    }

    /** The command with those below it. */
    public static CommandLine of(Console console) {
        return new CommandLine(new VoicesCommand(console))
                .addSubcommand(new ListCommand(console))
                .addSubcommand(new InfoCommand(console))
                .addSubcommand(new InstallCommand(console))
                .addSubcommand(new AddCommand(console))
                .addSubcommand(new RemoveCommand(console))
                .addSubcommand(new RefreshCommand(console));
    }

    /** {@code skald voices} alone lists. */
    @Override
    public Integer call() {
        return new ListCommand(console).call();
    }
}
