// Matrix products on tensor cores (mma.sync, 16-bit operands, fp32 sums), and packing of weights.
#include "gemm.cuh"

// ---- tensor cores ---------------------------------------------------------------------------------------------------
// A block of 8 warps makes BM x BN outputs, a warp WM x 32. A step is two slices of 32 k; with two groups of warps (KG 2),
// each takes one slice of every step, and the sums meet at the end. Weights arrive by cp.async, STAGES steps deep. The
// rows of a chunk of 32 channels, with the halo that all taps need, lie in shared memory once: fp32 rows pass through
// registers, where the function before is applied once a value; 16-bit rows come by cp.async.
// Rows of 64 bytes, four chunks of 16, swizzled by (row / 2) % 4: no bank conflicts for ldmatrix from any first row.
// A halo (taps - 1) dilation above 64 rows with BM 64, 128 with BM 128, is slower unless rows come in 16 bits: registers
// hold no more one step ahead. What shared memory holds bounds it.
// Threads 256, grid (ceil(N / BN), ceil(Tout / BM), B). Shared memory: max(slots * (BM + (taps - 1) dilation) * 64 +
// STAGES * 2 * BN * 64, BM * (BN + 4) * 4); STAGES 3 for fp32 rows, 4 for 16-bit ones; slots from gemm_slots. A linear map
// of 16-bit rows: 96 KB.
DEVICE int gemm_slots(bool a16, int taps) { return a16 ? (7 + taps - 1) / taps + 1 : taps == 1 ? 4 : 3; }

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
// Slices in their order: the chunk of channels, where it lies, the tap. Counters instead of divisions.
struct Slice {
    int chunk = 0, slot = 0, tap = 0;
    DEVICE void next(int taps, int slots) {
        if (++tap == taps) {
            tap = 0;
            chunk++;
            slot = slot + 1 == slots ? 0 : slot + 1;
        }
    }
};

// The warps' sums into a tile (BM, BN + 4) in shared memory: the second group's first, then the first's on top.
template <int BN, int KG, int MI>
DEVICE void collect(float* tile, const float (&acc)[MI][4][4], int group, int wm, int wn, int lane) {
#pragma unroll
    for (int g = KG - 1; g >= 0; g--) {
        if (group == g) {
#pragma unroll
            for (int i = 0; i < MI; i++) {
#pragma unroll
                for (int j = 0; j < 4; j++) {
#pragma unroll
                    for (int r = 0; r < 2; r++) {
                        float2* to = (float2*)&tile[(wm + i * 16 + lane / 4 + r * 8) * (BN + 4) + wn + j * 8 + lane % 4 * 2];
                        float2 v = make_float2(acc[i][j][2 * r], acc[i][j][2 * r + 1]);
                        if (KG == 2 && g == 0) {
                            float2 other = *to;
                            v.x += other.x, v.y += other.y;
                        }
                        *to = v;
                    }
                }
            }
        }
        __syncthreads();
    }
}

