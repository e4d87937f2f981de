// Matrix products on tensor cores (mma.sync, 16-bit operands, fp32 sums) and in plain fp32, and packing of weights.
#include "gemm.cuh"

// ---- tensor cores ---------------------------------------------------------------------------------------------------
// A block makes BM x BN outputs with warps of 32 x 32 or 64 x 32. A step is two slices of 32 k. Weights arrive by
// cp.async, STAGES steps deep. The rows of a chunk of 32 channels, with the halo that all taps need, lie in shared memory
// once: fp32 rows pass through registers, where the function before is applied once a value; 16-bit rows by cp.async.
// Rows of 64 bytes, four chunks of 16, swizzled by (row / 2) % 4: no bank conflicts for ldmatrix from any first row.
// The halo (taps - 1) dilation is at most 64 rows with BM 64, 128 with BM 128, unless rows come in 16 bits.
// Grid (ceil(N / BN), ceil(Tout / BM), B). Shared memory: max(slots * (BM + (taps - 1) dilation) * 64 +
// STAGES * 2 * BN * 64, BM * (BN + 4) * 4), slots from gemm_slots.
constexpr int STAGES = 3;
DEVICE int gemm_slots(bool a16, int taps) { return a16 ? (2 * STAGES - 1 + taps - 1) / taps + 1 : taps == 1 ? 4 : 3; }
DEVICE int swizzle64(int row, int chunk) { return row * 64 + ((chunk ^ (row >> 1 & 3)) << 4); }

template <bool BF>
DEVICE void mma16(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    if (BF) {
        mma_bf16(c, a, b0, b1);
    } else {
        mma_f16(c, a, b0, b1);
    }
}
template <bool BF>
DEVICE uint32_t pack16(float low, float high) {
    return BF ? pack_bf16(low, high) : pack_f16(low, high);
}

