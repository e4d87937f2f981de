// Matrix products in fp32: multiply-adds, k in order, the same sums whatever the tile and wherever a window begins.
#include "gemm.cuh"

// Threads 256 = TX x TY; a thread makes RM rows, TY apart, and four columns. A chunk of 16 channels of the rows and the
// halo (slower above 96 rows) lies in shared memory, rows 20 floats apart. Grid (ceil(N / BN), ceil(Tout / BM), B). Shared
// memory: max(2 * (BM + (taps - 1) dilation) * 80 + 4 * 16 * BN * 4, BM * (BN + 4) * 4).
template <int BM, int BN, int RM>
DEVICE void gemm_exact(const GemmParams& p) {
    constexpr int TY = BM / RM, TX = BN / 4, ITEMS = (BM + 96 + 63) / 64, DEPTH = 4, LD = 20, B_ITEMS = (BN * 4 + 255) / 256;
    static_assert(TX * TY == 256, "");
    DYNAMIC_SHARED(shared);
    int tid = threadIdx.x, tx = tid % TX, ty = tid / TX;
    int b = blockIdx.z, t0 = blockIdx.y * BM, n0 = blockIdx.x * BN;
    int arows = BM + (p.taps - 1) * p.dilation, chunks = (p.Cin + 15) / 16, slices = chunks * p.taps;
    float* sa = (float*)shared;
    float* sb = sa + 2 * arows * LD;
    int b_k = tid / TX, b_slice = 0, b_stage = 0;
    const float* w = (const float*)p.w + (i64)b_k * p.Npad + n0 + tx * 4;
    bool b_in = n0 + tx * 4 < p.Npad;
    auto load_b = [&] {
        if (b_slice++ < slices) {
#pragma unroll
            for (int k = 0; k < B_ITEMS; k++) {
                if (b_k + k * TY < 16) cp_async16(sb + b_stage + (b_k + k * TY) * BN + tx * 4, b_in ? w + (i64)k * TY * p.Npad : (const float*)p.w, b_in ? 16 : 0);
            }
            w += (i64)16 * p.Npad;
            b_stage = b_stage + 16 * BN == DEPTH * 16 * BN ? 0 : b_stage + 16 * BN;
        }
        cp_commit();
    };
    load_b();
    gdc_wait();
    int rows = rows_of(p.valid, b, p.Tin);
    if (p.up ? t0 > rows + p.taps - 2 : t0 >= out_rows(p, rows)) {
        cp_wait<0>();
        return;
    }
    for (int s = 1; s < DEPTH - 1; s++) load_b();
    bool aligned = rows_aligned(p);
    float4 held[ITEMS];
    auto hold = [&](int chunk) {
#pragma unroll
        for (int k = 0; k < ITEMS; k++) {
            int i = tid + k * 256;
            if (i < arows * 4) held[k] = load_row4(p, b, rows, aligned, t0 + i / 4, chunk * 16 + i % 4 * 4);
        }
    };
    auto put = [&](int chunk) {
#pragma unroll
        for (int k = 0; k < ITEMS; k++) {
            int i = tid + k * 256, c = chunk * 16 + i % 4 * 4;
            if (i < arows * 4) *(float4*)&sa[(chunk % 2 * arows + i / 4) * LD + i % 4 * 4] = before4_exact(p, held[k], c);
        }
        for (int i = tid + ITEMS * 256; i < arows * 4; i += 256) {  // a wide halo: what registers did not hold
            int c = chunk * 16 + i % 4 * 4;
            *(float4*)&sa[(chunk % 2 * arows + i / 4) * LD + i % 4 * 4] = before4_exact(p, load_row4(p, b, rows, aligned, t0 + i / 4, c), c);
        }
    };
    hold(0);
    put(0);
    float acc[RM][4] = {};
    int tap = 0, chunk = 0, b_read = 0;
    for (int slice = 0; slice < slices; slice++) {
        cp_wait<DEPTH - 2>();
        __syncthreads();
        load_b();
        bool next = tap == p.taps - 1 && chunk + 1 < chunks;
        if (next) hold(chunk + 1);
        const float* a0 = sa + (chunk % 2 * arows + tap * p.dilation + ty) * LD;
        const float* b0 = sb + b_read + tx * 4;
#pragma unroll
        for (int k = 0; k < 16; k += 4) {
            float4 a[RM];
#pragma unroll
            for (int i = 0; i < RM; i++) a[i] = *(const float4*)&a0[i * TY * LD + k];
#pragma unroll
            for (int kk = 0; kk < 4; kk++) {
                float4 v = *(const float4*)&b0[(k + kk) * BN];
#pragma unroll
                for (int i = 0; i < RM; i++) {
                    float x = kk == 0 ? a[i].x : kk == 1 ? a[i].y : kk == 2 ? a[i].z : a[i].w;
                    acc[i][0] = fmaf(x, v.x, acc[i][0]);
                    acc[i][1] = fmaf(x, v.y, acc[i][1]);
                    acc[i][2] = fmaf(x, v.z, acc[i][2]);
                    acc[i][3] = fmaf(x, v.w, acc[i][3]);
                }
            }
        }
        if (next) put(chunk + 1);
        if (++tap == p.taps) tap = 0, chunk++;
        b_read = b_read + 16 * BN == DEPTH * 16 * BN ? 0 : b_read + 16 * BN;
    }
    cp_wait<0>();
    __syncthreads();
    gdc_launch();
    float* tile = (float*)shared;
#pragma unroll
    for (int i = 0; i < RM; i++) *(float4*)&tile[(ty + i * TY) * (BN + 4) + tx * 4] = make_float4(acc[i][0], acc[i][1], acc[i][2], acc[i][3]);
    __syncthreads();
    epilogue<BM, BN, 256>(p, tile, b, rows, t0, n0);
}
KERNEL(gemm_f32_32x64, 256, 2, GemmParams) { gemm_exact<32, 64, 2>(p); }
KERNEL(gemm_f32_64x64, 256, 2, GemmParams) { gemm_exact<64, 64, 4>(p); }
KERNEL(gemm_f32_128x64, 256, 2, GemmParams) { gemm_exact<128, 64, 8>(p); }
KERNEL(gemm_f32_128x32, 256, 2, GemmParams) { gemm_exact<128, 32, 4>(p); }

