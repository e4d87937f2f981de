// The residual blocks of the flow's estimator, by two kernels for compute capability 9.0, made of the pieces of its transformer
// kernels: products are wgmma, fp16 operands, fp32 sums; weights come by the copy engine, ahead of them. A block has all 256
// columns of 64 rows, so norms need no other block.
//  - resnet_conv_f16: h = mish(norm(causal convolution of 3 taps(x))) + time; or the convolution alone;
//  - resnet_end_f16: out = mish(norm(convolution(h))) + map(x), then the first transformer's qkv(norm(out)), if one follows.
// A convolution has 66 rows in shared memory, in planes of 8 channels: a tap is the same operand, rows of 16 bytes further on.
#include "transformer.cuh"

struct ResnetParams {
    const void* a; i64 aBatch, aRow;              // what the convolution reads, fp16 (B,T,Ca)
    const void* x; i64 xBatch, xRow;              // what the block was given, fp16 (B,T,Cx); resnet_end_f16 alone reads this, qkv, the map and what is next
    void* out; i64 outBatch, outRow;              // (B,T,256), fp32 or fp16
    void* qkv; i64 qkvBatch, qkvRow;              // fp16 (B,T,1536), or null
    const void* w; const float* bias;             // packed weights (gemm.cuh), biases
    const float* gamma; const float* beta;        // null in resnet_conv_f16: the convolution alone
    const float* more; i64 moreBatch;             // resnet_conv_f16 adds it at the end, (B,256) or (256); null: nothing
    const void* wRes; const float* bRes;
    const float* nextGamma; const float* nextBeta;
    const void* wQkv;
    const int* valid;
    unsigned* overflow;
    int B, T, Ca, Cx, outType;
    float eps, nextEps;
    int share;                                    // groups of 256 columns of qkv that a block makes
};

#if HOPPER
namespace resnet {
using namespace transformer;
constexpr int TAPS = 3;
constexpr int PLANE = 67 * 16;      // 8 channels of 66 rows, and a row so that writing meets no bank conflict
constexpr int EARLY = 64;           // channels that are waited for by themselves
constexpr int MOST = 64 * PLANE;    // of 512 channels
constexpr int OUTS = 64 * 272 * 2;  // 64 rows of each group that go out

// Channels [from, to), multiples of 64, of rows t0 - 2 to t0 + 63 into planes; zeros where there are no rows. All of both groups.
DEVICE void load_planes(unsigned char* planes, const void* a, i64 row_stride, int t0, int rows, int from, int to) {
    int plane = threadIdx.x % 8, first = threadIdx.x / 8;
    const half_t* source = (const half_t*)a + plane * 8;
#pragma unroll 1
    for (int c = from; c < to; c += 64) {
#pragma unroll
        for (int i = 0; i < 3; i++) {
            int r = first + i * 32, t = t0 + r - (TAPS - 1);
            if (r >= 64 + TAPS - 1) break;
            bool in = t >= 0 && t < rows;
            cp_async16(planes + (c / 8 + plane) * PLANE + r * 16, source + (in ? t * row_stride + c : 0), in ? 16 : 0);
        }
    }
}
// c (64 x 128 for each group) += the last N taps of rows in planes, `chunks` of 32 channels, times the next pieces.
template <int N>
DEVICE void convolve(float (&c)[64], const unsigned char* planes, int chunks, Ring& ring) {
    int group = threadIdx.x / 128, lane = threadIdx.x % 32, before = -1;
    Wgmma rows = wgmma_planes(planes, PLANE) + (TAPS - N) * 16;
#pragma unroll 1
    for (int chunk = 0; chunk < chunks; chunk++) {
#pragma unroll
        for (int tap = 0; tap < N; tap++) {
            barrier_wait(ring.full + ring.slot, ring.parity);
            Wgmma columns = wgmma_operand(ring.at + ring.slot * ring.stride + group * 128 * 64);
            wgmma_fence();
            wgmma_f16<128>(c, rows + tap * 16, columns, true);
            wgmma_f16<128>(c, rows + tap * 16 + 2 * PLANE, columns + 32, true);
            wgmma_commit();
            wgmma_wait<1>();
            if (lane == 0 && before >= 0) barrier_arrive(ring.empty + before);
            before = ring.slot;
            ring.next();
        }
        rows = rows + 4 * PLANE;
    }
    wgmma_wait<0>();
    if (lane == 0) barrier_arrive(ring.empty + before);
}
// c = bias + the last N taps of rows of `channels` channels that load_planes brings: the first in time alone.
template <int N>
DEVICE void load_and_convolve(float (&c)[64], const float* bias, unsigned char* planes, const void* a, i64 row_stride, int channels, int t0, int rows, Ring& ring) {
    load_planes(planes, a, row_stride, t0, rows, 0, EARLY);
    cp_commit();
    load_planes(planes, a, row_stride, t0, rows, EARLY, channels);
    cp_commit();
#pragma unroll
    for (int i = 0; i < 64; i++) c[i] = 0;
    cp_wait<1>();
    fence_async();
    meet();
    add(c, bias);
    convolve<N>(c, planes, EARLY / 32, ring);
    cp_wait<0>();
    fence_async();
    meet();
    convolve<N>(c, planes + EARLY / 8 * PLANE, (channels - EARLY) / 32, ring);
}
DEVICE float mish(float x) {
    float n = fast_exp(fminf(x, 20.f)), m = n * (n + 2);
    return x * fast_divide(m, m + 2);
}
// mish(norm(c)), in place.
DEVICE void norm_mish(float (&c)[64], float* meeting, const float* gamma, float eps) {
    int group = threadIdx.x / 128, t = threadIdx.x % 4;
    Norm n(c, meeting, eps);
    gamma += group * 128 + t * 2;
#pragma unroll
    for (int i = 0; i < 16; i++) {
        float2 a = *(const float2*)(gamma + i * 8), b = *(const float2*)(gamma + C + i * 8);
#pragma unroll
        for (int k = 0; k < 4; k++) c[4 * i + k] = mish(fmaf(fmaf(c[4 * i + k], n.scale[k >> 1], n.shift[k >> 1]), k & 1 ? a.y : a.x, k & 1 ? b.y : b.x));
    }
}
// Valid rows, before gdc_wait.
DEVICE int early_rows(const ResnetParams& p) { return p.valid ? min(load_cg(p.valid + blockIdx.z), p.T) : p.T; }
// Row `row` and the one 8 below, this thread's columns.
DEVICE void put_rows(const ResnetParams& p, const float (&c)[64], int row, int column, int rows, Peak& peak) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
        if (row + r * 8 >= rows) continue;
        i64 at = blockIdx.z * p.outBatch + (row + r * 8) * p.outRow + column;
#pragma unroll
        for (int i = 0; i < 16; i++) {
            float u = c[4 * i + 2 * r], v = c[4 * i + 2 * r + 1];
            if (p.outType == F32) {
                *(float2*)((float*)p.out + at + i * 8) = make_float2(u, v);
            } else {
                peak.add(make_float4(u, v, 0, 0));
                *(uint32_t*)((half_t*)p.out + at + i * 8) = pack_f16(u, v);
            }
        }
    }
}
// The first pieces may be asked for before it is known whether there are rows; then nobody takes them.
DEVICE void forget(Ring& ring) {
    for (int i = 0; i < SLOTS; i++) barrier_wait(ring.full + i, 0);
}
}  // namespace resnet
#endif

