// What the kernels of the flow's estimator for compute capability 9.0 share (transformer.cu): a ring of weights that the copy
// engine fills, products of 64 rows with 256 columns by wgmma, and what is done with their sums.
#pragma once
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
    float* between;                               // between the two kernels, `Between`
    int B, T, outType;
    float eps, nextEps;
    int share;                                    // transformer_down_f16: groups of 256 columns of qkv that a block makes
};

// Threads 384: two groups of 128, each with half of the columns, and one that asks for weights.
#if HOPPER
namespace transformer {
constexpr int C = 256, INNER = 512, WIDE = 1024, QKV = 1536;
constexpr int PIECE = 16384, SLOTS = 7;  // weights come in pieces of 16 KB: 32 channels of 256 columns
constexpr int CHUNK = 64 * 64;           // bytes of 64 rows and 32 channels
constexpr int WITH_ROWS = PIECE + CHUNK; // a slot that also holds 32 channels of 64 rows
constexpr int RING = 67584, MEETING = RING + SLOTS * PIECE, VECTORS = MEETING + 1024, OUT = VECTORS + 2560 * 4, BARRIERS = OUT + 64 * 272 * 2;
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
    // 64 channels, from piece `chunk` on, of 128 columns.
    DEVICE void ask_half(const void* w, int width, int chunk, int first) {
        barrier_wait(empty + slot, parity ^ 1);
        barrier_arrive(full + slot, PIECE);
        for (int i = 0; i < 2; i++) bulk_copy(at + slot * stride + i * (PIECE / 2), (const char*)w + ((i64)(chunk + i) * width + first) * 64, PIECE / 2, full + slot);
        next();
    }
    // The same as `ask` of weights 256 wide, with the rows' channels behind them, which may be there later: `rows` brings them.
    DEVICE void ask_with_rows(const void* w, int chunk) {
        barrier_wait(empty + slot, parity ^ 1);
        barrier_arrive(full + slot, WITH_ROWS);
        weights(w, C, chunk, 0);
        next();
    }
    DEVICE void rows(const void* tile, int chunk, int slot) { bulk_copy(at + slot * stride + PIECE, (const char*)tile + chunk * CHUNK, CHUNK, full + slot); }
};
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

