package dev.skald.chatterbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skald.AudioChunk;
import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.spi.AudioSource;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.tensor.DeviceException;
import dev.skald.testkit.Card;
import dev.skald.testkit.SimulatedDriver;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A speech whose device fails is spoken again, on another path if need be, or ends in one line. */
@Card.Simulated(slow = true)
class SpokenAgainTest {
    private static final String TEXT = "Yes.";

    @TempDir static Path dir;
    private static float[] right = {};

    private final SimulatedDriver driver = SimulatedDriver.use();

    @BeforeAll
    static void speak() throws IOException {
        TinyCheckpoint.write(ChatterboxModel.TURBO, dir.resolve("turbo"));
        SimulatedDriver.use();
        try (SpeechEngine engine = open("cuda")) {
            right = said(engine);
        }
        assertThat(right.length).isGreaterThan(4800);
    }

    @AfterEach
    void heal() {
        driver.heal();
        driver.set("memory", 4L << 30);
    }

    private static SpeechEngine open(String device) {
        return new ChatterboxProvider()
                .open(
                        EngineContext.builder()
                                .home(dir.resolve("home"))
                                .threads(2)
                                .offline(true)
                                .device(device)
                                .build());
    }

    private static float[] said(SpeechEngine engine) {
        // From a reader, which cannot be read twice.
        SpeechRequest request =
                SpeechRequest.builder(new StringReader(TEXT))
                        .mode(Mode.CINEMATIC)
                        .model(dir.resolve("turbo").toString())
                        .seed(7)
                        .build();
        float[] all = {};
        try (AudioSource source = engine.speak(request)) {
            for (AudioChunk c = source.next(); c != null; c = source.next()) {
                int n = all.length;
                all = Arrays.copyOf(all, n + c.samples().length);
                System.arraycopy(c.samples(), 0, all, n, c.samples().length);
            }
        }
        return all;
    }

    private void nothingIsLeft() {
        for (String key : new String[] {"allocated", "pinned", "streams", "contexts", "graphs"}) {
            assertThat(driver.get(key)).as(key).isZero();
        }
    }

    /** The call of a function that fails: how many come before it. */
    @ParameterizedTest
    @CsvSource({
        "cuMemAlloc_v2, 0, 2",
        "cuMemAlloc_v2, 60, 2",
        "cuMemHostAlloc, 1, 2",
        "cuModuleLoadData, 3, 700",
        "cuMemcpyHtoDAsync_v2, 100, 700",
        "cuLaunchKernel, 300, 700",
        "cuLaunchKernelEx, 40, 719",
        "cuGraphLaunch, 2, 716",
        "cuMemcpyDtoHAsync_v2, 1, 719",
        "cuStreamSynchronize, 120, 700",
        "cuMemcpyDtoDAsync_v2, 2, 1",
    })
    void whatNobodyHeardIsSpokenAgain(String function, long nth, int code) {
        driver.fail(function, nth, code, true);
        try (SpeechEngine engine = open("cuda")) {
            assertThat(said(engine)).isEqualTo(right);
        } catch (DeviceException e) {
            assertThat(e.getMessage()).contains(function.replace("_v2", "").replace("Async", ""));
        }
        assertThat(driver.get("failed")).isEqualTo(1);
        driver.heal();
        nothingIsLeft();
    }

    @ParameterizedTest
    @CsvSource({
        "cuStreamBeginCapture_v2, 801",
        "cuGraphInstantiateWithFlags, 2",
        "cuStreamEndCapture, 901"
    })
    void withoutGraphsKernelsAreLaunchedOneByOne(String function, int code) {
        driver.set("repeat", 1);
        driver.fail(function, 0, code, false);
        try (SpeechEngine engine = open("cuda")) {
            assertThat(said(engine)).isEqualTo(right);
        }
        assertThat(driver.get("failed")).isEqualTo(1);
        nothingIsLeft();
    }

