// What comes between two attentions of the flow's estimator, in one kernel for compute capability 9.0:
//   x += out(attention);  x += down(gelu(up(norm(x))));  then the next block's qkv(norm(x)), if there is one.
// Products are wgmma, fp16 operands, fp32 sums; weights come by the copy engine, ahead of them. Widths are those of
// CosyVoice 2's estimator. Two ways, the same bits:
//  - transformer_f16, for many rows: a block makes all columns of 64 rows; x stays in registers from first to last;
//  - transformer_up_f16, then transformer_down_f16, for few: several blocks share the columns of the up and the qkv product
//    of 64 rows; what comes before these each block makes for itself, for multiprocessors would be idle.
#include "gemm.cuh"

struct TransformerParams {
    const void* mixed;                            // what attention gave, (B,T,512), in tiles (attention.cu)
    float* x; i64 xBatch, xRow;                   // the residual stream (B,T,256)
    void* out; i64 outBatch, outRow;              // where x goes: fp32 (then it may be x) or fp16
    void* qkv; i64 qkvBatch, qkvRow;              // fp16 (B,T,1536), or null: no next block
    const void* wOut; const float* bOut;          // packed weights (gemm.cuh), biases
    const float* gamma; const float* beta;
    const void* wUp; const float* bUp;
    const void* wDown; const float* bDown;
    const float* nextGamma; const float* nextBeta;
    const void* wQkv;
    const int* valid;
    unsigned* overflow;
    void* wide;                                   // between the two kernels: what up gives, in tiles as `mixed` is, of 1,024
    float* between;                               // and x, (B,T,256) without gaps
    int B, T, outType;
    float eps, nextEps;
    int share;                                    // transformer_down_f16: groups of 256 columns of qkv that a block makes
};