template <int BM, int BN, int WM, int KG, bool BF, bool A16>
DEVICE void gemm_mma(const GemmParams& p) {
    constexpr int WARPS_M = BM / WM, GROUP = WARPS_M * (BN / 32), MI = WM / 16, NI = 4, STAGES = A16 ? 4 : 3;
    static_assert(GROUP * KG == 8, "eight warps");
    constexpr int ITEMS = BM / 16;  // groups of four channels a thread holds in registers
    constexpr int B_ITEMS = BN * 4 / 256, STAGE = 2 * BN * 64;
    DYNAMIC_SHARED(shared);
    int tid = threadIdx.x, lane = tid % 32, warp = tid / 32, group = warp / GROUP;
    int b = blockIdx.z, t0 = blockIdx.y * BM, n0 = blockIdx.x * BN;
    int wm = warp % GROUP % WARPS_M * WM, wn = warp % GROUP / WARPS_M * 32;
    int taps = p.taps, arows = BM + (taps - 1) * p.dilation, slot_bytes = arows * 64;
    int slots = gemm_slots(A16, taps), chunks = (p.Cin + 31) / 32, slices = chunks * taps, steps = (slices + 1) / 2;
    unsigned char* sa = shared;
    Shared sb = shared_at(shared + slots * slot_bytes);

    // weights: 256 threads take BN rows of 64 bytes, the same ones of every slice; what lies outside is 0 bytes long
    i64 slice_bytes = (i64)p.Npad * 64;
    const char* w = (const char*)p.w + (i64)(n0 + tid / 4) * 64 + tid % 4 * 16;
    Shared b_to = sb + tid * 16;
    int b_stage = 0, b_left = slices, b_size[B_ITEMS];
#pragma unroll
    for (int k = 0; k < B_ITEMS; k++) b_size[k] = n0 + tid / 4 + k * 64 < p.Npad ? 16 : 0;
    auto load_b = [&] {  // the next step's
#pragma unroll
        for (int half = 0; half < 2; half++) {
            bool more = half == 0 || b_left > 1;
#pragma unroll
            for (int k = 0; k < B_ITEMS; k++) {
                int size = more ? b_size[k] : 0;
                cp_async16(b_to + (b_stage + half * BN * 64 + k * 64 * 64), size ? w + k * 64 * 64 : (const char*)p.w, size);
            }
            w += slice_bytes;
        }
        b_left -= 2;
        b_stage = b_stage + STAGE == STAGES * STAGE ? 0 : b_stage + STAGE;
    };

    load_b();
    gdc_wait();
    int rows = rows_of(p.valid, b, p.Tin);
    if (p.up ? t0 > rows + taps - 2 : t0 >= out_rows(p, rows)) {  // nothing valid here
        cp_wait<0>();
        return;
    }
    bool over = false;
    // 16-bit rows: a quarter of a row a thread, 64 rows apart
    Slice coming;
    int a_row = t0 - p.pad + tid / 4, a_to = swizzle64(tid / 4, tid % 4), a_slices = 0;
    const half_t* a_from = (const half_t*)p.a + b * p.aBatch + (i64)a_row * p.aRow + tid % 4 * 8;
    i64 a_next = 64 * p.aRow;
    auto load_a = [&] {  // the next step's
        if constexpr (A16) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                if (a_slices++ >= slices) break;
                if (coming.tap == 0) {
                    unsigned char* to = sa + coming.slot * slot_bytes + a_to;
                    const half_t* from = a_from + coming.chunk * 32;
                    bool channel = coming.chunk * 32 + tid % 4 * 8 < p.Cin;
#pragma unroll 2
                    for (int i = tid / 4; i < arows; i += 64) {
                        int r = a_row + i - tid / 4;
                        bool in = channel && r >= 0 && r < rows;
                        cp_async16(to, in ? from : (const half_t*)p.a, in ? 16 : 0);
                        to += 64 * 64;
                        from += a_next;
                    }
                }
                coming.next(taps, slots);
            }
        }
    };
    // fp32 rows
    bool aligned = rows_aligned(p);
    float4 held[ITEMS];
    int held_first = 0, held_count = 0;  // chunks in registers
    auto hold = [&](int first, int count) {
        held_first = first;
        held_count = count;
#pragma unroll
        for (int k = 0; k < ITEMS; k++) {
            int i = tid + k * 256, row = i / 8, chunk = first;
            if (row >= arows) row -= arows, chunk++;
            held[k] = make_float4(0, 0, 0, 0);
            if (chunk < first + count) held[k] = load_row4(p, b, rows, aligned, t0 + row, chunk * 32 + i % 8 * 4);
        }
    };
    auto put = [&] {
#pragma unroll
        for (int k = 0; k < ITEMS; k++) {
            int i = tid + k * 256, row = i / 8, chunk = held_first, c = i % 8;
            if (row >= arows) row -= arows, chunk++;
            if (chunk < held_first + held_count) {
                float4 v = before4(p, held[k], chunk * 32 + c * 4);
                over |= !BF && overflows(v);
                *(uint2*)(sa + chunk % slots * slot_bytes + swizzle64(row, c / 2) + c % 2 * 8) = make_uint2(pack16<BF>(v.x, v.y), pack16<BF>(v.z, v.w));
            }
        }
        for (int i = tid + ITEMS * 256; i < held_count * arows * 8; i += 256) {  // a wide halo: what registers did not hold
            int row = i / 8 % arows, chunk = held_first + i / 8 / arows, c = i % 8;
            float4 v = before4(p, load_row4(p, b, rows, aligned, t0 + row, chunk * 32 + c * 4), chunk * 32 + c * 4);
            over |= !BF && overflows(v);
            *(uint2*)(sa + chunk % slots * slot_bytes + swizzle64(row, c / 2) + c % 2 * 8) = make_uint2(pack16<BF>(v.x, v.y), pack16<BF>(v.z, v.w));
        }
    };
    load_a();
    cp_commit();
