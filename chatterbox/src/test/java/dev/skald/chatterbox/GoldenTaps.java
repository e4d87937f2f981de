package dev.skald.chatterbox;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.testkit.GoldenCase;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Hands a model's taps to the comparison with a golden case: as {@code out.NAME} where the case has
 * that, else as {@code tap.NAME}. Values tapped several times under one name are rows of a batch.
 */
public class GoldenTaps implements Taps {
    private final GoldenCase golden;
    private final dev.skald.testkit.Taps taps;
    private final Predicate<String> channelsFirst;
    private final Map<String, float[]> values = new LinkedHashMap<>();

    /**
     * @param channelsFirst names of values that are stored as (B,C,T)
     */
    public GoldenTaps(
            GoldenCase golden, dev.skald.testkit.Taps taps, Predicate<String> channelsFirst) {
        this.golden = golden;
        this.taps = taps;
        this.channelsFirst = channelsFirst;
    }

    @Override
    public void tap(String name, Ops ops, Tensor value) {
        if (taps.wants(full(name))) {
            tap(name, ops.read(value), value.batch(), value.rows(), value.cols());
        }
    }

    @Override
    public void tap(String name, float[] value, int... shape) {
        float[] laid =
                channelsFirst.test(name)
                        ? turn(value, shape[0], shape[1], shape[2])
                        : value.clone();
        values.merge(name, laid, GoldenTaps::join);
    }

    /** Compares all that was tapped. */
    public void compare() {
        values.forEach((name, value) -> taps.add(full(name), value));
    }

    private String full(String name) {
        return golden.has("out." + name) ? "out." + name : "tap." + name;
    }

    /** One after the other. */
    public static float[] join(float[] a, float[] b) {
        float[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }

    /** (B,T,C) to (B,C,T) or back. */
    public static float[] turn(float[] values, int batch, int rows, int cols) {
        float[] turned = new float[values.length];
        for (int b = 0; b < batch; b++) {
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < cols; j++) {
                    turned[(b * cols + j) * rows + i] = values[(b * rows + i) * cols + j];
                }
            }
        }
        return turned;
    }
}