// Threads 384: two groups of 128, each with half of the columns, and one that asks for weights.
#if HOPPER
namespace transformer {
constexpr int C = 256, INNER = 512, WIDE = 1024, QKV = 1536;
constexpr int PIECE = 16384, SLOTS = 6;  // weights come in pieces of 16 KB: 32 channels of 256 columns
constexpr int ENTRY = 4;                 // pieces that are asked for before it is known whether there are rows
constexpr int CHUNK = 64 * 64;           // bytes of 64 rows and 32 channels
constexpr int WITH_ROWS = PIECE + CHUNK; // a slot that also holds 32 channels of 64 rows
constexpr int RING = 67584, MEETING = RING + SLOTS * PIECE, VECTORS = MEETING + 1024, OUT_1 = VECTORS + 2560 * 4, BARRIERS = OUT_1 + 64 * 272 * 2;
constexpr int OUT_0 = 8 * CHUNK;  // what goes out: two times 64 rows of each group, here and at OUT_1
// vectors of floats, from VECTORS on
constexpr int GAMMA = 0, BETA = 256, NEXT_GAMMA = 512, NEXT_BETA = 768, B_OUT = 1024, B_DOWN = 1280, B_UP = 1536;

// The largest magnitudes, to find what a half cannot hold; four chains, so that none waits for another.
struct Peak {
    float4 of = make_float4(0, 0, 0, 0);
    DEVICE void add(float4 v) { of = make_float4(max_nan(of.x, fabsf(v.x)), max_nan(of.y, fabsf(v.y)), max_nan(of.z, fabsf(v.z)), max_nan(of.w, fabsf(v.w))); }
};
DEVICE void meet() { bar_sync(1, 256); }  // both groups

// The ring of weights: its slots in turn.
struct Ring {
    unsigned char* at;
    Barrier* full;
    Barrier* empty;
    int stride = PIECE;  // bytes of a slot
    int slot = 0, parity = 0;
    DEVICE void begin() {
        for (int i = 0; i < SLOTS; i++) {
            barrier_init(full + i, 1);
            barrier_init(empty + i, 8);
        }
    }
    DEVICE void next() {
        if (++slot == SLOTS) slot = 0, parity ^= 1;
    }
    // Piece `chunk` of the 256 columns from `first` on of weights `width` columns wide, once the slot is free.
    DEVICE void ask(const void* w, int width, int chunk, int first) {
        barrier_wait(empty + slot, parity ^ 1);
        barrier_arrive(full + slot, PIECE);
        weights(w, width, chunk, first);
        next();
    }
    DEVICE void weights(const void* w, int width, int chunk, int first) {
        bulk_copy(at + slot * stride, (const char*)w + ((i64)chunk * width + first) * 64, PIECE, full + slot);
    }
    // The same of weights 256 wide, with the rows' channels behind them, which may be there later: `rows` brings them.
    DEVICE void ask_with_rows(const void* w, int chunk) {
        barrier_wait(empty + slot, parity ^ 1);
        barrier_arrive(full + slot, WITH_ROWS);
        weights(w, C, chunk, 0);
        next();
    }
    DEVICE void rows(const void* tile, int chunk, int slot) { bulk_copy(at + slot * stride + PIECE, (const char*)tile + chunk * CHUNK, CHUNK, full + slot); }
};
// `steps` pieces of weights 256 wide with the channels of a tile of rows that the kernel before made; false: there are no rows.
template <class Ready>
DEVICE bool ask_all_with_rows(Ring& ring, const void* w, const void* tile, int steps, Ready ready) {
    for (int i = 0; i < ENTRY; i++) ring.ask_with_rows(w, i);
    bool in = ready();
    for (int i = 0; i < ENTRY; i++) ring.rows(tile, i, i);  // also where there are none, for the barriers
    if (!in) {
        for (int i = 0; i < ENTRY; i++) barrier_wait(ring.full + i, 0);
        return false;
    }
    for (int i = ENTRY; i < steps; i++) {
        int slot = ring.slot;
        ring.ask_with_rows(w, i);
        ring.rows(tile, i, slot);
    }
    return true;
}

// c (64 x 128 for each group) (+)= rows at `a`, chunks of 32 channels, times the next `steps` pieces; ROWS: the rows come with
// the pieces.
template <bool ROWS = false>
DEVICE void product(float (&c)[64], const unsigned char* a, int steps, Ring& ring, bool add) {
    int group = threadIdx.x / 128, lane = threadIdx.x % 32, before = -1;
    Wgmma rows = wgmma_operand(ROWS ? ring.at : a);
#pragma unroll 1
    for (int step = 0; step < steps; step++) {
        barrier_wait(ring.full + ring.slot, ring.parity);
        Wgmma columns = wgmma_operand(ring.at + ring.slot * ring.stride + group * 128 * 64);
        if (ROWS) rows = wgmma_operand(ring.at + ring.slot * ring.stride + PIECE);
        wgmma_fence();
        wgmma_f16<128>(c, rows, columns, add || step > 0);
        wgmma_f16<128>(c, rows + 32, columns + 32, true);
        wgmma_commit();
        wgmma_wait<1>();
        if (lane == 0 && before >= 0) barrier_arrive(ring.empty + before);
        before = ring.slot;
        if (!ROWS) rows = rows + CHUNK;
        ring.next();
    }
    wgmma_wait<0>();
    if (lane == 0) barrier_arrive(ring.empty + before);
}

// Adds a vector to accumulators: this thread's values lie in tiles of 8 columns, two columns (2 t, 2 t + 1) of two rows.
DEVICE void add(float (&c)[64], const float* vector) {
#pragma unroll
    for (int i = 0; i < 16; i++) {
        float2 v = *(const float2*)(vector + i * 8);
        c[4 * i] += v.x, c[4 * i + 1] += v.y, c[4 * i + 2] += v.x, c[4 * i + 3] += v.y;
    }
}
// Accumulators into an operand, chunks of 32 columns.
DEVICE void put(const float (&c)[64], unsigned char* to, Peak& peak) {
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, t = tid % 4, row = tid / 32 * 16 + tid % 32 / 4;
#pragma unroll
    for (int i = 0; i < 16; i++) {
        peak.add(make_float4(c[4 * i], c[4 * i + 1], c[4 * i + 2], c[4 * i + 3]));
        unsigned char* chunk = to + (group * 4 + i / 4) * CHUNK + t * 4;
        *(uint32_t*)(chunk + swizzle64(row, i % 4)) = pack_f16(c[4 * i], c[4 * i + 1]);
        *(uint32_t*)(chunk + swizzle64(row + 8, i % 4)) = pack_f16(c[4 * i + 2], c[4 * i + 3]);
    }
}
// Layer norm of x into an operand. A thread has half of the columns of its two rows; both halves' means and squares (Chan et
// al. 1979) meet in `meeting`, 1 KB. Beta lies behind gamma.
DEVICE void norm(const float (&x)[64], unsigned char* to, float* meeting, const float* gamma, float eps, Peak& peak) {
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, t = tid % 4, row = tid / 32 * 16 + tid % 32 / 4;
    float mean[2] = {}, square[2] = {}, c[64];
#pragma unroll
    for (int i = 0; i < 64; i++) mean[i >> 1 & 1] += x[i];
#pragma unroll
    for (int r = 0; r < 2; r++) {
        mean[r] += shuffle_xor(mean[r], 1);
        mean[r] += shuffle_xor(mean[r], 2);
        mean[r] *= 1.f / 128;
    }
#pragma unroll
    for (int i = 0; i < 64; i++) {
        float apart = x[i] - mean[i >> 1 & 1];
        square[i >> 1 & 1] = fmaf(apart, apart, square[i >> 1 & 1]);
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        square[r] += shuffle_xor(square[r], 1);
        square[r] += shuffle_xor(square[r], 2);
        if (t == 0) *(float2*)&meeting[(group * 64 + row + r * 8) * 2] = make_float2(mean[r], square[r]);
    }
    meet();
    float scale[2], shift[2];
#pragma unroll
    for (int r = 0; r < 2; r++) {
        float2 a = *(const float2*)&meeting[(row + r * 8) * 2], b = *(const float2*)&meeting[(64 + row + r * 8) * 2];
        float apart = a.x - b.x, variance = (a.y + b.y + 64 * apart * apart) * (1.f / 256);
        scale[r] = rsqrtf(variance + eps);
        shift[r] = -0.5f * (a.x + b.x) * scale[r];
    }
    gamma += group * 128 + t * 2;
#pragma unroll
    for (int i = 0; i < 16; i++) {
        float2 a = *(const float2*)(gamma + i * 8), b = *(const float2*)(gamma + C + i * 8);
#pragma unroll
        for (int k = 0; k < 4; k++) c[4 * i + k] = fmaf(fmaf(x[4 * i + k], scale[k >> 1], shift[k >> 1]), k & 1 ? a.y : a.x, k & 1 ? b.y : b.x);
    }
    put(c, to, peak);
}

// x of rows t0 + row and + 8, this thread's columns.
DEVICE void load(float (&x)[64], const float* from, i64 row_stride, bool in, bool in8) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
#pragma unroll
        for (int i = 0; i < 16; i++) {
            float2 v = make_float2(0, 0);
            if (r ? in8 : in) v = *(const float2*)(from + r * 8 * row_stride + i * 8);
            x[4 * i + 2 * r] = v.x;
            x[4 * i + 2 * r + 1] = v.y;
        }
    }
}
DEVICE void store(const float (&x)[64], void* to, int type, i64 at, i64 row_stride, bool in, bool in8, Peak& peak) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
        if (!(r ? in8 : in)) continue;
