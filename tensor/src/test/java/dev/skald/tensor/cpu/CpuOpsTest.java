package dev.skald.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.Precision;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.cpu.memory.CpuTensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What the CPU gives beyond the contract of every backend. */
class CpuOpsTest {
    private final Random random = new Random(11);

    private float[] values(int n) {
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = (float) random.nextGaussian();
        }
        return v;
    }

    private Weight weight(int out, int in, int kernel) {
        return Weight.of("w", values(out * in * kernel), out, in, kernel);
    }

    @Test
    void scopesGiveMemoryBack() {
        try (CpuBackend backend = CpuBackend.open(1);
                Ops ops = backend.open()) {
            scopesGiveMemoryBack(ops);
        }
    }

    private static void scopesGiveMemoryBack(Ops ops) {
        CpuTensor first;
        try (Ops.Scope scope = ops.scope()) {
            first = (CpuTensor) ops.tensor(1, 10, 10);
            try (Ops.Scope inner = ops.scope()) {
                ops.tensor(1, 3000, 1000);
            }
        }
        for (int i = 0; i < 3; i++) {
            try (Ops.Scope scope = ops.scope()) {
                CpuTensor again = (CpuTensor) ops.tensor(1, 10, 10);
                assertThat(again.data).isSameAs(first.data);
                assertThat(again.offset).isEqualTo(first.offset);
            }
        }
        Ops.Scope outer = ops.scope();
        ops.scope();
        assertThatThrownBy(outer::close).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void resultsDoNotDependOnThreads() {
        Weight w = weight(70, 33, 5);
        Weight t = weight(33, 40, 16);
        float[] x = values(500 * 33);
        List<float[]> found = new java.util.ArrayList<>();
        for (int threads = 1; threads <= 3; threads++) {
            try (CpuBackend b = CpuBackend.open(threads);
                    Parameters p = b.parameters(Precision.FP32);
                    Ops o = b.open()) {
                Tensor in = o.tensor(1, 500, 33);
                o.write(x, 0, in);
                Tensor y =
                        o.conv1d(
                                in,
                                p.conv1d(w, null, 1, 3, 1, Role.WORKING),
                                6,
                                6,
                                Activation.TANH,
                                Epilogue.NONE);
                Tensor z =
                        o.convTranspose1d(
                                in,
                                p.convTranspose1d(t, null, 8, 4, Role.WORKING),
                                Activation.RELU);
                Tensor u = o.tensor(1, 500, 33);
                o.attention(in, in, in, 3, 1, true, u);
                found.add(o.read(y));
                found.add(o.read(z));
                found.add(o.read(u));
            }
        }
        for (int i = 3; i < found.size(); i++) {
            assertThat(found.get(i)).containsExactly(found.get(i % 3));
        }
    }
}
