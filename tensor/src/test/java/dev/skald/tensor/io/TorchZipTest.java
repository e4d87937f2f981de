package dev.skald.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.tensor.WeightException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The files were written by torch 2.15's {@code torch.save}. */
class TorchZipTest {
    @TempDir Path dir;

    @Test
    void everyPlainThingIsRead() throws IOException {
        float[] x = new float[24];
        for (int i = 0; i < 24; i++) {
            x[i] = i / 8f;
        }
        try (TorchZip pt = TorchZip.open(resource("sample.pt"))) {
            for (String same : new String[] {"f32", "bf16", "half", "f64", "state.w.weight"}) {
                assertThat(pt.get(same, 4, 6).floats()).as(same).isEqualTo(x);
            }
            assertThat(pt.get("strided", 6, 4).floats()).startsWith(0, 6 / 8f, 12 / 8f, 18 / 8f);
            assertThat(pt.get("strided").stride()).containsExactly(1, 6);
            assertThat(pt.get("part", 2, 3).floats())
                    .containsExactly(1, 9 / 8f, 10 / 8f, 14 / 8f, 15 / 8f, 16 / 8f);
            assertThat(pt.get("part").storageOffset()).isEqualTo(8);
            assertThat(pt.get("part").storageSize()).isEqualTo(24);
            assertThat(pt.get("i64", 1, 3).ints()).containsExactly(1, -2, 3);
            assertThat(pt.get("i32").ints()).containsExactly(7);
            assertThat(pt.get("u8").ints()).containsExactly(255);
            assertThat(pt.get("flag").ints()).containsExactly(1, 0);
            assertThat(pt.get("scalar0").floats()).containsExactly(2.5f);
            assertThat(pt.get("empty", 0, 3).floats()).isEmpty();
            assertThat(pt.get("d.1", 6).floats()).isEqualTo(Arrays.copyOf(x, 6));
            assertThat(pt.scalar("nothing")).isEmpty();
            assertThat(pt.has("nothing")).isFalse();
            assertThat(pt.scalar("yes")).contains(true);
            assertThat(pt.scalar("number")).contains(-123456789012L);
            assertThat(pt.scalar("small")).contains(300L);
            assertThat(pt.scalar("real")).contains(0.5);
            assertThat(pt.scalar("text")).contains("héllo");
            assertThat(pt.scalar("list.1.1")).contains("x");
            assertThat(pt.scalar("tup.3")).contains(4L);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "code.pt, calls __builtin__.print",
        "complex.pt, storage of type torch.ComplexFloatStorage",
        "old.pt, not a torch file"
    })
    void anythingElseIsRefused(String name, String why) throws IOException {
        Path file = resource(name);
        assertThatThrownBy(() -> TorchZip.open(file))
                .isInstanceOf(WeightException.class)
                .hasMessageContaining(name)
                .hasMessageContaining(why);
    }

    @Test
    void randomDamageNeverDoesMoreThanRefuse() throws IOException {
        byte[] good = Files.readAllBytes(resource("sample.pt"));
        Random random = new Random(11);
        Path file = dir.resolve("f.pt");
        int refused = 0;
        for (int i = 0; i < 3000; i++) {
            byte[] bad = good.clone();
            for (int k = random.nextInt(6); k >= 0; k--) {
                // the pickle and the directory matter most
                int at =
                        random.nextBoolean()
                                ? random.nextInt(Math.min(2500, bad.length))
                                : random.nextInt(bad.length);
                bad[at] = (byte) random.nextInt();
            }
            if (random.nextInt(8) == 0) {
                bad = Arrays.copyOf(bad, random.nextInt(bad.length));
            }
            Files.write(file, bad);
            try (TorchZip pt = TorchZip.open(file)) {
                for (String name : pt.names()) {
                    pt.get(name).floats();
                }
            } catch (WeightException e) {
                assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
                refused++;
            }
        }
        assertThat(refused).isBetween(300, 2999);
    }

    private Path resource(String name) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(TorchZipTest.class.getResourceAsStream(name), name)) {
            Path file = dir.resolve(name);
            Files.write(file, in.readAllBytes());
            return file;
        }
    }
}
