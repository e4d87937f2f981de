package dev.skald.testkit.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.testkit.ops.Naive.Array;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;

/** Random operands, and how results are compared with formulas. */
public abstract class OpsFixture {
    /** For sums of hundreds of products of about one. */
    static final double SUMS = 5e-5;

    /** Opens the backend under test. */
    protected abstract Backend open();

    /** How the backend can store weights; all there is unless a subclass says otherwise. */
    protected List<Precision> precisions() {
        return List.of(Precision.values());
    }

    final Backend backend = open();
    final Parameters parameters = backend.parameters(Precision.FP32);
    final Ops ops = backend.open();
    final Random random = new Random(11);

    @AfterEach
    void close() {
        ops.close();
        parameters.close();
        backend.close();
    }

    int pick(int low, int high) {
        return low + random.nextInt(high - low + 1);
    }

    float[] values(int n) {
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = (float) random.nextGaussian();
        }
        return v;
    }

    Weight weight(int... shape) {
        int n = 1;
        for (int d : shape) {
            n *= d;
        }
        return Weight.of("w", values(n), shape);
    }

    /** A random tensor; half of them views with gaps between rows and batches. */
    Tensor tensor(int b, int t, int c) {
        Tensor x = space(b, t, c);
        ops.write(values(b * t * c), 0, x);
        return x;
    }

    Tensor space(int b, int t, int c) {
        return random.nextBoolean()
                ? ops.tensor(b, t, c)
                : ops.tensor(b, t + 3, c + 5).rows(1, t + 1).cols(2, c + 2);
    }

    Array array(Tensor x) {
        float[] f = ops.read(x);
        double[] d = new double[f.length];
        for (int i = 0; i < f.length; i++) {
            d[i] = f[i];
        }
        return new Array(d, x.batch(), x.rows(), x.cols());
    }

    void same(Tensor found, Array expected, double tolerance) {
        assertThat(new int[] {found.batch(), found.rows(), found.cols()})
                .containsExactly(expected.b(), expected.t(), expected.c());
        float[] f = ops.read(found);
        for (int i = 0; i < f.length; i++) {
            double e = expected.v()[i];
            if (!(Math.abs(f[i] - e) <= tolerance * Math.max(1, Math.abs(e)))) {
                throw new AssertionError("value " + i + " is " + f[i] + ", expected " + e);
            }
        }
    }
}
