package dev.skald.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.cuda.driver.Driver;
import dev.skald.testkit.Card;
import dev.skald.testkit.SimulatedDriver;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each reason why there is no GPU is told with what to do. */
@Card.Simulated
class CudaProviderTest {
    private final SimulatedDriver driver = SimulatedDriver.use();

    @AfterEach
    void asItWas() {
        driver.set("version", 13000);
        driver.set("devices", 1);
        driver.set("major", 9);
        driver.set("init", 0);
    }

    private static CudaProvider provider() {
        String library = System.getProperty(Driver.LIBRARY);
        return new CudaProvider(() -> Driver.load(Path.of(library)));
    }

    @ParameterizedTest
    @CsvSource({
        "version, 12080, it offers CUDA 12.8, install driver 580 or later",
        "init, 100, there is no NVIDIA GPU, on this machine",
        "init, 803, the NVIDIA driver does not start, restart the machine",
        "devices, 0, there is no NVIDIA GPU, on this machine",
        "major, 7, has compute capability 7.0, use --device cpu",
    })
    void saysWhyAndWhatToDo(String key, long value, String why, String what) {
        driver.set(key, value);
        assertThat(provider().devices()).isEmpty();
        assertThat(provider().unavailable()).contains(why).contains(what).doesNotContain("\n");
    }

    @Test
    void aCardThatWillDoIsOffered() {
        assertThat(provider().devices())
                .singleElement()
                .satisfies(
                        d -> {
                            assertThat(d.name()).isEqualTo("cuda:0");
                            assertThat(d.memory()).isEqualTo(4L << 30);
                        });
    }

    @Test
    void withoutADriverItIsSaid() {
        CudaProvider none = new CudaProvider(() -> Driver.load(Path.of("/nowhere/libcuda.so.1")));
        assertThat(none.devices()).isEmpty();
        assertThat(none.unavailable())
                .isEqualTo(
                        "there is no NVIDIA driver on this machine: install driver 580 or later");
    }
}
