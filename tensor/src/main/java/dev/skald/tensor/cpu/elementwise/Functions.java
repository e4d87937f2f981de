package dev.skald.tensor.cpu.elementwise;

import dev.skald.tensor.Activation;
import dev.skald.tensor.cpu.memory.CpuTensor;

/** The functions over runs of values, with vectors or without. In place allowed. For any thread. */
public final class Functions {
    private final boolean vectors;

    public Functions(boolean vectors) {
        this.vectors = vectors;
    }

    /**
     * y = f(x).
     *
     * @param channel the first value's channel, for a function with values for each channel
     */
    public void activate(Activation f, int channel, float[] x, int xo, float[] y, int yo, int n) {
        switch (f.kind()) {
            case NONE -> {
                if (x != y || xo != yo) {
                    System.arraycopy(x, xo, y, yo, n);
                }
            }
            case ABS -> {
                for (int i = 0; i < n; i++) {
                    y[yo + i] = Math.abs(x[xo + i]);
                }
            }
            case SQUARE -> Arithmetic.mul(x, xo, x, xo, y, yo, n);
            case SNAKE -> snake(f, channel, x, xo, y, yo, n);
            default -> unary(f, x, xo, y, yo, n);
        }
    }

    private void unary(Activation f, float[] x, int xo, float[] y, int yo, int n) {
        UnaryFunction function = UnaryFunction.of(f.kind());
        float parameter = UnaryFunction.parameter(f);
        if (!vectors) {
            function.exact(parameter, x, xo, y, yo, n);
            return;
        }
        UnaryFunction.Vectors loop = function.vectors();
        int i = loop.isReady(n) ? loop.simd(parameter, x, xo, y, yo, n) : 0;
        if (i < n) {
            function.simdTail(parameter, x, xo + i, y, yo + i, n - i);
        }
    }

    private void snake(Activation f, int channel, float[] x, int xo, float[] y, int yo, int n) {
        if (!(f.alpha() instanceof CpuTensor alpha)) {
            throw new IllegalArgumentException("snake needs its alpha");
        }
        if (vectors) {
            Snake.vectors(alpha.data, alpha.offset + channel, x, xo, y, yo, n);
        } else {
            Snake.exact(alpha.data, alpha.offset + channel, x, xo, y, yo, n);
        }
    }

    /** y = tanh(a) sigmoid(b). */
    public void gateTanh(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        if (vectors) {
            Gate.tanh(a, ao, b, bo, y, yo, n);
        } else {
            Gate.exactTanh(a, ao, b, bo, y, yo, n);
        }
    }

    /** y = silu(a) b. */
    public void gateSilu(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        if (vectors) {
            Gate.silu(a, ao, b, bo, y, yo, n);
        } else {
            Gate.exactSilu(a, ao, b, bo, y, yo, n);
        }
    }

    /**
     * One step of an LSTM after its products.
     *
     * @param gates i, f, g, o of n values each from {@code at} on, used up
     * @param c the cell state, carried on
     * @param h the output
     */
    public void lstmCell(float[] gates, int at, float[] c, int co, float[] h, int ho, int n) {
        if (!vectors) {
            exactLstmCell(gates, at, c, co, h, ho, n);
            return;
        }
        gateTanh(gates, at + 2 * n, gates, at, gates, at, n);
        activate(Activation.SIGMOID, 0, gates, at + n, gates, at + n, n);
        for (int j = 0; j < n; j++) {
            c[co + j] = Math.fma(gates[at + n + j], c[co + j], gates[at + j]);
        }
        gateTanh(c, co, gates, at + 3 * n, h, ho, n);
    }

    private static void exactLstmCell(
            float[] gates, int at, float[] c, int co, float[] h, int ho, int n) {
        for (int j = 0; j < n; j++) {
            double i = Sigmoid.sigmoid((double) gates[at + j]);
            double f = Sigmoid.sigmoid((double) gates[at + n + j]);
            double g = Math.tanh(gates[at + 2 * n + j]);
            double o = Sigmoid.sigmoid((double) gates[at + 3 * n + j]);
            double s = f * c[co + j] + i * g;
            c[co + j] = (float) s;
            h[ho + j] = (float) (o * Math.tanh(s));
        }
    }

    /** Requests the kernel of a vocoder. */
    public static void prepare() {
        LeakyRelu.Simd.KERNEL.request();
    }

    /** Requests the kernels of Chatterbox. */
    public static void prepareSpeech() {
        Gelu.Simd.KERNEL.request();
        GeluTanh.Simd.KERNEL.request();
        Silu.Simd.KERNEL.request();
        Mish.Simd.KERNEL.request();
        Elu.Simd.KERNEL.request();
        Snake.Simd.KERNEL.request();
        Exp.Simd.KERNEL.request();
        Sine.Simd.KERNEL.request();
    }
}