// Threads 384; grid (1, ceil(T / 64), B). Ca a multiple of 64, 128 to 512. Shared memory: 188,528 bytes.
HOPPER_KERNEL(resnet_conv_f16, 384, 1, ResnetParams) {
#if HOPPER
    using namespace resnet;
    DYNAMIC_SHARED(shared);
    unsigned char* planes = shared;
    float* meeting = (float*)(shared + MOST + SLOTS * PIECE);
    float* vectors = meeting + 256;  // gamma, beta, bias, more
    Barrier* barriers = (Barrier*)(vectors + 4 * C);
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, lane = tid % 32, g = lane / 4, t = lane % 4, row = tid / 32 * 16 + g;
    int t0 = blockIdx.y * 64, b = blockIdx.z;
    Ring ring{shared + MOST, barriers, barriers + SLOTS};
    if (threadIdx.x == 0) {
        ring.begin();
        fence_async();
    }
    __syncthreads();
    if (group == 2) {
        registers_down<24>();
        if (tid > 0) return;
        for (int i = 0; i < SLOTS; i++) ring.ask(p.w, C, i, 0);
        gdc_wait();
        if (t0 >= rows_of(p.valid, b, p.T)) return forget(ring);
        for (int i = SLOTS; i < TAPS * p.Ca / 32; i++) ring.ask(p.w, C, i, 0);
        return;
    }
    registers_up<240>();
    if (p.gamma) {
        vector(vectors, p.gamma, C);
        vector(vectors + C, p.beta, C);
    }
    vector(vectors + 2 * C, p.bias, C);
    gdc_wait();
    gdc_launch();
    int rows = rows_of(p.valid, b, p.T), column = group * 128 + t * 2;
    if (t0 >= rows) {
        cp_commit();
        cp_wait<0>();
        return;
    }
    if (p.more) vector(vectors + 3 * C, p.more + b * p.moreBatch, C);
    float c[64];
    load_and_convolve<TAPS>(c, vectors + 2 * C + column, planes, (const half_t*)p.a + b * p.aBatch, p.aRow, p.Ca, t0, rows, ring);
    if (p.gamma) norm_mish(c, meeting, vectors, p.eps);
    if (p.more) add(c, vectors + 3 * C + column);
    Peak peak;
    put_rows(p, c, t0 + row, column, rows, peak);
    count_overflow(p.overflow, overflows(peak.of));
#endif
}

