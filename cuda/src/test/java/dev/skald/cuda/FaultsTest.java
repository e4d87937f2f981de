package dev.skald.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skald.Precision;
import dev.skald.cuda.driver.CudaException;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.DeviceException;
import dev.skald.tensor.DeviceMemory;
import dev.skald.tensor.DeviceSettings;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.testkit.Card;
import dev.skald.testkit.SimulatedDriver;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What happens when calls of the driver fail, each in its turn. */
@Card.Simulated
class FaultsTest {
    private final SimulatedDriver driver = SimulatedDriver.use();

    @AfterEach
    void heal() {
        driver.heal();
        driver.set("memory", 4L << 30);
    }

    private static Backend open(long memory) {
        BackendProvider provider = new CudaProvider();
        return provider.open(provider.devices().getFirst(), new DeviceSettings(0, memory));
    }

    /** Weights up, a product, its result down, everything freed. */
    private static float[] work(Backend backend) {
        float[] values = new float[64 * 64];
        for (int i = 0; i < values.length; i++) {
            values[i] = (i * 7 % 13 - 6) / 8f;
        }
        try (Parameters parameters = backend.parameters(Precision.FP32);
                Ops ops = backend.open()) {
            Linear w = parameters.linear(Weight.of("w", values, 64, 64), null, Role.WORKING);
            try (Ops.Scope scope = ops.scope()) {
                Tensor x = ops.tensor(1, 3, 64);
                ops.write(values, 0, x);
                Tensor y = ops.linear(x, w, Epilogue.of(Activation.RELU));
                return ops.read(y);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"2, false", "700, false", "700, true", "719, true", "716, false", "1, false"})
    void everyCallMayFailAndNothingIsLeft(int code, boolean later) {
        float[] right;
        try (Backend backend = open(0)) {
            right = work(backend);
        }
        int failures = 0;
        int survived = 0;
        for (int n = 0; ; n++) {
            driver.fail("", n, code, later);
            String what = "error " + code + " at call " + n;
            try (Backend backend = open(0)) {
                float[] got = work(backend);
                assertThat(got).as(what).isEqualTo(right);
                survived++;
                DeviceMemory memory = backend.memory().orElseThrow();
                assertThat(memory.weights() + memory.activations() + memory.decoder())
                        .as(what)
                        .isZero();
            } catch (DeviceException e) {
                failures++;
                assertThat(e.getMessage()).as(what).isNotBlank().doesNotContain("\n");
            }
            boolean failed = driver.get("failed") != 0;
            driver.heal();
            for (String key :
                    new String[] {"allocated", "pinned", "streams", "contexts", "graphs"}) {
                assertThat(driver.get(key)).as(key + " after " + what).isZero();
            }
            if (!failed) {
                break;
            }
        }
        assertThat(failures).isGreaterThan(20);
        assertThat(survived).isPositive(); // the last one at least, which had no failure
        try (Backend backend = open(0)) {
            assertThat(work(backend)).isEqualTo(right);
        }
    }

    @Test
    void aLostContextSaysSoAndAFreshOneWorks() {
        float[] right;
        try (Backend lost = open(0)) {
            right = work(lost);
            driver.fail("cuLaunchKernel", 1, 700, true);
            assertThatThrownBy(() -> work(lost))
                    .isInstanceOf(CudaException.class)
                    .hasMessageStartingWith("cuda:0 was lost (")
                    .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS");
            assertThat(lost.lost()).isTrue();
            assertThatThrownBy(lost::open)
                    .isInstanceOf(CudaException.class)
                    .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS");
            try (Backend fresh = open(0)) {
                assertThat(work(fresh)).isEqualTo(right);
            }
        }
        assertThat(driver.get("contexts")).isZero();
    }

    @Test
    void aDriverThatOpensNoOtherContextSaysToStartTheProgramAgain() {
        driver.fail("cuCtxCreate_v2", 0, 719, false);
        assertThatThrownBy(() -> open(0))
                .isInstanceOf(CudaException.class)
                .hasMessageStartingWith("cuda:0 is lost to this process (cuCtxCreate failed: ")
                .hasMessageEndingWith("): start the program again");
        assertThat(driver.get("contexts")).isZero();
    }

    @Test
    void theLimitIsKeptAndSaysHowMuchWasNeeded() {
        try (Backend backend = open(64L << 20);
                Ops ops = backend.open()) {
            DeviceException e =
                    catchThrowableOfType(DeviceException.class, () -> ops.tensor(1, 1000, 10_000));
            assertThat(e).isNotNull();
            assertThat(e.kind()).isEqualTo(DeviceException.Kind.OUT_OF_MEMORY);
            assertThat(e)
                    .hasMessageStartingWith("cuda:0 has too little memory: 40.0 MB more are needed")
                    .hasMessageContaining("--device-memory")
                    .hasMessageContaining("--device cpu");
            assertThat(driver.get("allocated")).isLessThanOrEqualTo(64L << 20);
            int rows = ops.rowsAtOnce(1 << 20);
            assertThat(rows).isEqualTo(1024); // a quarter of 4 GiB
        }
    }

    @Test
    void littleMemoryIsEnoughForLittle() {
        try (Backend plenty = open(0);
                Backend little = open(8L << 20)) {
            assertThat(work(little)).isEqualTo(work(plenty));
        }
    }

    @Test
    void whatIsIdleIsFreedBeforeMemoryIsMissed() {
        try (Backend backend = open(200L << 20);
                Ops ops = backend.open()) {
            Parameters[] idle = {backend.parameters(Precision.FP32)};
            idle[0].constant(new float[25 << 20], 1, 25 << 20); // 100 MiB
            AtomicInteger asked = new AtomicInteger();
            try (Backend.Registration registered =
                    backend.onPressure(
                            () -> {
                                asked.incrementAndGet();
                                idle[0].close();
                            })) {
                assertThat(ops.tensor(1, 1, 30 << 20)).isNotNull(); // 120 MiB
            }
            assertThat(asked).hasValue(1);
            assertThat(backend.memory().orElseThrow().weights()).isZero();
            // The next stream gets what this one leaves.
            ops.close();
            long calls = driver.get("cuMemAlloc_v2");
            try (Ops again = backend.open()) {
                assertThat(again.tensor(1, 1, 30 << 20)).isNotNull();
            }
            assertThat(driver.get("cuMemAlloc_v2")).isEqualTo(calls);
        }
    }

    /** Of one stream: those that ended are freed by {@code Backend.onPressure}'s way. */
    @Test
    void recordingsAreFreedWhenMemoryIsShort() {
        try (Backend backend = open(64L << 20);
                Ops ops = backend.open()) {
            for (int i = 0; i < 12; i++) {
                float value = i;
                try (Ops.Recording<Tensor> filling =
                        ops.record(
                                "filling " + i,
                                on -> on.tensor(1, 1000, 2500), // 10 MB
                                (on, x) -> on.fill(x.rows(0, 1), value))) {
                    for (int again = 0; again < 3; again++) {
                        Tensor row = filling.tensors().rows(0, 1);
                        ops.fill(row, Float.NaN);
                        filling.replay();
                        assertThat(ops.read(row)).containsOnly(value);
                    }
                }
            }
            assertThat(driver.get("allocated")).isLessThanOrEqualTo(64L << 20);
            assertThat(driver.get("graphs")).isBetween(1L, 6L);
            assertThat(ops.rowsAtOnce(1 << 20)).isEqualTo(4096); // no less is computed for it
            // Those of a stream that ended wait for the next one: nothing uses their memory.
            ops.close();
            DeviceMemory after = backend.memory().orElseThrow();
            assertThat(after.activations()).isZero();
            assertThat(after.idle()).isGreaterThan(10L << 20);
        }
    }
}
