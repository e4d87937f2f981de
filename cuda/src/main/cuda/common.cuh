// Types of values in memory, activations, and loads and stores of four channels.
#pragma once
#include "ptx.cuh"

typedef long long i64;
typedef unsigned long long u64;

enum Type { F32 = 0, F16 = 1, BF16 = 2 };

// In the order of dev.skald.tensor.Activation.Kind.
enum Kind { NONE, RELU, LEAKY_RELU, GELU, GELU_TANH, SILU, MISH, ELU, TANH, SIGMOID, EXP, LOG_CLAMPED, SNAKE, ABS, SQUARE, SIN, COS };

// sin(x)^2, for any x: the square has the period pi
DEVICE float sine_squared(float x) {
    float turns = rintf(x * 0.318309886f);
    float s = fast_sin(fmaf(turns, 8.74227766e-8f, fmaf(turns, -3.14159274f, x)));
    return s * s;
}

DEVICE float activate(int kind, float x, float parameter, float alpha) {
    switch (kind) {
        case RELU: return x < 0 ? 0 : x;
        case LEAKY_RELU: return x < 0 ? x * parameter : x;
        case GELU: return 0.5f * x * (1 + erff(x * 0.707106781f));
        case GELU_TANH: return 0.5f * x * (1 + tanhf(0.797884561f * (x + 0.044715f * x * x * x)));
        case SILU: return x / (1 + expf(-x));
        case MISH: {
            if (x > 20) return x;
            float n = expf(x), m = n * (n + 2);
            return x * (m / (m + 2));
        }
        case ELU: return x > 0 ? x : parameter * expm1f(x);
        case TANH: return tanhf(x);
        case SIGMOID: return 1 / (1 + expf(-x));
        case EXP: return expf(x);
        case LOG_CLAMPED: return logf(x > parameter ? x : parameter);
        case SNAKE: {
            float s = sinf(alpha * x);
            return x + s * s / (alpha + 1e-9f);
        }
        case ABS: return fabsf(x);
        case SQUARE: return x * x;
        case SIN: return sinf(x);
        case COS: return cosf(x);
        default: return x;
    }
}

// One switch for four values.
NOINLINE float4 activate4(int kind, float4 v, float s, float4 alpha) {
#define SKALD_CASE(K) \
    case K: return make_float4(activate(K, v.x, s, alpha.x), activate(K, v.y, s, alpha.y), activate(K, v.z, s, alpha.z), activate(K, v.w, s, alpha.w));
    switch (kind) {
        SKALD_CASE(RELU) SKALD_CASE(LEAKY_RELU) SKALD_CASE(GELU) SKALD_CASE(GELU_TANH) SKALD_CASE(SILU) SKALD_CASE(MISH)
        SKALD_CASE(ELU) SKALD_CASE(TANH) SKALD_CASE(SIGMOID) SKALD_CASE(EXP) SKALD_CASE(LOG_CLAMPED) SKALD_CASE(SNAKE)
        SKALD_CASE(ABS) SKALD_CASE(SQUARE) SKALD_CASE(SIN) SKALD_CASE(COS)
        default: return v;
    }
#undef SKALD_CASE
}

DEVICE int rows_of(const int* valid, int b, int rows) {
    int n = valid ? valid[b] : rows;
    return n < rows ? n : rows;
}

// The same before gdc_wait, where the kernel just before did not write `valid`. What came before that one is there: kernels
// let the next one start only after their own gdc_wait.
DEVICE int rows_early(const int* valid, int b, int rows) {
    int n = valid ? load_cg(valid + b) : rows;
    return n < rows ? n : rows;
}

DEVICE float load1(const void* p, i64 i, int type) {
    if (type == F16) return from_f16(((const half_t*)p)[i]);
    if (type == BF16) return from_bf16(((const bf16_t*)p)[i]);
    return ((const float*)p)[i];
}
DEVICE void store1(void* p, i64 i, int type, float v) {
    if (type == F16) {
        ((half_t*)p)[i] = to_f16(v);
    } else if (type == BF16) {
        ((bf16_t*)p)[i] = to_bf16(v);
    } else {
        ((float*)p)[i] = v;
    }
}
// Four values from element i on, of which `n` exist; the others are 0.
DEVICE float4 load4(const void* p, i64 i, int type, int n) {
    float4 v = make_float4(0, 0, 0, 0);
    if (n >= 4) {
        if (type == F32) {
            const float* q = (const float*)p + i;
            if (((uintptr_t)q & 15) == 0) return *(const float4*)q;
        } else {
            const half_t* q = (const half_t*)p + i;
            if (((uintptr_t)q & 7) == 0) {
                uint2 w = *(const uint2*)q;
                if (type == F16) return make_float4(f16_low(w.x), f16_high(w.x), f16_low(w.y), f16_high(w.y));
                return make_float4(bf16_low(w.x), bf16_high(w.x), bf16_low(w.y), bf16_high(w.y));
            }
        }
    }
    if (n > 0) v.x = load1(p, i, type);
    if (n > 1) v.y = load1(p, i + 1, type);
    if (n > 2) v.z = load1(p, i + 2, type);
    if (n > 3) v.w = load1(p, i + 3, type);
    return v;
}
DEVICE void store4(void* p, i64 i, int type, int n, float4 v) {
    if (n >= 4) {
        if (type == F32) {
            float* q = (float*)p + i;
            if (((uintptr_t)q & 15) == 0) {
                *(float4*)q = v;
                return;
            }
        } else {
            half_t* q = (half_t*)p + i;
            if (((uintptr_t)q & 7) == 0) {
                *(uint2*)q = type == F16 ? make_uint2(pack_f16(v.x, v.y), pack_f16(v.z, v.w)) : make_uint2(pack_bf16(v.x, v.y), pack_bf16(v.z, v.w));
                return;
            }
        }
    }
    if (n > 0) store1(p, i, type, v.x);
    if (n > 1) store1(p, i + 1, type, v.y);
    if (n > 2) store1(p, i + 2, type, v.z);
    if (n > 3) store1(p, i + 3, type, v.w);
}
// Whether a value does not fit a half (NaN included).
DEVICE bool overflows(float v) { return !(fabsf(v) <= 65504.f); }
DEVICE bool overflows(float4 v) { return overflows(v.x) || overflows(v.y) || overflows(v.z) || overflows(v.w); }
// The same of the first n of four.
DEVICE bool overflows(float4 v, int n) { return (n > 0 && overflows(v.x)) || (n > 1 && overflows(v.y)) || (n > 2 && overflows(v.z)) || (n > 3 && overflows(v.w)); }
DEVICE void count_overflow(unsigned* counter, bool seen) {
    if (seen && counter) atomicAdd(counter, 1u);
}
// A factor that may lie on the device.
DEVICE float scalar(const float* device, float immediate) { return device ? *device : immediate; }
