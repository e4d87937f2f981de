package dev.skald.tensor.cpu.elementwise;

/** Loops that C2 turns into vectors by itself: one form for every machine. In place allowed. */
public final class Arithmetic {
    private Arithmetic() {}

    public static void add(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = a[ao + i] + b[bo + i];
        }
    }

    public static void mul(float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = a[ao + i] * b[bo + i];
        }
    }

    /** y += x w. */
    public static void mulAdd(float[] x, int xo, float[] w, int wo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] += x[xo + i] * w[wo + i];
        }
    }

    /** y = a + f b. */
    public static void addScaled(
            float[] a, int ao, float[] b, int bo, float f, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = a[ao + i] + f * b[bo + i];
        }
    }

    /** y = f x + s. */
    public static void scale(float[] x, int xo, float f, float s, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = f * x[xo + i] + s;
        }
    }

    /** y = x g + s. */
    public static void affine(
            float[] x, int xo, float[] g, int go, float[] s, int so, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = x[xo + i] * g[go + i] + s[so + i];
        }
    }

    public static void clamp(float[] x, int xo, float low, float high, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = Math.min(Math.max(x[xo + i], low), high);
        }
    }
}
