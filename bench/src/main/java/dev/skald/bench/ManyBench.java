package dev.skald.bench;

import dev.skald.AudioChunk;
import dev.skald.Mode;
import dev.skald.Skald;
import dev.skald.Speech;
import dev.skald.SpeechRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Many requests, one after the other and all at once: {@code MODEL whole|live COUNT ROUNDS}, on the
 * device that {@code -Ddevice=} names. Whole speeches are compared sample by sample with those
 * spoken alone, streamed ones by their length.
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

    private ManyBench() {}

    /** One speech: seconds of audio, of work, to the first samples; what was said. */
    private record Spoken(double audio, double seconds, double first, int hash) {}

    private static Spoken speak(Skald skald, String model, int index, boolean whole) {
        long start = System.nanoTime();
        SpeechRequest request =
                SpeechRequest.builder(TEXTS[index % TEXTS.length])
                        .mode(Mode.CINEMATIC)
                        .model(model)
                        .seed(index)
                        .build();
        int samples = 0;
        int hash = 0;
        double first = 0;
        try (Speech speech = skald.speak(request)) {
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
                }
                hash = samples;
            }
        }
        return new Spoken(samples / 24_000.0, seconds(start), first, hash);
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) * 1e-9;
    }

    public static void main(String[] args) throws Exception {
        String model = args[0];
        boolean whole = args[1].equals("whole");
        int count = Integer.parseInt(args[2]);
        int rounds = Integer.parseInt(args[3]);
        try (Skald skald =
                        Skald.builder()
                                .offline(true)
                                .device(System.getProperty("device", "cpu"))
                                .open();
                ExecutorService takers = Executors.newVirtualThreadPerTaskExecutor()) {
            speak(skald, model, 0, whole);
            speak(skald, model, 1, whole);
            for (int round = 0; round < rounds; round++) {
                List<Spoken> alone = new ArrayList<>();
                long start = System.nanoTime();
                for (int i = 0; i < count; i++) {
                    alone.add(speak(skald, model, i, whole));
                }
                double serial = seconds(start);
                start = System.nanoTime();
                List<Future<Spoken>> futures = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    int index = i;
                    futures.add(takers.submit(() -> speak(skald, model, index, whole)));
                }
                List<Spoken> together = new ArrayList<>();
                for (Future<Spoken> f : futures) {
                    together.add(f.get());
                }
                double all = seconds(start);
                boolean same = true;
                for (int i = 0; i < count; i++) {
                    same &= alone.get(i).hash == together.get(i).hash;
                }
                double audio = together.stream().mapToDouble(Spoken::audio).sum();
                double before = alone.stream().mapToDouble(Spoken::audio).sum();
                System.out.printf(
                        Locale.ROOT,
                        "{\"way\": \"%s\", \"count\": %d, \"alone_audio_a_second\": %.2f,"
                                + " \"alone_first_s\": %.3f, \"together_audio_a_second\": %.2f,"
                                + " \"gain\": %.2f, \"slowest_s\": %.2f, \"last_first_s\": %.3f,"
                                + " \"same\": %b}%n",
                        args[1],
                        count,
                        before / serial,
                        alone.stream().mapToDouble(Spoken::first).sorted().toArray()[count / 2],
                        audio / all,
                        audio / all / (before / serial),
                        together.stream().mapToDouble(Spoken::seconds).max().orElse(0),
                        together.stream().mapToDouble(Spoken::first).max().orElse(0),
                        same);
            }
        }
    }
}
