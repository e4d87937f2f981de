package dev.skald.tensor.cpu;

import jdk.incubator.vector.FloatVector;

/** The two transforms of {@link Winograd}: value by value over rows that lie a step apart. */
final class VectorWinograd {
    private static final FloatVector P2 = FloatVector.broadcast(Lanes.F, 2);
    private static final FloatVector P4 = FloatVector.broadcast(Lanes.F, 4);
    private static final FloatVector P8 = FloatVector.broadcast(Lanes.F, 8);
    private static final FloatVector P16 = FloatVector.broadcast(Lanes.F, 16);
    private static final FloatVector P32 = FloatVector.broadcast(Lanes.F, 32);
    private static final FloatVector P64 = FloatVector.broadcast(Lanes.F, 64);
    private static final FloatVector P05 = FloatVector.broadcast(Lanes.F, 0.5f);
    private static final FloatVector P025 = FloatVector.broadcast(Lanes.F, 0.25f);
    private static final FloatVector P0125 = FloatVector.broadcast(Lanes.F, 0.125f);
    private static final FloatVector P00625 = FloatVector.broadcast(Lanes.F, 0.0625f);
    private static final FloatVector P003125 = FloatVector.broadcast(Lanes.F, 0.03125f);
    private static final FloatVector P0015625 = FloatVector.broadcast(Lanes.F, 0.015625f);
    private static final FloatVector P525 = FloatVector.broadcast(Lanes.F, 5.25f);
    private static final FloatVector M425 = FloatVector.broadcast(Lanes.F, -4.25f);
    private static final FloatVector M25 = FloatVector.broadcast(Lanes.F, -2.5f);
    private static final FloatVector M125 = FloatVector.broadcast(Lanes.F, -1.25f);
    private static final FloatVector M5 = FloatVector.broadcast(Lanes.F, -5);
    private static final FloatVector ONE = FloatVector.broadcast(Lanes.F, 1);
    private static final FloatVector ZERO = FloatVector.zero(Lanes.F);

    private VectorWinograd() {}

    /** {@link Kernels#winogradInput} for whole vectors. */
    static void input(float[] x, int xo, int step, float[] v, int vo, int pointStep, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            int f = xo + i;
            FloatVector x1 = FloatVector.fromArray(Lanes.F, x, f + step);
            FloatVector x2 = FloatVector.fromArray(Lanes.F, x, f + 2 * step);
            FloatVector x3 = FloatVector.fromArray(Lanes.F, x, f + 3 * step);
            FloatVector x4 = FloatVector.fromArray(Lanes.F, x, f + 4 * step);
            FloatVector x5 = FloatVector.fromArray(Lanes.F, x, f + 5 * step);
            FloatVector x6 = FloatVector.fromArray(Lanes.F, x, f + 6 * step);
            int o = vo + i;
            FloatVector even = x4.fma(M425, x2.add(x6));
            FloatVector odd = x3.fma(M425, x1.add(x5));
            even.add(odd).intoArray(v, o + pointStep);
            even.sub(odd).intoArray(v, o + 2 * pointStep);
            FloatVector o3 = x3.mul(M25);
            even = x2.fma(P025, x4.fma(M125, x6));
            odd = x1.fma(P05, x5.fma(P2, o3));
            even.add(odd).intoArray(v, o + 3 * pointStep);
            even.sub(odd).intoArray(v, o + 4 * pointStep);
            even = x2.fma(P4, x4.fma(M5, x6));
            odd = x1.fma(P2, x5.fma(P05, o3));
            even.add(odd).intoArray(v, o + 5 * pointStep);
            even.sub(odd).intoArray(v, o + 6 * pointStep);
            x2.sub(x4).fma(P525, x6.sub(FloatVector.fromArray(Lanes.F, x, f))).intoArray(v, o);
            x3.sub(x5)
                    .fma(P525, FloatVector.fromArray(Lanes.F, x, f + 7 * step).sub(x1))
                    .intoArray(v, o + 7 * pointStep);
        }
    }

    /** {@link Kernels#winogradOutput} for whole vectors. */
    static void output(float[] t, int to, int pointStep, int outputs, float[] y, int yo, int step) {
        FloatVector last4 = outputs == 4 ? ONE : ZERO;
        FloatVector last5 = outputs == 5 ? ONE : ZERO;
        FloatVector last6 = outputs == 6 ? ONE : ZERO;
        for (int i = 0; i < step; i += Lanes.N) {
            int f = to + i;
            int o = yo + i;
            FloatVector a = FloatVector.fromArray(Lanes.F, t, f + pointStep);
            FloatVector b = FloatVector.fromArray(Lanes.F, t, f + 2 * pointStep);
            FloatVector e1 = a.add(b);
            FloatVector o1 = a.sub(b);
            a = FloatVector.fromArray(Lanes.F, t, f + 3 * pointStep);
            b = FloatVector.fromArray(Lanes.F, t, f + 4 * pointStep);
            FloatVector e2 = a.add(b);
            FloatVector o2 = a.sub(b);
            a = FloatVector.fromArray(Lanes.F, t, f + 5 * pointStep);
            b = FloatVector.fromArray(Lanes.F, t, f + 6 * pointStep);
            FloatVector e3 = a.add(b);
            FloatVector o3 = a.sub(b);
            FloatVector end = FloatVector.fromArray(Lanes.F, t, f + 7 * pointStep);
            FloatVector.fromArray(Lanes.F, t, f).add(e1).add(e2.add(e3)).intoArray(y, o);
            o2.fma(P2, o3.fma(P05, o1)).intoArray(y, o + step);
            e2.fma(P4, e3.fma(P025, e1)).intoArray(y, o + 2 * step);
            end.fma(last4, o2.fma(P8, o3.fma(P0125, o1))).intoArray(y, o + 3 * step);
            if (outputs > 4) {
                end.fma(last5, e2.fma(P16, e3.fma(P00625, e1))).intoArray(y, o + 4 * step);
            }
            if (outputs > 5) {
                end.fma(last6, o2.fma(P32, o3.fma(P003125, o1))).intoArray(y, o + 5 * step);
            }
            if (outputs > 6) {
                end.add(e2.fma(P64, e3.fma(P0015625, e1))).intoArray(y, o + 6 * step);
            }
        }
    }
}
