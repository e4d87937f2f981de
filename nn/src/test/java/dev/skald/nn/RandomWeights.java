package dev.skald.nn;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** A checkpoint in memory, of random values where none are given. */
final class RandomWeights implements Weights {
    private final Map<String, Weight> weights = new HashMap<>();
    private final Random random = new Random(7);

    RandomWeights add(String name, int... shape) {
        int n = 1;
        for (int d : shape) {
            n *= d;
        }
        return put(name, values(n), shape);
    }

    RandomWeights put(String name, float[] values, int... shape) {
        weights.put(name, Weight.of(name, values, shape));
        return this;
    }

    private float[] values(int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    float[] floats(String name) {
        return get(name).floats();
    }

    /** A random tensor (1, rows, cols). */
    Tensor tensor(Ops ops, int rows, int cols) {
        Tensor x = ops.tensor(1, rows, cols);
        ops.write(values(rows * cols), 0, x);
        return x;
    }

    @Override
    public Set<String> names() {
        return weights.keySet();
    }

    @Override
    public Weight get(String name) {
        Weight weight = weights.get(name);
        if (weight == null) {
            throw new WeightException("tensor '" + name + "' is missing");
        }
        return weight;
    }
}
