package dev.skald.chatterbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.spi.SpeechEngine;
import dev.skald.tensor.DeviceException;
import dev.skald.tensor.Ops;
import dev.skald.testkit.Card;
import dev.skald.testkit.Endurance;
import dev.skald.testkit.Endurance.Result;
import dev.skald.testkit.TestDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The context of a card breaks while many speak on it, as if the card were pulled away: a kernel of
 * the test traps, and from then on each call of the driver fails, on every thread. {@code
 * cuCtxDestroy} would not do: a thread that calls the driver meanwhile crashes inside it. Each case
 * has a process of its own, for the driver opens no other context in one that had this.
 */
@Card
class CardPulledAwayTest {
    private static final int CLIENTS = 12;

    private static final String TRAP =
            """
            .version 8.0
            .target sm_80
            .address_size 64
            .visible .entry stop() { trap; }
            """;

    @ParameterizedTest
    @ValueSource(strings = {"auto", "cuda:0"})
    @Timeout(120)
    void everyRequestIsSpokenOrToldOfTheLoss(String device, @TempDir Path dir) throws Exception {
        TinyCheckpoint.write(ChatterboxModel.TURBO, dir.resolve("turbo"));
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "--add-modules",
                                "jdk.incubator.vector",
                                "-D" + TestDevice.PROPERTY + "=" + TestDevice.name(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                PullAway.class.getName(),
                                device,
                                dir.toString())
                        .redirectErrorStream(true)
                        .start();
        String told = new String(process.getInputStream().readAllBytes(), UTF_8);
        System.out.println(told);
        assertThat(process.waitFor()).as(told).isZero();
        assertThat(told.lines().filter(l -> l.contains("speaks from here on")))
                .hasSize(device.equals("auto") ? 1 : 0);
    }

    /** What the process does. */
    static final class PullAway {
        public static void main(String[] args) throws Exception {
            Path dir = Path.of(args[1]);
            Endurance.Requests requests = EnduranceTest.requests(dir);
            try (SpeechEngine engine = EnduranceTest.open(args[0], dir)) {
                Endurance.Load warm = new Endurance.Load(CLIENTS, 2 * CLIENTS, 60, 0, 20);
                assertThat(Endurance.run(engine::speak, requests, warm, 0))
                        .allMatch(Result::spoken);
                Endurance.Load load = new Endurance.Load(CLIENTS, 2_000, 6, 0, 20);
                CompletableFuture<List<Result>> speaking =
                        CompletableFuture.supplyAsync(
                                () -> Endurance.run(engine::speak, requests, load, 1));
                pullAway();
                List<Result> results = speaking.get(60, TimeUnit.SECONDS);
                long spoken = results.stream().filter(Result::spoken).count();
                System.out.printf(
                        "%s, %d requests: %d spoken, %d told of the loss%n",
                        args[0], results.size(), spoken, results.size() - spoken);
                List<Result> told = results.stream().filter(r -> !r.spoken()).toList();
                assertThat(told)
                        .isNotEmpty()
                        .allMatch(r -> r.failure() instanceof DeviceException)
                        .allSatisfy(r -> assertThat(r.failure()).hasMessageContaining("lost"));
                List<Result> after = Endurance.run(engine::speak, requests, warm, 0);
                if (args[0].equals("auto")) { // the CPU goes on
                    assertThat(told).as("heard before").allMatch(r -> r.samples() > 0);
                    assertThat(told).hasSizeLessThanOrEqualTo(CLIENTS);
                    assertThat(after).hasSize(2 * CLIENTS).allMatch(Result::spoken);
                } else {
                    assertThat(after)
                            .hasSize(2 * CLIENTS)
                            .allSatisfy(
                                    r ->
                                            assertThat(r.failure())
                                                    .hasMessageContaining(
                                                            "start the program again"));
                }
            }
        }

        private static void pullAway() throws InterruptedException {
            try (TestDevice device = TestDevice.open(3);
                    Ops ops = device.ops()) {
                ops.tensor(1, 1, 1); // makes the context this thread's
                Thread.sleep(1_000);
                breakContextOfThisThread();
            }
        }
    }

    private static void breakContextOfThisThread() {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup driver = SymbolLookup.libraryLookup("libcuda.so.1", arena);
            MemorySegment handle = arena.allocate(ValueLayout.JAVA_LONG);
            call(driver, "cuModuleLoadData", handle, arena.allocateFrom(TRAP));
            long module = handle.get(ValueLayout.JAVA_LONG, 0);
            call(driver, "cuModuleGetFunction", handle, module, arena.allocateFrom("stop"));
            long kernel = handle.get(ValueLayout.JAVA_LONG, 0);
            MemorySegment none = MemorySegment.NULL;
            call(driver, "cuLaunchKernel", kernel, 1, 1, 1, 1, 1, 1, 0, none, none, none);
        }
    }

    private static void call(SymbolLookup driver, String function, Object... arguments) {
        MemoryLayout[] types =
                Arrays.stream(arguments).map(CardPulledAwayTest::type).toArray(MemoryLayout[]::new);
        try {
            Object result =
                    Linker.nativeLinker()
                            .downcallHandle(
                                    driver.findOrThrow(function),
                                    FunctionDescriptor.of(ValueLayout.JAVA_INT, types))
                            .invokeWithArguments(arguments);
            assertThat(result).as(function).isEqualTo(0);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static MemoryLayout type(Object argument) {
        return switch (argument) {
            case Integer i -> ValueLayout.JAVA_INT;
            case Long l -> ValueLayout.JAVA_LONG;
            default -> ValueLayout.ADDRESS;
        };
    }
}
