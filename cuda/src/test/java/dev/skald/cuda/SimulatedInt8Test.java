package dev.skald.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.Optimisation;
import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.DeviceMemory;
import dev.skald.tensor.DeviceSettings;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Role;
import dev.skald.tensor.Weight;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.DecoderModel.Layer;
import dev.skald.tensor.decode.DecoderModel.Norm;
import dev.skald.tensor.decode.TokenDecoder;
import dev.skald.testkit.Card;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A decoder with weights in 8 bits: how much it holds, and what it refuses. */
@Card.Simulated
class SimulatedInt8Test {
    private static final int VOCABULARY = 900;

    private static Backend open(Set<Optimisation> without) {
        BackendProvider provider = new CudaProvider();
        return provider.open(provider.devices().getFirst(), new DeviceSettings(0, 0, without));
    }

    private static Weight weight(int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(i);
        }
        return Weight.of("w", values, rows, columns);
    }

    private static Norm norm(Parameters p, int width) {
        float[] ones = new float[width];
        Arrays.fill(ones, 1);
        return new Norm(
                p.vector(Weight.of("g", ones, width)),
                p.vector(Weight.of("b", new float[width], width)));
    }

    /** A GPT-2 of one layer and one head. */
    private static DecoderModel model(Parameters p, int width, int ffn) {
        Layer layer =
                new Layer(
                        norm(p, width),
                        p.linear(weight(192, width), null, Role.STREAMED),
                        p.linear(weight(width, 64), null, Role.STREAMED),
                        norm(p, width),
                        p.linear(weight(ffn, width), null, Role.STREAMED),
                        p.linear(weight(width, ffn), null, Role.STREAMED));
        return new DecoderModel(
                DecoderModel.Kind.GPT2,
                width,
                1,
                64,
                1e-5f,
                List.of(layer),
                norm(p, width),
                null,
                null,
                p.embedding(weight(50, width)),
                p.embedding(weight(VOCABULARY, width)),
                null,
                p.linear(weight(VOCABULARY, width), null, Role.STREAMED),
                50,
                1,
                2);
    }

    /** Bytes of weights once a decoder is there. */
    private static long bytes(Backend backend, Precision precision, int width, int ffn) {
        try (Parameters p = backend.parameters(precision);
                Ops ops = backend.open();
                TokenDecoder decoder =
                        backend.decoder(model(p, width, ffn), ops, 1).orElseThrow()) {
            assertThat(decoder.slots()).isEqualTo(1);
            return backend.memory().map(DeviceMemory::weights).orElseThrow();
        }
    }

    @Test
    void aByteAWeightIsHeldAndAScaleFor64() {
        try (Backend backend = open(Set.of())) {
            long weights = 192 * 128 + 128 * 64 + 2 * 512 * 128 + 904 * 128;
            long saved =
                    bytes(backend, Precision.BF16, 128, 512)
                            - bytes(backend, Precision.INT8, 128, 512);
            assertThat(saved).isBetween(weights * 31 / 32 - 1024, weights * 31 / 32 + 1024);
        }
    }

    @Test
    void theOptionIsOfTheDecoderAlone() {
        try (Backend backend = open(Set.of());
                Parameters p = backend.parameters(Precision.INT8);
                Parameters auto = backend.parameters(Precision.AUTO)) {
            assertThat(p.streamed()).isEqualTo(Precision.INT8);
            assertThat(auto.streamed()).isEqualTo(Precision.BF16);
        }
        for (Optimisation o : List.of(Optimisation.BF16, Optimisation.MIXED_PRECISION)) {
            try (Backend backend = open(Set.of(o));
                    Parameters p = backend.parameters(Precision.INT8)) {
                assertThat(p.streamed()).isEqualTo(Precision.FP32);
            }
        }
    }

    @Test
    void aModelThatTheKernelsCannotComputeIsRefused() {
        try (Backend backend = open(Set.of())) {
            assertThat(bytes(backend, Precision.BF16, 32, 96)).isPositive();
            assertThatThrownBy(() -> bytes(backend, Precision.INT8, 32, 128))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "no 8-bit weights for this model on a GPU, for its width is 32, of"
                                    + " attention 64: use precision bf16");
            assertThatThrownBy(() -> bytes(backend, Precision.INT8, 64, 96))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("its feed-forward width is 96");
        }
    }
}
