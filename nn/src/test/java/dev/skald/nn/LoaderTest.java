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
import dev.skald.tensor.WeightException;
import dev.skald.testkit.TestDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Layers by name: what they compute, and how a wrong file is refused. */
class LoaderTest {
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

    private Tensor input(int rows, int cols) {
        return file.tensor(ops, rows, cols);
    }

    @Test
    void aConvolutionOfKernelOneIsALinearMap() {
        file.add("net.map.weight", 5, 3).add("net.map.bias", 5);
        file.put("net.conv.weight", file.floats("net.map.weight"), 5, 3, 1);
        file.put("net.conv.bias", file.floats("net.map.bias"), 5);
        Tensor x = input(4, 3);
        Loader net = load().under("net");
        float[] y = ops.read(ops.linear(x, net.linear("map", 3, 5)));
        assertThat(ops.read(ops.linear(x, net.linear("conv", -1, -1)))).containsExactly(y);
        assertThat(ops.read(net.conv1d("conv", 3, 5, Conv.same(1)).forward(ops, x)))
                .containsExactly(y, offset(1e-6f));
    }

    @Test
    void mapsSideBySideAreWhatEachIsAlone() {
        for (String name : new String[] {"q", "k", "v"}) {
            file.add(name + ".weight", 4, 3).add(name + ".bias", 4);
        }
        Tensor x = input(2, 3);
        Qkv t = Qkv.split(ops.linear(x, load().linears(3, 4, "q", "k", "v")));
        assertThat(ops.read(t.k()))
                .containsExactly(ops.read(ops.linear(x, load().linear("k", 3, 4))), offset(1e-6f));
        assertThat(load().linearsNoBias(3, -1, "q", "v").out()).isEqualTo(8);
    }

    @Test
    void weightNormIsFoldedUnderEveryName() {
        file.add("v", 4, 3, 5).add("g", 4, 1, 1).add("b", 4);
        float[] v = file.floats("v");
        float[] g = file.floats("g");
        float[] folded = v.clone();
        for (int o = 0; o < 4; o++) {
            double sum = 0;
            for (int i = 0; i < 15; i++) {
                sum += v[o * 15 + i] * v[o * 15 + i];
            }
            for (int i = 0; i < 15; i++) {
                folded[o * 15 + i] = (float) (v[o * 15 + i] * g[o] / Math.sqrt(sum));
            }
        }
        file.put("plain.weight", folded, 4, 3, 5);
        file.put("old.weight_v", v, 4, 3, 5).put("old.weight_g", g, 4, 1, 1);
        file.put("new.parametrizations.weight.original1", v, 4, 3, 5);
        file.put("new.parametrizations.weight.original0", g, 4, 1, 1);
        Tensor x = input(9, 3);
        float[] want = null;
        for (String name : new String[] {"plain", "old", "new"}) {
            file.put(name + ".bias", file.floats("b"), 4);
            assertThat(load().hasModule(name)).isTrue();
            Conv1d conv = load().conv1d(name, 3, 4, Conv.same(-1));
            float[] y = ops.read(conv.forward(ops, x));
            assertThat(y).containsExactly(want == null ? y : want, offset(1e-5f));
            want = y;
        }
        assertThat(load().hasModule("other")).isFalse();
    }

    @Test
    void aFoldedBatchNormIsTheNormAfterTheLayer() {
        file.add("conv.weight", 4, 3, 3).add("map.weight", 4, 3);
        file.add("bn.running_mean", 4).add("bn.weight", 4).add("bn.bias", 4);
        file.put("bn.running_var", new float[] {0.5f, 1, 2, 0.1f}, 4);
        Tensor x = input(7, 3);
        BatchNorm.Layer norm = load().batchNorm("bn", 4);
        Tensor conv = load().conv1d("conv", 3, 4, Conv.causal(3).noBias()).forward(ops, x);
        norm.forward(ops, conv, Activation.NONE, conv);
        Conv1d folded = load().conv1dNorm("conv", "bn", 3, 4, Conv.causal(3));
        assertThat(ops.read(folded.forward(ops, x))).containsExactly(ops.read(conv), offset(1e-5f));
        Tensor map = ops.linear(x, load().linearNoBias("map", 3, 4));
        norm.forward(ops, map, Activation.NONE, map);
        assertThat(ops.read(ops.linear(x, load().linearNorm("map", "bn", 3, 4))))
                .containsExactly(ops.read(map), offset(1e-5f));
    }

