package dev.skald.bench;

import dev.skald.AudioChunk;
import dev.skald.Mode;
import dev.skald.Optimisation;
import dev.skald.Skald;
import dev.skald.Speech;
import dev.skald.SpeechRequest;
import dev.skald.StageWork;
import dev.skald.tensor.Devices;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Many requests at once: {@code MODEL whole|live CLIENTS,CLIENTS... EACH}, on the device that
 * {@code -Ddevice=} names, without the optimisations of {@code -Dwithout=}; each client speaks so
 * many requests of one sentence, one after the other. {@code piper:en_US-joe-medium} is a Piper
 * voice. One JSON line a number of clients: seconds of audio and sentences a second, from the begin
 * of the first to the end of the last; times to the first audio; seconds that passed in each stage
 * of all speeches, over the seconds that passed (T3's steps are shared out among those that draw,
 * so its share is the part of the time in which it steps); processor time of the host; memory of
 * the device. A whole speech is compared sample by sample with the same one spoken alone, a
 * streamed one of Chatterbox by its length.
 */
public final class ManyBench {
    private static final String[] TEXTS = {
        "The train was late again, and nobody seemed to mind it that day.",
        "A little rain fell on the old bridge while the lamps were lit.",
        "She opened the letter slowly and read the first line twice over.",
        "There is no better time than now to learn how the machine works.",
        "The harbour was quiet, and the boats lay still in the evening light.",
        "He counted the steps to the top and found there were ninety of them.",
        "We walked along the river until the path turned into the forest.",
        "The baker sold the last loaf and closed the shop for the winter."
    };

    private static final String PIPER = "piper:";

    private ManyBench() {}

    /** One speech: which, seconds of audio and to the first samples, what was said. */
    private record Spoken(int text, double audio, double first, int hash, List<StageWork> stages) {}

    private static Spoken speak(Skald skald, String model, int index, boolean whole) {
        long start = System.nanoTime();
        boolean piper = model.startsWith(PIPER);
        SpeechRequest.Builder request =
                SpeechRequest.builder(TEXTS[index % TEXTS.length]).seed(index % TEXTS.length);
        if (piper) {
            request.mode(Mode.FAST).voice(model.substring(PIPER.length()));
        } else {
            request.mode(Mode.CINEMATIC).model(model);
        }
        int samples = 0;
        int hash = 0;
        double first = 0;
        try (Speech speech = skald.speak(request.build())) {
            if (whole) {
                float[] all = speech.samples();
                samples = all.length;
                hash = Arrays.hashCode(all);
                first = seconds(start);
            } else {
                for (AudioChunk chunk : speech) {
                    if (samples == 0 && chunk.samples().length > 0) {
                        first = seconds(start);
                    }
                    samples += chunk.samples().length;
                    for (float sample : chunk.samples()) {
                        hash = 31 * hash + Float.floatToIntBits(sample);
                    }
                }
                hash = piper ? hash : samples;
            }
            return new Spoken(
                    index % TEXTS.length,
                    samples / (double) speech.sampleRate(),
                    first,
                    hash,
                    speech.stages());
        }
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) * 1e-9;
    }

    private static double processorSeconds() {
        return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toNanos()
                * 1e-9;
    }

    public static void main(String[] args) throws Exception {
        String model = args[0];
        boolean whole = args[1].equals("whole");
        int[] counts = Arrays.stream(args[2].split(",")).mapToInt(Integer::parseInt).toArray();
        int each = Integer.parseInt(args[3]);
        String device = System.getProperty("device", "cpu");
        try (Skald skald =
                        Skald.builder()
                                .offline(true)
                                .device(device)
                                .without(Optimisation.parse(System.getProperty("without", "")))
                                .open();
                ExecutorService takers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Spoken> alone = new ArrayList<>();
            for (int i = 0; i < 2 * TEXTS.length; i++) {
                speak(skald, model, i, whole);
            }
            long start = System.nanoTime();
            for (int i = 0; i < TEXTS.length; i++) {
                alone.add(speak(skald, model, i, whole));
            }
            double before = audio(alone) / seconds(start);
            print(model, args[1], 1, alone, seconds(start), 0, before, alone);
            for (int count : counts) {
                together(
                        takers, skald, model, count, 1,
                        whole); // until kernels, code and memory are warm
                double processor = processorSeconds();
                start = System.nanoTime();
                List<Spoken> together = together(takers, skald, model, count, each, whole);
                double all = seconds(start);
                processor = processorSeconds() - processor;
                print(model, args[1], count, together, all, processor, before, alone);
            }
            try (Devices.Lease lease = Devices.open(device.split(",")[0], 0)) {
                lease.backend().memory().ifPresent(m -> System.out.println("memory: " + m));
            }
        }
    }

    private static List<Spoken> together(
            ExecutorService takers, Skald skald, String model, int clients, int each, boolean whole)
            throws Exception {
        List<Future<List<Spoken>>> futures = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            int client = i;
            futures.add(
                    takers.submit(
                            () -> {
                                List<Spoken> spoken = new ArrayList<>();
                                for (int k = 0; k < each; k++) {
                                    spoken.add(speak(skald, model, client + 3 * k, whole));
                                }
                                return spoken;
                            }));
        }
        List<Spoken> together = new ArrayList<>();
        for (Future<List<Spoken>> f : futures) {
            together.addAll(f.get());
        }
        return together;
    }

    private static double audio(List<Spoken> all) {
        return all.stream().mapToDouble(Spoken::audio).sum();
    }

    private static void print(
            String model,
            String way,
            int count,
            List<Spoken> together,
            double seconds,
            double processor,
            double aloneRate,
            List<Spoken> alone) {
        boolean same = true;
        for (Spoken spoken : together) {
            same &= spoken.hash == alone.get(spoken.text).hash;
        }
        Map<String, Double> stages = new TreeMap<>();
        for (Spoken spoken : together) {
            for (StageWork stage : spoken.stages) {
                stages.merge(stage.stage(), stage.seconds() / seconds, Double::sum);
            }
        }
        StringBuilder shares = new StringBuilder();
        stages.forEach(
                (stage, share) ->
                        shares.append(String.format(Locale.ROOT, " \"%s\": %.2f,", stage, share)));
        double[] first = together.stream().mapToDouble(Spoken::first).sorted().toArray();
        double rate = audio(together) / seconds;
        System.out.printf(
                Locale.ROOT,
                "{\"model\": \"%s\", \"way\": \"%s\", \"at_once\": %d, \"audio_a_second\": %.1f,"
                        + " \"sentences_a_second\": %.1f,"
                        + " \"gain\": %.2f, \"first_p50_s\": %.3f, \"first_p95_s\": %.3f,"
                        + " \"seconds\": %.2f,%s \"processors\": %.1f, \"same\": %b}%n",
                model,
                way,
                count,
                rate,
                together.size() / seconds,
                rate / aloneRate,
                first[first.length / 2],
                first[Math.min(first.length - 1, first.length * 95 / 100)],
                seconds,
                shares,
                processor / seconds,
                same);
    }
}
