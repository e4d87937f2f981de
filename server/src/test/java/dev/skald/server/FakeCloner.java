package dev.skald.server;

import dev.skald.AudioChunk;
import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.spi.AudioSource;
import dev.skald.spi.Availability;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.spi.SpeechEngineProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** An engine that "clones" at once: a voice it made speaks half a second of a tone. */
public final class FakeCloner implements SpeechEngineProvider {
    /** Each Skald of a test has its home, and the voices in it. */
    private static final Map<Path, Map<String, Voice>> HOMES = new ConcurrentSkipListMap<>();

    private static Map<String, Voice> voices(EngineContext context) {
        return HOMES.computeIfAbsent(context.home(), home -> new ConcurrentSkipListMap<>());
    }

    @Override
    public String name() {
        return "fake";
    }

    @Override
    public Mode mode() {
        return Mode.CINEMATIC;
    }

    @Override
    public Availability availability(EngineContext context, SpeechRequest request) {
        return request.voice().filter(voices(context)::containsKey).isPresent()
                ? Availability.yes("asked for").claiming()
                : Availability.no("no model");
    }

    @Override
    public SpeechEngine open(EngineContext context) {
        Map<String, Voice> voices = voices(context);
        return new SpeechEngine() {
            @Override
            public List<Voice> voices() {
                return new ArrayList<>(voices.values());
            }

            @Override
            public Optional<Voice> addVoice(String id, Path clip) {
                assert Files.isRegularFile(clip);
                Voice voice =
                        new Voice(
                                id, Mode.CINEMATIC, "en", "a clone", 24_000, List.of(), "unknown");
                voices.put(id, voice);
                return Optional.of(voice);
            }

            @Override
            public boolean removeVoice(String id) {
                return voices.remove(id) != null;
            }

            @Override
            public AudioSource speak(SpeechRequest request) {
                return new Tone(
                        request.voice()
                                .flatMap(v -> Optional.ofNullable(voices.get(v)))
                                .orElseThrow());
            }

            @Override
            public void close() {}
        };
    }

    private static final class Tone implements AudioSource {
        private final Voice voice;
        private boolean done;

        Tone(Voice voice) {
            this.voice = voice;
        }

        @Override
        public Voice voice() {
            return voice;
        }

        @Override
        public int sampleRate() {
            return voice.sampleRate();
        }

        @Override
        public @Nullable AudioChunk next() {
            if (done) {
                return null;
            }
            done = true;
            float[] tone = new float[12_000];
            for (int i = 0; i < tone.length; i++) {
                tone[i] = (float) (0.3 * Math.sin(i * 2 * Math.PI * 440 / 24_000));
            }
            return new AudioChunk(tone, 24_000, "A tone it is.", 0, true);
        }

        @Override
        public void cancel() {}

        @Override
        public void close() {}
    }
}
