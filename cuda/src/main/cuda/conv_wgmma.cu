// Convolutions and transposed convolutions of 16-bit rows, for compute capability 9.0: wgmma, fp16 operands, fp32 sums.
// A block makes 128 rows of 64 or 128 columns, a group of four warps 64 of them. Its rows with the halo of all taps lie in
// shared memory once, in planes of eight channels, row r of a plane at 16 r bytes: a tap reads them from another address.
// Weights (gemm.cuh) come by the copy engine through a ring. Sums are added in the order of the weights, so both widths give
// the same bits, and the choice between them may look at how many rows there are.
#include "gemm.cuh"

struct ConvParams {
    const void* a; i64 aBatch, aRow;              // fp16; Cin a multiple of 32, rows from multiples of 16 bytes on
    const void* w; const float* bias;             // packed; N, or null
    const float* alpha;                           // SNAKE's after, N
    const void* residual; i64 residualBatch, residualRow;
    const float* more; i64 moreBatch, moreRow;    // or null
    void* out; i64 outBatch, outRow;              // all of these multiples of four values
    void* next; i64 nextBatch, nextRow;           // fp16: an activation of what out is, or null
    const float* nextAlpha;                       // SNAKE's, a value a channel
    const int* valid;                             // rows of a, per batch
    unsigned* overflow;
    int B, Tin, Tout, Cin, N, Npad, taps, dilation, pad;  // as in GemmParams
    int after, residualType, outType, nextKind;
    int up, upC, upPad, upRows;                   // up 0: not transposed; upC a multiple of 4
    int stages;                                   // of the ring, 2 to 8
    float afterParameter, nextParameter, scale, factor;
};
// out = more + factor * (residual + scale * after(product + bias)); next = activation(out).
// Threads 288: two groups of 128 and a warp that asks for weights. Grid (Npad / columns, ceil(Tout / 128), B). Shared memory:
// 1024 + stages * 16384 + Cin / 8 * 16 * R, R the first number from 128 + (taps - 1) dilation on that is 1
// more than a multiple of 8; but at least 1024 + 512 * (columns + 8).

