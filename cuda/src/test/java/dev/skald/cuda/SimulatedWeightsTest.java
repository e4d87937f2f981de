package dev.skald.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.DType;
import dev.skald.tensor.DeviceSettings;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.io.Safetensors;
import dev.skald.tensor.io.SafetensorsWriter;
import dev.skald.testkit.Card;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights as files hold them, converted, packed and checked by the kernels of a simulated card. */
@Card.Simulated
class SimulatedWeightsTest {
    @TempDir Path dir;
    private final Random random = new Random(3);
    private Backend backend;
    private Parameters parameters;
    private Ops ops;

    @BeforeEach
    void open() {
        BackendProvider provider = new CudaProvider();
        backend = provider.open(provider.devices().getFirst(), DeviceSettings.threads(0));
        parameters = backend.parameters(Precision.AUTO);
        ops = backend.open();
    }

    @AfterEach
    void close() {
        ops.close();
        parameters.close();
        backend.close();
    }

    private Weight weight(DType type, int... shape) {
        int n = 1;
        for (int d : shape) {
            n *= d;
        }
        MemorySegment bytes = MemorySegment.ofArray(new byte[n * type.bytes()]);
        for (int i = 0; i < n; i++) {
            float v = (float) random.nextGaussian();
            switch (type) {
                case F32 -> bytes.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, v);
                case F64 -> bytes.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i, v);
                case F16 ->
                        bytes.set(
                                ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Float.floatToFloat16(v));
                case BF16 ->
                        bytes.set(
                                ValueLayout.JAVA_SHORT_UNALIGNED,
                                2L * i,
                                (short) (Float.floatToRawIntBits(v) >>> 16));
                default -> throw new IllegalArgumentException(type.name());
            }
        }
        return Weight.of("w", type, bytes, shape);
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16", "F64"})
    void storedValuesArriveAsTheyAre(DType type) {
        Weight w = weight(type, 1_300_001);
        assertThat(ops.read(parameters.vector(w))).isEqualTo(w.floats());
    }

    @Test
    void mapsOfSeveralTypesLieSideBySide() {
        Weight[] weights = {
            weight(DType.F32, 70, 40), weight(DType.BF16, 3, 40), weight(DType.F16, 64, 40)
        };
        @Nullable Weight[] biases = {weight(DType.F16, 70), null, weight(DType.F64, 64)};
        float[] x = floats(40);
        Tensor input = ops.tensor(1, 1, 40);
        ops.write(x, 0, input);
        for (Role role : List.of(Role.EXACT, Role.STREAMED)) {
            float[] y = ops.read(ops.linear(input, parameters.linear(weights, biases, role)));
            int at = 0;
            for (int i = 0; i < weights.length; i++) {
                float[] w = weights[i].floats();
                Weight b = biases[i];
                for (int o = 0; o < w.length / 40; o++, at++) {
                    double sum = b == null ? 0 : b.floats()[o];
                    for (int k = 0; k < 40; k++) {
                        sum += (double) w[o * 40 + k] * x[k];
                    }
                    assertThat((double) y[at])
                            .isCloseTo(sum, within(role == Role.EXACT ? 1e-5 : 0.15));
                }
            }
        }
    }

    private float[] floats(int n) {
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = (float) random.nextGaussian();
        }
        return v;
    }

    private Weight damaged(float value, int at, int... shape) {
        Weight w = weight(DType.F32, shape);
        float[] v = w.floats();
        v[at] = value;
        return Weight.of("layer.weight", v, shape);
    }

    private void refused(Function<Weight, Object> load, float value, int... shape) {
        assertThatThrownBy(() -> load.apply(damaged(value, 77, shape)))
                .isInstanceOf(WeightException.class)
                .hasMessage("tensor 'layer.weight' is not finite at index 77: the file is damaged");
    }

    @Test
    void kernelsFindWhatIsNoNumber() {
        refused(w -> parameters.linear(w, null, Role.EXACT), Float.NaN, 8, 32);
        refused(w -> parameters.linear(w, null, Role.WORKING), Float.NEGATIVE_INFINITY, 8, 32);
        refused(w -> parameters.linearTransposed(w, null, Role.WORKING), Float.NaN, 32, 8);
        refused(
                w -> ops.linear(ops.tensor(1, 1, 32), parameters.linear(w, null, Role.STREAMED)),
                Float.NaN,
                8,
                32);
        refused(w -> parameters.conv1d(w, null, 1, 1, 1, Role.DIRECT), Float.NaN, 8, 8, 3);
        refused(w -> parameters.conv1d(w, null, 1, 1, 64, Role.DIRECT), Float.NaN, 64, 1, 3);
        refused(w -> parameters.convTranspose1d(w, null, 2, 1, Role.WORKING), Float.NaN, 8, 8, 4);
        refused(w -> parameters.conv2d(w, null, 1, 1, 1, 1), Float.NaN, 8, 4, 3, 3);
        refused(w -> parameters.embedding(w), Float.POSITIVE_INFINITY, 8, 32);
        refused(w -> parameters.vector(w), Float.NaN, 256);
        refused(
                b -> parameters.linear(weight(DType.F32, 256, 32), b, Role.WORKING),
                Float.NaN,
                256);
        assertThat(parameters.vector(weight(DType.F32, 5)).cols()).isEqualTo(5);
    }

    @Test
    void halvesHoldNoLargeValues() {
        float[] v = new float[64];
        v[5] = -70_000;
        Weight w = Weight.of("layer.weight", v, 2, 32);
        assertThatThrownBy(() -> parameters.linear(w, null, Role.WORKING))
                .isInstanceOf(WeightException.class)
                .hasMessage(
                        "tensor 'layer.weight' holds 70000.0, too much for 16 bits: use precision"
                                + " fp32");
        assertThat(parameters.linear(w, null, Role.EXACT).out()).isEqualTo(2);
    }

    @Test
    void aModelIsCheckedOnceItIsLoaded() {
        Weight good = weight(DType.BF16, 64, 32);
        Linear[] made = new Linear[1];
        assertThatThrownBy(
                        () ->
                                parameters.load(
                                        () -> {
                                            made[0] = parameters.linear(good, null, Role.EXACT);
                                            parameters.vector(damaged(Float.NaN, 77, 256));
                                            made[0] = parameters.linear(good, null, Role.EXACT);
                                            return made[0];
                                        }))
                .isInstanceOf(WeightException.class)
                .hasMessageContaining("layer.weight");
        assertThat(made[0]).isNotNull();
        Tensor v = parameters.load(() -> parameters.vector(good.reshaped(2048)));
        assertThat(ops.read(v)).isEqualTo(good.floats());
    }

    @Test
    void aFileThatBecomesShorterIsToldOf() throws IOException {
        Path path = dir.resolve("cut.safetensors");
        float[] values = floats(3_000_000);
        new SafetensorsWriter().add("w", values, values.length).write(path);
        try (Safetensors file = Safetensors.open(path)) {
            assertThat(ops.read(parameters.vector(file.get("w")))).isEqualTo(values);
            try (RandomAccessFile cut = new RandomAccessFile(path.toFile(), "rw")) {
                cut.setLength(8_000_000);
            }
            assertThatThrownBy(() -> parameters.vector(file.get("w")))
                    .isInstanceOf(WeightException.class)
                    .hasMessage(
                            "cut.safetensors has become shorter while it was read: install it"
                                    + " again");
        }
        assertThat(ops.read(parameters.vector(Weight.of("v", values, values.length))))
                .isEqualTo(values);
    }
}
