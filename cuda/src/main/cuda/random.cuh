// Philox4x32-10 and normal values from its words, with the very operations of dev.skald.tensor.Philox.
#pragma once
#include "common.cuh"

// One block: replaces the counter by four random words.
DEVICE void philox(uint32_t (&c)[4], u64 seed) {
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
#pragma unroll
    for (int round = 0; round < 10; round++) {
        uint32_t high0 = mul_high(0xD2511F53u, c[0]), low0 = 0xD2511F53u * c[0];
        uint32_t high1 = mul_high(0xCD9E8D57u, c[2]), low1 = 0xCD9E8D57u * c[2];
        c[0] = high1 ^ c[1] ^ k0;
        c[1] = low1;
        c[2] = high0 ^ c[3] ^ k1;
        c[3] = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

// ln x for a normal 0 < x < 1, as StrictMath.log computes it: the algorithm and constants of fdlibm's e_log.c (Sun
// Microsystems, 1993; freely usable with this notice): x = 2^k (1 + f), a polynomial in s = f / (2 + f).
DEVICE double strict_log(double x) {
    const double LN2_HIGH = 6.93147180369123816490e-01, LN2_LOW = 1.90821492927058770002e-10;
    i64 bits = double_bits(x);
    int high = (int)(bits >> 32), k = (high >> 20) - 1023;
    high &= 0xfffff;
    int i = (high + 0x95f64) & 0x100000;
    double f = sub_rn(bits_to_double((i64)(high | (i ^ 0x3ff00000)) << 32 | (bits & 0xffffffffLL)), 1.0);
    k += i >> 20;
    double dk = (double)k;
    if ((0xfffff & (2 + high)) < 3) {  // |f| < 2^-20
        if (f == 0) return k == 0 ? 0 : add_rn(mul_rn(dk, LN2_HIGH), mul_rn(dk, LN2_LOW));
        double r = mul_rn(mul_rn(f, f), sub_rn(0.5, mul_rn(0.33333333333333333, f)));
        if (k == 0) return sub_rn(f, r);
        return sub_rn(mul_rn(dk, LN2_HIGH), sub_rn(sub_rn(r, mul_rn(dk, LN2_LOW)), f));
    }
    double s = div_rn(f, add_rn(2.0, f)), z = mul_rn(s, s), w = mul_rn(z, z);
    double t1 = mul_rn(w, add_rn(3.999999999940941908e-01, mul_rn(w, add_rn(2.222219843214978396e-01, mul_rn(w, 1.531383769920937332e-01)))));
    double t2 = mul_rn(z, add_rn(6.666666666666735130e-01, mul_rn(w, add_rn(2.857142874366239149e-01, mul_rn(w, add_rn(1.818357216161805012e-01, mul_rn(w, 1.479819860511658591e-01)))))));
    double r = add_rn(t2, t1);
    if (((high - 0x6147a) | (0x6b851 - high)) > 0) {
        double half = mul_rn(mul_rn(0.5, f), f), u = mul_rn(s, add_rn(half, r));
        if (k == 0) return sub_rn(f, sub_rn(half, u));
        return sub_rn(mul_rn(dk, LN2_HIGH), sub_rn(sub_rn(half, add_rn(u, mul_rn(dk, LN2_LOW))), f));
    }
    double u = mul_rn(s, sub_rn(f, r));
    if (k == 0) return sub_rn(f, u);
    return sub_rn(mul_rn(dk, LN2_HIGH), sub_rn(sub_rn(u, mul_rn(dk, LN2_LOW)), f));
}

DEVICE void normal_pair(uint32_t w0, uint32_t w1, float& first, float& second) {
    double u = mul_rn(add_rn((double)w0, 0.5), 1.0 / 4294967296.0);
    double r = sqrt_rn(mul_rn(-2.0, strict_log(u)));
    int quarter = (int)((w1 + 0x20000000u) >> 30);
    double a = mul_rn(6.283185307179586, mul_rn((double)(int)(w1 - ((uint32_t)quarter << 30)), 1.0 / 4294967296.0));
    double z = mul_rn(a, a);
    auto step = [&](double p, double c) { return add_rn(mul_rn(p, z), c); };
    double c = 1.0 / 20922789888000.0;
    c = step(c, -(1.0 / 87178291200.0));
    c = step(c, 1.0 / 479001600.0);
    c = step(c, -(1.0 / 3628800.0));
    c = step(c, 1.0 / 40320.0);
    c = step(c, -(1.0 / 720.0));
    c = step(c, 1.0 / 24.0);
    c = step(c, -0.5);
    c = step(c, 1.0);
    double s = -1.0 / 1307674368000.0;
    s = step(s, 1.0 / 6227020800.0);
    s = step(s, -(1.0 / 39916800.0));
    s = step(s, 1.0 / 362880.0);
    s = step(s, -(1.0 / 5040.0));
    s = step(s, 1.0 / 120.0);
    s = step(s, -(1.0 / 6.0));
    s = step(s, 1.0);
    s = mul_rn(a, s);
    double cosine = (quarter & 1) == 0 ? c : s, sine = (quarter & 1) == 0 ? s : c;
    // signs in each quarter: + + - - for the sine, one quarter on for the cosine
    first = (float)mul_rn(mul_rn(r, cosine), ((quarter + 1) & 3) < 2 ? 1.0 : -1.0);
    second = (float)mul_rn(mul_rn(r, sine), (quarter & 3) < 2 ? 1.0 : -1.0);
}
