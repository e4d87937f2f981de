package dev.skald.testkit;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.io.StoredTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Compares what a stage made with what the official code made, tap by tap: {@code |got - want| <=
 * atol}, integers equal. A name that the manifest does not ask for is ignored.
 */
public final class Taps {
    private static final int MOST_REPORTED = 20;

    private final GoldenCase golden;
    private final Set<String> open = new LinkedHashSet<>();
    private final List<String> failures = new ArrayList<>();
    private int taps;
    private long floats;
    private long integers;
    private double worst;

    /** For one case. */
    public Taps(GoldenCase golden) {
        this.golden = golden;
        for (Map.Entry<String, JsonNode> e : golden.tensors().properties()) {
            if (!e.getKey().startsWith("in.")) {
                open.add(e.getKey());
            }
        }
    }

    /** Whether a value is still to be given. */
    boolean any() {
        return !open.isEmpty();
    }

    /** Whether the manifest asks for that value and it was not given yet. */
    public boolean wants(String name) {
        return open.contains(name);
    }

    /** Values in row-major order; the shape is compared if given. */
    public void add(String name, float[] got, int... shape) {
        if (!open.remove(name)) {
            return;
        }
        JsonNode description = golden.tensors().path(name);
        StoredTensor want = golden.stored(name);
        taps++;
        if (!sameShape(name, description, want, true, got.length, shape)) {
            return;
        }
        if (!description.path("atol").isNumber()) {
            fail(name, "has no tolerance in the manifest");
            return;
        }
        double atol = description.path("atol").asDouble();
        float[] expected = want.floatsAsStored();
        int bad = 0;
        int first = -1;
        double most = 0;
        int mostAt = 0;
        for (int i = 0; i < got.length; i++) {
            floats++;
            if (got[i] == expected[i]) {
                continue;
            }
            double d = Math.abs((double) got[i] - expected[i]);
            if (!(d <= atol)) {
                bad++;
                if (first < 0) {
                    first = i;
                }
            }
            if (!(d <= most)) {
                most = d;
                mostAt = i;
            }
        }
        worst = Math.max(worst, most / atol);
        if (bad > 0) {
            fail(
                    name,
                    String.format(
                            Locale.ROOT,
                            "%d of %d values are off by more than %.3g; first at %s: got %s, want %s;"
                                    + " worst %.3g at %s: got %s, want %s",
                            bad,
                            got.length,
                            atol,
                            index(first, want.shape()),
                            got[first],
                            expected[first],
                            most,
                            index(mostAt, want.shape()),
                            got[mostAt],
                            expected[mostAt]));
        }
    }

    /** All values of a tensor. */
    public void add(String name, Ops ops, Tensor got, int... shape) {
        if (wants(name)) {
            add(name, ops.read(got), shape);
        }
    }

    /** A (B,T,C) tensor whose golden is stored channels first, (B,C,T). */
    public void addTransposed(String name, Ops ops, Tensor got, int... shape) {
        if (!wants(name)) {
            return;
        }
        float[] rows = ops.read(got);
        float[] turned = new float[rows.length];
        int t = got.rows();
        int c = got.cols();
        for (int b = 0; b < got.batch(); b++) {
            for (int i = 0; i < t; i++) {
                for (int j = 0; j < c; j++) {
                    turned[(b * c + j) * t + i] = rows[(b * t + i) * c + j];
                }
            }
        }
        add(name, turned, shape);
    }

    /** Integers, which must be equal. */
    public void add(String name, int[] got, int... shape) {
        if (!open.remove(name)) {
            return;
        }
        StoredTensor want = golden.stored(name);
        taps++;
        if (!sameShape(name, golden.tensors().path(name), want, false, got.length, shape)) {
            return;
        }
        int[] expected = want.ints();
        integers += got.length;
        int at = Arrays.mismatch(got, expected);
        if (at >= 0) {
            fail(
                    name,
                    "differs at "
                            + index(at, want.shape())
                            + ": got "
                            + got[at]
                            + ", want "
                            + expected[at]);
        }
    }

    private boolean sameShape(
            String name,
            JsonNode description,
            StoredTensor want,
            boolean floating,
            int count,
            int[] shape) {
        String dtype = "torch." + description.path("dtype").asString();
        if (description.has("dtype") && !want.dtype().torchName().equals(dtype)) {
            fail(
                    name,
                    "is "
                            + want.dtype().torchName()
                            + " in the file, "
                            + dtype
                            + " in the manifest");
            return false;
        }
        if (want.dtype().isFloating() != floating) {
            fail(name, "is " + want.dtype().torchName() + ", which is not what the stage gives");
            return false;
        }
        int[] stored = want.shape();
        List<Integer> named = new ArrayList<>();
        description.path("shape").forEach(d -> named.add(d.asInt()));
        if (!named.equals(Arrays.stream(stored).boxed().toList())) {
            fail(
                    name,
                    "is "
                            + Arrays.toString(stored)
                            + " in the file, "
                            + named
                            + " in the manifest");
            return false;
        }
        if (count != want.size() || (shape.length > 0 && !Arrays.equals(shape, stored))) {
            fail(
                    name,
                    "has "
                            + count
                            + " values "
                            + Arrays.toString(shape)
                            + ", want "
                            + Arrays.toString(stored));
            return false;
        }
        return true;
    }

    /** Records a mismatch of something that is no tensor. */
    public void fail(String name, String what) {
        failures.add(golden + " " + name + " " + what);
    }

    /** Counts integers that a stage compared by itself. */
    public void countIntegers(long n) {
        integers += n;
    }

    /** Throws if a value was off, or was never given. */
    void close() {
        for (String name : open) {
            fail(name, "was not checked: the stage gave no such value");
        }
        closeWithoutCase();
    }

    /** Throws if something was off, whatever values were given. */
    void closeWithoutCase() {
        open.clear();
        if (!failures.isEmpty()) {
            int shown = Math.min(MOST_REPORTED, failures.size());
            throw new AssertionError(
                    String.join("\n", failures.subList(0, shown))
                            + (shown < failures.size()
                                    ? "\nand " + (failures.size() - shown) + " more"
                                    : ""));
        }
    }

    int taps() {
        return taps;
    }

    long floats() {
        return floats;
    }

    long integers() {
        return integers;
    }

    /** The largest error as a share of its tolerance. */
    double worst() {
        return worst;
    }

    private static String index(int flat, int[] shape) {
        int[] at = new int[shape.length];
        int rest = flat;
        for (int d = shape.length - 1; d >= 0; d--) {
            at[d] = rest % shape[d];
            rest /= shape[d];
        }
        return Arrays.toString(at);
    }
}
