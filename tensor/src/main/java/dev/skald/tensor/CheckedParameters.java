package dev.skald.tensor;

import org.jspecify.annotations.Nullable;

/**
 * {@link Parameters} whose arguments are checked before a backend packs them, so that every backend
 * refuses the same with the same words. What a method below gets fits together.
 */
public abstract class CheckedParameters implements Parameters {
    private final Backend backend;

    protected CheckedParameters(Backend backend) {
        this.backend = backend;
    }

    @Override
    public final Backend backend() {
        return backend;
    }

    /**
     * Linear maps of the same input, outputs side by side.
     *
     * @param weights (out, in) each; one may be (in, out) instead
     * @param biases as many, each of which may be missing
     * @param out the sum of theirs
     */
    public record Joined(Weight[] weights, @Nullable Weight[] biases, int in, int out) {
        /** Outputs of map {@code i}. */
        public int out(int i) {
            return Math.toIntExact(weights[i].size() / in);
        }

        /** Whether any of them has a bias. */
        public boolean isBiased() {
            for (Weight b : biases) {
                if (b != null) {
                    return true;
                }
            }
            return false;
        }
    }

    /** A 1-D convolution: {@code part} input channels a group. */
    public record Conv1dShape(
            int out, int part, int kernel, int stride, int dilation, int groups, Role role) {
        public int in() {
            return Math.multiplyExact(part, groups);
        }

        /** Whether each channel is convolved alone. */
        public boolean isDepthwise() {
            return part == 1 && out == groups && groups > 1;
        }
    }

    /** A transposed 1-D convolution. */
    public record ConvTranspose1dShape(
            int in, int out, int kernel, int stride, int padding, Role role) {}

    /** A 2-D convolution. */
    public record Conv2dShape(
            int out,
            int in,
            int kernelH,
            int kernelW,
            int strideH,
            int strideW,
            int paddingH,
            int paddingW) {
        public int area() {
            return Math.multiplyExact(kernelH, kernelW);
        }
    }

    protected abstract Linear pack(Joined maps, Role role);

    /** {@code weight} is (in, out). */
    protected abstract Linear packTransposed(
            Weight weight, @Nullable Weight bias, int in, int out, Role role);

    protected abstract Conv1d pack(Weight weight, @Nullable Weight bias, Conv1dShape shape);

    protected abstract ConvTranspose1d pack(
            Weight weight, @Nullable Weight bias, ConvTranspose1dShape shape);

    protected abstract Conv2d pack(Weight weight, @Nullable Weight bias, Conv2dShape shape);

    /** {@code bias} is the sum of both, (4H). */
    protected abstract Lstm pack(Weight input, Weight hidden, Weight bias, int size);

    protected abstract Embedding packTable(Weight weight, int entries, int dim);

    /** A dense tensor (1, rows, cols). */
    protected abstract Tensor pack(float[] values, int rows, int cols);

    @Override
    public final Linear linear(Weight weight, @Nullable Weight bias, Role role) {
        return linear(new Weight[] {weight}, new @Nullable Weight[] {bias}, role);
    }

    @Override
    public final Linear linear(Weight[] weights, @Nullable Weight @Nullable [] biases, Role role) {
        int in = dims(weights[0], 2)[1];
        int out = 0;
        for (int i = 0; i < weights.length; i++) {
            int[] d = dims(weights[i], 2);
            require(weights[i], d[1] == in, "(out, " + in + ")");
            vector(biases == null ? null : biases[i], d[0]);
            out = Math.addExact(out, d[0]);
        }
        @Nullable Weight[] all = biases == null ? new @Nullable Weight[weights.length] : biases;
        return pack(new Joined(weights, all, in, out), role);
    }

    @Override
    public final Linear linearTransposed(Weight weight, @Nullable Weight bias, Role role) {
        int[] d = dims(weight, 2);
        vector(bias, d[1]);
        return packTransposed(weight, bias, d[0], d[1], role);
    }

