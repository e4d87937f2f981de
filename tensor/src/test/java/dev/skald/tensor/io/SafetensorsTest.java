package dev.skald.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.tensor.Conversion;
import dev.skald.tensor.DType;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
    @TempDir Path dir;

    @Test
    void whatWasWrittenIsRead() throws IOException {
        float[] values = {1, -2.5f, 3e-20f, 4, 5, 6};
        Path file = dir.resolve("voice.safetensors");
        new SafetensorsWriter()
                .metadata("skald", "1 \"quoted\"")
                .add("a", values, 2, 3)
                .add("ids", new int[] {7, -8, Integer.MAX_VALUE}, 3)
                .add("half", DType.BF16, (from, to, n) -> fill(from, to, n), 3, 50_000)
                .write(file);
        try (Safetensors st = Safetensors.open(file)) {
            assertThat(st.names()).containsExactly("a", "ids", "half");
            assertThat(st.metadata()).containsEntry("skald", "1 \"quoted\"");
            assertThat(st.get("a", 2, -1).floats()).isEqualTo(values);
            assertThat(st.get("ids").ints()).containsExactly(7, -8, Integer.MAX_VALUE);
            float[] part = new float[10];
            Conversion.floats(st.get("half"), 99_995, part, 2, 8);
            assertThat(part).containsExactly(0, 0, 95, 96, 97, 98, 99, 0, 1, 2);
            assertThat(st.under("ha").get("lf").size()).isEqualTo(150_000);
        }
        assertThat(dir).isDirectoryNotContaining("glob:**.tmp");
    }

    private static void fill(long from, float[] to, int n) {
        for (int i = 0; i < n; i++) {
            to[i] = (from + i) % 100;
        }
    }

    @Test
    void wrongShapeAndMissingNameAreOneLineThatNamesFileAndTensor() throws IOException {
        Path file = dir.resolve("m.safetensors");
        new SafetensorsWriter().add("a", new float[6], 2, 3).write(file);
        try (Safetensors st = Safetensors.open(file)) {
            assertThatThrownBy(() -> st.get("a", 3, 2))
                    .isInstanceOf(WeightException.class)
                    .hasMessageContaining("m.safetensors:a")
                    .hasMessageContaining("[3, 2]");
            assertThatThrownBy(() -> st.get("b"))
                    .isInstanceOf(WeightException.class)
                    .hasMessageContaining("m.safetensors has no tensor 'b'");
        }
        assertThatThrownBy(() -> Safetensors.open(dir.resolve("none")))
                .isInstanceOf(WeightException.class)
                .hasMessageContaining("does not exist");
    }

    @Test
    void valuesThatAreNotFiniteAreRefused() throws IOException {
        Path file = dir.resolve("nan.safetensors");
        new SafetensorsWriter().add("w", new float[] {1, Float.NaN}, 2).write(file);
        try (Safetensors st = Safetensors.open(file)) {
            Weight w = st.get("w");
            assertThatThrownBy(w::floats)
                    .isInstanceOf(WeightException.class)
                    .hasMessage(
                            "tensor 'nan.safetensors:w' is not finite at index 1: the file is damaged");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,16]}} | size of its shape",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,160]}} | outside the file",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}} | outside the file",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}} | leaves a gap",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | 8 bytes follow",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}} | overlaps",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}} | not the JSON",
                "{\"a\":{\"dtype\":\"Q4\",\"shape\":[4],\"data_offsets\":[0,16]}} | unknown dtype",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-4],\"data_offsets\":[0,16]}} | dimension",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,16]}} | dimension",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,16]}} | size of its shape",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,16]}} | header",
                "{\"a\":{\"shape\":[4],\"data_offsets\":[0,16]}} | lacks its dtype",
                "{\"a\":[1]} | START_OBJECT",
                "[] | START_OBJECT",
                "{\"a\": | header",
            })
    void lyingHeadersAreRefused(String header, String why) throws IOException {
        assertThatThrownBy(() -> Safetensors.open(raw(header, 16)))
                .isInstanceOf(WeightException.class)
                .hasMessageContaining("raw.safetensors")
                .hasMessageContaining(why)
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @CsvSource({"0", "-1", "1000", "100000001", "9223372036854775807"})
    void impossibleHeaderLengthsAreRefused(long length) throws IOException {
        byte[] bytes = new byte[40];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
        Path file = Files.write(dir.resolve("raw.safetensors"), bytes);
        assertThatThrownBy(() -> Safetensors.open(file))
                .isInstanceOf(WeightException.class)
                .hasMessageContaining("header length");
    }

    @Test
    void randomDamageNeverDoesMoreThanRefuse() throws IOException {
        Path file = dir.resolve("f.safetensors");
        new SafetensorsWriter()
                .metadata("k", "v")
                .add("one", new float[12], 3, 4)
                .add("two", new int[5], 5)
                .write(file);
        byte[] good = Files.readAllBytes(file);
        Random random = new Random(7);
        int refused = 0;
        for (int i = 0; i < 3000; i++) {
            byte[] bad = good.clone();
            for (int k = random.nextInt(4); k >= 0; k--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            if (random.nextInt(4) == 0) {
                bad = java.util.Arrays.copyOf(bad, random.nextInt(bad.length));
            }
            Files.write(file, bad);
            try (Safetensors st = Safetensors.open(file)) {
                for (String name : st.names()) {
                    st.get(name).floats();
                }
            } catch (WeightException e) {
                assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
                refused++;
            }
        }
        assertThat(refused).isBetween(1500, 2999);
    }

    private Path raw(String header, int values) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer all =
                ByteBuffer.allocate(8 + json.length + values).order(ByteOrder.LITTLE_ENDIAN);
        all.putLong(json.length).put(json);
        return Files.write(dir.resolve("raw.safetensors"), all.array());
    }

    @Test
    void aFileCutWhileItIsReadIsToldOf() throws IOException {
        byte[] json = ("{\"a\":" + " ".repeat(1 << 16) + "{}}").getBytes(StandardCharsets.UTF_8);
        Path path = dir.resolve("cut.safetensors");
        Files.write(
                path,
                ByteBuffer.allocate(8 + json.length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(json.length)
                        .put(json)
                        .array());
        MappedFile file = MappedFile.open(path);
        Files.write(path, new byte[0]);
        assertThatThrownBy(() -> Safetensors.open(file))
                .isInstanceOf(WeightException.class)
                .hasMessageContaining("cut.safetensors has become shorter while it was read");
    }
}
