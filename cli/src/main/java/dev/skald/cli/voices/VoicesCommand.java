package dev.skald.cli.voices;

import dev.skald.cli.console.Choices;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.install.VoiceInstaller;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

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
                .addSubcommand(new InstallCommand(console))
                .addSubcommand(new AddCommand(console))
                .addSubcommand(new InfoCommand(console));
    }

    /** {@code skald voices} alone lists. */
    @Override
    public Integer call() {
        return new ListCommand(console).call();
    }

    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            usageHelpAutoWidth = true,
            description = "Remove installed voices or models.")
    Integer remove(
            @Parameters(
                            paramLabel = "ID",
                            arity = "1..*",
                            completionCandidates = Choices.Voices.class,
                            description = "What to remove.")
                    List<String> ids) {
        for (String id : ids) {
            VoiceLibrary.at(console.globals().home()).remove(id);
            console.messages().info("removed " + id);
        }
        return ExitCode.OK.number;
    }

    @Command(
            name = "refresh",
            mixinStandardHelpOptions = true,
            usageHelpAutoWidth = true,
            description = "Fetch the present list of Piper voices from the Hugging Face hub.")
    Integer refresh() {
        int voices =
                VoiceInstaller.refreshCatalogue(
                        console.globals().home(), console.globals().offline());
        console.messages().info("the catalogue lists " + voices + " Piper voices now");
        return ExitCode.OK.number;
    }
}
