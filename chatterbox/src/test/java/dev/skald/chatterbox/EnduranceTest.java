package dev.skald.chatterbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.tensor.DeviceMemory;
import dev.skald.testkit.Endurance;
import dev.skald.testkit.Endurance.Result;
import dev.skald.testkit.TestDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A load of random requests, some of them cancelled, loses none and leaves memory where it was. */
class EnduranceTest {
    @TempDir static Path dir;

    @BeforeAll
    static void checkpoint() throws IOException {
        TinyCheckpoint.write(ChatterboxModel.TURBO, dir.resolve("turbo"));
    }

    /**
     * An engine over the device, with the checkpoint in the folder {@code turbo} of {@code dir}.
     */
    static SpeechEngine open(String device, Path dir) {
        return new ChatterboxProvider()
                .open(
                        EngineContext.builder()
                                .device(device)
                                .home(dir.resolve("home"))
                                .threads(3)
                                .offline(true)
                                .build());
    }

    /** Requests of that checkpoint. */
    static Endurance.Requests requests(Path dir) {
        return (text, r) ->
                SpeechRequest.builder(text)
                        .mode(Mode.CINEMATIC)
                        .model(dir.resolve("turbo").toString())
                        .seed(r.nextLong())
                        .build();
    }

    private static List<Result> run(SpeechEngine engine, int requests, long seed) {
        Endurance.Load load = new Endurance.Load(12, requests, 300, 0.3, 3);
        return Endurance.run(engine::speak, requests(dir), load, seed);
    }

    @Test
    void aLoadLosesNoRequestAndNoMemory() {
        try (TestDevice device = TestDevice.open(3)) {
            Optional<DeviceMemory> fresh = device.backend().memory();
            try (SpeechEngine engine = open(TestDevice.name(), dir)) {
                List<Result> results = run(engine, 18, 0);
                assertThat(results).hasSize(18);
                assertThat(results).allMatch(r -> r.spoken() || r.cancelled());
                assertThat(results.stream().filter(Result::cancelled).count()).isBetween(2L, 12L);
                // The same again, whoever else spoke then.
                List<Result> again = run(engine, 18, 0);
                assertThat(again.stream().filter(Result::spoken).mapToLong(Result::samples).sum())
                        .isEqualTo(
                                results.stream()
                                        .filter(Result::spoken)
                                        .mapToLong(Result::samples)
                                        .sum());
                // Closing a speech does not wait for what still runs of it. Only a hang takes a
                // minute.
                for (int i = 0; i < 6000 && engine.status().speaking() > 0; i++) {
                    LockSupport.parkNanos(10_000_000);
                }
                assertThat(engine.status().speaking()).isZero();
            }
            assertThat(device.backend().memory().map(EnduranceTest::held))
                    .isEqualTo(fresh.map(EnduranceTest::held));
        }
    }

    private static long held(DeviceMemory m) {
        return m.weights() + m.activations() + m.decoder();
    }
}
