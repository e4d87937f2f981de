package dev.skald.cli.bench;

import static dev.skald.cli.bench.AblationReport.format;
import static dev.skald.cli.bench.AblationReport.megabytes;

import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.Precision;
import dev.skald.Skald;
import dev.skald.Speech;
import dev.skald.SpeechRequest;
import dev.skald.StageWork;
import dev.skald.chatterbox.ChatterboxLogits;
import dev.skald.chatterbox.t3.T3Logits.Distance;
import dev.skald.cli.console.Console;
import dev.skald.tensor.DeviceMemory;
import dev.skald.tensor.Devices;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * T3's weights in 8 bits beside those in bfloat16: what they save, and what they do to speech.
 *
 * @param tokens along which the logits were compared, at most
 * @param logits of 8 bits against bfloat16
 */
record EightBits(
        String device,
        String voice,
        BenchText text,
        Side bf16,
        Side int8,
        int tokens,
        Distance logits) {
    private static final int TOKENS = 24;

    /**
     * With weights of one kind.
     *
     * @param load seconds until the first request spoke
     * @param seconds of each speech, whole
     * @param rate tokens a second of each
     * @param weights bytes of all weights on the device; 0 if it has no memory of its own
     * @param peak the most it held
     * @param interventions how often the guard had a piece drawn again or cut it, in all speeches
     */
    record Side(
            double load,
            BenchSeries seconds,
            BenchSeries rate,
            long weights,
            long peak,
            int interventions) {

        private String row(Precision precision) {
            return format(
                    "| %s | %.2f s | %s | %.0f | %s | %s | %d |",
                    precision,
                    load,
                    seconds.seconds(),
                    rate.median(),
                    megabytes(weights),
                    megabytes(peak),
                    interventions);
        }

        private Map<String, Object> json() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("load_s", load);
            json.put("seconds", seconds.measured());
            json.put("tokens_per_second", rate.measured());
            json.put("weights_bytes", weights);
            json.put("peak_bytes", peak);
            json.put("guard_interventions", interventions);
            return json;
        }
    }

    /**
     * One after the other, so that each has the device for itself.
     *
     * @param request of a round: another seed each
     */
    static EightBits measure(
            Console console,
            BenchText text,
            IntFunction<SpeechRequest> request,
            int warmUp,
            int rounds) {
        String voice;
        try (Skald skald = console.open()) {
            if (skald.choice(request.apply(0)).mode() != Mode.CINEMATIC) {
                throw new InvalidRequestException(
                        "--int8 compares the weights of mode cinematic: add --mode cinematic");
            }
            try (Speech speech = skald.speak(request.apply(0))) {
                voice = speech.voice().id();
            }
        }
        Side bf16 = side(console, Precision.BF16, request, warmUp, rounds);
        Side int8 = side(console, Precision.INT8, request, warmUp, rounds);
        try (Devices.Lease device = Devices.open(console.engineContext(), any -> true)) {
            return new EightBits(
                    device.backend().description(),
                    voice,
                    text,
                    bf16,
                    int8,
                    TOKENS,
                    ChatterboxLogits.int8(
                            console.engineContext(), request.apply(0), text.text(), TOKENS));
        }
    }

    private static Side side(
            Console console,
            Precision precision,
            IntFunction<SpeechRequest> request,
            int warmUp,
            int rounds) {
        List<Double> seconds = new ArrayList<>();
        List<Double> rates = new ArrayList<>();
        double load = 0;
        int interventions = 0;
        long start = System.nanoTime();
        try (Skald skald = console.builder().precision(precision).open();
                Devices.Lease device = Devices.open(console.engineContext(), any -> true)) {
            for (int i = -warmUp; i < rounds; i++) {
                long begin = System.nanoTime();
                try (Speech speech = skald.speak(request.apply(Math.max(i, 0)))) {
                    load = load == 0 ? (System.nanoTime() - start) * 1e-9 : load;
                    speech.samples();
                    if (i < 0) {
                        continue;
                    }
                    seconds.add((System.nanoTime() - begin) * 1e-9);
                    for (StageWork stage : speech.stages()) {
                        if (stage.stage().equals("decode") && stage.seconds() > 0) {
                            rates.add(stage.work() / stage.seconds());
                        } else if (stage.stage().equals("guard")) {
                            interventions += (int) stage.work();
                        }
                    }
                }
            }
            Optional<DeviceMemory> memory = device.backend().memory();
            return new Side(
                    load,
                    new BenchSeries(seconds),
                    rates.isEmpty() ? BenchSeries.none() : new BenchSeries(rates),
                    memory.map(DeviceMemory::weights).orElse(0L),
                    memory.map(DeviceMemory::peak).orElse(0L),
                    interventions);
        }
    }

    String markdown() {
        return String.join(
                "\n",
                format(
                        "### T3's weights in 8 bits (--precision int8) beside bf16%n%n%s; voice %s;"
                                + " %d speeches of %d characters each, another seed for each.",
                        device, voice, bf16.seconds.values().size(), text.text().length()),
                "",
                "| weights | load | time | tokens/s | weights in memory | peak memory | the guard"
                        + " intervened |",
                "|---|---|---|---|---|---|---|",
                bf16.row(Precision.BF16),
                int8.row(Precision.INT8),
                "",
                format(
                        "Logits of int8 along up to %d tokens that bf16 drew: %.2f %% of their"
                                + " deviation away (rms), %.4f in the mean, %.3f at most; the best"
                                + " token is the same in %.0f %% of the steps.%n",
                        tokens,
                        100 * logits.rms(),
                        logits.mean(),
                        logits.most(),
                        100 * logits.sameBest()));
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("device", device);
        json.put("voice", voice);
        json.put("text", text.name());
        json.put("bf16", bf16.json());
        json.put("int8", int8.json());
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("tokens", tokens);
        error.put("rms_share", logits.rms());
        error.put("mean", logits.mean());
        error.put("max", logits.most());
        error.put("same_best_share", logits.sameBest());
        json.put("logit_error", error);
        return json;
    }
}
