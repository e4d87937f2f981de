package dev.skald.cli.bench;

import dev.skald.AudioChunk;
import dev.skald.EngineChoice;
import dev.skald.Mode;
import dev.skald.Skald;
import dev.skald.Speech;
import dev.skald.SpeechReport;
import dev.skald.SpeechRequest;
import dev.skald.StageWork;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.Version;
import dev.skald.cli.launch.Launch;
import dev.skald.cli.launch.Machine;
import dev.skald.piper.PiperProfile;
import dev.skald.piper.vits.VitsNetwork;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.DeviceMemory;
import dev.skald.tensor.Devices;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * Measures one text in this process, which is to be a fresh one.
 *
 * @param request of the text
 */
record BenchRun(
        Console console,
        EngineContext context,
        BenchText text,
        SpeechRequest request,
        int warmUp,
        int repetitions) {

    BenchResult measured() {
        List<Double> first = new ArrayList<>();
        List<Double> total = new ArrayList<>();
        List<Double> audio = new ArrayList<>();
        List<List<StageWork>> rounds = new ArrayList<>();
        double load = 0;
        double sinceStart = Double.NaN;
        String voice = "";
        boolean piper;
        Optional<DeviceMemory> memory;
        String device;
        long start = System.nanoTime();
        try (Skald skald = console.open()) {
            EngineChoice choice = skald.choice(request);
            piper = choice.mode() == Mode.FAST;
            for (int i = 0; i < warmUp + repetitions; i++) {
                try (Speech speech = skald.speak(request)) {
                    if (i == 0) {
                        load = (System.nanoTime() - start) * 1e-9;
                        voice = speech.voice().id();
                    }
                    for (AudioChunk chunk : speech) {
                        if (Double.isNaN(sinceStart) && chunk.samples().length > 0) {
                            sinceStart = Launch.secondsSinceStart();
                        }
                    }
                    SpeechReport report = speech.report();
                    report.check();
                    if (i >= warmUp) {
                        first.add(report.firstAudioSeconds());
                        total.add(report.elapsedSeconds());
                        audio.add(report.seconds());
                        rounds.add(speech.stages());
                    }
                }
            }
            try (Devices.Lease lease =
                    Devices.open(context, piper ? VitsNetwork.AUTO : any -> true)) {
                device = lease.backend().name();
                memory = lease.backend().memory();
            }
        }
        BenchRow row =
                new BenchRow(
                        "skald " + Version.number(),
                        text.name(),
                        text.text().length(),
                        BenchSeries.none(),
                        new BenchSeries(List.of(sinceStart)),
                        new BenchSeries(List.of(load)),
                        new BenchSeries(first),
                        new BenchSeries(total),
                        new BenchSeries(audio),
                        Machine.peakBytes().orElse(0),
                        memory.map(DeviceMemory::peak).orElse(0L),
                        "");
        String used = memory.map(m -> device + ": " + m).orElse("");
        return new BenchResult(voice, row, piper ? piper() : told(rounds), used);
    }

    /** What the engine tells of each round. */
    private List<BenchStage> told(List<List<StageWork>> rounds) {
        List<BenchStage> stages = new ArrayList<>();
        for (int i = 0; i < rounds.getFirst().size(); i++) {
            int index = i;
            StageWork stage = rounds.getFirst().get(i);
            BenchSeries work = series(rounds, r -> r.get(index).work());
            stages.add(
                    stage(
                            stage.stage(),
                            stage.seconds() > 0 ? work.median() : work.mean(),
                            stage.unit(),
                            series(rounds, r -> r.get(index).seconds())));
        }
        return stages;
    }

    /** Sentences of a Piper voice are made side by side: its stages are measured one by one. */
    private List<BenchStage> piper() {
        List<BenchStage> stages = new ArrayList<>();
        for (PiperProfile.Stage stage :
                PiperProfile.measure(context, request, warmUp, repetitions)) {
            stages.add(
                    stage(
                            stage.name(),
                            series(stage.work(), w -> w.operations() * 1e-9).median(),
                            BenchStage.GFLOP,
                            series(stage.work(), VitsNetwork.Work::seconds)));
        }
        return stages;
    }

    private BenchStage stage(String name, double work, String unit, BenchSeries seconds) {
        return new BenchStage(text.name(), text.text().length(), name, work, unit, seconds);
    }

    private static <T> BenchSeries series(List<T> rounds, ToDoubleFunction<T> value) {
        return new BenchSeries(rounds.stream().map(value::applyAsDouble).toList());
    }
}