// The first block of a tile of 64 rows stores x; each makes `share` times 256 columns of qkv. It comes right behind
// resnet_conv_f16: what was written before that may be read at once, so map(x) is made while that still runs. Threads 384; grid
// (qkv ? ceil(6 / share) : 1, ceil(T / 64), B). Cx as Ca is there. Shared memory: 226,416 bytes.
HOPPER_KERNEL(resnet_end_f16, 384, 1, ResnetParams) {
#if HOPPER
    using namespace resnet;
    DYNAMIC_SHARED(shared);
    unsigned char* planes = shared;                  // h; norm(out)
    unsigned char* outs = shared + 32 * PLANE;       // x; qkv that goes out
    constexpr int RING_AT = 3 * OUTS, X_AT = 32 * PLANE;
    static_assert(RING_AT >= X_AT + MOST && RING_AT >= X_AT + 2 * OUTS && RING_AT % 512 == 0 && X_AT >= 8 * CHUNK, "");
    float* meeting = (float*)(shared + RING_AT + SLOTS * PIECE);
    float* vectors = meeting + 256;  // gamma, beta, the next one's, bias, the map's
    Barrier* barriers = (Barrier*)(vectors + 6 * C);
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, lane = tid % 32, g = lane / 4, t = lane % 4, row = tid / 32 * 16 + g;
    int first = blockIdx.x * p.share, end = p.qkv ? min(first + p.share, QKV / 256) : 0, t0 = blockIdx.y * 64, b = blockIdx.z;
    Ring ring{shared + RING_AT, barriers, barriers + SLOTS};
    if (threadIdx.x == 0) {
        ring.begin();
        fence_async();
    }
    __syncthreads();
    if (group == 2) {
        registers_down<24>();
        if (tid > 0) return;
        int asked = min(SLOTS, p.Cx / 32);
        for (int i = 0; i < asked; i++) ring.ask(p.wRes, C, i, 0);
        if (t0 >= early_rows(p)) {
            for (int i = 0; i < asked; i++) barrier_wait(ring.full + i, 0);
            return;
        }
        for (int i = asked; i < p.Cx / 32; i++) ring.ask(p.wRes, C, i, 0);
        for (int i = 0; i < TAPS * C / 32; i++) ring.ask(p.w, C, i, 0);
        for (int part = first; part < end; part++) {
            for (int i = 0; i < 8; i++) ring.ask(p.wQkv, QKV, i, part * 256);
        }
        return;
    }
    registers_up<240>();
    vector(vectors, p.gamma, C);
    vector(vectors + C, p.beta, C);
    if (p.qkv) {
        vector(vectors + 2 * C, p.nextGamma, C);
        vector(vectors + 3 * C, p.nextBeta, C);
    }
    vector(vectors + 4 * C, p.bias, C);
    vector(vectors + 5 * C, p.bRes, C);
    int rows = early_rows(p), column = group * 128 + t * 2;
    if (t0 >= rows) {
        cp_commit();
        cp_wait<0>();
        gdc_wait();
        return;
    }
    float x[64], c[64];
    load_and_convolve<1>(x, vectors + 5 * C + column, outs, (const half_t*)p.x + b * p.xBatch, p.xRow, p.Cx, t0, rows, ring);
    gdc_wait();
    gdc_launch();
    load_and_convolve<TAPS>(c, vectors + 4 * C + column, planes, (const half_t*)p.a + b * p.aBatch, p.aRow, C, t0, rows, ring);
    norm_mish(c, meeting, vectors, p.eps);
#pragma unroll
    for (int i = 0; i < 64; i++) x[i] += c[i];
    Peak peak;
    if (blockIdx.x == 0) put_rows(p, x, t0 + row, column, rows, peak);
    if (p.qkv) {
        meet();  // everything has been read
        norm(x, planes, meeting, vectors + 2 * C, p.nextEps, peak);
        fence_async();
        meet();
        TransformerParams next = {};
        next.qkv = p.qkv, next.qkvBatch = p.qkvBatch, next.qkvRow = p.qkvRow;
        make_qkv(next, c, planes, outs, t0, rows, first, end, ring, peak);
    }
    count_overflow(p.overflow, overflows(peak.of));
#endif
}