#pragma unroll
    for (int s = 1; s < STAGES - 1; s++) {
        if (s < steps) {
            load_b();
            load_a();
        }
        cp_commit();
    }
    int last_chunk = min(1, slices - 1) / taps, last_tap = min(1, slices - 1) % taps;  // of the step's second slice
    if constexpr (!A16) {
        hold(0, last_chunk + 1);
        put();
    }

    float acc[MI][NI][4] = {};
    int ar = wm + lane % 8 + (lane / 8 & 1) * 8, ac = lane / 16;  // this lane's row and 16-byte chunk of A
    int b_at = swizzle64(wn + lane % 8 + lane / 16 * 8, lane / 8 & 1) + group * BN * 64, b_read = 0;
    Slice at;
    if (KG == 2 && group == 1) at.next(taps, slots);
    for (int step = 0; step < steps; step++) {
        cp_wait<STAGES - 2>();
        __syncthreads();
        if (step + STAGES - 1 < steps) {
            load_b();
            load_a();
        }
        cp_commit();
        int more = 0;
        if constexpr (!A16) {
            if (step + 1 < steps) {
                int chunk = last_chunk, tap = last_tap + 2;
                while (tap >= taps) tap -= taps, chunk++;
                last_tap = tap;
                chunk = min(chunk, chunks - 1);
                more = chunk - last_chunk;
                if (more) hold(last_chunk + 1, more);
                last_chunk = chunk;
            }
        }
#pragma unroll
        for (int half = 0; half < (KG == 2 ? 1 : 2); half++) {
            if (at.chunk < chunks) {
                int row = ar + at.tap * p.dilation;
                Shared a0 = shared_at(sa) + (at.slot * slot_bytes + swizzle64(row, ac));
                Shared b0 = sb + (b_read + half * BN * 64 + b_at);
                // the swizzle flips bit 5 for the second 16 k: address ^ 32
                int turn = ((ac ^ (row >> 1 & 3)) & 2) ? -32 : 32, b_turn = (b_at & 32) ? -32 : 32;
                uint32_t a[2][MI][4], w[2][NI / 2][4];
#pragma unroll
                for (int k = 0; k < 2; k++) {
#pragma unroll
                    for (int i = 0; i < MI; i++) ldmatrix4(a[k][i], a0 + i * 16 * 64 + (k ? turn : 0));
#pragma unroll
                    for (int j = 0; j < NI / 2; j++) ldmatrix4(w[k][j], b0 + j * 16 * 64 + (k ? b_turn : 0));
                }
#pragma unroll
                for (int k = 0; k < 2; k++) {
#pragma unroll
                    for (int i = 0; i < MI; i++) {
#pragma unroll
                        for (int j = 0; j < NI; j++) mma16<BF>(acc[i][j], a[k][i], w[k][j / 2][j % 2 * 2], w[k][j / 2][j % 2 * 2 + 1]);
                    }
                }
            }
            at.next(taps, slots);
            if (KG == 2) at.next(taps, slots);
        }
        b_read = b_read + STAGE == STAGES * STAGE ? 0 : b_read + STAGE;
        if (more) put();
    }
    cp_wait<0>();
    __syncthreads();
    gdc_launch();
    float* tile = (float*)shared;
    collect<BN, KG, MI>(tile, acc, group, wm, wn, lane);
    epilogue<BM, BN, 256>(p, tile, b, rows, t0, n0);
    count_overflow(p.overflow, over);
}