template <int BM, int BN, int WM, bool BF, bool A16>
DEVICE void gemm_mma(const GemmParams& p) {
    constexpr int WN = 32, WARPS_M = BM / WM, THREADS = 32 * WARPS_M * (BN / WN), MI = WM / 16, NI = WN / 8;
    constexpr int ITEMS = 8;  // groups of four channels a thread holds in registers
    DYNAMIC_SHARED(shared);
    int tid = threadIdx.x, lane = tid % 32, warp = tid / 32;
    int b = blockIdx.z, t0 = blockIdx.y * BM, n0 = blockIdx.x * BN;
    int wm = warp % WARPS_M * WM, wn = warp / WARPS_M * WN;
    int halo = (p.taps - 1) * p.dilation, arows = BM + halo;
    int slots = gemm_slots(A16, p.taps), chunks = (p.Cin + 31) / 32, slices = chunks * p.taps, steps = (slices + 1) / 2;
    unsigned char* sa = shared;
    unsigned char* sb = shared + slots * arows * 64;

    auto load_b = [&](int step) {  // a step's weights: 2 x BN rows of 64 bytes
        const char* w = (const char*)p.w;
        unsigned char* to = sb + step % STAGES * (2 * BN * 64);
        for (int i = tid; i < 2 * BN * 4; i += THREADS) {
            int half = i / (BN * 4), n = i / 4 % BN, slice = step * 2 + half;
            bool in = slice < slices && n0 + n < p.Npad;
            cp_async16(to + half * BN * 64 + swizzle64(n, i % 4), in ? w + ((i64)slice * p.Npad + n0 + n) * 64 + i % 4 * 16 : w, in ? 16 : 0);
        }
    };
    auto last_chunk = [&](int step) { return min(step * 2 + 1, slices - 1) / p.taps; };

    load_b(0);
    gdc_wait();
    int rows = rows_of(p.valid, b, p.Tin);
    if (p.up ? t0 > rows + p.taps - 2 : t0 >= out_rows(p, rows)) {  // nothing valid here
        cp_wait<0>();
        return;
    }
    bool aligned = rows_aligned(p);
    bool over = false;
    float4 held[ITEMS];
    int held_first = 0, held_count = 0;  // chunks in registers
    auto load_a16 = [&](int chunk) {
        const half_t* a = (const half_t*)p.a + b * p.aBatch;
        unsigned char* to = sa + chunk % slots * arows * 64;
        for (int i = tid; i < arows * 4; i += THREADS) {
            int r = t0 + i / 4 - p.pad, c = chunk * 32 + i % 4 * 8;
            bool in = r >= 0 && r < rows && c < p.Cin;
            cp_async16(to + swizzle64(i / 4, i % 4), in ? a + r * p.aRow + c : a, in ? 16 : 0);
        }
    };
    auto hold = [&](int first, int count) {
        held_first = first;
        held_count = count;
#pragma unroll
        for (int k = 0; k < ITEMS; k++) {
            int i = tid + k * THREADS;
            held[k] = make_float4(0, 0, 0, 0);
            if (i < arows * 8 * count) {
                int chunk = first + i / (arows * 8), j = i % (arows * 8);
                held[k] = load_row4(p, b, rows, aligned, t0 + j / 8, chunk * 32 + j % 8 * 4);
            }
        }
    };
    auto put = [&] {
#pragma unroll
        for (int k = 0; k < ITEMS; k++) {
            int i = tid + k * THREADS;
            if (i < arows * 8 * held_count) {
                int chunk = held_first + i / (arows * 8), j = i % (arows * 8), row = j / 8, c = j % 8;
                float4 v = before4(p, held[k], chunk * 32 + c * 4);
                over |= !BF && overflows(v);
                *(uint2*)(sa + chunk % slots * arows * 64 + swizzle64(row, c / 2) + c % 2 * 8) = make_uint2(pack16<BF>(v.x, v.y), pack16<BF>(v.z, v.w));
            }
        }
    };
    int issued = -1;  // the last chunk that is on its way by cp.async
    auto load_a = [&](int step) {
        if constexpr (A16) {
            for (; issued < last_chunk(step); issued++) load_a16(issued + 1);
        }
    };
    load_a(0);
    cp_commit();
    for (int s = 1; s < STAGES - 1; s++) {
        if (s < steps) {
            load_b(s);
            load_a(s);
        }
        cp_commit();
    }
    if constexpr (!A16) {
        hold(0, last_chunk(0) + 1);
        put();
    }

    float acc[MI][NI][4] = {};
    int ar = wm + lane % 8 + (lane / 8 & 1) * 8, ac = lane / 16;        // this lane's row and 16-byte chunk of A
    int br = wn + lane % 8 + lane / 16 * 8, bc = lane / 8 & 1;
    for (int step = 0; step < steps; step++) {
        cp_wait<STAGES - 2>();
        __syncthreads();
        if (step + STAGES - 1 < steps) {
            load_b(step + STAGES - 1);
            load_a(step + STAGES - 1);
        }
        cp_commit();
        int more = 0;
        if constexpr (!A16) {
            if (step + 1 < steps) {
                more = last_chunk(step + 1) - last_chunk(step);
                if (more) hold(last_chunk(step) + 1, more);
            }
        }
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int slice = step * 2 + half;
            if (slice >= slices) break;
            int chunk = slice / p.taps, shift = slice % p.taps * p.dilation;
            const unsigned char* a0 = sa + chunk % slots * arows * 64;
            const unsigned char* b0 = sb + step % STAGES * (2 * BN * 64) + half * BN * 64;
#pragma unroll
            for (int k = 0; k < 2; k++) {
                uint32_t a[MI][4], w[NI / 2][4];
#pragma unroll
                for (int i = 0; i < MI; i++) ldmatrix4(a[i], a0 + swizzle64(ar + i * 16 + shift, ac + k * 2));
#pragma unroll
                for (int j = 0; j < NI / 2; j++) ldmatrix4(w[j], b0 + swizzle64(br + j * 16, bc + k * 2));
#pragma unroll
                for (int i = 0; i < MI; i++) {
#pragma unroll
                    for (int j = 0; j < NI; j++) mma16<BF>(acc[i][j], a[i], w[j / 2][j % 2 * 2], w[j / 2][j % 2 * 2 + 1]);
                }
            }
        }
        if (more) put();
    }
    cp_wait<0>();
    __syncthreads();
    gdc_launch();
    float* tile = (float*)shared;
#pragma unroll
    for (int i = 0; i < MI; i++) {
#pragma unroll
        for (int j = 0; j < NI; j++) {
            int r = wm + i * 16 + lane / 4, c = wn + j * 8 + lane % 4 * 2;
            *(float2*)&tile[r * (BN + 4) + c] = make_float2(acc[i][j][0], acc[i][j][1]);
            *(float2*)&tile[(r + 8) * (BN + 4) + c] = make_float2(acc[i][j][2], acc[i][j][3]);
        }
    }
    __syncthreads();
    epilogue<BM, BN, THREADS>(p, tile, b, rows, t0, n0);
    count_overflow(p.overflow, over);
}

