// What the matrix kernels share: parameters, loading of rows with the function before, the epilogue.
//
// One product serves linear maps, convolutions and transposed convolutions: out[t][n] = sum over taps j and channels c
// of f(x[t + j dilation - pad][c]) w[j][c][n], with rows outside of the valid ones read as zero.
//  - a linear map has one tap;
//  - a transposed convolution by `up` of kernel k has ceil(k / up) taps and N = up * upC columns: column n of row t is
//    channel n % upC of output row t up + n / upC - upPad; pad = taps - 1, Tout = Tin + taps - 1;
//  - flat: row t is the window of Cin values from t aRow - pad on of a batch that lies without gaps, `flat` values a row:
//    a convolution with stride (Cin = kernel * C, aRow = stride * C, pad in values), or a short-time transform.
//
// The K axis is cut into chunks of channels; within a chunk comes tap after tap: k = (c / CH * taps + j) * CH + c % CH,
// CH 32 for 16-bit operands and 16 for fp32. Packed weights: [k / 32][Npad][32] in 16 bits, [k][Npad] in fp32, Npad a
// multiple of 64, zeros beyond what exists.
#pragma once
#include "common.cuh"

struct GemmParams {
    const void* a; i64 aBatch, aRow;            // fp32, or 16 bits for the kernels named *_a16
    const void* w;                              // packed
    const float* bias; i64 biasBatch;           // N, or (B,N); null: none
    const float* alpha;                         // SNAKE's before, a value a channel of a
    const float* afterAlpha;                    // SNAKE's after, a value a channel of out
    const void* residual; i64 residualBatch, residualRow;
    void* out; i64 outBatch, outRow;
    const int* valid;                           // rows of a, per batch
    unsigned* overflow;                         // counts blocks that met what a half cannot hold
    int B, Tin, Tout, Cin, N, Npad, taps, dilation, pad, flat;
    int before, after, gate;                    // before: NONE, LEAKY_RELU, SNAKE; gate: 0, 1 tanh sigmoid, 2 silu
    int residualType, outType;
    int up, upC, upPad, upRows;                 // up 0: not transposed; upRows: output rows of Tin input rows
    float beforeParameter, afterParameter, scale;
};
// out = residual + scale * after(product + bias). With a gate, columns 2 i and 2 i + 1 make output column i.

DEVICE float4 before4(const GemmParams& p, float4 v, int c) {
    if (p.before == LEAKY_RELU) {
        float s = p.beforeParameter;
        v = make_float4(v.x < 0 ? v.x * s : v.x, v.y < 0 ? v.y * s : v.y, v.z < 0 ? v.z * s : v.z, v.w < 0 ? v.w * s : v.w);
    } else if (p.before == SNAKE) {
        float4 a = load4(p.alpha, c, F32, p.Cin - c);
        v.x += fast_divide(sine_squared(a.x * v.x), a.x + 1e-9f);
        v.y += fast_divide(sine_squared(a.y * v.y), a.y + 1e-9f);
        v.z += fast_divide(sine_squared(a.z * v.z), a.z + 1e-9f);
        v.w += fast_divide(sine_squared(a.w * v.w), a.w + 1e-9f);
    }
    return v;
}

DEVICE float4 before4_exact(const GemmParams& p, float4 v, int c) {
    if (p.before != SNAKE) return before4(p, v, c);
    float4 a = load4(p.alpha, c, F32, p.Cin - c);
    return make_float4(activate(SNAKE, v.x, 0, a.x), activate(SNAKE, v.y, 0, a.y), activate(SNAKE, v.z, 0, a.z), activate(SNAKE, v.w, 0, a.w));
}

// Four channels from c on of row `i`, counted from the padding's beginning, of batch b.
DEVICE float4 load_row4(const GemmParams& p, int b, int rows, bool aligned, int i, int c) {
    float4 v = make_float4(0, 0, 0, 0);
    const float* a = (const float*)p.a + b * p.aBatch;
    if (!p.flat) {
        int r = i - p.pad;
        if (r < 0 || r >= rows || c >= p.Cin) return v;
        if (aligned) return *(const float4*)(a + r * p.aRow + c);
        return load4(a, r * p.aRow + c, F32, p.Cin - c);
    }
    i64 at = i * p.aRow + c - p.pad, end = (i64)rows * p.flat;
    if (c < p.Cin && at >= 0 && at < end) v.x = a[at];
    if (c + 1 < p.Cin && at + 1 >= 0 && at + 1 < end) v.y = a[at + 1];
    if (c + 2 < p.Cin && at + 2 >= 0 && at + 2 < end) v.z = a[at + 2];
    if (c + 3 < p.Cin && at + 3 >= 0 && at + 3 < end) v.w = a[at + 3];
    return v;
}
DEVICE bool rows_aligned(const GemmParams& p) {
    return !p.flat && ((((uintptr_t)p.a) | (uintptr_t)(p.aRow * 4) | (uintptr_t)(p.aBatch * 4)) & 15) == 0 && p.Cin % 4 == 0;
}

