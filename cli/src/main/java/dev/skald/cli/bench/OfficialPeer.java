package dev.skald.cli.bench;

import dev.skald.InvalidRequestException;
import dev.skald.chatterbox.SpeakerFiles;
import dev.skald.cli.speak.SpeechOptions;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.Devices;
import dev.skald.voices.io.Programs;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The official Python package, chatterbox-tts: speaks each text in a fresh process of a python that
 * has it. What goes wrong there is told in its row.
 *
 * @param python the program
 * @param speaker what the job of every text says, see {@code official_chatterbox.py}
 * @param limit after which a process is ended
 */
record OfficialPeer(Path python, Map<String, @Nullable Object> speaker, Duration limit) {
    private static final String SCRIPT = "official_chatterbox.py";
    private static final String PROGRAM = "chatterbox-tts";
    private static final Duration LIMIT = Duration.ofHours(1);
    private static final JsonMapper JSON = new JsonMapper();

    /** Speech tokens of a second. */
    private static final double RATE = 25;

    /**
     * How a text is spoken.
     *
     * @param warmUps how often something is before
     * @param repetitions how often the text is
     * @param seconds after which nothing is spoken again, and the first text is what warms up; null
     *     if that is no matter, and each text warms up for itself
     */
    record Rounds(int warmUps, int repetitions, @Nullable Double seconds) {}

    /** What it gave for a text, and whether it would fail at every other one too. */
    private record Answer(BenchRow row, boolean everyText) {}

    /**
     * For the speaker of a request.
     *
     * @throws InvalidRequestException if there is no such python, or only Skald reads the voice
     */
    static OfficialPeer of(String python, EngineContext context, SpeechOptions options) {
        SpeakerFiles files = SpeakerFiles.of(context, options.request("text"));
        Map<String, @Nullable Object> speaker = new LinkedHashMap<>();
        speaker.put("model", files.model().id());
        speaker.put("folder", files.folder().toString());
        speaker.put("clip", files.clip().map(Path::toString).orElse(null));
        speaker.put("watermark", files.watermarked());
        speaker.put("device", Devices.find(context.devices().getFirst()).name());
        speaker.put("threads", context.threads());
        speaker.put("seed", options.seed);
        speaker.put("language", options.language == null ? "en" : options.language);
        Map<String, Object> given = new LinkedHashMap<>();
        put(given, "exaggeration", options.exaggeration);
        put(given, "cfg_weight", options.cfgWeight);
        put(given, "temperature", options.temperature);
        put(given, "min_p", options.minP);
        put(given, "top_p", options.topP);
        put(given, "top_k", options.topK);
        put(given, "repetition_penalty", options.repetitionPenalty);
        speaker.put("options", given);
        return new OfficialPeer(found(python), speaker, LIMIT);
    }

    private static void put(Map<String, Object> to, String name, @Nullable Object value) {
        if (value != null) {
            to.put(name, value);
        }
    }

    /** A link stays one: through it a virtual environment knows itself. */
    static Path found(String python) {
        Path path = Path.of(python);
        if (path.getNameCount() > 1 && Files.isExecutable(path)) {
            return path.toAbsolutePath().normalize();
        }
        return Programs.find(python)
                .orElseThrow(
                        () ->
                                new InvalidRequestException(
                                        "there is no program '"
                                                + python
                                                + "': --official names a python in which"
                                                + " chatterbox-tts is installed"));
    }

    /**
     * Speaks the texts, until one shows that it can speak none.
     *
     * @param lengths seconds of audio at which each is stopped; empty where they end by themselves
     * @param tell gets a line for each step
     */
    List<BenchRow> rows(
            List<BenchText> texts, List<Double> lengths, Rounds rounds, Consumer<String> tell)
            throws IOException, InterruptedException {
        List<BenchRow> rows = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            BenchText text = texts.get(i);
            tell.accept("measuring the official code: " + text.name() + " ...");
            BenchText warmUp = rounds.seconds == null ? text : texts.getFirst();
            double length = lengths.isEmpty() ? 0 : lengths.get(i);
            Answer answer = speak(text, warmUp, rounds, length);
            tell.accept(answer.row.told());
            rows.add(answer.row);
            if (answer.everyText) {
                break;
            }
        }
        return rows;
    }

    private Answer speak(BenchText text, BenchText warmUp, Rounds rounds, double length)
            throws IOException, InterruptedException {
        Map<String, @Nullable Object> job = new LinkedHashMap<>(speaker);
        job.put("name", text.name());
        job.put("text", text.text());
        job.put("warm_up_text", warmUp.text());
        job.put("warm_up", rounds.warmUps);
        job.put("repetitions", rounds.repetitions);
        job.put("seconds", rounds.seconds);
        job.put("tokens", length > 0 ? Math.max(1, Math.round(length * RATE)) : null);
        Path folder = Files.createTempDirectory("skald-official");
        Path script = folder.resolve(SCRIPT);
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        try {
            try (InputStream in =
                    Objects.requireNonNull(OfficialPeer.class.getResourceAsStream(SCRIPT))) {
                Files.copy(in, script);
            }
            return answer(text, job, script, out, err);
        } finally {
            for (Path file : List.of(script, out, err, folder)) {
                Files.deleteIfExists(file);
            }
        }
    }

    private Answer answer(
            BenchText text, Map<String, @Nullable Object> job, Path script, Path out, Path err)
            throws IOException, InterruptedException {
        Process process;
        try {
            process =
                    new ProcessBuilder(python.toString(), "-B", script.toString())
                            .redirectOutput(out.toFile())
                            .redirectError(err.toFile())
                            .start();
        } catch (IOException e) {
            return failed(text, "cannot be started: " + e.getMessage(), true);
        }
        try {
            try (OutputStream to = process.getOutputStream()) {
                to.write(JSON.writeValueAsBytes(job));
            } catch (IOException e) {
                // It ended before it read all: its exit code and last words tell why.
            }
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                return failed(text, "not finished after " + limit.toMinutes() + " minutes", false);
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        JsonNode row;
        try {
            row = JSON.readTree(Files.readString(out));
        } catch (JacksonException e) {
            row = JSON.missingNode();
        }
        if (process.exitValue() != 0 || !row.isObject()) {
            String last =
                    new String(Files.readAllBytes(err), StandardCharsets.UTF_8)
                            .lines()
                            .filter(line -> !line.isBlank())
                            .reduce("it said nothing", (a, b) -> b);
            String code = "ended with exit code " + process.exitValue();
            return failed(text, code + ": " + last, false);
        }
        return new Answer(BenchRow.of(row), row.path("every_text").asBoolean(false));
    }

    private Answer failed(BenchText text, String failure, boolean everyText) {
        return new Answer(BenchRow.failed(PROGRAM, text, failure), everyText);
    }
}