#pragma unroll
        for (int i = 0; i < 16; i++) {
            float u = x[4 * i + 2 * r], v = x[4 * i + 2 * r + 1];
            if (type == F32) {
                *(float2*)((float*)to + at + r * 8 * row_stride + i * 8) = make_float2(u, v);
            } else {
                peak.add(make_float4(u, v, 0, 0));
                *(uint32_t*)((half_t*)to + at + r * 8 * row_stride + i * 8) = pack_f16(u, v);
            }
        }
    }
}
// A vector of floats to shared memory.
DEVICE void vector(float* to, const float* from, int n) {
    for (int i = threadIdx.x * 4; i < n; i += 1024) cp_async16(to + i, from + i);
}
// GELU of what `product` gives of norm(x) and a part of up's columns, into an operand.
DEVICE void up(float (&c)[64], const unsigned char* rows_at, const float* bias, Ring& ring) {
#pragma unroll
    for (int i = 0; i < 64; i++) c[i] = 0;
    add(c, bias);
    product(c, rows_at, 8, ring, true);
#pragma unroll
    for (int i = 0; i < 64; i++) c[i] = fast_gelu(c[i]);
}
// Groups [first, end) of 256 columns of qkv. A group of warps stores its columns by itself: 64 rows of 256 bytes and 16, in
// two places by turns, which may be one.
DEVICE void make_qkv(const TransformerParams& p, float (&c)[64], const unsigned char* rows_at, unsigned char* out_0, unsigned char* out_1, int t0, int rows, int first, int end, Ring& ring, Peak& peak) {
    constexpr int ROW = 128 * 2 + 16;
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, t = tid % 4, row = tid / 32 * 16 + tid % 32 / 4;
    half_t* out = (half_t*)p.qkv + blockIdx.z * p.qkvBatch + (t0 + tid) * p.qkvRow + group * 128;
#pragma unroll 1
    for (int part = first; part < end; part++) {
        product(c, rows_at, 8, ring, false);
        unsigned char* to = (part % 2 ? out_1 : out_0) + group * 64 * ROW;
        if (tid < 64) {
            if (out_0 == out_1) {
                bulk_wait_read<0>();
            } else {
                bulk_wait_read<1>();
            }
        }
        bar_sync(2 + group, 128);
#pragma unroll
        for (int i = 0; i < 16; i++) {
            peak.add(make_float4(c[4 * i], c[4 * i + 1], c[4 * i + 2], c[4 * i + 3]));
            *(uint32_t*)(to + row * ROW + (i * 8 + t * 2) * 2) = pack_f16(c[4 * i], c[4 * i + 1]);
            *(uint32_t*)(to + (row + 8) * ROW + (i * 8 + t * 2) * 2) = pack_f16(c[4 * i + 2], c[4 * i + 3]);
        }
        fence_async();
        bar_sync(2 + group, 128);
        if (tid < 64) {
            if (t0 + tid < rows) bulk_store(out + part * 256, to + tid * ROW, 256);
            bulk_commit();
        }
    }
    if (tid < 64) bulk_wait();
}
}  // namespace transformer
#endif

