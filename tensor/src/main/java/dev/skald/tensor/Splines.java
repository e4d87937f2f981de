package dev.skald.tensor;

/**
 * The monotonic spline of Durkan et al. 2019, "Neural Spline Flows", run backwards: ten bins over
 * [-5, 5], linear tails of slope 1 (their equations 4 to 8; {@code transforms.py} of
 * bayesiains/nsf, the constants of VITS).
 */
public final class Splines {
    private static final int BINS = 10;

    /** Values a spline is described by: widths, heights, and derivatives between the bins. */
    public static final int PARAMETERS = 3 * BINS - 1;

    private static final float BOUND = 5;
    private static final float MIN = 1e-3f;
    private static final float LAST_EDGE = 1e-6f;

    private Splines() {}

    /**
     * Maps each value back through its spline, in place.
     *
     * @param values T heights
     * @param parameters (T, {@link #PARAMETERS})
     * @param shrink what widths and heights are divided by before their softmax
     */
    public static void invert(float[] values, float[] parameters, float shrink) {
        float[] x = new float[BINS + 1];
        float[] y = new float[BINS + 1];
        for (int i = 0; i < values.length; i++) {
            // Written so that NaN stays NaN.
            if (values[i] >= -BOUND && values[i] <= BOUND) {
                int at = i * PARAMETERS;
                edges(parameters, at, shrink, x);
                edges(parameters, at + BINS, shrink, y);
                values[i] = invert(values[i], x, y, parameters, at + 2 * BINS);
            }
        }
    }

    private static float invert(float v, float[] x, float[] y, float[] parameters, int slopes) {
        int bin = 0;
        while (bin < BINS - 1 && v >= y[bin + 1]) {
            bin++;
        }
        if (bin == BINS - 1 && v >= y[BINS] + LAST_EDGE) {
            return v;
        }
        float width = x[bin + 1] - x[bin];
        float height = y[bin + 1] - y[bin];
        float delta = height / width;
        float slope0 = bin == 0 ? 1 : slope(parameters[slopes + bin - 1]);
        float slope1 = bin == BINS - 1 ? 1 : slope(parameters[slopes + bin]);
        float rise = v - y[bin];
        float bend = slope0 + slope1 - 2 * delta;
        float a = rise * bend + height * (delta - slope0);
        float b = height * slope0 - rise * bend;
        float c = -delta * rise;
        float root = 2 * c / (-b - (float) Math.sqrt(b * b - 4 * a * c));
        return root * width + x[bin];
    }

    /** Softmax, a least width for each bin, summed up over [-BOUND, BOUND]. */
    private static void edges(float[] raw, int at, float shrink, float[] edges) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < BINS; i++) {
            max = Math.max(max, raw[at + i] / shrink);
        }
        float sum = 0;
        for (int i = 0; i < BINS; i++) {
            float e = (float) Math.exp(raw[at + i] / shrink - max);
            edges[i + 1] = e;
            sum += e;
        }
        float total = 0;
        edges[0] = -BOUND;
        for (int i = 1; i <= BINS; i++) {
            total += MIN + (1 - MIN * BINS) * (edges[i] / sum);
            edges[i] = 2 * BOUND * total - BOUND;
        }
        edges[BINS] = BOUND;
    }

    private static float slope(float raw) {
        // softplus; large values are their own
        return MIN + (raw > 20 ? raw : (float) Math.log1p(Math.exp(raw)));
    }
}