#if HOPPER
namespace convolution {
constexpr int STAGE = 16384, MOST_STAGES = 8;

DEVICE float4 activated(int kind, float4 v, float parameter, float4 alpha, float4 inverse) {
    if (kind == SNAKE) {
        return make_float4(fmaf(sine_squared(alpha.x * v.x), inverse.x, v.x), fmaf(sine_squared(alpha.y * v.y), inverse.y, v.y),
                           fmaf(sine_squared(alpha.z * v.z), inverse.z, v.z), fmaf(sine_squared(alpha.w * v.w), inverse.w, v.w));
    }
    if (kind == LEAKY_RELU) return make_float4(v.x < 0 ? v.x * parameter : v.x, v.y < 0 ? v.y * parameter : v.y, v.z < 0 ? v.z * parameter : v.z, v.w < 0 ? v.w * parameter : v.w);
    return v;
}
DEVICE float4 inverse_of(float4 a) { return make_float4(fast_divide(1, a.x + 1e-9f), fast_divide(1, a.y + 1e-9f), fast_divide(1, a.z + 1e-9f), fast_divide(1, a.w + 1e-9f)); }

DEVICE float4 added(float4 to, float scale, float4 v) { return make_float4(fmaf(scale, v.x, to.x), fmaf(scale, v.y, to.y), fmaf(scale, v.z, to.z), fmaf(scale, v.w, to.w)); }
template <int N>
struct Count {
    static constexpr int value = N;
};

template <int NT>
DEVICE void conv(const ConvParams& p) {
    constexpr int SLICE = NT * 64, SLICES = STAGE / SLICE;  // bytes of 32 channels of a tap; so many a stage
    constexpr int ROW = NT + 8;                             // floats of a row of sums
    DYNAMIC_SHARED(shared);
    Barrier* full = (Barrier*)shared;
    Barrier* empty = full + MOST_STAGES;
    unsigned char* ring = shared + 1024;
    unsigned char* rows_at = ring + p.stages * STAGE;
    int tid = threadIdx.x, lane = tid % 32, warp = tid / 32, group = tid / 128;
    int b = blockIdx.z, t0 = blockIdx.y * 128, n0 = blockIdx.x * NT;
    int taps = p.taps, halo = (taps - 1) * p.dilation, plane = ((128 + halo + 6) / 8 * 8 + 1) * 16;
    int slices = p.Cin / 32 * taps;
    if (tid == 0) {
        for (int i = 0; i < p.stages; i++) {
            barrier_init(full + i, 1);
            barrier_init(empty + i, 8);
        }
        fence_async();
    }
    __syncthreads();
    auto rows_here = [&](int rows) { return p.up ? rows + taps - 1 : !p.valid ? p.Tout : max(0, p.Tout - (p.Tin - rows)); };
    int slot = 0, parity = 0;
    auto next_slot = [&] {
        if (++slot == p.stages) slot = 0, parity ^= 1;
    };
    if (warp == 8) {
        if (lane > 0) return;
        const char* w = (const char*)p.w + (i64)n0 * 64;
        i64 slice_bytes = (i64)p.Npad * 64;
        int left = slices;
        auto ask = [&] {
            int n = min(SLICES, left);
            barrier_wait(empty + slot, parity ^ 1);
            barrier_arrive(full + slot, n * SLICE);
            for (int i = 0; i < n; i++) {
                bulk_copy(ring + slot * STAGE + i * SLICE, w, SLICE, full + slot);
                w += slice_bytes;
            }
            left -= n;
            next_slot();
        };
        int steps = (slices + SLICES - 1) / SLICES, first = min(p.stages, steps);
        for (int i = 0; i < first; i++) ask();
        gdc_wait();
        if (t0 >= rows_here(rows_of(p.valid, b, p.Tin))) {  // nothing valid here
            for (int i = 0; i < first; i++) barrier_wait(full + i, 0);
            return;
        }
        for (int i = first; i < steps; i++) ask();
        return;
    }
    gdc_wait();
    int rows = rows_of(p.valid, b, p.Tin), limit = rows_here(rows);
    if (t0 >= limit) return;

    // eight threads take the 64 channels of a row, 128 bytes
    int part = tid % 8, first = tid / 8;
    auto load = [&](int c) {
        if (c + part * 8 >= p.Cin) return;
        const half_t* from = (const half_t*)p.a + b * p.aBatch + (i64)(t0 - p.pad + first) * p.aRow + c + part * 8;
        Shared to = shared_at(rows_at) + (c / 8 + part) * plane + first * 16;
#pragma unroll 2
        for (int i = first; i < 128 + halo; i += 32) {
            int r = t0 - p.pad + i;
            bool in = r >= 0 && r < rows;
            cp_async16(to, in ? from : (const half_t*)p.a, in ? 16 : 0);
            to = to + 32 * 16;
            from += 32 * p.aRow;
        }
    };
    load(0);
    cp_commit();
    for (int c = 64; c < p.Cin; c += 64) load(c);
    cp_commit();

    float acc[NT / 2];
    auto arrived = [&] {
        fence_async();
        bar_sync(1, 256);
    };
    cp_wait<1>();
    arrived();
    int before = -1, tap = 0, second = p.Cin > 64 ? 2 * taps : slices;  // the slice from which on all rows are needed
    Wgmma at = wgmma_planes(rows_at + group * 64 * 16, plane);
    int tap_step = p.dilation * 16, chunk_step = 4 * plane - halo * 16;
    bool add = false;
    auto products = [&](auto count) {  // of a stage, its `count` slices
        barrier_wait(full + slot, parity);
        Wgmma columns = wgmma_operand(ring + slot * STAGE);
        wgmma_fence();
#pragma unroll
        for (int i = 0; i < decltype(count)::value; i++) {
            wgmma_f16<NT>(acc, at, columns + i * SLICE, add || i > 0);
            wgmma_f16<NT>(acc, at + 2 * plane, columns + (i * SLICE + 32), true);
            bool last = ++tap == taps;
            at = at + (last ? chunk_step : tap_step);
            tap = last ? 0 : tap;
        }
        wgmma_commit();
        wgmma_wait<1>();
        add = true;
        if (lane == 0 && before >= 0) barrier_arrive(empty + before);
        before = slot;
        next_slot();
    };
    int left = slices;
#pragma unroll 1
    for (; left >= SLICES; left -= SLICES) {
        second -= SLICES;
        if (second < 0) {
            cp_wait<0>();
            arrived();
            second = slices;
        }
        products(Count<SLICES>());
    }
    if (left > 0) {
        cp_wait<0>();
        arrived();
        if (left == 1) {
            products(Count<1>());
        } else if (left == 2) {
            products(Count<2>());
        } else {
            products(Count<3>());
        }
    }
    wgmma_wait<0>();
    cp_wait<0>();
    bar_sync(1, 256);  // the ring has been read
    gdc_launch();

    // A warp turns its 16 rows, then eight lanes take 32 columns of a row.
    float* tile = (float*)ring + warp * 16 * ROW;
    int g = lane / 4, u = lane % 4, quarter = lane / 8, t = t0 + warp * 16 + quarter;
#pragma unroll
    for (int i = 0; i < NT / 8; i++) {
#pragma unroll
        for (int r = 0; r < 2; r++) *(float2*)(tile + (g + r * 8) * ROW + i * 8 + u * 2) = make_float2(acc[i * 4 + r * 2], acc[i * 4 + r * 2 + 1]);
    }
    warp_sync();
    bool over = false;
    int count = p.up ? p.upRows - (p.Tin - rows) * p.up : limit;
#pragma unroll 1
    for (int j = 0; j < NT / 32; j++) {
        int n = n0 + j * 32 + lane % 8 * 4, column = n, shift = 0, stride = 1;
        if (p.up) column = n % p.upC, shift = n / p.upC - p.upPad, stride = p.up;
        float4 zero = make_float4(0, 0, 0, 0), bias = zero, alpha = zero, inverse = zero, next_alpha = zero, next_inverse = zero;
        if (n < p.N) {
            if (p.bias) bias = load_four(p.bias, n, F32);
            if (p.after == SNAKE) alpha = load_four(p.alpha, n, F32), inverse = inverse_of(alpha);
            if (p.nextKind == SNAKE) next_alpha = load_four(p.nextAlpha, column, F32), next_inverse = inverse_of(next_alpha);
        }
#pragma unroll
        for (int half = 0; half < 4; half += 2) {
            float4 v[2], x[2], y[2];
            int row[2];
#pragma unroll
            for (int k = 0; k < 2; k++) {
                row[k] = (t + 4 * (half + k)) * stride + shift;
                if (n >= p.N || row[k] >= count) row[k] = -1;
                x[k] = y[k] = zero;
                if (p.residual && row[k] >= 0) x[k] = load_four(p.residual, b * p.residualBatch + row[k] * p.residualRow + column, p.residualType);
                if (p.more && row[k] >= 0) y[k] = load_four(p.more, b * p.moreBatch + row[k] * p.moreRow + column, F32);
                v[k] = plus(*(const float4*)(tile + (quarter + 4 * (half + k)) * ROW + j * 32 + lane % 8 * 4), bias);
            }
#pragma unroll
            for (int k = 0; k < 2; k++) {
                v[k] = activated(p.after, v[k], p.afterParameter, alpha, inverse);
                v[k] = added(x[k], p.scale, v[k]);
                v[k] = added(y[k], p.factor, v[k]);
                if (row[k] < 0) continue;
                if (p.outType != F32) over |= overflows(v[k]);
                store_four(p.out, b * p.outBatch + row[k] * p.outRow + column, p.outType, v[k]);
                if (p.next) {
                    v[k] = activated(p.nextKind, v[k], p.nextParameter, next_alpha, next_inverse);
                    over |= overflows(v[k]);
                    store_four(p.next, b * p.nextBatch + row[k] * p.nextRow + column, F16, v[k]);
                }
            }
        }
    }
    count_overflow(p.overflow, over);
}
}  // namespace convolution
#endif

HOPPER_KERNEL(conv_f16_64, 288, 3, ConvParams) {
#if HOPPER
    convolution::conv<64>(p);
#endif
}
HOPPER_KERNEL(conv_f16_128, 288, 2, ConvParams) {
#if HOPPER
    convolution::conv<128>(p);
#endif
}