// Threads 384; grid (1, ceil(T / 64), B). Shared memory: 212,096 bytes.
HOPPER_KERNEL(transformer_f16, 384, 1, TransformerParams) {
#if HOPPER
    using namespace transformer;
    DYNAMIC_SHARED(shared);
    unsigned char* rows_at = shared;  // 66 KB: attention's rows; norm(x), and the wide layer's behind it; norm(x) and what goes out
    unsigned char* wide = shared + 8 * CHUNK;
    float* meeting = (float*)(shared + MEETING);
    float* vectors = (float*)(shared + VECTORS);
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, lane = tid % 32, g = lane / 4, t = lane % 4, row = tid / 32 * 16 + g;
    int t0 = blockIdx.y * 64, b = blockIdx.z;
    Ring ring{shared + RING, (Barrier*)(shared + BARRIERS), (Barrier*)(shared + BARRIERS) + SLOTS};
    Barrier* come = ring.empty + SLOTS;  // attention's rows
    if (threadIdx.x == 0) {
        ring.begin();
        barrier_init(come, 1);
        fence_async();
    }
    __syncthreads();
    if (group == 2) {
        registers_down<24>();
        if (tid > 0) return;
        for (int i = 0; i < ENTRY; i++) ring.ask(p.wOut, C, i, 0);
        gdc_wait();
        if (t0 >= rows_of(p.valid, b, p.T)) {
            for (int i = 0; i < ENTRY; i++) barrier_wait(ring.full + i, 0);
            return;
        }
        barrier_arrive(come, 4 * PIECE);
        bulk_copy(rows_at, (const char*)p.mixed + ((i64)b * ((p.T + 63) / 64) + blockIdx.y) * 4 * PIECE, 4 * PIECE, come);
        for (int i = ENTRY; i < INNER / 32; i++) ring.ask(p.wOut, C, i, 0);
        for (int part = 0; part < WIDE / 256; part++) {
            for (int i = 0; i < 8; i++) ring.ask(p.wUp, WIDE, i, part * 256);
            for (int i = 0; i < 8; i++) ring.ask(p.wDown, C, part * 8 + i, 0);
        }
        for (int part = 0; p.qkv && part < QKV / 256; part++) {
            for (int i = 0; i < 8; i++) ring.ask(p.wQkv, QKV, i, part * 256);
        }
        return;
    }
    registers_up<240>();
    vector(vectors + B_OUT, p.bOut, C);
    vector(vectors + GAMMA, p.gamma, C);
    vector(vectors + BETA, p.beta, C);
    vector(vectors + B_UP, p.bUp, WIDE);
    vector(vectors + B_DOWN, p.bDown, C);
    if (p.qkv) {
        vector(vectors + NEXT_GAMMA, p.nextGamma, C);
        vector(vectors + NEXT_BETA, p.nextBeta, C);
    }
    cp_commit();
    gdc_wait();
    int rows = rows_of(p.valid, b, p.T);
    if (t0 >= rows) {
        cp_wait<0>();
        return;
    }
    int column = group * 128 + t * 2;  // the first of this thread's columns, in rows `row` and `row` + 8
    float x[64];
    bool in = t0 + row < rows, in8 = t0 + row + 8 < rows;
    load(x, p.x + b * p.xBatch + (i64)(t0 + row) * p.xRow + column, p.xRow, in, in8);
    cp_wait<0>();
    meet();
    add(x, vectors + B_OUT + column);
    barrier_wait(come, 0);
    Peak peak;
    product(x, rows_at, INNER / 32, ring, true);
    meet();  // attention's rows have been read
    norm(x, rows_at, meeting, vectors + GAMMA, p.eps, peak);
    add(x, vectors + B_DOWN + column);
    fence_async();
    meet();
    float c[64];
#pragma unroll 1
    for (int part = 0; part < WIDE / 256; part++) {
        up(c, rows_at, vectors + B_UP + part * 256 + column, ring);
        if (part > 0) meet();  // what the wide layer was before has been read
        put(c, wide, peak);
        fence_async();
        meet();
        product(x, wide, 8, ring, true);
    }
    store(x, p.out, p.outType, b * p.outBatch + (i64)(t0 + row) * p.outRow + column, p.outRow, in, in8, peak);
    if (p.qkv) {
        gdc_launch();
        meet();  // everything has been read
        norm(x, rows_at, meeting, vectors + NEXT_GAMMA, p.nextEps, peak);
        fence_async();
        meet();
        make_qkv(p, c, rows_at, shared + OUT_0, shared + OUT_1, t0, rows, 0, QKV / 256, ring, peak);
    }
    count_overflow(p.overflow, overflows(peak.of));
#endif
}

