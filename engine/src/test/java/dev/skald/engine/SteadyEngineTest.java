package dev.skald.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.AudioChunk;
import dev.skald.Optimisation;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.spi.AudioSource;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.tensor.DeviceException;
import dev.skald.tensor.DeviceException.Kind;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of a request whose device fails at the begin, before or after the first chunk. */
class SteadyEngineTest {
    private final List<String> opened = new ArrayList<>();
    private final List<String> said = new ArrayList<>();
    private int closed;
    private int sources;

    /** Failures to come: when, and of which kind. */
    private record Fault(int chunk, Kind kind) {}

    private final List<Fault> faults = new ArrayList<>();

    private SpeechEngine open(String device) {
        return SteadyEngine.open(
                EngineContext.builder().device(device).build(),
                context -> {
                    if (!opened.isEmpty() && notAnew.equals(context.device())) {
                        throw new DeviceException("it cannot be opened anew", Kind.LOST, null);
                    }
                    opened.add(context.device());
                    return new Fake(context.device());
                });
    }

    /** A device that is opened once and not again. */
    private String notAnew = "";

    /** Devices that are gone. */
    private final Set<String> broken = new HashSet<>();

    /** Says the text's first word, then the second. */
    private final class Fake implements SpeechEngine {
        private final String device;
        private boolean lost;

        Fake(String device) {
            this.device = device;
        }

        @Override
        public List<Voice> voices() {
            return List.of();
        }

        /** -1 is the begin. */
        private void fail(int chunk) {
            boolean due =
                    !device.equals("cpu") && !faults.isEmpty() && faults.getFirst().chunk == chunk;
            lost |= broken.contains(device);
            Kind kind = lost ? Kind.LOST : due ? faults.removeFirst().kind : null;
            if (kind != null) {
                lost = kind == Kind.LOST;
                throw new DeviceException("it failed", kind, null);
            }
        }

        @Override
        public AudioSource speak(SpeechRequest request) {
            fail(-1);
            sources++;
            return new AudioSource() {
                private int chunks;
                private boolean open = true;

                @Override
                public Voice voice() {
                    throw new UnsupportedOperationException();
                }

                @Override
                public int sampleRate() {
                    return 24_000;
                }

                @Override
                public @Nullable AudioChunk next() {
                    fail(chunks);
                    char[] word = new char[3];
                    try {
                        if (request.openText().read(word) < 0) {
                            return null;
                        }
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    said.add(device + " " + new String(word));
                    return new AudioChunk(new float[1], 24_000, "", chunks++, true);
                }

                @Override
                public void cancel() {}

                @Override
                public void close() {
                    if (open) {
                        open = false;
                        sources--;
                    }
                }
            };
        }

        @Override
        public void close() {
            closed++;
        }
    }

    private int speak(SpeechEngine engine) {
        int chunks = 0;
        // From a reader, which cannot be read twice.
        try (AudioSource source =
                engine.speak(SpeechRequest.builder(new StringReader("onetwo")).build())) {
            while (source.next() != null) {
                chunks++;
            }
        }
        return chunks;
    }

    @ParameterizedTest
    @CsvSource({"LOST, -1, 2", "LOST, 0, 2", "OUT_OF_MEMORY, 0, 1", "FAILED, -1, 1"})
    void whatNobodyHeardIsSpokenAgainFromTheFirstWord(Kind kind, int chunk, int engines) {
        faults.add(new Fault(chunk, kind));
        try (SpeechEngine engine = open("cuda")) {
            assertThat(speak(engine)).isEqualTo(2);
            assertThat(said).containsExactly("cuda one", "cuda two");
            assertThat(opened).hasSize(engines);
            assertThat(closed).isEqualTo(engines - 1);
        }
        assertThat(closed).isEqualTo(engines);
        assertThat(sources).isZero();
    }

    @Test
    void severalDevicesShareTheRequestsAndOneThatIsLostLeavesTheOthers() {
        try (SpeechEngine engine = open("cuda:0,cuda:1")) {
            assertThat(opened).containsExactly("cuda:0", "cuda:1");
            SpeechRequest request = SpeechRequest.builder("onetwo").build();
            try (AudioSource one = engine.speak(request);
                    AudioSource two = engine.speak(request)) {
                one.next();
                two.next();
            }
            assertThat(said).containsExactly("cuda:0 one", "cuda:1 one");
            broken.add("cuda:0");
            said.clear();
            for (int i = 0; i < 5; i++) {
                assertThat(speak(engine)).isEqualTo(2);
            }
            assertThat(said).hasSize(10).allMatch(s -> s.startsWith("cuda:1 "));
            broken.add("cuda:1");
            assertThatThrownBy(() -> speak(engine)).isInstanceOf(DeviceException.class);
            broken.clear();
            assertThat(speak(engine)).isEqualTo(2);
        }
        assertThat(closed).isEqualTo(opened.size());
        assertThat(sources).isZero();
    }