// The activations a product may end in; the others are ops of their own.
template <int KIND>
DEVICE float4 after4(float4 v, float s) {
    return make_float4(activate(KIND, v.x, s, 0), activate(KIND, v.y, s, 0), activate(KIND, v.z, s, 0), activate(KIND, v.w, s, 0));
}
DEVICE float4 after4(int kind, float4 v, float s) {
    switch (kind) {
        case RELU: return after4<RELU>(v, s);
        case LEAKY_RELU: return after4<LEAKY_RELU>(v, s);
        case GELU: return after4<GELU>(v, s);
        case GELU_TANH: return after4<GELU_TANH>(v, s);
        case SILU: return after4<SILU>(v, s);
        case MISH: return after4<MISH>(v, s);
        case ELU: return after4<ELU>(v, s);
        case TANH: return after4<TANH>(v, s);
        case SIGMOID: return after4<SIGMOID>(v, s);
        case EXP: return after4<EXP>(v, s);
        case ABS: return after4<ABS>(v, s);
        default: return v;
    }
}

// How many of the output rows of this batch exist, and where row t, column n lies (row -1: nowhere).
struct Place {
    int row, column;
};
DEVICE int out_rows(const GemmParams& p, int rows) {
    if (p.up) return p.upRows - (p.Tin - rows) * p.up;
    if (p.flat || !p.valid) return p.Tout;
    int n = p.Tout - (p.Tin - rows);  // the same padding, fewer rows
    return n < 0 ? 0 : n;
}
DEVICE Place place(const GemmParams& p, int rows, int t, int n) {
    if (!p.up) return {t < rows ? t : -1, n};
    int row = t * p.up + n / p.upC - p.upPad;
    return {row >= 0 && row < rows ? row : -1, n % p.upC};
}

// tile (BM, BN + 4) in shared memory holds the product; all threads of the block take part.
template <int BM, int BN, int THREADS>
DEVICE void epilogue(const GemmParams& p, const float* tile, int b, int rows, int t0, int n0) {
    int limit = out_rows(p, rows);
    bool over = false;
    const float* bias = p.bias ? p.bias + b * p.biasBatch : nullptr;
    if (p.gate) {
#pragma unroll 1
        for (int i = threadIdx.x; i < BM * BN / 4; i += THREADS) {
            int t = t0 + i / (BN / 4), n = n0 + i % (BN / 4) * 4;
            if (t >= limit || n >= p.N) continue;
            float4 v = *(const float4*)&tile[i / (BN / 4) * (BN + 4) + i % (BN / 4) * 4];
            if (bias) {
                float4 x = load4(bias, n, F32, p.N - n);
                v = make_float4(v.x + x.x, v.y + x.y, v.z + x.z, v.w + x.w);
            }
            float r[2] = {p.gate == 1 ? tanhf(v.x) / (1 + expf(-v.y)) : v.x / (1 + expf(-v.x)) * v.y,
                          p.gate == 1 ? tanhf(v.z) / (1 + expf(-v.w)) : v.z / (1 + expf(-v.z)) * v.w};
            i64 at = b * p.outBatch + t * p.outRow + n / 2;
            for (int k = 0; k < 2; k++) {
                if (n + 2 * k >= p.N) continue;
                over |= overflows(r[k]);
                store1(p.out, at + k, p.outType, r[k]);
            }
        }
    } else {
#pragma unroll 2
        for (int i = threadIdx.x; i < BM * BN / 4; i += THREADS) {
            int t = t0 + i / (BN / 4), n = n0 + i % (BN / 4) * 4, count = p.N - n;
            if (count <= 0) continue;
            float4 v = *(const float4*)&tile[i / (BN / 4) * (BN + 4) + i % (BN / 4) * 4];
            if (bias) {
                float4 x = load4(bias, n, F32, count);
                v = make_float4(v.x + x.x, v.y + x.y, v.z + x.z, v.w + x.w);
            }
            if (p.after == SNAKE) {
                float4 x = load4(p.afterAlpha, n, F32, count);
                v.x += fast_divide(sine_squared(x.x * v.x), x.x + 1e-9f);
                v.y += fast_divide(sine_squared(x.y * v.y), x.y + 1e-9f);
                v.z += fast_divide(sine_squared(x.z * v.z), x.z + 1e-9f);
                v.w += fast_divide(sine_squared(x.w * v.w), x.w + 1e-9f);
            } else if (p.after != NONE) {
                v = after4(p.after, v, p.afterParameter);
            }
            v = make_float4(v.x * p.scale, v.y * p.scale, v.z * p.scale, v.w * p.scale);
            if (p.up && p.upC % 4) {  // the four may lie in two rows
                float r[4] = {v.x, v.y, v.z, v.w};
                for (int k = 0; k < 4 && k < count; k++) {
                    Place q = place(p, limit, t, n + k);
                    if (q.row < 0) continue;
                    float u = r[k];
                    if (p.residual) u += load1(p.residual, b * p.residualBatch + q.row * p.residualRow + q.column, p.residualType);
                    over |= overflows(u);
                    store1(p.out, b * p.outBatch + q.row * p.outRow + q.column, p.outType, u);
                }
                continue;
            }
            Place q = place(p, limit, t, n);
            if (q.row < 0) continue;
            if (p.up) count = p.upC - q.column;
            if (p.residual) {
                float4 x = load4(p.residual, b * p.residualBatch + q.row * p.residualRow + q.column, p.residualType, count);
                v = make_float4(v.x + x.x, v.y + x.y, v.z + x.z, v.w + x.w);
            }
            if (count >= 4) over |= overflows(v);
            store4(p.out, b * p.outBatch + q.row * p.outRow + q.column, p.outType, count, v);
        }
    }
    count_overflow(p.overflow, over && p.outType == F16);
}