// x after the output map, to `between`, and a quarter of what up gives, to `wide`. Threads 384; grid (4, ceil(T / 64), B).
// Shared memory: 199,776 bytes.
HOPPER_KERNEL(transformer_up_f16, 384, 1, TransformerParams) {
#if HOPPER
    using namespace transformer;
    DYNAMIC_SHARED(shared);
    unsigned char* rows_at = shared;             // 32 KB: norm(x)
    unsigned char* wide = shared + 8 * CHUNK;    // 32 KB
    unsigned char* slots = shared + 16 * CHUNK;
    float* meeting = (float*)(slots + SLOTS * WITH_ROWS);
    float* vectors = meeting + 256;
    Barrier* barriers = (Barrier*)(vectors + 2560);
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, lane = tid % 32, g = lane / 4, t = lane % 4, row = tid / 32 * 16 + g;
    int part = blockIdx.x, t0 = blockIdx.y * 64, b = blockIdx.z;
    i64 tile = (i64)b * gridDim.y + blockIdx.y;
    Ring ring{slots, barriers, barriers + SLOTS, WITH_ROWS};
    if (threadIdx.x == 0) {
        ring.begin();
        fence_async();
    }
    __syncthreads();
    if (group == 2) {
        registers_down<24>();
        if (tid > 0) return;
        auto ready = [&] {
            gdc_wait();
            return t0 < rows_of(p.valid, b, p.T);
        };
        if (!ask_all_with_rows(ring, p.wOut, (const char*)p.mixed + tile * INNER * 128, INNER / 32, ready)) return;
        for (int i = 0; i < 8; i++) ring.ask(p.wUp, WIDE, i, part * 256);
        return;
    }
    registers_up<240>();
    vector(vectors + B_OUT, p.bOut, C);
    vector(vectors + GAMMA, p.gamma, C);
    vector(vectors + BETA, p.beta, C);
    vector(vectors + B_UP, p.bUp + part * 256, 256);
    cp_commit();
    gdc_wait();
    gdc_launch();
    int rows = rows_of(p.valid, b, p.T), column = group * 128 + t * 2;
    if (t0 >= rows) {
        cp_wait<0>();
        return;
    }
    float x[64], c[64];
    bool in = t0 + row < rows, in8 = t0 + row + 8 < rows;
    load(x, p.x + b * p.xBatch + (i64)(t0 + row) * p.xRow + column, p.xRow, in, in8);
    cp_wait<0>();
    meet();
    add(x, vectors + B_OUT + column);
    Peak peak;
    product<true>(x, nullptr, INNER / 32, ring, true);
    if (part == 0) store(x, p.between, F32, ((i64)b * p.T + t0 + row) * C + column, C, in, in8, peak);
    norm(x, rows_at, meeting, vectors + GAMMA, p.eps, peak);
    fence_async();
    meet();
    up(c, rows_at, vectors + B_UP + column, ring);
    put(c, wide, peak);
    fence_async();
    meet();
    if (threadIdx.x == 0) {
        bulk_store((char*)p.wide + tile * WIDE * 128 + part * 8 * CHUNK, wide, 8 * CHUNK);
        bulk_commit();
        bulk_wait();
    }
    count_overflow(p.overflow, overflows(peak.of));
#endif
}