// A linear map of 16-bit rows: the same tiles and slices, nothing that taps would need. STAGES stages of SLICES slices of
// the rows and as many of the weights, of which a group of warps takes every KG-th; addresses move by additions alone.
// Shared memory: 96 KB.
template <int BM, int BN, int WM, int KG, bool BF>
DEVICE void gemm_linear(const GemmParams& p) {
    constexpr int WARPS_M = BM / WM, GROUP = WARPS_M * (BN / 32), MI = WM / 16, NI = 4, SLICES = BM == 64 ? 4 : 2, STAGES = BM == 64 ? 3 : 4;
    constexpr int A_ITEMS = BM / 64, B_ITEMS = BN / 64, B_AT = SLICES * BM * 64, STAGE = SLICES * (BM + BN) * 64;
    static_assert(STAGES * STAGE == 98304, "96 KB");
    DYNAMIC_SHARED(shared);
    int tid = threadIdx.x, lane = tid % 32, warp = tid / 32, group = warp / GROUP;
    int b = blockIdx.z, t0 = blockIdx.y * BM, n0 = blockIdx.x * BN;
    int wm = warp % GROUP % WARPS_M * WM, wn = warp % GROUP / WARPS_M * 32;
    int slices = (p.Cin + 31) / 32, steps = (slices + SLICES - 1) / SLICES;
    bool whole = p.Cin % (32 * SLICES) == 0;
    Shared base = shared_at(shared), to = base + swizzle64(tid / 4, tid % 4), w_to = base + (B_AT + tid * 16);
    i64 slice_bytes = (i64)p.Npad * 64;
    const char* w[B_ITEMS];
    int w_size[B_ITEMS];
#pragma unroll
    for (int k = 0; k < B_ITEMS; k++) {
        int n = n0 + tid / 4 + k * 64;
        w_size[k] = n < p.Npad ? 16 : 0;
        w[k] = (const char*)p.w + (n < p.Npad ? (i64)n * 64 + tid % 4 * 16 : 0);
    }
    int stage = 0, c = tid % 4 * 8;  // the stage that is filled next, this thread's channel in it
    auto load_w = [&](int at) {
#pragma unroll
        for (int k = 0; k < B_ITEMS; k++) {
#pragma unroll
            for (int i = 0; i < SLICES; i++) {
                bool in = whole || at + i < slices;
                cp_async16(w_to + (stage + i * BN * 64 + k * 4096), in ? w[k] + i * slice_bytes : (const char*)p.w, in ? w_size[k] : 0);
            }
            w[k] += w_size[k] ? SLICES * slice_bytes : 0;
        }
    };
    load_w(0);
    gdc_wait();
    int rows = rows_of(p.valid, b, p.Tin);
    if (t0 >= out_rows(p, rows)) {  // nothing valid here
        cp_wait<0>();
        return;
    }
    const half_t* a[A_ITEMS];
    int a_size[A_ITEMS];
#pragma unroll
    for (int k = 0; k < A_ITEMS; k++) {
        int r = t0 + tid / 4 + k * 64 - p.pad;
        bool in = r >= 0 && r < rows;
        a_size[k] = in ? 16 : 0;
        a[k] = (const half_t*)p.a + (in ? b * p.aBatch + r * p.aRow + c : 0);
    }
    auto load_a = [&] {
#pragma unroll
        for (int k = 0; k < A_ITEMS; k++) {
#pragma unroll
            for (int i = 0; i < SLICES; i++) {
                int size = whole || c + i * 32 < p.Cin ? a_size[k] : 0;
                cp_async16(to + (stage + i * BM * 64 + k * 4096), size ? a[k] + i * 32 : (const half_t*)p.a, size);
            }
            a[k] += 32 * SLICES;
        }
        c += 32 * SLICES;
        stage = stage == (STAGES - 1) * STAGE ? 0 : stage + STAGE;
    };
    load_a();
    cp_commit();
#pragma unroll
    for (int s = 1; s < STAGES - 1; s++) {
        if (s < steps) {
            load_w(SLICES * s);
            load_a();
        }
        cp_commit();
    }
    float acc[MI][NI][4] = {};
    // where this lane reads, for the first and the second 16 k of a slice
    int ar = wm + lane % 8 + (lane / 8 & 1) * 8, br = wn + lane % 8 + lane / 16 * 8;
    Shared a_read[2] = {base + (group * BM * 64 + swizzle64(ar, lane / 16)), base + (group * BM * 64 + swizzle64(ar, lane / 16 + 2))};
    Shared w_read[2] = {base + (B_AT + group * BN * 64 + swizzle64(br, lane / 8 & 1)), base + (B_AT + group * BN * 64 + swizzle64(br, (lane / 8 & 1) + 2))};
    int read = 0;
    for (int step = 0; step < steps; step++) {
        cp_wait<STAGES - 2>();
        __syncthreads();
        if (step + STAGES - 1 < steps) {
            load_w(SLICES * (step + STAGES - 1));
            load_a();
        }
        cp_commit();
#pragma unroll
        for (int i = 0; i < SLICES / KG; i++) {
            if (whole || step * SLICES + i * KG + group < slices) {
                uint32_t f[2][MI][4], g[2][NI / 2][4];
#pragma unroll
                for (int k = 0; k < 2; k++) {
                    Shared a0 = a_read[k] + (read + i * KG * BM * 64), b0 = w_read[k] + (read + i * KG * BN * 64);
#pragma unroll
                    for (int m = 0; m < MI; m++) ldmatrix4(f[k][m], a0 + m * 1024);
#pragma unroll
                    for (int j = 0; j < NI / 2; j++) ldmatrix4(g[k][j], b0 + j * 1024);
                }
#pragma unroll
                for (int k = 0; k < 2; k++) {
#pragma unroll
                    for (int m = 0; m < MI; m++) {
#pragma unroll
                        for (int j = 0; j < NI; j++) mma16<BF>(acc[m][j], f[k][m], g[k][j / 2][j % 2 * 2], g[k][j / 2][j % 2 * 2 + 1]);
                    }
                }
            }
        }
        read = read == (STAGES - 1) * STAGE ? 0 : read + STAGE;
    }
    cp_wait<0>();
    __syncthreads();
    gdc_launch();
    collect<BN, KG, MI>((float*)shared, acc, group, wm, wn, lane);
    epilogue<BM, BN, 256>(p, (float*)shared, b, rows, t0, n0);
}

