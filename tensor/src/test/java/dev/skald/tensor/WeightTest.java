package dev.skald.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightTest {
    @TempDir Path dir;

    @Test
    void aShapeHoldsAsManyValues() {
        Weight w = Weight.of("w", new float[] {1, 2, 3, 4, 5, 6}, 2, 3, 1);
        assertThat(w.reshaped(3, 2).shape()).containsExactly(3, 2);
        assertThat(w.reshaped(6).floats()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThatThrownBy(() -> w.reshaped(5))
                .isInstanceOf(WeightException.class)
                .hasMessage("tensor 'w' has shape [2, 3, 1] where [5] is expected");
        assertThatThrownBy(() -> Weight.of("w", new float[5], 2, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("w: 20 bytes for 6 values of F32");
    }

    @Test
    void bytesAreCopiedAsTheyLie() {
        Weight w = Weight.of("w", DType.I16, MemorySegment.ofArray(new short[] {7, -8, 9}), 3);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment two = arena.allocate(4);
            w.copy(1, two);
            assertThat(two.toArray(ValueLayout.JAVA_SHORT)).containsExactly(-8, 9);
            assertThatThrownBy(() -> w.copy(2, two)).isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThat(w.floats()).containsExactly(7, -8, 9);
    }

    @Test
    void whatIsNotFiniteIsToldByItsPlace() {
        float[] values = new float[100_000];
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, -Float.MAX_VALUE * 2}) {
            for (int at : new int[] {0, 1, 32_767, 32_768, 99_999}) {
                values[at] = bad;
                Weight w = Weight.of("w", values, values.length);
                assertThatThrownBy(w::floats)
                        .isInstanceOf(WeightException.class)
                        .hasMessage(
                                "tensor 'w' is not finite at index "
                                        + at
                                        + ": the file is damaged");
                values[at] = 0;
            }
        }
        assertThat(Weight.of("w", values, values.length).floats()).isEqualTo(values);
    }

    @Test
    void bfloat16IsTheNearestOfEveryType() {
        int n = 70_000;
        float[] values = new float[n];
        short[] halves = new short[n];
        short[] upper = new short[n];
        double[] doubles = new double[n];
        Random random = new Random(9);
        for (int i = 0; i < n; i++) {
            // Every fourth lies in the middle between two.
            int bits = random.nextInt() & (i % 4 == 0 ? 0xbfff8000 : 0xbfffffff);
            values[i] = Float.intBitsToFloat(bits);
            halves[i] = Float.floatToFloat16(values[i] % 60_000);
            upper[i] = (short) (bits >>> 16);
            doubles[i] = values[i];
        }
        same(Weight.of("f32", values, n));
        same(Weight.of("f16", DType.F16, MemorySegment.ofArray(halves), n));
        same(Weight.of("f64", DType.F64, MemorySegment.ofArray(doubles), n));
        same(Weight.of("bf16", DType.BF16, MemorySegment.ofArray(upper), n));
        upper[69_999] = (short) 0xff80;
        assertThatThrownBy(
                        () -> same(Weight.of("bf16", DType.BF16, MemorySegment.ofArray(upper), n)))
                .hasMessage("tensor 'bf16' is not finite at index 69999: the file is damaged");
        values[40_000] = Float.NaN;
        assertThatThrownBy(() -> same(Weight.of("f32", values, n)))
                .hasMessage("tensor 'f32' is not finite at index 40000: the file is damaged");
    }

    private static void same(Weight w) {
        int n = (int) w.size();
        short[] found = new short[n];
        Conversion.bf16(w, 3, found, 1, n - 3);
        float[] exact = w.dtype() == DType.F32 ? Conversion.unchecked(w) : w.floats();
        for (int i = 3; i < n; i++) {
            double v = exact[i];
            double below = Float.intBitsToFloat((Float.floatToRawIntBits(exact[i]) >>> 16) << 16);
            double above =
                    Float.intBitsToFloat(((Float.floatToRawIntBits(exact[i]) >>> 16) + 1) << 16);
            boolean even = (Float.floatToRawIntBits(exact[i]) >>> 16 & 1) == 0;
            double d = Math.abs(v - below) - Math.abs(above - v);
            double nearest = d < 0 || d == 0 && even ? below : above;
            double rounded = Float.intBitsToFloat(found[i - 2] << 16);
            assertThat(rounded).as("%s of %s", i, v).isEqualTo(nearest);
        }
    }

    /** A voice's file is mapped: what reads it gets an error, and the process lives. */
    @Test
    void aMappedFileThatBecomesShorterIsAnError() throws IOException {
        Path path = Files.write(dir.resolve("voice.onnx"), new byte[1 << 20]);
        try (Arena arena = Arena.ofConfined();
                FileChannel file =
                        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MemorySegment memory = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
            Weight w = Weight.of("w", DType.F32, memory, 1 << 18);
            assertThat(w.floats()).hasSize(1 << 18);
            file.truncate(4096);
            assertThatThrownBy(w::floats).isInstanceOf(InternalError.class);
        }
    }
}