// Four slots of a product that goes on beside what follows, until wgmma_wait; then `end` frees them. The two groups share
// 2 N columns, a slot holds CHUNKS times 32 channels of them.
template <int N, int CHUNKS>
DEVICE void begin(float (&c)[N / 2], const unsigned char* a, Ring& ring, bool add) {
    int group = threadIdx.x / 128;
    Wgmma rows = wgmma_operand(a);
#pragma unroll
    for (int step = 0; step < 4; step++) {
        barrier_wait(ring.full + ring.slot, ring.parity);
        Wgmma columns = wgmma_operand(ring.at + ring.slot * ring.stride + group * N * 64);
        wgmma_fence();
#pragma unroll
        for (int i = 0; i < CHUNKS; i++) {
            wgmma_f16<N>(c, rows, columns, add || step + i > 0);
            wgmma_f16<N>(c, rows + 32, columns + 32, true);
            rows = rows + CHUNK;
            columns = columns + 2 * N * 64;
        }
        ring.next();
    }
    wgmma_commit();
}
DEVICE void end(const Ring& ring) {
    int slot = ring.slot;
    for (int i = 0; i < 4; i++) {
        if (--slot < 0) slot = SLOTS - 1;
        if (threadIdx.x % 32 == 0) barrier_arrive(ring.empty + slot);
    }
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
// The same of a half of a part of the wide layer, 64 columns a group, with GELU.
DEVICE void put_gelu(const float (&c)[32], unsigned char* to, Peak& peak) {
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, t = tid % 4, row = tid / 32 * 16 + tid % 32 / 4;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        float v[4];
#pragma unroll
        for (int k = 0; k < 4; k++) v[k] = fast_gelu(c[4 * i + k]);
        peak.add(make_float4(v[0], v[1], v[2], v[3]));
        unsigned char* chunk = to + (group * 2 + i / 4) * CHUNK + t * 4;
        *(uint32_t*)(chunk + swizzle64(row, i % 4)) = pack_f16(v[0], v[1]);
        *(uint32_t*)(chunk + swizzle64(row + 8, i % 4)) = pack_f16(v[2], v[3]);
    }
}
DEVICE void bias(float (&c)[32], const float* vector) {
#pragma unroll
    for (int i = 0; i < 8; i++) {
        float2 v = *(const float2*)(vector + i * 8);
        c[4 * i] = v.x, c[4 * i + 1] = v.y, c[4 * i + 2] = v.x, c[4 * i + 3] = v.y;
    }
}
// What layer norm does to the two rows of which a thread has half of the columns, before gamma and beta: x * scale + shift.
// Both halves' means and squares (Chan et al. 1979) meet in `meeting`, 1 KB.
struct Norm {
    float scale[2], shift[2];
    DEVICE Norm(const float (&x)[64], float* meeting, float eps) {
        int tid = threadIdx.x % 128, group = threadIdx.x / 128, t = tid % 4, row = tid / 32 * 16 + tid % 32 / 4;
        float mean[2] = {}, square[2] = {};
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
#pragma unroll
        for (int r = 0; r < 2; r++) {
            float2 a = *(const float2*)&meeting[(row + r * 8) * 2], b = *(const float2*)&meeting[(64 + row + r * 8) * 2];
            float apart = a.x - b.x, variance = (a.y + b.y + 64 * apart * apart) * (1.f / 256);
            scale[r] = rsqrtf(variance + eps);
            shift[r] = -0.5f * (a.x + b.x) * scale[r];
        }
    }
};
// Layer norm of x into an operand. Beta lies behind gamma.
DEVICE void norm(const float (&x)[64], unsigned char* to, float* meeting, const float* gamma, float eps, Peak& peak) {
    int group = threadIdx.x / 128, t = threadIdx.x % 4;
    float c[64];
    Norm n(x, meeting, eps);
    gamma += group * 128 + t * 2;
#pragma unroll
    for (int i = 0; i < 16; i++) {
        float2 a = *(const float2*)(gamma + i * 8), b = *(const float2*)(gamma + C + i * 8);
#pragma unroll
        for (int k = 0; k < 4; k++) c[4 * i + k] = fmaf(fmaf(x[4 * i + k], n.scale[k >> 1], n.shift[k >> 1]), k & 1 ? a.y : a.x, k & 1 ? b.y : b.x);
    }
    put(c, to, peak);
}