// The same parameters for at most 8 columns: a warp a row, lanes over channels, the lanes' sums added in a fixed order.
// Threads 256, grid (1, ceil(Tout / 128), B).
// Weights pass through shared memory where they fit; a warp makes 16 rows, lane r ends row r.
template <int N>
DEVICE void narrow(const GemmParams& p, int b, int rows, int limit, int t0, const float* kept, int lane) {
    constexpr int ROWS = 16;
    const float* a = (const float*)p.a + b * p.aBatch;
    float mine[N] = {};
    for (int i = 0; i < ROWS && t0 + i < limit; i++) {
        float acc[N] = {};
        for (int c = lane; c < p.Cin; c += 32) {
            float alpha = p.before == SNAKE ? p.alpha[c] : 0;
            int r = t0 + i - p.pad;
            const float* x = a + (i64)r * p.aRow + c;
#pragma unroll 4
            for (int tap = 0; tap < p.taps; tap++, r += p.dilation, x += p.dilation * p.aRow) {
                float v = r >= 0 && r < rows ? *x : 0;
                if (p.before == LEAKY_RELU) v = v < 0 ? v * p.beforeParameter : v;
                if (p.before == SNAKE) v = activate(SNAKE, v, 0, alpha);
#pragma unroll
                for (int n = 0; n < N; n++) {
                    if (n < p.N) acc[n] = fmaf(v, kept ? kept[(n * p.taps + tap) * p.Cin + c] : ((const float*)p.w)[((i64)(c / 16 * p.taps + tap) * 16 + c % 16) * p.Npad + n], acc[n]);
                }
            }
        }
#pragma unroll
        for (int n = 0; n < N; n++) {
            if (n >= p.N) break;
            float v = warp_sum(acc[n]);
            if (lane == i) mine[n] = v;
        }
    }
    int t = t0 + lane;
    if (lane >= ROWS || t >= limit) return;
#pragma unroll
    for (int n = 0; n < N; n++) {
        if (n >= p.N) break;
        float v = mine[n];
        if (p.bias) v += p.bias[b * p.biasBatch + n];
        if (p.after != NONE) v = activate(p.after, v, p.afterParameter, 0);
        v *= p.scale;
        if (p.residual) v += load1(p.residual, b * p.residualBatch + t * p.residualRow + n, p.residualType);
        store1(p.out, b * p.outBatch + t * p.outRow + n, p.outType, v);
    }
}
KERNEL(gemm_f32_narrow, 256, 1, GemmParams) {
    constexpr int KEPT = 2048;
    __shared__ float kept[KEPT];
    int b = blockIdx.z, t0 = blockIdx.y * 128 + threadIdx.x / 32 * 16, lane = threadIdx.x % 32, count = p.N * p.taps * p.Cin;
    if (count <= KEPT) {
        for (int i = threadIdx.x; i < count; i += 256) {
            int c = i % p.Cin, tap = i / p.Cin % p.taps, n = i / p.Cin / p.taps;
            kept[i] = ((const float*)p.w)[((i64)(c / 16 * p.taps + tap) * 16 + c % 16) * p.Npad + n];
        }
    }
    __syncthreads();
    gdc_wait();
    gdc_launch();
    int rows = rows_of(p.valid, b, p.Tin), limit = out_rows(p, rows);
    if (t0 >= limit) return;
    const float* w = count <= KEPT ? kept : nullptr;
    if (p.N == 1) {
        narrow<1>(p, b, rows, limit, t0, w, lane);
    } else {
        narrow<8>(p, b, rows, limit, t0, w, lane);
    }
}
