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
// CH 32 for 16-bit operands and 16 for fp32. Packed weights: [k / 32][Npad][32] in 16 bits, the four
// groups of eight k of a column in the order i ^ (column / 2) % 4 (swizzle64), [k][Npad] in fp32; Npad a multiple of 64,
// zeros beyond what exists.
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
    const float* gamma; const float* beta;      // gemm_*_norm: the layer norm's, Cin each
    int B, Tin, Tout, Cin, N, Npad, taps, dilation, pad, flat;
    int before, after, gate;                    // before: NONE, LEAKY_RELU, SNAKE; gate: 0, 1 tanh sigmoid, 2 silu
    int residualType, outType;
    int up, upC, upPad, upRows;                 // up 0: not transposed; upRows: output rows of Tin input rows
    float beforeParameter, afterParameter, scale;
    float eps;                                  // gemm_*_norm: the layer norm's
    int share;                                  // gemm_*_norm: tiles of columns a block makes
};
// out = residual + scale * after(product + bias). With a gate, columns 2 i and 2 i + 1 make output column i.

// x Phi(x), where Phi(x) = 1 / (1 + exp(-l(x))) and l, an odd polynomial, was fitted to log(Phi(x) / Phi(-x)): right to 1e-6.
DEVICE float fast_gelu(float x) {
    float s = fminf(x * x, 42.f);
    float l = fmaf(s, fmaf(s, fmaf(s, fmaf(s, fmaf(s, fmaf(s, -4.42448e-9f, 3.431475e-7f), -1.0627836e-5f), 1.5187922e-4f), 1.279385e-4f), -0.10489781f), -2.3021750f);
    return x * fast_reciprocal(1 + fast_exp2(x * l));
}

// A 16-byte chunk of rows of 64 bytes, so that ldmatrix and wgmma meet no bank conflict.
DEVICE int swizzle64(int row, int chunk) { return row * 64 + ((chunk ^ (row >> 1 & 3)) << 4); }