KERNEL(gemm_f16_64x64, 128, 4, GemmParams) { gemm_mma<64, 64, 32, false, false>(p); }
KERNEL(gemm_f16_128x64, 256, 2, GemmParams) { gemm_mma<128, 64, 32, false, false>(p); }
KERNEL(gemm_f16_128x128, 256, 1, GemmParams) { gemm_mma<128, 128, 64, false, false>(p); }
KERNEL(gemm_f16_64x64_a16, 128, 4, GemmParams) { gemm_mma<64, 64, 32, false, true>(p); }
KERNEL(gemm_f16_128x64_a16, 256, 2, GemmParams) { gemm_mma<128, 64, 32, false, true>(p); }
KERNEL(gemm_f16_128x128_a16, 256, 1, GemmParams) { gemm_mma<128, 128, 64, false, true>(p); }
KERNEL(gemm_bf16_64x64, 128, 4, GemmParams) { gemm_mma<64, 64, 32, true, false>(p); }
KERNEL(gemm_bf16_128x128, 256, 1, GemmParams) { gemm_mma<128, 128, 64, true, false>(p); }
KERNEL(gemm_bf16_64x64_a16, 128, 4, GemmParams) { gemm_mma<64, 64, 32, true, true>(p); }
KERNEL(gemm_bf16_128x128_a16, 256, 1, GemmParams) { gemm_mma<128, 128, 64, true, true>(p); }

// ---- exact: fp32 multiply-adds, k in order, the same sums whatever the tile and wherever a window begins -------------
// Threads 16 x TY; a thread makes RM rows, TY apart, and RN columns, four together. A chunk of 16 channels of the rows
// and the halo (at most 96 rows) lies in shared memory, rows 20 floats apart. Grid (ceil(N / BN), ceil(Tout / BM), B). Shared memory:
// max(2 * (BM + (taps - 1) dilation) * 80 + 3 * 16 * BN * 4, BM * (BN + 4) * 4).
template <int BM, int BN, int RM, int RN>
DEVICE void gemm_exact(const GemmParams& p) {
    constexpr int TY = BM / RM, TX = BN / RN, THREADS = TX * TY, ITEMS = 5, DEPTH = 3, LD = 20;
    static_assert(TX == 16, "");
    DYNAMIC_SHARED(shared);
    int tid = threadIdx.x, tx = tid % 16, ty = tid / 16;
    int b = blockIdx.z, t0 = blockIdx.y * BM, n0 = blockIdx.x * BN;
    int arows = BM + (p.taps - 1) * p.dilation, chunks = (p.Cin + 15) / 16, slices = chunks * p.taps;
    float* sa = (float*)shared;
    float* sb = sa + 2 * arows * LD;
    auto load_b = [&](int slice) {
        const float* w = (const float*)p.w;
        for (int i = tid; i < 16 * BN / 4; i += THREADS) {
            int k = i / (BN / 4), n = i % (BN / 4) * 4;
            bool in = n0 + n < p.Npad;
            cp_async16(sb + (slice % DEPTH * 16 + k) * BN + n, in ? w + ((i64)slice * 16 + k) * p.Npad + n0 + n : w, in ? 16 : 0);
        }
    };
    load_b(0);
    gdc_wait();
    int rows = rows_of(p.valid, b, p.Tin);
    if (p.up ? t0 > rows + p.taps - 2 : t0 >= out_rows(p, rows)) {
        cp_wait<0>();
        return;
    }
    cp_commit();
    if (slices > 1) load_b(1);
    cp_commit();
    bool aligned = rows_aligned(p);
    float4 held[ITEMS];
    auto hold = [&](int chunk) {
#pragma unroll
        for (int k = 0; k < ITEMS; k++) {
            int i = tid + k * THREADS;
            if (i < arows * 4) held[k] = load_row4(p, b, rows, aligned, t0 + i / 4, chunk * 16 + i % 4 * 4);
        }
    };
    auto put = [&](int chunk) {
#pragma unroll
        for (int k = 0; k < ITEMS; k++) {
            int i = tid + k * THREADS, c = chunk * 16 + i % 4 * 4;
            if (i < arows * 4) {
                float4 v = held[k];
                if (p.before == SNAKE) {
                    float4 a = load4(p.alpha, c, F32, p.Cin - c);
                    v = make_float4(activate(SNAKE, v.x, 0, a.x), activate(SNAKE, v.y, 0, a.y), activate(SNAKE, v.z, 0, a.z), activate(SNAKE, v.w, 0, a.w));
                } else {
                    v = before4(p, v, c);
                }
                *(float4*)&sa[(chunk % 2 * arows + i / 4) * LD + i % 4 * 4] = v;
            }
        }
    };
    hold(0);
    put(0);
    float acc[RM][RN] = {};
    for (int slice = 0; slice < slices; slice++) {
        cp_wait<DEPTH - 2>();
        __syncthreads();
        if (slice + DEPTH - 1 < slices) load_b(slice + DEPTH - 1);
        cp_commit();
        int chunk = slice / p.taps, tap = slice % p.taps;
        bool next = tap == p.taps - 1 && chunk + 1 < chunks;
        if (next) hold(chunk + 1);
        const float* a0 = sa + (chunk % 2 * arows + tap * p.dilation + ty) * LD;
        const float* b0 = sb + slice % DEPTH * 16 * BN + tx * 4;
#pragma unroll
        for (int k = 0; k < 16; k += 4) {
            float4 a[RM];
#pragma unroll
            for (int i = 0; i < RM; i++) a[i] = *(const float4*)&a0[i * TY * LD + k];
#pragma unroll
            for (int kk = 0; kk < 4; kk++) {
                float w[RN];
#pragma unroll
                for (int j = 0; j < RN; j += 4) *(float4*)&w[j] = *(const float4*)&b0[(k + kk) * BN + j * 16];
#pragma unroll
                for (int i = 0; i < RM; i++) {
                    float x = kk == 0 ? a[i].x : kk == 1 ? a[i].y : kk == 2 ? a[i].z : a[i].w;
#pragma unroll
                    for (int j = 0; j < RN; j++) acc[i][j] = fmaf(x, w[j], acc[i][j]);
                }
            }
        }
        if (next) put(chunk + 1);
    }
    cp_wait<0>();
    __syncthreads();
    gdc_launch();
    float* tile = (float*)shared;
#pragma unroll
    for (int i = 0; i < RM; i++) {
#pragma unroll
        for (int j = 0; j < RN; j += 4) *(float4*)&tile[(ty + i * TY) * (BN + 4) + j * 16 + tx * 4] = make_float4(acc[i][j], acc[i][j + 1], acc[i][j + 2], acc[i][j + 3]);
    }
    __syncthreads();
    epilogue<BM, BN, THREADS>(p, tile, b, rows, t0, n0);
}
KERNEL(gemm_f32_64x64, 128, 3, GemmParams) { gemm_exact<64, 64, 8, 4>(p); }
KERNEL(gemm_f32_128x128, 256, 1, GemmParams) { gemm_exact<128, 128, 8, 8>(p); }

