package dev.skald.cli.voices;

import dev.skald.cli.console.Choices;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.voices.VoiceLibrary;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code skald voices remove}. */
@Command(
        name = "remove",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = "Remove installed voices or models.")
final class RemoveCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(
            paramLabel = "ID",
            arity = "1..*",
            completionCandidates = Choices.Installed.class,
            description = "What to remove.")
    List<String> ids = List.of();

    RemoveCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        for (String id : ids) {
            VoiceLibrary.at(console.globals().home()).remove(id);
            console.messages().info("removed " + id);
        }
        return ExitCode.OK.number;
    }
}
