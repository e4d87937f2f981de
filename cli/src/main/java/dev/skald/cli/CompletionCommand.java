package dev.skald.cli;

import dev.skald.InvalidRequestException;
import dev.skald.cli.console.Choices;
import dev.skald.cli.console.Console;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code skald completion}. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = "Print a completion script: source <(skald completion bash)")
final class CompletionCommand implements Runnable {
    private final Main main;
    private final Console console;

    @Parameters(
            paramLabel = "SHELL",
            completionCandidates = Choices.Shells.class,
            description = "bash or zsh.")
    String shell = "bash";

    CompletionCommand(Main main, Console console) {
        this.main = main;
        this.console = console;
    }

    @Override
    public void run() {
        if (!shell.equals("bash") && !shell.equals("zsh")) {
            throw new InvalidRequestException("no completion for " + shell + ": use bash or zsh");
        }
        // The script turns bash completion on in zsh by itself.
        console.io().out().print(AutoComplete.bash("skald", main.complete()));
    }
}