// What follows: x of the first block of a tile goes out; `share` times 256 columns of qkv are made. Threads 384; grid
// (qkv ? ceil(6 / share) : 1, ceil(T / 64), B). Shared memory: 201,824 bytes.
HOPPER_KERNEL(transformer_down_f16, 384, 1, TransformerParams) {
#if HOPPER
    using namespace transformer;
    DYNAMIC_SHARED(shared);
    unsigned char* rows_at = shared;  // 32 KB: norm(x)
    unsigned char* slots = shared + 8 * CHUNK;
    unsigned char* outs = slots + SLOTS * WITH_ROWS;  // 64 rows of each group that go out
    float* meeting = (float*)(outs + 64 * 272 * 2);
    float* vectors = meeting + 256;
    Barrier* barriers = (Barrier*)(vectors + 2560);
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, lane = tid % 32, g = lane / 4, t = lane % 4, row = tid / 32 * 16 + g;
    int first = blockIdx.x * p.share, end = p.qkv ? min(first + p.share, QKV / 256) : 0, t0 = blockIdx.y * 64, b = blockIdx.z;
    i64 tile = (i64)b * gridDim.y + blockIdx.y;
    Ring ring{slots, barriers, barriers + SLOTS, WITH_ROWS};
    if (threadIdx.x == 0) {
        ring.begin();
        fence_async();
    }
    __syncthreads();
    if (group == 2) {
        registers_down<24>();
        if (tid > 0) return;
        auto ready = [&] {
            gdc_wait();
            return t0 < rows_of(p.valid, b, p.T);
        };
        if (!ask_all_with_rows(ring, p.wDown, (const char*)p.wide + tile * WIDE * 128, WIDE / 32, ready)) return;
        for (int part = first; part < end; part++) {
            for (int i = 0; i < 8; i++) ring.ask(p.wQkv, QKV, i, part * 256);
        }
        return;
    }
    registers_up<240>();
    vector(vectors + B_DOWN, p.bDown, C);
    if (p.qkv) {
        vector(vectors + NEXT_GAMMA, p.nextGamma, C);
        vector(vectors + NEXT_BETA, p.nextBeta, C);
    }
    cp_commit();
    gdc_wait();
    gdc_launch();
    int rows = rows_of(p.valid, b, p.T), column = group * 128 + t * 2;
    if (t0 >= rows) {
        cp_wait<0>();
        return;
    }
    float x[64], c[64];
    bool in = t0 + row < rows, in8 = t0 + row + 8 < rows;
    load(x, p.between + ((i64)b * p.T + t0 + row) * C + column, C, in, in8);
    cp_wait<0>();
    meet();
    add(x, vectors + B_DOWN + column);
    Peak peak;
    product<true>(x, nullptr, WIDE / 32, ring, true);
    if (blockIdx.x == 0) store(x, p.out, p.outType, b * p.outBatch + (i64)(t0 + row) * p.outRow + column, p.outRow, in, in8, peak);
    if (p.qkv) {
        norm(x, rows_at, meeting, vectors + NEXT_GAMMA, p.nextEps, peak);
        fence_async();
        meet();
        make_qkv(p, c, rows_at, outs, outs, t0, rows, first, end, ring, peak);
    }
    count_overflow(p.overflow, overflows(peak.of));
#endif
}
