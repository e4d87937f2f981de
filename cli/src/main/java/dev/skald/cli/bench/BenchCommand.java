package dev.skald.cli.bench;

import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.PhysicalCores;
import dev.skald.Skald;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.ExitCode;
import dev.skald.cli.launch.Machine;
import dev.skald.cli.speak.SpeechOptions;
import dev.skald.tensor.cpu.MachineFloor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code skald bench}. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = {
            "Measure this machine: 30, 150, 600 and 6,000 characters.",
            "Every text is spoken in a fresh process: after a warm-up for the warm numbers, and as"
                    + " whole commands for the cold one. Markdown goes to the standard output."
        })
public final class BenchCommand implements Callable<Integer> {
    private static final JsonMapper JSON = new JsonMapper();

    private final Console console;

    @Option(
            names = "--text",
            split = ",",
            paramLabel = "NAME",
            description = {
                "Which texts: short, medium, long, very-long.",
                "Default: all; in mode cinematic all but the last."
            })
    @Nullable List<String> texts;

    @Option(
            names = "--repetitions",
            paramLabel = "N",
            description = "How often each text is measured. Default: 5.")
    int repetitions = 5;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            description = "How often it is spoken before. Default: 3.")
    int warmUp = 3;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the numbers as JSON too.")
    @Nullable Path json;

    @Option(
            names = "--append",
            description = "Append the table to the history in docs/PERFORMANCE.md.")
    boolean append;

    @Option(
            names = "--peer",
            description = "Measure the Python piper-tts on the same voice too (bench/peers).")
    boolean peer;

    /** Inside a fresh process: measure one text and print its row as JSON. */
    @Option(names = "--one", hidden = true)
    @Nullable String one;

    @Mixin SpeechOptions options = new SpeechOptions();

    @Spec CommandSpec spec;

    public BenchCommand(Console console) {
        this.console = console;
        spec = CommandSpec.create();
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (repetitions < 1 || repetitions > 1000 || warmUp < 0 || warmUp > 1000) {
            throw new InvalidRequestException("repetitions and warm-up lie between 1 and 1000");
        }
        if (one != null) {
            BenchText text = BenchText.named(one);
            BenchRun run =
                    new BenchRun(
                            console,
                            console.engineContext(),
                            text,
                            options.request(text.text()),
                            warmUp,
                            repetitions);
            console.io().out().println(JSON.writeValueAsString(run.measured().json()));
            return ExitCode.OK.number;
        }
        boolean cinematic = cinematic();
        if (peer && cinematic) {
            throw new InvalidRequestException(
                    "--peer is piper-tts, of mode fast: the official Chatterbox is measured by"
                            + " bench/peers/chatterbox_t3.py and chatterbox_s3gen.py");
        }
        List<String> names = names(cinematic);
        List<BenchText> chosen = names.stream().map(BenchText::named).toList();
        BenchProcess process = new BenchProcess();
        List<BenchRow> rows = new ArrayList<>();
        List<BenchStage> stages = new ArrayList<>();
        String voice = "";
        String memory = "";
        for (BenchText text : chosen) {
            console.messages().info("measuring " + text.name() + " ...");
            BenchResult warm = warm(process, text);
            rows.add(warm.row().withCold(cold(process, text)));
            stages.addAll(warm.stages());
            voice = warm.voice();
            memory = warm.memory();
        }
        if (peer) {
            console.messages().info("measuring piper-tts ...");
            String output =
                    process.peer(console.globals().home(), voice, names, repetitions, warmUp);
            for (JsonNode row : JSON.readTree(output).path("rows")) {
                rows.add(BenchRow.of(row));
            }
        }
        BenchReport report =
                new BenchReport(
                        LocalDate.now().toString(),
                        process.commit(),
                        Machine.summary(PhysicalCores.count()),
                        voice,
                        console.engineContext().threads(),
                        repetitions,
                        warmUp,
                        rows,
                        stages,
                        MachineFloor.measure(console.engineContext().threads()),
                        memory);
        console.io().out().print(report.markdown());
        if (json != null) {
            Files.writeString(
                    json,
                    JSON.writerWithDefaultPrettyPrinter().writeValueAsString(report.json()) + "\n");
        }
        if (append) {
            Path history = process.root().resolve("docs/PERFORMANCE.md");
            Files.writeString(
                    history,
                    "\n" + report.markdown(),
                    StandardCharsets.UTF_8,
                    StandardOpenOption.APPEND);
        }
        return ExitCode.OK.number;
    }

    /** What a fresh process is told as this one was: every option but bench's own. */
    private List<String> handedOn() {
        Set<String> own =
                Set.of("--text", "--repetitions", "--warm-up", "--json", "--append", "--peer");
        List<OptionSpec> given = new ArrayList<>();
        for (CommandSpec at = spec; at != null; at = at.parent()) {
            given.addAll(at.commandLine().getParseResult().matchedOptions());
        }
        List<String> arguments = new ArrayList<>();
        for (OptionSpec option : given) {
            if (own.contains(option.longestName())) {
                continue;
            }
            arguments.add(option.longestName());
            if (option.arity().max() > 0) {
                arguments.addAll(option.originalStringValues());
            }
        }
        return arguments;
    }

    private boolean cinematic() {
        try (Skald skald = console.open()) {
            return skald.choice(options.request("text")).mode() == Mode.CINEMATIC;
        }
    }

    private List<String> names(boolean cinematic) {
        if (texts != null) {
            return texts;
        }
        return cinematic
                ? List.of("short", "medium", "long")
                : List.of("short", "medium", "long", "very-long");
    }

    /** In a fresh process. */
    private BenchResult warm(BenchProcess process, BenchText text)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("bench", "--one", text.name()));
        command.addAll(List.of("--repetitions", "" + repetitions, "--warm-up", "" + warmUp));
        command.addAll(handedOn());
        return BenchResult.of(JSON.readTree(process.output(command)));
    }

    /** Seconds of whole commands. */
    private BenchSeries cold(BenchProcess process, BenchText text)
            throws IOException, InterruptedException {
        Path input = Files.createTempFile("skald-bench", ".txt");
        Path output = Files.createTempFile("skald-bench", ".wav");
        try {
            Files.writeString(input, text.text());
            List<String> speak = new ArrayList<>(List.of("speak", "-q"));
            speak.addAll(List.of("-f", input.toString(), "-o", output.toString()));
            speak.addAll(handedOn());
            process.seconds(speak);
            List<Double> cold = new ArrayList<>();
            for (int i = 0; i < repetitions; i++) {
                cold.add(process.seconds(speak));
            }
            return new BenchSeries(cold);
        } finally {
            Files.delete(input);
            Files.delete(output);
        }
    }
}