    @Test
    void aConvolutionHasThePaddingOfItsName() {
        file.add("c.weight", 2, 2, 3).add("c.bias", 2);
        Tensor x = input(8, 2);
        Tensor y = load().conv1d("c", 2, 2, Conv.causal(3).dilation(2)).forward(ops, x);
        assertThat(y.rows()).isEqualTo(8);
        Tensor begin =
                load().conv1d("c", 2, 2, Conv.causal(3).dilation(2)).forward(ops, x.rows(0, 5));
        assertThat(ops.read(y.rows(0, 5))).containsExactly(ops.read(begin));
        Conv1d halved = load().conv1d("c", 2, 2, Conv.padded(3, 1, 1).stride(2));
        assertThat(halved.forward(ops, x, Epilogue.NONE).rows()).isEqualTo(4);
        assertThat(load().conv1d("c", 2, 2, Conv.same(3).dilation(3)).reach()).isEqualTo(3);
    }

    @Test
    void anEditChangesOneTensorOfTheFile() {
        file.add("a.weight", 3, 2).add("a.bias", 3);
        Tensor x = input(2, 2);
        float[] y = ops.read(ops.linear(x, load().linear("a", 2, 3)));
        Loader twice =
                load().edited("a.weight", w -> WeightEdits.scaled(w, 2))
                        .edited("a.bias", w -> WeightEdits.scaled(w, 2));
        Loader reversed =
                load().edited("a.weight", w -> WeightEdits.reversed(w, 0))
                        .edited("a.bias", w -> WeightEdits.reversed(w, 0));
        float[] doubled = ops.read(ops.linear(x, twice.linear("a", 2, 3)));
        float[] backwards = ops.read(ops.linear(x, reversed.linear("a", 2, 3)));
        for (int i = 0; i < 6; i++) {
            assertThat(doubled[i]).isEqualTo(2 * y[i]);
            assertThat(backwards[i / 3 * 3 + 2 - i % 3]).isEqualTo(y[i]);
        }
    }

    @Test
    void aListEndsWhereItsNamesEnd() {
        file.add("h.0.w", 1).add("h.1.w", 1).add("h.3.w", 1);
        assertThat(load().list("h", "w", l -> l.vector("w", 1))).hasSize(2);
        assertThatThrownBy(() -> load().list("g", "w", l -> l.vector("w", 1)))
                .isInstanceOf(WeightException.class)
                .hasMessageContaining("g.0.w");
    }

    @Test
    void aWrongFileIsRefusedByName() {
        file.add("m.weight", 4, 3).add("n.weight", 4, 3).add("n.bias", 5);
        file.add("even.weight", 2, 2, 4).add("even.bias", 2);
        assertThatThrownBy(() -> load().linear("m", 3, 4)).hasMessageContaining("m.bias");
        assertThatThrownBy(() -> load().linear("m", 3, 5))
                .isInstanceOf(WeightException.class)
                .hasMessage("tensor 'm.weight' has shape [4, 3] where [5, 3] is expected");
        assertThatThrownBy(() -> load().linear("n", 3, 4))
                .hasMessage("tensor 'n.bias' has shape [5] where [4] is expected");
        assertThatThrownBy(() -> load().conv1d("even", 2, 2, Conv.same(-1)))
                .isInstanceOf(WeightException.class)
                .hasMessageContaining("a kernel of 4 where an odd one");
    }
}
