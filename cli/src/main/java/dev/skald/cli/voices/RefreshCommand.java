package dev.skald.cli.voices;

import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.voices.install.VoiceInstaller;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code skald voices refresh}. */
@Command(
        name = "refresh",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = "Fetch the present list of Piper voices from the Hugging Face hub.")
final class RefreshCommand implements Callable<Integer> {
    private final Console console;

    RefreshCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        int voices =
                VoiceInstaller.refreshCatalogue(
                        console.globals().home(), console.globals().offline());
        console.messages().info("the catalogue lists " + voices + " Piper voices now");
        return ExitCode.OK.number;
    }
}