// The same for at most 8 columns: a thread a row, sums in the same order. Threads 128, grid (1, ceil(Tout / 128), B).
KERNEL(gemm_f32_narrow, 128, 1, GemmParams) {
    gdc_wait();
    gdc_launch();
    int b = blockIdx.z, t = blockIdx.y * 128 + threadIdx.x;
    int rows = rows_of(p.valid, b, p.Tin);
    if (t >= out_rows(p, rows)) return;
    bool aligned = rows_aligned(p);
    float acc[8] = {};
    const float* w = (const float*)p.w;
    for (int chunk = 0; chunk * 16 < p.Cin; chunk++) {
        for (int tap = 0; tap < p.taps; tap++, w += 16 * p.Npad) {
            for (int c = 0; c < 16; c += 4) {
                float4 v = load_row4(p, b, rows, aligned, t + tap * p.dilation, chunk * 16 + c);
                if (p.before == SNAKE) {
                    float4 a = load4(p.alpha, chunk * 16 + c, F32, p.Cin - chunk * 16 - c);
                    v = make_float4(activate(SNAKE, v.x, 0, a.x), activate(SNAKE, v.y, 0, a.y), activate(SNAKE, v.z, 0, a.z), activate(SNAKE, v.w, 0, a.w));
                } else {
                    v = before4(p, v, chunk * 16 + c);
                }
                float x[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
                for (int k = 0; k < 4; k++) {
#pragma unroll
                    for (int n = 0; n < 8; n++) {
                        if (n < p.N) acc[n] = fmaf(x[k], w[(c + k) * p.Npad + n], acc[n]);
                    }
                }
            }
        }
    }
#pragma unroll
    for (int n = 0; n < 8; n++) {
        if (n >= p.N) break;
        float v = acc[n] + (p.bias ? p.bias[b * p.biasBatch + n] : 0);
        v = activate(p.after, v, p.afterParameter, 0) * p.scale;
        if (p.residual) v += load1(p.residual, b * p.residualBatch + t * p.residualRow + n, p.residualType);
        store1(p.out, b * p.outBatch + t * p.outRow + n, p.outType, v);
    }
}

// ---- packing --------------------------------------------------------------------------------------------------------
// Weights of a checkpoint, element (n, c, k) at n * sourceN + c * sourceC + k * sourceK, times scale, into columns
// [first, first + N) of a packed matrix of Npad columns; whole: also zeros in the columns after them.
//  up > 0: transposed: n counts up * upC columns, taps = ceil(kernel / up); source element (n % upC, c, k);
//  flat > 0: Cin = kernel * flat, in the order (k, c);
//  interleave: column 2 i + h is row h N / 2 + i (gates). *bad counts values that are no number, or do not fit a half.
// type F32 packs [k][Npad] in chunks of 16, else [k / 32][Npad][32]. Threads 256, grid (ceil(K * columns / 256)), where
// K = ceil(Cin / CH) * CH * taps and columns = whole ? Npad - first : N.
struct PackParams {
    const void* source; i64 sourceN, sourceC, sourceK;
    void* out;
    unsigned* bad;
    int N, first, Npad, whole, Cin, kernel, taps, up, upC, flat, interleave, sourceType, outType;
    float scale;
};
KERNEL(pack_weights, 256, 1, PackParams) {
    i64 item = (i64)blockIdx.x * 256 + threadIdx.x;
    int CH = p.outType == F32 ? 16 : 32, chunks = (p.Cin + CH - 1) / CH, columns = p.whole ? p.Npad - p.first : p.N;
    i64 K = (i64)chunks * CH * p.taps;
    if (item >= K * columns) return;
    int n;
    i64 kk;
    if (p.outType == F32) {
        kk = item / columns;
        n = (int)(item % columns);
    } else {
        kk = item / 32 / columns * 32 + item % 32;
        n = (int)(item / 32 % columns);
    }
    int chunk = (int)(kk / CH / p.taps), tap = (int)(kk / CH % p.taps), c = chunk * CH + (int)(kk % CH), k = tap, row = n;
    bool in = n < p.N && c < p.Cin;
    if (p.up) {
        k = (p.taps - 1 - tap) * p.up + n / p.upC;
        row = n % p.upC;
    } else if (p.flat) {
        k = c / p.flat;
        c = c % p.flat;
    } else if (p.interleave) {
        row = n % 2 * (p.N / 2) + n / 2;
    }
    in = in && k < p.kernel;
    float v = in ? load1(p.source, row * p.sourceN + c * p.sourceC + k * p.sourceK, p.sourceType) * p.scale : 0;
    if (p.bad && (!(fabsf(v) < INFINITY) || (p.outType == F16 && overflows(v)))) atomicAdd(p.bad, 1u);
    i64 at = p.outType == F32 ? kk * p.Npad + p.first + n : (kk / 32 * p.Npad + p.first + n) * 32 + kk % 32;
    store1(p.out, at, p.outType, v);
}
// Plain conversion of n values; what is no number is counted. Threads 256, grid (ceil(n / 1024)).
struct ConvertParams {
    const void* source;
    void* out;
    unsigned* bad;
    i64 n;
    int sourceType, outType;
    float scale;
    int pad;
};
KERNEL(convert, 256, 1, ConvertParams) {
    i64 i = ((i64)blockIdx.x * 256 + threadIdx.x) * 4;
    if (i >= p.n) return;
    int n = p.n - i < 4 ? (int)(p.n - i) : 4;
    float4 v = load4(p.source, i, p.sourceType, n);
    v = make_float4(v.x * p.scale, v.y * p.scale, v.z * p.scale, v.w * p.scale);
    bool finite = fabsf(v.x) < INFINITY && fabsf(v.y) < INFINITY && fabsf(v.z) < INFINITY && fabsf(v.w) < INFINITY;
    if (p.bad && (!finite || (p.outType == F16 && overflows(v)))) atomicAdd(p.bad, 1u);
    store4(p.out, i, p.outType, n, v);
}
