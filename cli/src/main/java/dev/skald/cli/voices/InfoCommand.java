package dev.skald.cli.voices;

import dev.skald.cli.console.Choices;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.cli.console.Json;
import dev.skald.cli.console.Messages;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceFile;
import dev.skald.voices.VoiceInfo;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.catalogue.Catalogue;
import dev.skald.voices.catalogue.CatalogueEntry;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code skald voices info}. */
@Command(
        name = "info",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Tell all that is known of a voice or model.")
final class InfoCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(
            paramLabel = "ID",
            completionCandidates = Choices.AllVoices.class,
            description = "Installed or available.")
    String id = "";

    @Option(names = "--json", description = "For programs.")
    boolean json;

    InfoCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        VoiceRow row = row();
        if (json) {
            Json.print(console.io().out(), row::write);
        } else {
            describe(row);
        }
        return ExitCode.OK.number;
    }

    private VoiceRow row() {
        VoiceLibrary library = VoiceLibrary.at(console.globals().home());
        Optional<VoiceRow> here =
                library.find(id)
                        .map(VoiceRow::of)
                        .or(() -> Bundled.find(id).map(VoiceRow::bundled));
        if (here.isPresent()) {
            return here.get();
        }
        // The catalogue knows short names too.
        CatalogueEntry entry = Catalogue.of(console.globals().home()).get(id);
        return new VoiceRow(entry.info(), entry.bytes(), library.find(entry.id()), false);
    }

    private void describe(VoiceRow row) {
        VoiceInfo info = row.info();
        line("id", info.id());
        line("kind", info.kind().toString());
        line("what", info.description());
        line("language", info.language());
        line("rate", info.sampleRate() == 0 ? "" : info.sampleRate() + " Hz");
        line("licence", row.licence());
        line("speakers", String.join(", ", info.speakers()));
        line("size", row.size());
        if (row.bundled()) {
            line(
                    "installed",
                    "comes with Skald; in full precision: skald voices install " + info.id());
            return;
        }
        if (row.installed().isEmpty()) {
            line("installed", "no: skald voices install " + info.id());
            return;
        }
        InstalledVoice voice = row.installed().get();
        line("installed", voice.installed() + " from " + voice.source());
        line("folder", voice.folder().toString());
        for (VoiceFile file : voice.files()) {
            line("file", file.name() + "  " + file.bytes() + "  sha256 " + file.sha256());
        }
    }

    private void line(String name, String value) {
        if (!value.isEmpty()) {
            console.io().out().printf(Locale.ROOT, "%-10s %s%n", name, Messages.oneLine(value));
        }
    }
}
