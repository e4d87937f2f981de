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

    // Constants as vectors: made anew at each use they would pass C2's budget of nodes.
    private static final FloatVector LOW = c(-87f);
    private static final FloatVector HIGH = c(88f);
    private static final FloatVector LOG2_E = c(1.44269504f);
    private static final FloatVector ROUND_V = c(ROUND);
    private static final FloatVector ROUND_BIAS = c(ROUND + 127);
    private static final FloatVector ONE = c(1f);
    private static final FloatVector TWO = c(2f);
    private static final FloatVector FORTY = c(40f);
    private static final FloatVector TWENTY = c(20f);
    private static final FloatVector HALF = c(0.5f);
    private static final FloatVector MINUS_HALF = c(-0.5f);
    private static final FloatVector FOUR = c(4f);
    private static final FloatVector ZERO = c(0f);
    private static final FloatVector LN2_HIGH_NEG = c(-0.693359375f);
    private static final FloatVector LN2_HIGH = c(0.693359375f);
    private static final FloatVector LN2_LOW_NEG = c(2.12194440e-4f);
    private static final FloatVector LN2_LOW = c(-2.12194440e-4f);
    private static final FloatVector SQRT_HALF = c(0.70710678f);
    private static final FloatVector TWO_OVER_PI = c(0.636619772f);
    private static final FloatVector CUBIC = c(0.044715f);
    private static final FloatVector TANH_GELU = c(-1.5957691216f);
    private static final FloatVector EXP_0 = c(1.9875691500e-4f);
    private static final FloatVector EXP_1 = c(1.3981999507e-3f);
    private static final FloatVector EXP_2 = c(8.3334519073e-3f);
    private static final FloatVector EXP_3 = c(4.1665795894e-2f);
    private static final FloatVector EXP_4 = c(1.6666665459e-1f);
    private static final FloatVector EXP_5 = c(5.0000001201e-1f);
    private static final FloatVector LEAST_POWER = c(-126f);
    private static final FloatVector EXP2_1 = c(6.9314720e-1f);
    private static final FloatVector EXP2_2 = c(2.4022648e-1f);
    private static final FloatVector EXP2_3 = c(5.5503324e-2f);
    private static final FloatVector EXP2_4 = c(9.6184370e-3f);
    private static final FloatVector EXP2_5 = c(1.3398874e-3f);
    private static final FloatVector EXP2_6 = c(1.5353362e-4f);
    private static final FloatVector ERFC_0 = c(1.01397727e-7f);
    private static final FloatVector ERFC_1 = c(-2.55876506e-6f);
    private static final FloatVector ERFC_2 = c(2.87435818e-5f);
    private static final FloatVector ERFC_3 = c(-1.88092176e-4f);
    private static final FloatVector ERFC_4 = c(7.71879746e-4f);
    private static final FloatVector ERFC_5 = c(-1.82303072e-3f);
    private static final FloatVector ERFC_6 = c(2.58150395e-4f);
    private static final FloatVector ERFC_7 = c(1.91213860e-2f);
    private static final FloatVector ERFC_8 = c(-1.02773361e-1f);
    private static final FloatVector ERFC_9 = c(-6.36619567e-1f);
    private static final FloatVector ERFC_10 = c(-1.12837917f);
    private static final FloatVector LOG_0 = c(7.0376836292e-2f);
    private static final FloatVector LOG_1 = c(-1.1514610310e-1f);
    private static final FloatVector LOG_2 = c(1.1676998740e-1f);
    private static final FloatVector LOG_3 = c(-1.2420140846e-1f);
    private static final FloatVector LOG_4 = c(1.4249322787e-1f);
    private static final FloatVector LOG_5 = c(-1.6668057665e-1f);
    private static final FloatVector LOG_6 = c(2.0000714765e-1f);
    private static final FloatVector LOG_7 = c(-2.4999993993e-1f);
    private static final FloatVector LOG_8 = c(3.3333331174e-1f);
    private static final FloatVector MINUS_HALF_PI_0 = c(-1.57079637f);
    private static final FloatVector MINUS_HALF_PI_1 = c(4.37113883e-8f);
    private static final FloatVector MINUS_HALF_PI_2 = c(1.71512451e-15f);
    private static final FloatVector SIN_0 = c(-1.9515295891e-4f);
    private static final FloatVector SIN_1 = c(8.3321608736e-3f);
    private static final FloatVector SIN_2 = c(-1.6666654611e-1f);
    private static final FloatVector COS_0 = c(2.443315711809948e-5f);
    private static final FloatVector COS_1 = c(-1.388731625493765e-3f);
    private static final FloatVector COS_2 = c(4.166664568298827e-2f);

    private VectorMath() {}

    private static FloatVector c(float v) {
        return FloatVector.broadcast(Lanes.F, v);
    }

    /** e^x for x up to 88, e^88 above; from -87 down it stays at e^-87. */
    static FloatVector exp(FloatVector x) {
        FloatVector v = clamped(x);
        FloatVector n = v.mul(LOG2_E).add(ROUND_V).sub(ROUND_V);
        return expm1Part(v, n).add(ONE).mul(power(n));
    }

    /** e^x - 1, exact near zero, with the limits of {@link #exp}. */
    static FloatVector expm1(FloatVector x) {
        FloatVector v = clamped(x);
        FloatVector n = v.mul(LOG2_E).add(ROUND_V).sub(ROUND_V);
        FloatVector s = power(n);
        return expm1Part(v, n).fma(s, s.sub(ONE));
    }

    /** By comparing: a vector's own minimum and maximum take three times the instructions. */
    private static FloatVector clamped(FloatVector x) {
        FloatVector v = x.blend(LOW, x.compare(VectorOperators.LT, LOW));
        return v.blend(HIGH, v.compare(VectorOperators.GT, HIGH));
    }

    /** The smaller of the two, for the same reason. */
    private static FloatVector atMost(FloatVector x, FloatVector limit) {
        return x.blend(limit, x.compare(VectorOperators.GT, limit));
    }

    /** e^(v - n ln 2) - 1. */
    private static FloatVector expm1Part(FloatVector v, FloatVector n) {
        FloatVector r = n.fma(LN2_HIGH_NEG, v);
        r = n.fma(LN2_LOW_NEG, r);
        FloatVector y = EXP_0.fma(r, EXP_1);
        y = y.fma(r, EXP_2);
        y = y.fma(r, EXP_3);
        y = y.fma(r, EXP_4);
        y = y.fma(r, EXP_5);
        return y.fma(r.mul(r), r);
    }

    /** 2^n for whole n from -126 to 127. */
    private static FloatVector power(FloatVector n) {
        return n.add(ROUND_BIAS)
                .reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, 23)
                .reinterpretAsFloats();
    }

    /**
     * 2^x for x up to 127; from -126 down it stays at 2^-126. The polynomial is fitted for the
     * least relative error on [-1/2, 1/2].
     */
    static FloatVector exp2(FloatVector x) {
        FloatVector v = x.blend(LEAST_POWER, x.compare(VectorOperators.LT, LEAST_POWER));
        FloatVector k = v.add(ROUND_BIAS);
        FloatVector r = v.sub(k.sub(ROUND_BIAS));
        FloatVector y = EXP2_6.fma(r, EXP2_5);
        y = y.fma(r, EXP2_4);
        y = y.fma(r, EXP2_3);
        y = y.fma(r, EXP2_2);
        y = y.fma(r, EXP2_1);
        y = y.fma(r, ONE);
        return y.mul(
                k.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
    }

    static FloatVector sigmoid(FloatVector x) {
        return ONE.div(exp(x.neg()).add(ONE));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector m = expm1(atMost(x.add(x), FORTY));
        return m.div(m.add(TWO));
    }

    /** tanh(a) sigmoid(b) with one division. */
    static FloatVector gate(FloatVector a, FloatVector b) {
        FloatVector m = expm1(atMost(a.add(a), FORTY));
        FloatVector e = exp(atMost(b.neg(), FORTY)).add(ONE);
        return m.div(m.add(TWO).mul(e));
    }

    static FloatVector silu(FloatVector x) {
        return x.div(exp(x.neg()).add(ONE));
    }

    /** x tanh(ln(1 + e^x)) = x u / (u + 2), u = e^x (e^x + 2). */
    static FloatVector mish(FloatVector x) {
        FloatVector e = exp(atMost(x, TWENTY));
        FloatVector u = e.fma(e, e.add(e));
        return x.mul(u).div(u.add(TWO));
    }

    /** x / 2 erfc(-x / sqrt 2); ln erfc(z) / z is a polynomial fitted by Chebyshev on [0, 4]. */
    static FloatVector gelu(FloatVector x) {
        FloatVector z = x.abs().mul(SQRT_HALF);
        FloatVector t = atMost(z, FOUR);
        FloatVector p = ERFC_0.fma(t, ERFC_1);
        p = p.fma(t, ERFC_2);
        p = p.fma(t, ERFC_3);
        p = p.fma(t, ERFC_4);
        p = p.fma(t, ERFC_5);
        p = p.fma(t, ERFC_6);
        p = p.fma(t, ERFC_7);
        p = p.fma(t, ERFC_8);
        p = p.fma(t, ERFC_9);
        p = p.fma(t, ERFC_10);
        FloatVector half = exp(p.mul(z)).mul(HALF);
        return x.mul(half.blend(ONE.sub(half), x.compare(VectorOperators.GE, ZERO)));
    }

    static FloatVector geluTanh(FloatVector x) {
        FloatVector u = x.mul(x).fma(x.mul(CUBIC), x).mul(TANH_GELU);
        return x.div(exp(u).add(ONE));
    }

    static FloatVector elu(FloatVector x, float alpha) {
        return expm1(atMost(x, ZERO)).mul(alpha).blend(x, x.compare(VectorOperators.GT, ZERO));
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
                        .sub(ONE);
        FloatVector n = (FloatVector) e.convertShape(VectorOperators.I2F, Lanes.F, 0);
        FloatVector z = m.mul(m);
        FloatVector y = LOG_0.fma(m, LOG_1);
        y = y.fma(m, LOG_2);
        y = y.fma(m, LOG_3);
        y = y.fma(m, LOG_4);
        y = y.fma(m, LOG_5);
        y = y.fma(m, LOG_6);
        y = y.fma(m, LOG_7);
        y = y.fma(m, LOG_8);
        y = y.mul(m).mul(z);
        y = n.fma(LN2_LOW, y);
        y = z.fma(MINUS_HALF, y);
        return n.fma(LN2_HIGH, m.add(y));
    }

    /** sin x (quarter 0) or cos x (quarter 1), for |x| up to 1e5. */
    static FloatVector sin(FloatVector x, int quarter) {
        FloatVector k = x.mul(TWO_OVER_PI).add(ROUND_V);
        IntVector q = k.reinterpretAsInts().add(quarter);
        FloatVector n = k.sub(ROUND_V);
        // pi / 2 in three parts; the multiply-add keeps each product exact.
        FloatVector r = n.fma(MINUS_HALF_PI_0, x);
        r = n.fma(MINUS_HALF_PI_1, r);
        r = n.fma(MINUS_HALF_PI_2, r);
        FloatVector z = r.mul(r);
        FloatVector s = SIN_0.fma(z, SIN_1);
        s = s.fma(z, SIN_2).mul(z).fma(r, r);
        FloatVector o = COS_0.fma(z, COS_1);
        o = o.fma(z, COS_2).mul(z).fma(z, z.mul(MINUS_HALF).add(ONE));
        VectorMask<Float> odd =
                q.lanewise(VectorOperators.AND, 1).compare(VectorOperators.NE, 0).cast(Lanes.F);
        FloatVector y = s.blend(o, odd);
        IntVector sign = q.lanewise(VectorOperators.AND, 2).lanewise(VectorOperators.LSHL, 30);
        return y.reinterpretAsInts().lanewise(VectorOperators.XOR, sign).reinterpretAsFloats();
    }
}