DEVICE float4 snake4(float4 v, float4 a) {
    v.x += fast_divide(sine_squared(a.x * v.x), a.x + 1e-9f);
    v.y += fast_divide(sine_squared(a.y * v.y), a.y + 1e-9f);
    v.z += fast_divide(sine_squared(a.z * v.z), a.z + 1e-9f);
    v.w += fast_divide(sine_squared(a.w * v.w), a.w + 1e-9f);
    return v;
}
DEVICE float4 before4(const GemmParams& p, float4 v, int c) {
    if (p.before == LEAKY_RELU) {
        float s = p.beforeParameter;
        v = make_float4(v.x < 0 ? v.x * s : v.x, v.y < 0 ? v.y * s : v.y, v.z < 0 ? v.z * s : v.z, v.w < 0 ? v.w * s : v.w);
    } else if (p.before == SNAKE) {
        v = snake4(v, load4(p.alpha, c, F32, p.Cin - c));
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
NOINLINE float4 after_call(int kind, float4 v, float s) {
    if (kind == GELU) return after4<GELU>(v, s);

    switch (kind) {
        case RELU: return after4<RELU>(v, s);
        case LEAKY_RELU: return after4<LEAKY_RELU>(v, s);
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

DEVICE float4 plus(float4 a, float4 b) { return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w); }
// Whether groups of four at columns that are multiples of four can be read or written whole.
DEVICE bool fours(const void* p, i64 batch, i64 row, int type) {
    int mask = type == F32 ? 15 : 7, size = type == F32 ? 4 : 2;
    return (((uintptr_t)p | (uintptr_t)(batch * size) | (uintptr_t)(row * size)) & mask) == 0;
}
DEVICE float4 load_four(const void* p, i64 i, int type) {
    if (type == F32) return *(const float4*)((const float*)p + i);
    uint2 w = *(const uint2*)((const half_t*)p + i);
    if (type == F16) return make_float4(f16_low(w.x), f16_high(w.x), f16_low(w.y), f16_high(w.y));
    return make_float4(bf16_low(w.x), bf16_high(w.x), bf16_low(w.y), bf16_high(w.y));
}
DEVICE void store_four(void* p, i64 i, int type, float4 v) {
    if (type == F32) {
        *(float4*)((float*)p + i) = v;
    } else {
        *(uint2*)((half_t*)p + i) = type == F16 ? make_uint2(pack_f16(v.x, v.y), pack_f16(v.z, v.w)) : make_uint2(pack_bf16(v.x, v.y), pack_bf16(v.z, v.w));
    }
}

// The usual case: no gate, not transposed, whole groups of four. A thread keeps its columns.
template <int BM, int BN>
DEVICE bool epilogue_fours(const GemmParams& p, const float* tile, int b, int limit, int t0, int n0) {
    constexpr int STEP = 1024 / BN, COUNT = BM / STEP, PART = COUNT < 4 ? COUNT : 4;
    int row = threadIdx.x / (BN / 4), n = n0 + threadIdx.x % (BN / 4) * 4;
    if (n >= p.N) return false;
    float4 bias = make_float4(0, 0, 0, 0);
    if (p.bias) bias = load4(p.bias + b * p.biasBatch, n, F32, 4);
    tile += row * (BN + 4) + n - n0;
    int t = t0 + row;
    i64 out = b * p.outBatch + t * p.outRow + n, residual = b * p.residualBatch + t * p.residualRow + n;
    i64 out_step = STEP * p.outRow, residual_step = STEP * p.residualRow;
    bool over = false;
#pragma unroll 1
    for (int part = 0; part < COUNT; part += PART) {
        float4 v[PART], more[PART];
#pragma unroll
        for (int k = 0; k < PART; k++) {
            v[k] = plus(*(const float4*)(tile + (part + k) * STEP * (BN + 4)), bias);
            more[k] = make_float4(0, 0, 0, 0);
            if (p.residual && t + (part + k) * STEP < limit) more[k] = load_four(p.residual, residual + k * residual_step, p.residualType);
        }
        if (p.after != NONE) {
#pragma unroll
            for (int k = 0; k < PART; k++) v[k] = p.after == SNAKE ? snake4(v[k], load4(p.afterAlpha, n, F32, 4)) : after_call(p.after, v[k], p.afterParameter);
        }
#pragma unroll
        for (int k = 0; k < PART; k++) {
            float s = p.scale;
            v[k] = make_float4(fmaf(s, v[k].x, more[k].x), fmaf(s, v[k].y, more[k].y), fmaf(s, v[k].z, more[k].z), fmaf(s, v[k].w, more[k].w));
            if (t + (part + k) * STEP < limit) {
                over |= overflows(v[k]);
                store_four(p.out, out + k * out_step, p.outType, v[k]);
            }
        }
        out += PART * out_step;
        residual += PART * residual_step;
    }
    return over;
}

// tile (BM, BN + 4) in shared memory holds the product; all threads of the block take part.
template <int BM, int BN, int THREADS>
DEVICE void epilogue(const GemmParams& p, const float* tile, int b, int rows, int t0, int n0) {
    int limit = out_rows(p, rows);
    bool over = false;
    const float* bias = p.bias ? p.bias + b * p.biasBatch : nullptr;
    if (!p.gate && !p.up && p.N % 4 == 0 && fours(p.out, p.outBatch, p.outRow, p.outType) && (!p.residual || fours(p.residual, p.residualBatch, p.residualRow, p.residualType))) {
        over = epilogue_fours<BM, BN>(p, tile, b, limit, t0, n0);
    } else if (p.gate) {
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
#pragma unroll 1
        for (int i = threadIdx.x; i < BM * BN / 4; i += THREADS) {
            int t = t0 + i / (BN / 4), n = n0 + i % (BN / 4) * 4, count = p.N - n;
            if (count <= 0) continue;
            float4 v = *(const float4*)&tile[i / (BN / 4) * (BN + 4) + i % (BN / 4) * 4];
            if (bias) {
                float4 x = load4(bias, n, F32, count);
                v = make_float4(v.x + x.x, v.y + x.y, v.z + x.z, v.w + x.w);
            }
            if (p.after != NONE) v = p.after == SNAKE ? snake4(v, load4(p.afterAlpha, n, F32, count)) : after_call(p.after, v, p.afterParameter);
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
            over |= overflows(v, count);
            store4(p.out, b * p.outBatch + q.row * p.outRow + q.column, p.outType, count, v);
        }
    }
    count_overflow(p.overflow, over && p.outType == F16);
}
