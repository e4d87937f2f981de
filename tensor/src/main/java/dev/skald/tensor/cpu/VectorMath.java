package dev.skald.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Functions of a vector of floats, by polynomials after range reduction; no library behind them, so
 * that every machine gives the same values. Coefficients of exp, log, sin and cos are those of
 * Cephes (Moshier 1989); errors are held by the tests.
 */
final class VectorMath {
    /** Adding it rounds to an integer and leaves that in the low bits. */
    private static final float ROUND = 12582912f;

    /** Beyond it the reduction of {@link #sin} loses places. */
    static final float FAR = 1e5f;

    private VectorMath() {}

    private static FloatVector c(float v) {
        return FloatVector.broadcast(Lanes.F, v);
    }

    /** e^x for x up to 88, e^88 above; from -87 down it stays at e^-87. */
    static FloatVector exp(FloatVector x) {
        FloatVector v = x.max(-87f).min(88f);
        FloatVector n = v.mul(1.44269504f).add(ROUND).sub(ROUND);
        return expm1Part(v, n).add(1f).mul(power(n));
    }

    /** e^x - 1, exact near zero, with the limits of {@link #exp}. */
    static FloatVector expm1(FloatVector x) {
        FloatVector v = x.max(-87f).min(88f);
        FloatVector n = v.mul(1.44269504f).add(ROUND).sub(ROUND);
        FloatVector s = power(n);
        return expm1Part(v, n).fma(s, s.sub(1f));
    }

    /** e^(v - n ln 2) - 1. */
    private static FloatVector expm1Part(FloatVector v, FloatVector n) {
        FloatVector r = n.fma(c(-0.693359375f), v);
        r = n.fma(c(2.12194440e-4f), r);
        FloatVector y = c(1.9875691500e-4f).fma(r, c(1.3981999507e-3f));
        y = y.fma(r, c(8.3334519073e-3f));
        y = y.fma(r, c(4.1665795894e-2f));
        y = y.fma(r, c(1.6666665459e-1f));
        y = y.fma(r, c(5.0000001201e-1f));
        return y.fma(r.mul(r), r);
    }

    /** 2^n for whole n from -126 to 127. */
    private static FloatVector power(FloatVector n) {
        return n.add(ROUND + 127)
                .reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, 23)
                .reinterpretAsFloats();
    }

    static FloatVector sigmoid(FloatVector x) {
        return c(1f).div(exp(x.neg()).add(1f));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector m = expm1(x.add(x).min(40f));
        return m.div(m.add(2f));
    }

    /** tanh(a) sigmoid(b) with one division. */
    static FloatVector gate(FloatVector a, FloatVector b) {
        FloatVector m = expm1(a.add(a).min(40f));
        FloatVector e = exp(b.neg().min(40f)).add(1f);
        return m.div(m.add(2f).mul(e));
    }

    static FloatVector silu(FloatVector x) {
        return x.div(exp(x.neg()).add(1f));
    }

    /** x tanh(ln(1 + e^x)) = x u / (u + 2), u = e^x (e^x + 2). */
    static FloatVector mish(FloatVector x) {
        FloatVector e = exp(x.min(20f));
        FloatVector u = e.fma(e, e.add(e));
        return x.mul(u).div(u.add(2f));
    }

    /** x / 2 erfc(-x / sqrt 2); ln erfc(z) / z is a polynomial fitted by Chebyshev on [0, 4]. */
    static FloatVector gelu(FloatVector x) {
        FloatVector z = x.abs().mul(0.70710678f);
        FloatVector t = z.min(4f);
        FloatVector p = c(1.01397727e-7f).fma(t, c(-2.55876506e-6f));
        p = p.fma(t, c(2.87435818e-5f));
        p = p.fma(t, c(-1.88092176e-4f));
        p = p.fma(t, c(7.71879746e-4f));
        p = p.fma(t, c(-1.82303072e-3f));
        p = p.fma(t, c(2.58150395e-4f));
        p = p.fma(t, c(1.91213860e-2f));
        p = p.fma(t, c(-1.02773361e-1f));
        p = p.fma(t, c(-6.36619567e-1f));
        p = p.fma(t, c(-1.12837917f));
        FloatVector half = exp(p.mul(z)).mul(0.5f);
        return x.mul(half.blend(c(1f).sub(half), x.compare(VectorOperators.GE, 0f)));
    }

    static FloatVector geluTanh(FloatVector x) {
        FloatVector u = x.mul(x).fma(x.mul(0.044715f), x).mul(-1.5957691216f);
        return x.div(exp(u).add(1f));
    }

    static FloatVector elu(FloatVector x, float alpha) {
        return expm1(x.min(0f)).mul(alpha).blend(x, x.compare(VectorOperators.GT, 0f));
    }

    /** ln x of a normal number above zero. */
    static FloatVector log(FloatVector x) {
        IntVector bits = x.reinterpretAsInts();
        // Mantissa in [sqrt 1/2, sqrt 2).
        IntVector shifted = bits.sub(0x3f3504f3);
        IntVector e = shifted.lanewise(VectorOperators.ASHR, 23);
        FloatVector m =
                shifted.lanewise(VectorOperators.AND, 0x7fffff)
                        .add(0x3f3504f3)
                        .reinterpretAsFloats()
                        .sub(1f);
        FloatVector n = (FloatVector) e.convertShape(VectorOperators.I2F, Lanes.F, 0);
        FloatVector z = m.mul(m);
        FloatVector y = c(7.0376836292e-2f).fma(m, c(-1.1514610310e-1f));
        y = y.fma(m, c(1.1676998740e-1f));
        y = y.fma(m, c(-1.2420140846e-1f));
        y = y.fma(m, c(1.4249322787e-1f));
        y = y.fma(m, c(-1.6668057665e-1f));
        y = y.fma(m, c(2.0000714765e-1f));
        y = y.fma(m, c(-2.4999993993e-1f));
        y = y.fma(m, c(3.3333331174e-1f));
        y = y.mul(m).mul(z);
        y = n.fma(c(-2.12194440e-4f), y);
        y = z.fma(c(-0.5f), y);
        return n.fma(c(0.693359375f), m.add(y));
    }

    /** sin x (quarter 0) or cos x (quarter 1), for |x| up to 1e5. */
    static FloatVector sin(FloatVector x, int quarter) {
        FloatVector k = x.mul(0.636619772f).add(ROUND);
        IntVector q = k.reinterpretAsInts().add(quarter);
        FloatVector n = k.sub(ROUND);
        // pi / 2 in three parts; the multiply-add keeps each product exact.
        FloatVector r = n.fma(c(-1.57079637f), x);
        r = n.fma(c(4.37113883e-8f), r);
        r = n.fma(c(1.71512451e-15f), r);
        FloatVector z = r.mul(r);
        FloatVector s = c(-1.9515295891e-4f).fma(z, c(8.3321608736e-3f));
        s = s.fma(z, c(-1.6666654611e-1f)).mul(z).fma(r, r);
        FloatVector o = c(2.443315711809948e-5f).fma(z, c(-1.388731625493765e-3f));
        o = o.fma(z, c(4.166664568298827e-2f)).mul(z).fma(z, z.mul(-0.5f).add(1f));
        VectorMask<Float> odd =
                q.lanewise(VectorOperators.AND, 1).compare(VectorOperators.NE, 0).cast(Lanes.F);
        FloatVector y = s.blend(o, odd);
        IntVector sign = q.lanewise(VectorOperators.AND, 2).lanewise(VectorOperators.LSHL, 30);
        return y.reinterpretAsInts().lanewise(VectorOperators.XOR, sign).reinterpretAsFloats();
    }
}
