package dev.skald.cli;

import dev.skald.InvalidRequestException;
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

    @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
    String shell = "bash";

    CompletionCommand(Main main) {
        this.main = main;
    }

    @Override
    public void run() {
        if (!shell.equals("bash") && !shell.equals("zsh")) {
            throw new InvalidRequestException("no completion for " + shell + ": use bash or zsh");
        }
        // The script turns bash completion on in zsh by itself.
        main.io.out().print(AutoComplete.bash("skald", main.complete()));
    }
}
