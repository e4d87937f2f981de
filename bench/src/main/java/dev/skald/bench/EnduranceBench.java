package dev.skald.bench;

import dev.skald.AudioChunk;
import dev.skald.Mode;
import dev.skald.Skald;
import dev.skald.Speech;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.spi.AudioSource;
import dev.skald.tensor.DeviceMemory;
import dev.skald.tensor.Devices;
import dev.skald.testkit.Endurance;
import dev.skald.testkit.Endurance.Result;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.jspecify.annotations.Nullable;

/**
 * A device under load: {@code MODEL CLIENTS REQUESTS SECONDS CANCELLED}, on the device that {@code
 * -Ddevice=} names. Random texts, three voices (the built-in one and two clones of what it says), a
 * share of the requests cancelled. Tells of failures, of the times to the first audio in the first
 * and the last quarter, and of the device's memory before, after, and once all is closed. The load
 * is spoken twice, the second time between the two looks at the memory, for whatever grows with the
 * load has grown then. Ends with 1 if a request was lost, or memory was.
 */
public final class EnduranceBench {
    /** Recordings that nobody uses are kept for the next, up to so much. */
    private static final long RECORDINGS = 300L << 20;

    private EnduranceBench() {}

    public static void main(String[] args) throws Exception {
        String model = args[0];
        int clients = Integer.parseInt(args[1]);
        int requests = Integer.parseInt(args[2]);
        double seconds = Double.parseDouble(args[3]);
        double cancelled = Double.parseDouble(args[4]);
        String name = System.getProperty("device", "cpu");
        Path folder = Files.createTempDirectory("endurance");
        boolean sound;
        try (Devices.Lease device = Devices.open(name.split(",")[0], 0)) {
            try (Skald skald = Skald.builder().offline(true).device(name).open()) {
                sound = run(skald, device, folder, model, clients, requests, seconds, cancelled);
            }
            DeviceMemory closed = memory(device);
            System.out.println("closed: " + closed);
            sound &= closed.weights() == 0 && closed.decoder() == 0;
            sound &= closed.activations() <= RECORDINGS;
        }
        System.out.println(sound ? "sound" : "NOT SOUND");
        System.exit(sound ? 0 : 1);
    }

    private static boolean run(
            Skald skald,
            Devices.Lease device,
            Path folder,
            String model,
            int clients,
            int requests,
            double seconds,
            double cancelled)
            throws Exception {
        List<Path> voices = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            SpeechRequest request =
                    SpeechRequest.builder(
                                    "The train was late again, and nobody seemed to mind it that"
                                            + " day, for the evening was warm and the light was"
                                            + " long.")
                            .mode(Mode.CINEMATIC)
                            .model(model)
                            .seed(i)
                            .build();
            try (Speech speech = skald.speak(request)) {
                voices.add(clip(speech.samples(), folder.resolve("voice" + i + ".wav")));
            }
        }
        Endurance.Requests random = (text, r) -> request(model, voices, text, r);
        Endurance.Load load = new Endurance.Load(clients, requests, seconds, cancelled, 40);
        Endurance.run(r -> new Source(skald.speak(r)), random, load, 0);
        DeviceMemory before = memory(device);
        long start = System.nanoTime();
        List<Result> results = Endurance.run(r -> new Source(skald.speak(r)), random, load, 0);
        double took = (System.nanoTime() - start) * 1e-9;
        DeviceMemory after = memory(device);
        int spoken = 0;
        int gone = 0;
        int failed = 0;
        int lost = 0;
        long samples = 0;
        for (Result r : results) {
            samples += r.samples();
            if (r.cancelled()) {
                gone++;
            } else if (r.failure() != null) {
                failed++;
                if (failed < 4) {
                    System.out.println("failed: " + r.failure());
                }
            } else if (r.spoken()) {
                spoken++;
            } else {
                lost++;
            }
        }
        System.out.printf(
                Locale.ROOT,
                "{\"model\": \"%s\", \"clients\": %d, \"requests\": %d, \"spoken\": %d,"
                        + " \"cancelled\": %d, \"failed\": %d, \"lost\": %d, \"seconds\": %.1f,"
                        + " \"audio_a_second\": %.1f}%n",
                model,
                clients,
                results.size(),
                spoken,
                gone,
                failed,
                lost,
                took,
                samples / 24_000.0 / took);
        quarter("first quarter", results.subList(0, results.size() / 4));
        quarter("last quarter", results.subList(3 * results.size() / 4, results.size()));
        System.out.println("before: " + before);
        System.out.println("after:  " + after);
        return failed == 0 && lost == 0 && held(after) <= 1.05 * held(before);
    }

    /** What random weights say is one steady sound; with syllables it is taken for a voice. */
    private static Path clip(float[] samples, Path file) throws Exception {
        byte[] bytes = new byte[2 * samples.length];
        for (int i = 0; i < samples.length; i++) {
            double level = Math.pow(Math.sin(Math.PI * 4 * i / 24_000), 2);
            int value = (int) (32_000 * Math.clamp(level * samples[i], -1, 1));
            bytes[2 * i] = (byte) value;
            bytes[2 * i + 1] = (byte) (value >> 8);
        }
        AudioFormat format = new AudioFormat(24_000, 16, 1, true, false);
        try (AudioInputStream in =
                new AudioInputStream(new ByteArrayInputStream(bytes), format, samples.length)) {
            AudioSystem.write(in, AudioFileFormat.Type.WAVE, file.toFile());
        }
        return file;
    }

    private static SpeechRequest request(
            String model, List<Path> voices, String text, Random random) {
        SpeechRequest.Builder request =
                SpeechRequest.builder(text)
                        .mode(Mode.CINEMATIC)
                        .model(model)
                        .seed(random.nextLong());
        int voice = random.nextInt(voices.size() + 1);
        if (voice < voices.size()) {
            request.voice(voices.get(voice));
        }
        return request.build();
    }

    private static void quarter(String name, List<Result> results) {
        double[] first =
                results.stream()
                        .mapToDouble(Result::first)
                        .filter(s -> !Double.isNaN(s))
                        .sorted()
                        .toArray();
        if (first.length > 0) {
            System.out.printf(
                    Locale.ROOT,
                    "%s: first audio p50 %.3f s, p95 %.3f s of %d%n",
                    name,
                    first[first.length / 2],
                    first[first.length * 95 / 100],
                    first.length);
        }
    }

    private static DeviceMemory memory(Devices.Lease device) {
        return device.backend().memory().orElse(new DeviceMemory(0, 0, 0, 0, 0, 0, 0));
    }

    private static long held(DeviceMemory m) {
        return m.weights() + m.activations() + m.decoder() + m.idle();
    }

    /** A speech as the load takes it. */
    private static final class Source implements AudioSource {
        private final Speech speech;
        private final Iterator<AudioChunk> chunks;

        Source(Speech speech) {
            this.speech = speech;
            chunks = speech.iterator();
        }

        @Override
        public Voice voice() {
            return speech.voice();
        }

        @Override
        public int sampleRate() {
            return speech.sampleRate();
        }

        @Override
        public @Nullable AudioChunk next() {
            return chunks.hasNext() ? chunks.next() : null;
        }

        @Override
        public void cancel() {
            speech.close();
        }

        @Override
        public void close() {
            speech.close();
        }
    }
}
