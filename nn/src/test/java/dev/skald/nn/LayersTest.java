package dev.skald.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.testkit.TestDevice;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers that are more than one op. */
class LayersTest {
    private final RandomWeights file = new RandomWeights();
    private TestDevice device;
    private Parameters parameters;
    private Ops ops;

    @BeforeEach
    void open() {
        device = TestDevice.open();
        parameters = device.parameters();
        ops = device.ops();
    }

    @AfterEach
    void close() {
        ops.close();
        parameters.close();
        device.close();
    }

    private Loader load() {
        return Loader.of(file, parameters).role(Role.EXACT);
    }

    @Test
    void anLstmRunsBothWaysAsPyTorchNamesThem() {
        for (String end : new String[] {"l0", "l0_reverse", "l1", "l1_reverse"}) {
            int in = end.startsWith("l0") ? 3 : 8;
            file.add("lstm.weight_ih_" + end, 16, in).add("lstm.weight_hh_" + end, 16, 4);
            file.add("lstm.bias_ih_" + end, 16).add("lstm.bias_hh_" + end, 16);
        }
        Tensor x = file.tensor(ops, 6, 3);
        Lstm lstm = load().lstm("lstm", 3, 4);
        assertThat(lstm.out()).isEqualTo(8);
        double[][] h = new double[6][3];
        float[] values = ops.read(x);
        for (int i = 0; i < 18; i++) {
            h[i / 3][i % 3] = values[i];
        }
        for (String layer : new String[] {"l0", "l1"}) {
            double[][] forward = direction(h, layer, false);
            double[][] backward = direction(h, layer + "_reverse", true);
            double[][] both = new double[6][8];
            for (int t = 0; t < 6; t++) {
                System.arraycopy(forward[t], 0, both[t], 0, 4);
                System.arraycopy(backward[t], 0, both[t], 4, 4);
            }
            h = both;
        }
        float[] found = ops.read(lstm.forward(ops, x));
        for (int i = 0; i < 48; i++) {
            assertThat((double) found[i]).isCloseTo(h[i / 8][i % 8], offset(1e-5));
        }
        Tensor padded = x.valid(ops.ints(new int[] {4}));
        assertThatThrownBy(() -> lstm.forward(ops, padded))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** PyTorch's definition, step by step. */
    private double[][] direction(double[][] x, String end, boolean backwards) {
        float[] wi = file.floats("lstm.weight_ih_" + end);
        float[] wh = file.floats("lstm.weight_hh_" + end);
        float[] bi = file.floats("lstm.bias_ih_" + end);
        float[] bh = file.floats("lstm.bias_hh_" + end);
        int in = x[0].length;
        double[][] out = new double[x.length][4];
        double[] h = new double[4];
        double[] c = new double[4];
        for (int step = 0; step < x.length; step++) {
            int t = backwards ? x.length - 1 - step : step;
            double[] gates = new double[16];
            for (int g = 0; g < 16; g++) {
                gates[g] = bi[g] + bh[g];
                for (int i = 0; i < in; i++) {
                    gates[g] += wi[g * in + i] * x[t][i];
                }
                for (int i = 0; i < 4; i++) {
                    gates[g] += wh[g * 4 + i] * h[i];
                }
            }
            for (int i = 0; i < 4; i++) {
                c[i] = sigmoid(gates[4 + i]) * c[i] + sigmoid(gates[i]) * Math.tanh(gates[8 + i]);
                out[t][i] = sigmoid(gates[12 + i]) * Math.tanh(c[i]);
            }
            h = out[t].clone();
        }
        return out;
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private ResBlock block(String name, int kernel, boolean pairs) {
        List<ResBlock.Unit> units = new ArrayList<>();
        Activation leaky = Activation.leakyRelu(0.1f);
        for (int i = 0; i < 3; i++) {
            for (String which : new String[] {"a", "b"}) {
                file.add(name + which + i + ".weight", 4, 4, kernel)
                        .add(name + which + i + ".bias", 4);
            }
            Conv dilated = Conv.same(kernel).dilation(2 * i + 1);
            units.add(
                    new ResBlock.Unit(
                            leaky,
                            pairs ? load().conv1d(name + "a" + i, 4, 4, dilated) : null,
                            leaky,
                            load().conv1d(
                                            name + "b" + i,
                                            4,
                                            4,
                                            pairs ? Conv.same(kernel) : dilated)));
        }
        return new ResBlock(units);
    }

    private Tensor plain(ResBlock block, Tensor x) {
        Tensor h = x;
        for (ResBlock.Unit unit : block.units()) {
            Conv1d first = unit.conv1();
            Tensor y = first == null ? h : first.forward(ops, h, unit.activation1(), Epilogue.NONE);
            h = unit.conv2().forward(ops, y, unit.activation2(), Epilogue.plus(h));
        }
        return h;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aResidualBlockIsItsUnitsInTurn(boolean pairs) {
        ResBlock block = block("r", 3, pairs);
        Tensor x = file.tensor(ops, 40, 4);
        float[] want = ops.read(plain(block, x));
        Tensor out = ops.tensor(1, 40, 4);
        ResBlock.sum(ops, List.of(block), x, 1, out);
        assertThat(ops.read(out)).containsExactly(want);
        block.addTo(ops, x, out);
        float[] twice = ops.read(out);
        for (int i = 0; i < want.length; i++) {
            assertThat(twice[i]).isCloseTo(2 * want[i], offset(1e-5f * (1 + Math.abs(want[i]))));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void windowsOfAStageAreTheWholeBitForBit(boolean pairs) {
        List<ResBlock> blocks = List.of(block("s", 3, pairs), block("t", 5, pairs));
        int reach = ResBlock.reach(blocks);
        assertThat(reach).isEqualTo(pairs ? 18 + 6 : 18);
        Tensor x = file.tensor(ops, 90, 4);
        Tensor all = ops.tensor(1, 90, 4);
        ResBlock.sum(ops, blocks, x, 0.5f, all);
        Tensor first = plain(blocks.getFirst(), x);
        Tensor second = plain(blocks.getLast(), x);
        float[] whole = ops.read(all);
        float[] a = ops.read(first);
        float[] b = ops.read(second);
        for (int i = 0; i < whole.length; i++) {
            assertThat(whole[i]).isCloseTo((a[i] + b[i]) / 2, offset(1e-4f * (1 + Math.abs(a[i]))));
        }
        for (Rows want : List.of(new Rows(0, 13), new Rows(13, 60), new Rows(60, 90))) {
            Rows have = want.grown(reach, 90);
            Tensor part = ops.tensor(1, want.count(), 4);
            Tensor window = have.of(x, Rows.all(90));
            ResBlock.sum(ops, blocks, window, have, want, 90, 0.5f, part);
            assertThat(ops.read(part)).containsExactly(ops.read(want.of(all, Rows.all(90))));
        }
    }
}
