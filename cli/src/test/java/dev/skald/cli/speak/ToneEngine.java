package dev.skald.cli.speak;

import dev.skald.AudioChunk;
import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.SpeechCancelledException;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.spi.AudioSource;
import dev.skald.spi.Availability;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.spi.SpeechEngineProvider;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An engine for tests of the command: a tone as long as the text, read in small pieces. Its voices
 * are {@code tone}, {@code silence}, {@code noise} (not finite), {@code broken} (an error of its
 * own) and {@code greedy} (no memory left).
 */
public final class ToneEngine implements SpeechEngineProvider, SpeechEngine {
    static final int RATE = 2000;
    private static final List<String> VOICES =
            List.of("tone", "silence", "noise", "broken", "greedy");

    @Override
    public String name() {
        return "tone";
    }

    @Override
    public Mode mode() {
        return Mode.FAST;
    }

    @Override
    public Availability availability(EngineContext context, SpeechRequest request) {
        return request.voice().filter(VOICES::contains).isPresent()
                ? new Availability(true, true, true, "a tone")
                : Availability.no("no tone was asked for");
    }

    @Override
    public SpeechEngine open(EngineContext context) {
        return this;
    }

    @Override
    public List<Voice> voices() {
        return List.of();
    }

    @Override
    public AudioSource speak(SpeechRequest request) {
        return new Tone(request.openText(), request.voice().orElse("tone"));
    }

    @Override
    public void close() {}

    private static final class Tone implements AudioSource {
        private final Reader text;
        private final String voice;
        private final char[] buffer = new char[512];
        private boolean any;
        private int sentence;
        private volatile boolean cancelled;

        Tone(Reader text, String voice) {
            this.text = text;
            this.voice = voice;
        }

        @Override
        public Voice voice() {
            return new Voice(voice, Mode.FAST, "en", "a tone", RATE, List.of(), "CC0");
        }

        @Override
        public int sampleRate() {
            return RATE;
        }

        @Override
        public @Nullable AudioChunk next() {
            if (cancelled) {
                throw new SpeechCancelledException("cancelled");
            }
            switch (voice) {
                case "broken" -> throw new IllegalStateException("out of tune");
                case "greedy" -> throw new OutOfMemoryError("Java heap space");
                default -> {}
            }
            int n;
            try {
                n = text.read(buffer);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            if (n <= 0) {
                if (!any) {
                    throw new InvalidRequestException("there is nothing to say in the text");
                }
                return null;
            }
            any = true;
            float[] samples = new float[n * 10];
            for (int i = 0; i < samples.length; i++) {
                samples[i] =
                        switch (voice) {
                            case "silence" -> 0;
                            case "noise" -> Float.NaN;
                            default -> (float) Math.sin(i * 0.3) * 0.5f;
                        };
            }
            return new AudioChunk(samples, RATE, new String(buffer, 0, n), sentence++, true);
        }

        @Override
        public void cancel() {
            cancelled = true;
        }

        @Override
        public void close() {
            cancelled = true;
        }
    }
}