    @ParameterizedTest
    @CsvSource({"cuCtxCreate_v2, 0, 2", "cuLaunchKernel, 200, 700", "cuMemAlloc_v2, 30, 2"})
    void theCpuSpeaksWhereTheDeviceNeverWorks(String function, long nth, int code) {
        driver.set("repeat", 1);
        driver.fail(function, nth, code, false);
        try (SpeechEngine engine = open("auto")) {
            assertThat(said(engine).length).isGreaterThan(4800);
            assertThat(driver.get("failed")).isEqualTo(1);
        }
        try (SpeechEngine engine = open("cuda")) {
            DeviceException e = catchThrowableOfType(DeviceException.class, () -> said(engine));
            assertThat(e).isNotNull();
            assertThat(e.getMessage()).doesNotContain("\n");
        } catch (DeviceException e) {
            assertThat(e.getMessage()).contains("cuCtxCreate").doesNotContain("\n");
        }
        nothingIsLeft();
    }

    /** What each of so many requests at once said; null where it ended in an exception. */
    private static List<float @Nullable []> together(SpeechEngine engine, int count) {
        List<float @Nullable []> all = new ArrayList<>();
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<float @Nullable []>> futures = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                futures.add(
                        clients.submit(
                                () -> {
                                    try {
                                        return said(engine);
                                    } catch (DeviceException e) {
                                        return null;
                                    }
                                }));
            }
            for (Future<float @Nullable []> f : futures) {
                all.add(f.get());
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
        return all;
    }

    /** A context that is lost under load loses no request without saying so. */
    @ParameterizedTest
    @CsvSource({"cuLaunchKernel, 600, 700", "cuGraphLaunch, 4, 719", "cuStreamSynchronize, 8, 700"})
    void underLoadEachIsSpokenOrEndsInTheException(String function, long nth, int code) {
        try (SpeechEngine engine = open("cuda")) {
            driver.fail(function, nth, code, true);
            for (float[] said : together(engine, 6)) {
                if (said != null) {
                    assertThat(said).isEqualTo(right);
                }
            }
            assertThat(driver.get("failed")).isEqualTo(1);
            driver.heal();
            assertThat(together(engine, 3)).allMatch(said -> Arrays.equals(said, right));
        }
        nothingIsLeft();
    }

    @Test
    void twoCardsShareAndOneThatIsLostLeavesTheOther() {
        driver.set("devices", 2);
        try (SpeechEngine engine = open("cuda:0,cuda:1")) {
            assertThat(driver.get("contexts")).isEqualTo(2);
            assertThat(together(engine, 4)).allMatch(said -> Arrays.equals(said, right));
            assertThat(engine.status().loaded()).isEqualTo(2);
            driver.set("fail_device", 1);
            driver.set("repeat", 1);
            driver.fail("", 0, 700, false);
            assertThat(together(engine, 4)).allMatch(said -> Arrays.equals(said, right));
            assertThat(driver.get("failed")).isEqualTo(1);
            assertThat(engine.status().loaded()).isEqualTo(1);
            assertThat(together(engine, 2)).allMatch(said -> Arrays.equals(said, right));
        } finally {
            driver.set("devices", 1);
        }
        nothingIsLeft();
    }

    @Test
    void aSpeechThatWasBegunEndsInTheException() {
        try (SpeechEngine engine = open("cuda")) {
            SpeechRequest request =
                    SpeechRequest.builder(
                                    "This is a sentence. This is another one, a little longer. And"
                                            + " this is the third of them, which is as long.")
                            .mode(Mode.CINEMATIC)
                            .model(dir.resolve("turbo").toString())
                            .seed(7)
                            .build();
            try (AudioSource source = engine.speak(request)) {
                assertThat(source.next()).isNotNull();
                driver.fail("", 0, 700, false);
                DeviceException e =
                        catchThrowableOfType(
                                DeviceException.class,
                                () -> {
                                    while (source.next() != null) {}
                                });
                assertThat(e).isNotNull();
                assertThat(e)
                        .hasMessageStartingWith("cuda:0 was lost (")
                        .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS");
            }
            driver.heal();
            assertThat(said(engine)).isEqualTo(right);
        }
        nothingIsLeft();
    }

    @Test
    void withLittleMemoryItIsSpokenAndWithTooLittleItSaysHowMuch() {
        driver.set("memory", 32L << 20);
        try (SpeechEngine engine = open("cuda")) {
            DeviceException e = catchThrowableOfType(DeviceException.class, () -> said(engine));
            assertThat(e).isNotNull();
            assertThat(e).hasMessageContaining("MB more are needed");
        }
        nothingIsLeft();
    }
}