// Four columns of a row from a warp's sums: lanes 2 i and 2 i + 1 exchange halves, so that the even one has four columns
// of row lane / 4, from (lane & 2) * 2 on, and the odd one those of the row eight below.
DEVICE float4 four_of(const float (&c)[4], int lane) {
    bool odd = lane & 1;
    float x = shuffle_xor(odd ? c[0] : c[2], 1), y = shuffle_xor(odd ? c[1] : c[3], 1);
    return odd ? make_float4(x, y, c[2], c[3]) : make_float4(c[0], c[1], x, y);
}

// The sums over a warp of four values at once: lanes first divide them among themselves.
DEVICE void warp_sums(float (&v)[4], int lane) {
    bool second = lane & 1, upper = lane & 2;
    float a = second ? v[1] : v[0], b = second ? v[3] : v[2];
    a += shuffle_xor(second ? v[0] : v[1], 1);
    b += shuffle_xor(second ? v[2] : v[3], 1);
    float c = (upper ? b : a) + shuffle_xor(upper ? a : b, 2);
#pragma unroll
    for (int mask = 4; mask < 32; mask *= 2) c += shuffle_xor(c, mask);
#pragma unroll
    for (int i = 0; i < 4; i++) v[i] = shuffle(c, (lane & 28) + i);
}

