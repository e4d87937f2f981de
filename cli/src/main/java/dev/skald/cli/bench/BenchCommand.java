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

    @Option(
            names = "--ablate",
            description = {
                "Measure what each optimisation buys: each switched off by itself, and all of them,",
                "in turn with none switched off, in this process."
            })
    boolean ablate;

    @Option(
            names = "--baseline",
            description = "The texts with all optimisations against none of them, in this process.")
    boolean baseline;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description = {
                "With --ablate and --baseline: after so many seconds a measurement has no further",
                "round; an optimisation without which the short text takes longer is measured on",
                "that alone. Default: 5."
            })
    double seconds = 5;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Write --ablate or --baseline (if neither is named) as one HTML page.")
    @Nullable Path html;

    @Option(
            names = "--official",
            paramLabel = "PYTHON",
            description = {
                "Measure the official Chatterbox too, on the same texts, checkpoint, voice, seed and",
                "device: a python in which chatterbox-tts is installed."
            })
    @Nullable String official;

    @Option(
            names = "--same-length",
            description = {
                "With --official: stop it where Skald's speech of the text ended. For random",
                "weights, which do not stop by themselves."
            })
    boolean sameLength;

    @Option(
            names = "--others",
            paramLabel = "FILE",
            description =
                    "Show another program's rows beside them: JSON as skald bench --json writes it.")
    @Nullable Path others;

    @Option(
            names = "--int8",
            description = {
                "T3's weights in 8 bits beside those in bf16: time, memory, how far the logits are,",
                "how often the guard against runaway speech intervened."
            })
    boolean int8;

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
        if (int8) {
            return eightBits();
        }
        boolean cinematic = cinematic();
        if (official != null && !cinematic) {
            throw new InvalidRequestException(
                    "--official is Chatterbox, of mode cinematic: a Piper voice is measured beside"
                            + " piper-tts by --peer");
        }
        if (official == null && sameLength) {
            throw new InvalidRequestException("--same-length is for --official");
        }
        boolean compared = ablate || baseline || html != null;
        if (compared && options.seed == null) {
            options.seed = 1L;
        }
        OfficialPeer chatterbox =
                official == null
                        ? null
                        : OfficialPeer.of(official, console.engineContext(), options);
        if (compared) {
            return ablation(cinematic, chatterbox);
        }
        if (peer && cinematic) {
            throw new InvalidRequestException(
                    "--peer is piper-tts, of mode fast: the official Chatterbox is measured by"
                            + " --official");
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
        if (chatterbox != null) {
            List<Double> lengths = rows.stream().map(row -> row.audio().median()).toList();
            rows.addAll(
                    chatterbox.rows(
                            chosen,
                            sameLength ? lengths : List.of(),
                            new OfficialPeer.Rounds(warmUp, repetitions, null),
                            console.messages()::info));
        }
        rows.addAll(others());
        BenchReport report =
                new BenchReport(
                        LocalDate.now().toString(),
                        BenchProcess.commit(),
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

    private int eightBits() throws IOException {
        BenchText text = BenchText.named(texts == null ? "medium" : texts.getFirst());
        long seed = options.seed == null ? 1 : options.seed;
        EightBits report =
                EightBits.measure(
                        console,
                        text,
                        round -> {
                            options.seed = seed + round;
                            return options.request(text.text());
                        },
                        warmUp,
                        repetitions);
        console.io().out().print(report.markdown());
        if (json != null) {
            Files.writeString(
                    json,
                    JSON.writerWithDefaultPrettyPrinter().writeValueAsString(report.json()) + "\n");
        }
        return ExitCode.OK.number;
    }

    /** The rows of the file. */
    private List<BenchRow> others() throws IOException {
        List<BenchRow> rows = new ArrayList<>();
        if (others != null) {
            for (JsonNode row : JSON.readTree(Files.readString(others)).path("rows")) {
                rows.add(BenchRow.of(row));
            }
        }
        return rows;
    }

    private int ablation(boolean cinematic, @Nullable OfficialPeer chatterbox)
            throws IOException, InterruptedException {
        if (!console.globals().without().isEmpty()) {
            throw new InvalidRequestException(
                    "--ablate and --baseline switch off by themselves: leave --without out");
        }
        List<BenchText> chosen = names(cinematic).stream().map(BenchText::named).toList();
        BenchText text =
                chosen.stream()
                        .filter(t -> t.name().equals("medium"))
                        .findFirst()
                        .orElse(chosen.getFirst());
        SelfProcess self = new SelfProcess(handedOn());
        Subject.Opener opener =
                without -> new SkaldSubject(console, without, options::request, self);
        boolean gpu;
        String device;
        String voice;
        try (SkaldSubject any = new SkaldSubject(console, Set.of(), options::request, self)) {
            gpu = any.gpu();
            device = any.device();
            voice = any.voice();
        }
        Ablation ablation =
                new Ablation(
                        opener, repetitions, seconds, gpu, line -> console.messages().info(line));
        List<AblationReport.Row> rows = ablate ? ablation.rows(text) : List.of();
        List<AblationReport.Comparison> comparisons = ablation.comparisons(chosen);
        List<BenchRow> beside = new ArrayList<>();
        if (chatterbox != null) {
            List<Double> lengths =
                    comparisons.stream().map(c -> c.optimised().audio().median()).toList();
            beside.addAll(
                    chatterbox.rows(
                            chosen,
                            sameLength ? lengths : List.of(),
                            new OfficialPeer.Rounds(Ablation.WARM_UPS, repetitions, seconds),
                            console.messages()::info));
        }
        beside.addAll(others());
        AblationReport report =
                new AblationReport(
                        LocalDate.now().toString(),
                        BenchProcess.commit(),
                        Machine.summary(PhysicalCores.count()),
                        device,
                        voice,
                        gpu,
                        comparisons,
                        rows,
                        text.name(),
                        beside);
        console.io().out().print(report.markdown());
        if (json != null) {
            Files.writeString(
                    json,
                    JSON.writerWithDefaultPrettyPrinter().writeValueAsString(report.json()) + "\n");
        }
        if (html != null) {
            Files.writeString(html, new BenchPage(report).html());
        }
        return ExitCode.OK.number;
    }

    /** What a fresh process is told as this one was: every option but bench's own. */
    private List<String> handedOn() {
        Set<String> own =
                Set.of(
                        "--text",
                        "--repetitions",
                        "--warm-up",
                        "--json",
                        "--append",
                        "--peer",
                        "--ablate",
                        "--baseline",
                        "--seconds",
                        "--html",
                        "--official",
                        "--same-length",
                        "--others");
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
