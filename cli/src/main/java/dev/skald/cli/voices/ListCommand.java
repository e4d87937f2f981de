package dev.skald.cli.voices;

import dev.skald.cli.console.Choices;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.cli.console.Json;
import dev.skald.cli.console.Messages;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceInfo;
import dev.skald.voices.VoiceKind;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.catalogue.Catalogue;
import dev.skald.voices.catalogue.CatalogueEntry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code skald voices list}. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = {
            "List voices and models: * is installed, + comes with Skald.",
            "Without an option, the voices that could be installed are counted by language."
        })
final class ListCommand implements Callable<Integer> {
    private final Console console;

    @ArgGroup @Nullable Which which;

    @Option(
            names = {"-l", "--language"},
            paramLabel = "CODE",
            completionCandidates = Choices.Languages.class,
            description = "Only this language: en, en_GB.")
    @Nullable String language;

    @Option(names = "--json", description = "For programs.")
    boolean json;

    ListCommand(Console console) {
        this.console = console;
    }

    private static final class Which {
        @Option(names = "--installed", description = "Only what is here.")
        boolean installed;

        @Option(names = "--available", description = "Only what could be installed.")
        boolean available;
    }

    @Override
    public Integer call() {
        Collection<VoiceRow> rows = rows().values();
        if (json) {
            Json.print(
                    console.io().out(),
                    out -> {
                        out.writeStartArray();
                        rows.forEach(row -> row.write(out));
                        out.writeEndArray();
                    });
        } else {
            list(rows, which == null && language == null);
        }
        return ExitCode.OK.number;
    }

    private TreeMap<String, VoiceRow> rows() {
        Path home = console.globals().home();
        TreeMap<String, VoiceRow> rows = new TreeMap<>();
        if (which == null || !which.installed) {
            for (CatalogueEntry entry : Catalogue.of(home).entries()) {
                rows.put(entry.id(), VoiceRow.available(entry.info(), entry.bytes()));
            }
        }
        for (VoiceInfo voice : Bundled.voices()) {
            if (which == null || !which.available) {
                rows.put(voice.id(), VoiceRow.bundled(voice));
            }
        }
        for (InstalledVoice voice : VoiceLibrary.at(home).list()) {
            if (which != null && which.available) {
                rows.remove(voice.id());
            } else {
                rows.put(voice.id(), VoiceRow.of(voice));
            }
        }
        if (language != null) {
            String wanted = language;
            rows.values().removeIf(row -> !speaks(row.info().language(), wanted));
        }
        return rows;
    }

    /** {@code en} is every English, {@code en_GB} only that; {@code -} counts as {@code _}. */
    private static boolean speaks(String language, String wanted) {
        String have = language.replace('-', '_').toLowerCase(Locale.ROOT);
        String want = wanted.replace('-', '_').toLowerCase(Locale.ROOT);
        return have.equals(want) || have.startsWith(want + "_");
    }

    /** What is here and the models one by one; the many voices of Piper only where asked for. */
    private void list(Collection<VoiceRow> rows, boolean brief) {
        List<VoiceRow> told = new ArrayList<>();
        TreeMap<String, Integer> languages = new TreeMap<>();
        for (VoiceRow row : rows) {
            if (brief && row.mark().equals(" ") && row.info().kind() == VoiceKind.PIPER) {
                languages.merge(row.info().language().split("_", 2)[0], 1, Integer::sum);
            } else {
                told.add(row);
            }
        }
        table(told);
        if (!languages.isEmpty()) {
            StringBuilder line = new StringBuilder("\nPiper voices to install, by language:");
            languages.forEach(
                    (code, count) ->
                            line.append(" ").append(code).append(" ").append(count).append(","));
            line.setLength(line.length() - 1);
            console.io().out().println(line);
            console.io()
                    .out()
                    .println("skald voices list --language CODE shows them, --available shows all");
        }
    }

    private void table(List<VoiceRow> rows) {
        int idWidth = rows.stream().mapToInt(r -> r.info().id().length()).max().orElse(2);
        String form = "%s %-" + Math.max(2, idWidth) + "s  %-8s %9s %8s  %-22s %s%n";
        var out = console.io().out();
        out.printf(Locale.ROOT, form, " ", "ID", "LANGUAGE", "HZ", "SIZE", "LICENCE", "WHAT");
        for (VoiceRow row : rows) {
            VoiceInfo info = row.info();
            out.printf(
                    Locale.ROOT,
                    form,
                    row.mark(),
                    Messages.oneLine(info.id()),
                    Messages.oneLine(info.language()),
                    info.sampleRate() == 0 ? "" : Integer.toString(info.sampleRate()),
                    row.size(),
                    Messages.oneLine(row.licence()),
                    Messages.oneLine(info.description()));
        }
    }
}