// A layer norm of fp32 rows, then a linear map: 64 rows of at most 256 channels, a multiple of 64, are normalised into
// shared memory once and multiplied with `share` tiles of 128 columns in turn; the weights arrive three stages of two
// slices deep, those of the next tile during the end of this one. Sums go to memory from registers: N is a multiple of 4,
// and so are the rows of a, out and residual. Threads 256, grid (ceil(ceil(N / 128) / share), ceil(Tin / 64), B). Shared
// memory: Cin * 128 + 3 * 2 * 128 * 64.
template <bool BF>
DEVICE void gemm_norm(const GemmParams& p) {
    constexpr int BM = 64, BN = 128, MI = 2, NI = 4, STAGES = 3, HALF = BN * 64, STAGE = 2 * HALF, ROWS = 4;
    DYNAMIC_SHARED(shared);
    int tid = threadIdx.x, lane = tid % 32, warp = tid / 32;
    int b = blockIdx.z, t0 = blockIdx.y * BM, wm = warp % 2 * 32, wn = warp / 2 * 32;
    int slices = p.Cin / 32, steps = slices / 2, first = blockIdx.x * p.share;
    int tiles = min(p.share, (p.N + BN - 1) / BN - first), left = tiles * steps;
    Shared rows_at = shared_at(shared), ring = rows_at + p.Cin * 128;
    i64 slice_bytes = (i64)p.Npad * 64;
    int column = first * BN + tid / 4;  // this thread's of the weights, and the one 64 behind it
    const char* w = (const char*)p.w + (i64)column * 64 + tid % 4 * 16;
    Shared to = ring + tid * 16;
    int stage = 0, filled = 0;  // the stage that is filled next, the step of its tile
    auto load = [&] {
        if (left-- <= 0) return;
#pragma unroll
        for (int k = 0; k < 2; k++) {
            int size = column + k * 64 < p.Npad ? 16 : 0;
#pragma unroll
            for (int half = 0; half < 2; half++) cp_async16(to + (stage + half * HALF + k * 4096), size ? w + half * slice_bytes + k * 4096 : (const char*)p.w, size);
        }
        w += 2 * slice_bytes;
        if (++filled == steps) {
            filled = 0;
            column += BN;
            w += BN * 64 - slices * slice_bytes;
        }
        stage = stage == (STAGES - 1) * STAGE ? 0 : stage + STAGE;
    };
#pragma unroll
    for (int s = 0; s < STAGES - 1; s++) {
        load();
        cp_commit();
    }
    gdc_wait();
    int rows = rows_of(p.valid, b, p.Tin);
    if (t0 >= rows) {  // nothing valid here
        cp_wait<0>();
        return;
    }
    bool over = false;
    int groups = p.Cin / 4;
    {
        float4 gain[2], shift[2];
#pragma unroll
        for (int k = 0; k < 2; k++) {
            int g = k * 32 + lane;
            gain[k] = shift[k] = make_float4(0, 0, 0, 0);
            if (g < groups) {
                gain[k] = load4(p.gamma, g * 4, F32, 4);
                if (p.beta) shift[k] = load4(p.beta, g * 4, F32, 4);
            }
        }
        const float* from = (const float*)p.a + b * p.aBatch + (t0 + warp * 8) * p.aRow + lane * 4;
        unsigned char* put = shared + lane / 8 * BM * 64 + lane % 2 * 8;
        float share_of_one = 1.f / p.Cin;
#pragma unroll 1
        for (int row = warp * 8; row < warp * 8 + 8; row += ROWS) {
            float4 v[ROWS][2];
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                bool in = t0 + row + r < rows;
#pragma unroll
                for (int k = 0; k < 2; k++) {
                    v[r][k] = make_float4(0, 0, 0, 0);
                    if (in && k * 32 + lane < groups) v[r][k] = *(const float4*)(from + k * 128);
                }
                from += p.aRow;
            }
            float sums[ROWS], squares[ROWS];
#pragma unroll
            for (int r = 0; r < ROWS; r++) sums[r] = v[r][0].x + v[r][0].y + v[r][0].z + v[r][0].w + (v[r][1].x + v[r][1].y + v[r][1].z + v[r][1].w);
            warp_sums(sums, lane);
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                float mean = sums[r] * share_of_one;
                squares[r] = 0;
#pragma unroll
                for (int k = 0; k < 2; k++) {
                    float x = v[r][k].x - mean, y = v[r][k].y - mean, z = v[r][k].z - mean, u = v[r][k].w - mean;
                    if (k * 32 + lane < groups) squares[r] += x * x + y * y + z * z + u * u;
                    v[r][k] = make_float4(x, y, z, u);
                }
            }
            warp_sums(squares, lane);
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                float scale = rsqrtf(fmaf(squares[r], share_of_one, p.eps));
#pragma unroll
                for (int k = 0; k < 2; k++) {
                    if (k * 32 + lane >= groups) continue;
                    float4 u = make_float4(fmaf(v[r][k].x * scale, gain[k].x, shift[k].x), fmaf(v[r][k].y * scale, gain[k].y, shift[k].y),
                                           fmaf(v[r][k].z * scale, gain[k].z, shift[k].z), fmaf(v[r][k].w * scale, gain[k].w, shift[k].w));
                    over |= !BF && overflows(u);
                    *(uint2*)(put + k * 4 * BM * 64 + swizzle64(row + r, lane / 2 % 4)) = make_uint2(pack16<BF>(u.x, u.y), pack16<BF>(u.z, u.w));
                }
            }
        }
    }
    __syncthreads();
    int ar = wm + lane % 8 + (lane / 8 & 1) * 8, br = wn + lane % 8 + lane / 16 * 8;
    Shared a_read[2] = {rows_at + swizzle64(ar, lane / 16), rows_at + swizzle64(ar, lane / 16 + 2)};
    Shared w_read[2] = {ring + swizzle64(br, lane / 8 & 1), ring + swizzle64(br, (lane / 8 & 1) + 2)};
    int read = 0, limit = out_rows(p, rows);
    bool out_over = false;
