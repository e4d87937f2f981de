package dev.skald.tensor;

import java.util.Arrays;
import java.util.Set;

/** The named weights of a checkpoint. */
public interface Weights {
    Set<String> names();

    /** The weight of that name, of any shape. Throws {@link WeightException} if there is none. */
    Weight get(String name);

    default boolean has(String name) {
        return names().contains(name);
    }

    /** The weight of that name and shape; a dimension of -1 may be anything. */
    default Weight get(String name, int... shape) {
        Weight weight = get(name);
        int[] found = weight.shape();
        boolean same = found.length == shape.length;
        for (int i = 0; same && i < shape.length; i++) {
            same = shape[i] == -1 || shape[i] == found[i];
        }
        if (!same) {
            throw WeightException.shape(
                    weight.name(), found.clone(), Arrays.copyOf(shape, shape.length));
        }
        return weight;
    }

    /** The weights whose names begin with {@code prefix}, without it. */
    default Weights under(String prefix) {
        return new PrefixedWeights(this, prefix);
    }
}