// x of the tile's rows to shared memory, rows of X_ROW bytes, which both groups read without conflicts; whole lines of the
// cache, for a row's 32 bytes at a time take three times as long. Both groups, then cp_commit.
constexpr int X_ROW = C * 4 + 32;
DEVICE void bring_x(const TransformerParams& p, unsigned char* to, int t0, int rows) {
    const float* from = p.x + blockIdx.z * p.xBatch + threadIdx.x % 64 * 4;
#pragma unroll 4
    for (int row = threadIdx.x / 64; row < 64; row += 4) {
        bool in = t0 + row < rows;
        cp_async16(to + row * X_ROW + threadIdx.x % 64 * 16, from + (in ? (t0 + row) * p.xRow : 0), in ? 16 : 0);
    }
}
// This thread's columns, in rows `row` and `row` + 8, plus a vector.
DEVICE void take_x(float (&x)[64], const unsigned char* at, const float* vector, int row, int column) {
    at += row * X_ROW + column * 4;
#pragma unroll
    for (int i = 0; i < 16; i++) {
        float2 u = *(const float2*)(at + i * 32), w = *(const float2*)(at + 8 * X_ROW + i * 32), v = *(const float2*)(vector + column + i * 8);
        x[4 * i] = u.x + v.x, x[4 * i + 1] = u.y + v.y, x[4 * i + 2] = w.x + v.x, x[4 * i + 3] = w.y + v.y;
    }
}
// x of rows t0 + row and + 8, this thread's columns, where shared memory has no room.
DEVICE void load(float (&x)[64], const float* from, i64 row_stride, bool in, bool in8) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
#pragma unroll
        for (int i = 0; i < 16; i++) {
            float2 v = make_float2(0, 0);
            if (r ? in8 : in) v = load_cg2(from + r * 8 * row_stride + i * 8);
            x[4 * i + 2 * r] = v.x;
            x[4 * i + 2 * r + 1] = v.y;
        }
    }
}
// Tiles [first, end) of 8 of the 16 that a thread has a share of.
DEVICE void store(const float (&x)[64], void* to, int type, i64 at, i64 row_stride, bool in, bool in8, int first, int end, Peak& peak) {
    if (type == F32) {
#pragma unroll
        for (int i = 0; i < 16; i++) {
#pragma unroll
            for (int r = 0; r < 2; r++) {
                if ((r ? in8 : in) && i >= first && i < end) *(float2*)((float*)to + at + r * 8 * row_stride + i * 8) = make_float2(x[4 * i + 2 * r], x[4 * i + 2 * r + 1]);
            }
        }
        return;
    }
#pragma unroll
    for (int i = 0; i < 16; i++) {
        if (i < first || i >= end) continue;
#pragma unroll
        for (int r = 0; r < 2; r++) {
            if (!(r ? in8 : in)) continue;
            peak.add(make_float4(x[4 * i + 2 * r], x[4 * i + 2 * r + 1], 0, 0));
            *(uint32_t*)((half_t*)to + at + r * 8 * row_stride + i * 8) = pack_f16(x[4 * i + 2 * r], x[4 * i + 2 * r + 1]);
        }
    }
}
// What lies between the two kernels: four matrices of 64 x 256 floats a tile, what each quarter of the wide layer gives, the
// first with x and down's bias, in the order in which threads hold them: they read and write whole lines.
struct Between {
    float* at;
    DEVICE Between(const TransformerParams& p, i64 tile) : at(p.between + tile * 4 * 64 * C + threadIdx.x * 4) {}
    DEVICE void put(const float (&x)[64], int matrix) const {
#pragma unroll
        for (int i = 0; i < 16; i++) *(float4*)(at + matrix * 64 * C + i * 1024) = make_float4(x[4 * i], x[4 * i + 1], x[4 * i + 2], x[4 * i + 3]);
    }
    DEVICE void get(float (&x)[64], int matrix) const {
#pragma unroll
        for (int i = 0; i < 16; i++) {
            float4 v = load_cg4(at + matrix * 64 * C + i * 1024);
            x[4 * i] = v.x, x[4 * i + 1] = v.y, x[4 * i + 2] = v.z, x[4 * i + 3] = v.w;
        }
    }
};
DEVICE void add(float (&x)[64], const float (&c)[64]) {
#pragma unroll
    for (int i = 0; i < 64; i++) x[i] += c[i];
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
// Groups [first, end) of 256 columns of qkv. A group of warps stores its columns by itself, 64 rows of 256 bytes and 16, from
// `out` in whole lines: bulk stores of a row each took ten times as long.
DEVICE void make_qkv(const TransformerParams& p, float (&c)[64], const unsigned char* rows_at, unsigned char* out, int t0, int rows, int first, int end, Ring& ring, Peak& peak) {
    constexpr int ROW = 128 * 2 + 16;
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, t = tid % 4, row = tid / 32 * 16 + tid % 32 / 4;
    half_t* to = (half_t*)p.qkv + blockIdx.z * p.qkvBatch + (t0 + tid / 16) * p.qkvRow + group * 128 + tid % 16 * 8;
    out += group * 64 * ROW;
    unsigned char* from = out + tid / 16 * ROW + tid % 16 * 16;
    out += row * ROW + t * 4;
#pragma unroll 1
    for (int part = first; part < end; part++) {
        product(c, rows_at, 8, ring, false);
        bar_sync(2 + group, 128);  // what was there has been read
#pragma unroll
        for (int i = 0; i < 16; i++) {
            peak.add(make_float4(c[4 * i], c[4 * i + 1], c[4 * i + 2], c[4 * i + 3]));
            *(uint32_t*)(out + i * 16) = pack_f16(c[4 * i], c[4 * i + 1]);
            *(uint32_t*)(out + 8 * ROW + i * 16) = pack_f16(c[4 * i + 2], c[4 * i + 3]);
        }
        bar_sync(2 + group, 128);
#pragma unroll
        for (int i = 0; i < 8; i++) {  // 8 rows each
            if (t0 + tid / 16 + i * 8 < rows) *(uint4*)(to + part * 256 + i * 8 * p.qkvRow) = *(const uint4*)(from + i * 8 * ROW);
        }
    }
}
}  // namespace transformer
#endif