#pragma unroll 1
    for (int n = 0; n < tiles; n++) {
        float acc[MI][NI][4] = {};
#pragma unroll 1
        for (int step = 0; step < steps; step++) {
            cp_wait<STAGES - 2>();
            __syncthreads();
            load();
            cp_commit();
#pragma unroll
            for (int half = 0; half < 2; half++) {
                uint32_t f[2][MI][4], g[2][NI / 2][4];
#pragma unroll
                for (int k = 0; k < 2; k++) {
#pragma unroll
                    for (int i = 0; i < MI; i++) ldmatrix4(f[k][i], a_read[k] + ((step * 2 + half) * BM * 64 + i * 1024));
#pragma unroll
                    for (int j = 0; j < NI / 2; j++) ldmatrix4(g[k][j], w_read[k] + (read + half * HALF + j * 1024));
                }
#pragma unroll
                for (int k = 0; k < 2; k++) {
#pragma unroll
                    for (int i = 0; i < MI; i++) {
#pragma unroll
                        for (int j = 0; j < NI; j++) mma16<BF>(acc[i][j], f[k][i], g[k][j / 2][j % 2 * 2], g[k][j / 2][j % 2 * 2 + 1]);
                    }
                }
            }
            read = read == (STAGES - 1) * STAGE ? 0 : read + STAGE;
        }
        if (n == tiles - 1) gdc_launch();
        int c0 = (first + n) * BN + wn + (lane & 2) * 2, row = t0 + wm + lane / 4 + (lane & 1) * 8;
        i64 to_out = b * p.outBatch + row * p.outRow + c0, to_residual = b * p.residualBatch + row * p.residualRow + c0;
#pragma unroll
        for (int j = 0; j < NI; j++) {
            bool in = c0 + j * 8 < p.N;
            float4 bias = make_float4(0, 0, 0, 0);
            if (p.bias && in) bias = *(const float4*)(p.bias + b * p.biasBatch + c0 + j * 8);
#pragma unroll
            for (int i = 0; i < MI; i++) {
                float4 v = plus(four_of(acc[i][j], lane), bias), more = make_float4(0, 0, 0, 0);
                if (!in || row + i * 16 >= limit) continue;
                if (p.residual) more = load_four(p.residual, to_residual + i * 16 * p.residualRow + j * 8, p.residualType);
                if (p.after == GELU) {
                    v = make_float4(fast_gelu(v.x), fast_gelu(v.y), fast_gelu(v.z), fast_gelu(v.w));
                } else if (p.after != NONE) {
                    v = p.after == SNAKE ? snake4(v, load4(p.afterAlpha, c0 + j * 8, F32, 4)) : after_call(p.after, v, p.afterParameter);
                }
                v = make_float4(fmaf(p.scale, v.x, more.x), fmaf(p.scale, v.y, more.y), fmaf(p.scale, v.z, more.z), fmaf(p.scale, v.w, more.w));
                out_over |= overflows(v);
                store_four(p.out, to_out + i * 16 * p.outRow + j * 8, p.outType, v);
            }
        }
    }
    cp_wait<0>();
    count_overflow(p.overflow, over || (out_over && p.outType == F16));
}

