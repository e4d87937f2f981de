package dev.skald;

import dev.skald.spi.AudioSource;
import dev.skald.spi.Availability;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.spi.SpeechEngineProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An engine that says of itself what a test wants and plays the chunks it was given. */
final class FakeEngine implements SpeechEngineProvider, SpeechEngine {
    List<String> models = List.of();

    /** What speaking and the next chunk fail with. */
    @Nullable Throwable failsToSpeak;

    @Nullable Throwable failsToGoOn;
    final AtomicInteger opened = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    final List<FakeSource> sources = new ArrayList<>();
    private final String name;
    private final Mode mode;
    private final Availability availability;
    private final List<float[]> chunks;

    FakeEngine(String name, Mode mode, Availability availability, float[]... chunks) {
        this.name = name;
        this.mode = mode;
        this.availability = availability;
        this.chunks = List.of(chunks);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Mode mode() {
        return mode;
    }

    @Override
    public List<String> models() {
        return models;
    }

    @Override
    public Availability availability(EngineContext context, SpeechRequest request) {
        return availability;
    }

    @Override
    public SpeechEngine open(EngineContext context) {
        opened.incrementAndGet();
        return this;
    }

    @Override
    public List<Voice> voices() {
        return List.of(voice());
    }

    @Override
    public AudioSource speak(SpeechRequest request) {
        fail(failsToSpeak);
        FakeSource source = new FakeSource();
        sources.add(source);
        return source;
    }

    @Override
    public void close() {
        closed.incrementAndGet();
    }

    /** Throws even what is checked, as code in other languages and old libraries may. */
    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void fail(@Nullable Throwable error) throws E {
        if (error != null) {
            throw (E) error;
        }
    }

    private Voice voice() {
        return new Voice(name + "-voice", mode, "en", "", 16_000, List.of(), "CC0");
    }

    final class FakeSource implements AudioSource {
        private int at;
        volatile boolean cancelled;
        volatile boolean closed;
        boolean whole;

        @Override
        public void whole() {
            whole = true;
        }

        @Override
        public Voice voice() {
            return FakeEngine.this.voice();
        }

        @Override
        public int sampleRate() {
            return 16_000;
        }

        @Override
        public @Nullable AudioChunk next() {
            if (cancelled) {
                throw new SpeechCancelledException("cancelled");
            }
            fail(failsToGoOn);
            if (at == chunks.size()) {
                return null;
            }
            float[] samples = chunks.get(at).clone();
            return new AudioChunk(samples, 16_000, "text", at++, true);
        }

        @Override
        public void cancel() {
            cancelled = true;
        }

        @Override
        public void close() {
            closed = true;
            cancelled = true;
        }
    }
}