    @Override
    public final Conv1d conv1d(
            Weight weight, @Nullable Weight bias, int stride, int dilation, int groups, Role role) {
        int[] d = dims(weight, 3);
        if (stride < 1 || dilation < 1 || groups < 1 || d[0] % groups != 0) {
            throw new WeightException(
                    "tensor '"
                            + weight.name()
                            + "' cannot be a convolution of stride "
                            + stride
                            + ", dilation "
                            + dilation
                            + ", "
                            + groups
                            + " groups");
        }
        vector(bias, d[0]);
        return pack(
                weight, bias, new Conv1dShape(d[0], d[1], d[2], stride, dilation, groups, role));
    }

    @Override
    public final ConvTranspose1d convTranspose1d(
            Weight weight, @Nullable Weight bias, int stride, int padding, Role role) {
        int[] d = dims(weight, 3);
        if (stride < 1 || padding < 0) {
            throw new WeightException(
                    "tensor '"
                            + weight.name()
                            + "' cannot be a transposed convolution of stride "
                            + stride
                            + ", padding "
                            + padding);
        }
        vector(bias, d[1]);
        return pack(
                weight, bias, new ConvTranspose1dShape(d[0], d[1], d[2], stride, padding, role));
    }

    @Override
    public final Conv2d conv2d(
            Weight weight,
            @Nullable Weight bias,
            int strideH,
            int strideW,
            int paddingH,
            int paddingW) {
        int[] d = dims(weight, 4);
        if (strideH < 1 || strideW < 1 || paddingH < 0 || paddingW < 0) {
            throw new WeightException(
                    "tensor '" + weight.name() + "' has a stride below 1 or a negative padding");
        }
        vector(bias, d[0]);
        return pack(
                weight,
                bias,
                new Conv2dShape(d[0], d[1], d[2], d[3], strideH, strideW, paddingH, paddingW));
    }

    @Override
    public final Lstm lstm(
            Weight inputWeight,
            Weight hiddenWeight,
            @Nullable Weight bias1,
            @Nullable Weight bias2) {
        int size = dims(hiddenWeight, 2)[1];
        require(hiddenWeight, hiddenWeight.shape()[0] == 4 * size, "(4H, H)");
        require(inputWeight, dims(inputWeight, 2)[0] == 4 * size, "(" + 4 * size + ", in)");
        float[] bias = new float[4 * size];
        for (Weight b : new @Nullable Weight[] {bias1, bias2}) {
            if (b != null) {
                vector(b, bias.length);
                float[] more = b.floats();
                for (int i = 0; i < bias.length; i++) {
                    bias[i] += more[i];
                }
            }
        }
        Weight sum = Weight.of(inputWeight.name(), bias, bias.length);
        return pack(inputWeight, hiddenWeight, sum, size);
    }

    @Override
    public final Embedding embedding(Weight weight) {
        int[] d = dims(weight, 2);
        return packTable(weight, d[0], d[1]);
    }

    @Override
    public final Tensor constant(float[] values, int rows, int cols) {
        if ((long) rows * cols != values.length) {
            throw new IllegalArgumentException(
                    values.length + " values for " + rows + " rows of " + cols);
        }
        return pack(values.clone(), rows, cols);
    }

    private static void vector(@Nullable Weight w, int length) {
        if (w != null) {
            require(w, w.size() == length, "(" + length + ")");
        }
    }

    private static int[] dims(Weight w, int count) {
        int[] d = w.shape();
        boolean ok = d.length == count;
        for (int i = 0; ok && i < count; i++) {
            ok = d[i] > 0;
        }
        require(w, ok, count + " dimensions, none of them empty");
        return d;
    }

    private static void require(Weight w, boolean ok, String expected) {
        if (!ok) {
            throw WeightException.shape(w.name(), w.shape(), expected);
        }
    }
}