// 16-bit rows: a linear map, or a convolution
template <int BM, int BN, int WM, int KG, bool BF>
DEVICE void gemm_a16(const GemmParams& p) {
    if (p.taps == 1) {
        gemm_linear<BM, BN, WM, KG, BF>(p);
    } else {
        gemm_mma<BM, BN, WM, KG, BF, true>(p);
    }
}
KERNEL(gemm_f16_64x64, 256, 2, GemmParams) { gemm_mma<64, 64, 32, 2, false, false>(p); }
KERNEL(gemm_f16_128x64, 256, 2, GemmParams) { gemm_mma<128, 64, 32, 1, false, false>(p); }
KERNEL(gemm_f16_64x64_a16, 256, 2, GemmParams) { gemm_a16<64, 64, 32, 2, false>(p); }
KERNEL(gemm_f16_128x64_a16, 256, 2, GemmParams) { gemm_a16<128, 64, 32, 1, false>(p); }
KERNEL(gemm_f16_norm, 256, 2, GemmParams) { gemm_norm<false>(p); }
KERNEL(gemm_bf16_64x64, 256, 2, GemmParams) { gemm_mma<64, 64, 32, 2, true, false>(p); }
KERNEL(gemm_bf16_64x64_a16, 256, 2, GemmParams) { gemm_a16<64, 64, 32, 2, true>(p); }
KERNEL(gemm_bf16_128x64_a16, 256, 2, GemmParams) { gemm_a16<128, 64, 32, 1, true>(p); }

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
    i64 at = p.outType == F32 ? kk * p.Npad + p.first + n : (kk / 32 * p.Npad + p.first + n) * 32 + (kk % 32 ^ ((p.first + n) >> 1 & 3) << 3);
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