    @Test
    void ofSeveralDevicesEachIsNamedOnce() {
        assertThatThrownBy(() -> open("cuda:0,cuda:0")).hasMessageContaining("once");
        assertThatThrownBy(() -> open("auto,cuda:0")).hasMessageContaining("none is auto");
    }

    @Test
    void whatWasHeardEndsInTheExceptionAndTheNextRequestIsSpoken() {
        faults.add(new Fault(1, Kind.LOST));
        try (SpeechEngine engine = open("cuda")) {
            assertThatThrownBy(() -> speak(engine)).isInstanceOf(DeviceException.class);
            assertThat(speak(engine)).isEqualTo(2);
            assertThat(opened).hasSize(2);
        }
        assertThat(closed).isEqualTo(2);
        assertThat(sources).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void whatFailsAgainAndAgainIsSpokenByTheCpuWhereThatMayBeChosen(Kind kind) {
        for (int i = 0; i < 10; i++) {
            faults.add(new Fault(i % 2 - 1, kind));
        }
        try (SpeechEngine engine = open("auto")) {
            assertThat(speak(engine)).isEqualTo(2);
            assertThat(speak(engine)).isEqualTo(2);
            assertThat(opened.getLast()).isEqualTo("cpu");
            assertThat(faults).hasSize(7);
        }
        assertThat(closed).isEqualTo(opened.size());
    }

    @ParameterizedTest
    @EnumSource
    void whoAskedForTheDeviceIsToldThatItFails(Kind kind) {
        for (int i = 0; i < 10; i++) {
            faults.add(new Fault(0, kind));
        }
        try (SpeechEngine engine = open("cuda")) {
            assertThatThrownBy(() -> speak(engine)).hasMessage("it failed");
            assertThat(faults).hasSize(6);
            assertThat(opened).doesNotContain("cpu");
        }
        assertThat(closed).isEqualTo(opened.size());
        assertThat(sources).isZero();
    }

    @Test
    void whatCannotBeOpenedAnewIsLeftForTheCpuAtOnce() {
        notAnew = "auto";
        faults.add(new Fault(0, Kind.LOST));
        try (SpeechEngine engine = open("auto")) {
            assertThat(speak(engine)).isEqualTo(2);
            assertThat(speak(engine)).isEqualTo(2);
        }
        assertThat(opened).containsExactly("auto", "cpu");
        assertThat(said).allMatch(s -> s.startsWith("cpu "));
        assertThat(closed).isEqualTo(2);
    }

    @Test
    void whoAskedForADeviceThatCannotBeOpenedAnewIsToldSoEachTime() {
        notAnew = "cuda";
        faults.add(new Fault(1, Kind.LOST));
        try (SpeechEngine engine = open("cuda")) {
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> speak(engine)).hasMessage("it cannot be opened anew");
            }
        }
        assertThat(opened).containsExactly("cuda");
        assertThat(sources).isZero();
    }

    @Test
    void withoutFallbacksTheFirstFailureEndsTheRequest() {
        faults.add(new Fault(0, Kind.OUT_OF_MEMORY));
        try (SpeechEngine engine =
                SteadyEngine.open(
                        EngineContext.builder().without(Set.of(Optimisation.FALLBACKS)).build(),
                        context -> new Fake("cuda"))) {
            assertThatThrownBy(() -> speak(engine)).isInstanceOf(DeviceException.class);
            assertThat(faults).isEmpty();
            assertThat(speak(engine)).isEqualTo(2);
        }
    }

    @Test
    void othersOfALostDeviceAreSpokenAgainOnTheSameFreshOne() {
        try (SpeechEngine engine = open("cuda");
                AudioSource first = engine.speak(SpeechRequest.of("onetwo"));
                AudioSource second = engine.speak(SpeechRequest.of("onetwo"))) {
            faults.add(new Fault(0, Kind.LOST));
            assertThat(first.next()).isNotNull();
            assertThat(second.next()).isNotNull();
            assertThat(opened).hasSize(2);
        }
        assertThat(closed).isEqualTo(opened.size());
    }
}
