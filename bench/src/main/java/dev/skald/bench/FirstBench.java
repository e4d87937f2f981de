package dev.skald.bench;

import dev.skald.AudioChunk;
import dev.skald.Mode;
import dev.skald.Skald;
import dev.skald.Speech;
import dev.skald.SpeechRequest;
import dev.skald.StageWork;
import dev.skald.piper.PiperProfile;
import dev.skald.piper.vits.VitsNetwork;
import dev.skald.spi.EngineContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A speech that somebody listens to, alone, warm: {@code fast|cinematic MODEL|- ROUNDS TEXT}, on
 * the device that {@code -Ddevice=} names. One JSON line of medians: to the first samples, where
 * that time went by the engine's own stages (on a GPU the flow is launched in its stage, and waited
 * for in the vocoder's) and what lies in no stage; then of the whole speech.
 */
public final class FirstBench {
    private FirstBench() {}

    public static void main(String[] args) {
        SpeechRequest.Builder request =
                SpeechRequest.builder(args[3])
                        .mode(args[0].equals("fast") ? Mode.FAST : Mode.CINEMATIC)
                        .seed(1);
        if (!args[1].equals("-")) {
            request.model(args[1]);
        }
        int rounds = Integer.parseInt(args[2]);
        List<Double> first = new ArrayList<>();
        List<Double> chunk = new ArrayList<>();
        List<Double> whole = new ArrayList<>();
        List<Double> audio = new ArrayList<>();
        Map<String, List<Double>> stages = new LinkedHashMap<>();
        try (Skald skald =
                Skald.builder().offline(true).device(System.getProperty("device", "cpu")).open()) {
            for (int round = -5; round < rounds; round++) {
                long start = System.nanoTime();
                try (Speech heard = skald.speak(request.build())) {
                    AudioChunk begin = null;
                    for (AudioChunk c : heard) {
                        if (c.samples().length > 0) {
                            begin = c;
                            break;
                        }
                    }
                    double seconds = seconds(start);
                    List<StageWork> work = heard.stages();
                    if (round >= 0 && begin != null) {
                        first.add(seconds);
                        chunk.add(begin.samples().length / (double) heard.sampleRate());
                        double known = 0;
                        for (StageWork w : work) {
                            stages.computeIfAbsent(w.stage(), s -> new ArrayList<>())
                                    .add(w.seconds());
                            known += w.seconds();
                        }
                        stages.computeIfAbsent("elsewhere", s -> new ArrayList<>())
                                .add(seconds - known);
                    }
                }
                start = System.nanoTime();
                try (Speech heard = skald.speak(request.build())) {
                    long samples = 0;
                    for (AudioChunk c : heard) {
                        samples += c.samples().length;
                    }
                    if (round >= 0) {
                        whole.add(seconds(start));
                        audio.add(samples / (double) heard.sampleRate());
                    }
                }
            }
        }
        StringBuilder line = new StringBuilder();
        line.append(
                String.format(
                        Locale.ROOT,
                        "{\"first_ms\": %.2f, \"first_least_ms\": %.2f, \"first_most_ms\": %.2f,"
                                + " \"first_audio_s\": %.3f",
                        1e3 * median(first),
                        1e3 * quantile(first, 0),
                        1e3 * quantile(first, 1),
                        median(chunk)));
        stages.forEach(
                (name, s) ->
                        line.append(
                                String.format(
                                        Locale.ROOT, ", \"%s_ms\": %.2f", name, 1e3 * median(s))));
        line.append(
                String.format(
                        Locale.ROOT,
                        ", \"whole_ms\": %.2f, \"audio_s\": %.2f, \"real_time_factor\": %.5f}",
                        1e3 * median(whole),
                        median(audio),
                        median(whole) / median(audio)));
        System.out.println(line);
        if (args[0].equals("fast")) {
            network(request.build(), rounds);
        }
    }

    /** The network alone, without phonemes and without the threads that hand audio on. */
    private static void network(SpeechRequest request, int rounds) {
        EngineContext context =
                EngineContext.builder()
                        .offline(true)
                        .device(System.getProperty("device", "cpu"))
                        .build();
        double sum = 0;
        for (PiperProfile.Stage stage : PiperProfile.measure(context, request, 5, rounds)) {
            sum += median(stage.work().stream().map(VitsNetwork.Work::seconds).toList());
        }
        System.out.printf(
                Locale.ROOT,
                "{\"network_whole_ms\": %.2f, \"network_first_ms\": %.2f}%n",
                1e3 * sum,
                1e3 * median(PiperProfile.firstSamples(context, request, 5, rounds)));
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) * 1e-9;
    }

    private static double median(List<Double> values) {
        return quantile(values, 0.5);
    }

    private static double quantile(List<Double> values, double share) {
        double[] sorted = values.stream().mapToDouble(d -> d).toArray();
        Arrays.sort(sorted);
        return sorted.length == 0 ? Double.NaN : sorted[(int) (share * (sorted.length - 1))];
    }
}
