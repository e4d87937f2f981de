package dev.skald.cli.bench;

import dev.skald.AudioChunk;
import dev.skald.Mode;
import dev.skald.Optimisation;
import dev.skald.Skald;
import dev.skald.Speech;
import dev.skald.SpeechRequest;
import dev.skald.chatterbox.ChatterboxSound;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.cli.console.Console;
import dev.skald.piper.vits.VitsNetwork;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.DeviceMemory;
import dev.skald.tensor.Devices;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** In this process, over its own Skald. */
final class SkaldSubject implements Subject {
    /** Speech tokens whose sound is compared: 4 s. */
    private static final int TOKENS = 100;

    private final Set<Optimisation> without;
    private final Function<String, SpeechRequest> request;
    private final SelfProcess self;
    private final EngineContext context;
    private final Skald skald;
    private final Devices.Lease device;
    private final boolean fast;
    private final double load;
    private @Nullable Spoken sound;

    /**
     * @param request of a text
     * @param self for the memory of a process of its own
     */
    SkaldSubject(
            Console console,
            Set<Optimisation> without,
            Function<String, SpeechRequest> request,
            SelfProcess self) {
        this.without = without;
        this.request = request;
        this.self = self;
        context = console.engineContext(without);
        skald = console.builder().without(without).warnings(w -> {}).open();
        fast = skald.choice(request.apply("text")).mode() == Mode.FAST;
        device = Devices.open(context, fast ? VitsNetwork.AUTO : any -> true);
        long start = System.nanoTime();
        skald.speak(request.apply(BenchText.named("short").text())).close();
        load = seconds(start);
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) * 1e-9;
    }

    /** Whether it computes on a GPU. */
    boolean gpu() {
        return device.backend().memory().isPresent();
    }

    String device() {
        return device.backend().description();
    }

    String voice() {
        try (Speech speech = skald.speak(request.apply("text"))) {
            return speech.voice().id();
        }
    }

    @Override
    public double load() {
        return load;
    }

    @Override
    public Spoken speak(BenchText text, boolean live) {
        long start = System.nanoTime();
        try (Speech speech = skald.speak(request.apply(text.text()))) {
            if (!live) {
                float[] all = speech.samples();
                double total = seconds(start);
                return new Spoken(total, total, all, speech.sampleRate());
            }
            double first = 0;
            float[] all = {};
            for (AudioChunk chunk : speech) {
                first = first == 0 ? seconds(start) : first;
                int n = all.length;
                all = Arrays.copyOf(all, n + chunk.samples().length);
                System.arraycopy(chunk.samples(), 0, all, n, chunk.samples().length);
            }
            return new Spoken(seconds(start), first, all, speech.sampleRate());
        }
    }

    /** Chatterbox draws other tokens as soon as a logit is rounded otherwise: those are given. */
    @Override
    public Spoken sound(BenchText text) {
        if (fast) {
            return speak(text, false);
        }
        if (sound == null) {
            float[] samples = ChatterboxSound.of(context, request.apply(text.text()), TOKENS);
            sound = new Spoken(0, 0, samples, S3Gen.SAMPLE_RATE);
        }
        return sound;
    }

    @Override
    public long gpuBytes() {
        return device.backend().memory().map(DeviceMemory::peak).orElse(0L);
    }

    @Override
    public long processBytes(BenchText text) {
        return self.peakBytes(
                text,
                without.stream().map(Optimisation::toString).collect(Collectors.joining(",")));
    }

    @Override
    public void close() {
        skald.close();
        device.close();
    }
}
