// What comes between two attentions of the flow's estimator, in one kernel for compute capability 9.0:
//   x += out(attention);  x += down(gelu(up(norm(x))));  then the next block's qkv(norm(x)), if there is one.
// Products are wgmma, fp16 operands, fp32 sums; weights come by the copy engine, ahead of them. Widths are those of
// CosyVoice 2's estimator. Two ways, the same bits:
//  - transformer_f16, for many rows: a block makes all columns of 64 rows; x stays in registers from first to last;
//  - transformer_up_f16, then transformer_down_f16, for few: four blocks share the wide layer of 64 rows, from up's columns
//    to what these add to x; others the columns of qkv. What comes before each block makes for itself, for multiprocessors
//    would be idle.
#include "transformer.cuh"

// Threads 384; grid (1, ceil(T / 64), B). Shared memory: 228,480 bytes.
HOPPER_KERNEL(transformer_f16, 384, 1, TransformerParams) {
#if HOPPER
    using namespace transformer;
    DYNAMIC_SHARED(shared);
    unsigned char* rows_at = shared;  // 66 KB: attention's rows; norm(x), and the wide layer's behind it; norm(x) and what goes out
    unsigned char* wide = shared + 8 * CHUNK;
    float* meeting = (float*)(shared + MEETING);
    float* vectors = (float*)(shared + VECTORS);
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, lane = tid % 32, g = lane / 4, t = lane % 4, row = tid / 32 * 16 + g;
    int t0 = blockIdx.y * 64, b = blockIdx.z, rows = rows_early(p.valid, b, p.T);
    Ring ring{shared + RING, (Barrier*)(shared + BARRIERS), (Barrier*)(shared + BARRIERS) + SLOTS};
    Barrier* come = ring.empty + SLOTS;  // attention's rows
    if (threadIdx.x == 0) {
        ring.begin();
        barrier_init(come, 1);
        fence_async();
    }
    __syncthreads();
    if (t0 >= rows) {
        gdc_wait();
        return;
    }
    if (group == 2) {
        registers_down<24>();
        if (tid > 0) return;
        for (int i = 0; i < SLOTS; i++) ring.ask(p.wOut, C, i, 0);
        gdc_wait();
        barrier_arrive(come, 4 * PIECE);
        bulk_copy(rows_at, (const char*)p.mixed + ((i64)b * ((p.T + 63) / 64) + blockIdx.y) * 4 * PIECE, 4 * PIECE, come);
        for (int i = SLOTS; i < INNER / 32; i++) ring.ask(p.wOut, C, i, 0);
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
    int column = group * 128 + t * 2;  // the first of this thread's columns, in rows `row` and `row` + 8
    float x[64];
    bool in = t0 + row < rows, in8 = t0 + row + 8 < rows;
    load(x, p.x + b * p.xBatch + (i64)(t0 + row) * p.xRow + column, p.xRow, in, in8);
    cp_wait<0>();
    meet();
    add(x, vectors + B_OUT + column);
    gdc_wait();
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
        if (part == 0) {
            product(x, wide, 8, ring, true);
        } else {
            product(c, wide, 8, ring, false);
            add(x, c);
        }
    }
    store(x, p.out, p.outType, b * p.outBatch + (i64)(t0 + row) * p.outRow + column, p.outRow, in, in8, 0, 16, peak);
    if (p.qkv) {
        gdc_launch();
        meet();  // everything has been read
        norm(x, rows_at, meeting, vectors + NEXT_GAMMA, p.nextEps, peak);
        fence_async();
        meet();
        make_qkv(p, c, rows_at, shared + OUT, t0, rows, 0, QKV / 256, ring, peak);
    }
    count_overflow(p.overflow, overflows(peak.of));
#endif
}

// What a quarter of the wide layer adds to x, to `between`, the first with x after the output map. Threads 384; grid
// (4, ceil(T / 64), B). Shared memory: 222,320 bytes. x 16-byte aligned.
HOPPER_KERNEL(transformer_up_f16, 384, 1, TransformerParams) {
#if HOPPER
    using namespace transformer;
    DYNAMIC_SHARED(shared);
    unsigned char* rows_at = shared;           // 32 KB: norm(x)
    unsigned char* wide = shared + 8 * CHUNK;  // 32 KB; before, x was in both
    unsigned char* slots = shared + 64 * X_ROW;
    float* meeting = (float*)(slots + SLOTS * WITH_ROWS);
    float* vectors = meeting + 256;
    Barrier* barriers = (Barrier*)(vectors + 2560);
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, lane = tid % 32, g = lane / 4, t = lane % 4, row = tid / 32 * 16 + g;
    int part = blockIdx.x, t0 = blockIdx.y * 64, b = blockIdx.z, rows = rows_early(p.valid, b, p.T);
    i64 tile = (i64)b * gridDim.y + blockIdx.y;
    Ring ring{slots, barriers, barriers + SLOTS, WITH_ROWS};
    if (threadIdx.x == 0) {
        ring.begin();
        fence_async();
    }
    __syncthreads();
    if (t0 >= rows) {
        gdc_wait();
        return;
    }
    if (group == 2) {
        registers_down<24>();
        if (tid > 0) return;
        const char* mixed = (const char*)p.mixed + tile * INNER * 128;
        for (int i = 0; i < SLOTS; i++) ring.ask_with_rows(p.wOut, i);
        gdc_wait();
        for (int i = 0; i < SLOTS; i++) ring.rows(mixed, i, i);
        for (int i = SLOTS; i < INNER / 32; i++) {
            int slot = ring.slot;
            ring.ask_with_rows(p.wOut, i);
            ring.rows(mixed, i, slot);
        }
        for (int i = 0; i < 8; i++) ring.ask_half(p.wUp, WIDE, i % 4 * 2, part * 256 + i / 4 * 128);
        for (int i = 0; i < 8; i++) ring.ask(p.wDown, C, part * 8 + i, 0);
        return;
    }
    registers_up<240>();
    vector(vectors + B_OUT, p.bOut, C);
    vector(vectors + GAMMA, p.gamma, C);
    vector(vectors + BETA, p.beta, C);
    vector(vectors + B_UP, p.bUp + part * 256, 256);
    vector(vectors + B_DOWN, p.bDown, C);
    bring_x(p, shared, t0, rows);
    cp_commit();
    int column = group * 128 + t * 2;
    float x[64];
    cp_wait<0>();
    meet();
    take_x(x, shared, vectors + B_OUT, row, column);
    gdc_wait();
    gdc_launch();
    Peak peak;
    product<true>(x, nullptr, INNER / 32, ring, true);
    norm(x, rows_at, meeting, vectors + GAMMA, p.eps, peak);
    fence_async();
    meet();
    if (part == 0) {
        add(x, vectors + B_DOWN + column);
    } else {
#pragma unroll
        for (int i = 0; i < 64; i++) x[i] = 0;
    }
    // GELU of one half of the columns is made beside the product of the other, or of the first half with down's weights.
    float low[32], high[32];
    bias(low, vectors + B_UP + group * 64 + t * 2);
    bias(high, vectors + B_UP + 128 + group * 64 + t * 2);
    begin<64, 2>(low, rows_at, ring, true);
    wgmma_wait<0>();
    end(ring);
    begin<64, 2>(high, rows_at, ring, true);
    put_gelu(low, wide, peak);
    fence_async();
    meet();
    wgmma_wait<0>();
    end(ring);
    begin<128, 1>(x, wide, ring, true);
    put_gelu(high, wide + 4 * CHUNK, peak);
    fence_async();
    meet();
    wgmma_wait<0>();
    end(ring);
    begin<128, 1>(x, wide + 4 * CHUNK, ring, true);
    wgmma_wait<0>();
    Between(p, tile).put(x, part);
    count_overflow(p.overflow, overflows(peak.of));
#endif
}

// What follows: x goes out, a share of its columns from each block of a tile; `share` times 256 columns of qkv are made.
// Threads 384; grid (qkv ? ceil(6 / share) : 1, ceil(T / 64), B). Shared memory: 193,648 bytes.
HOPPER_KERNEL(transformer_down_f16, 384, 1, TransformerParams) {
#if HOPPER
    using namespace transformer;
    DYNAMIC_SHARED(shared);
    unsigned char* rows_at = shared;  // 32 KB: norm(x)
    unsigned char* slots = shared + 8 * CHUNK;
    unsigned char* outs = slots + SLOTS * PIECE;  // 64 rows of each group that go out
    float* meeting = (float*)(outs + 64 * 272 * 2);
    float* vectors = meeting + 256;
    Barrier* barriers = (Barrier*)(vectors + 2560);
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, lane = tid % 32, g = lane / 4, t = lane % 4, row = tid / 32 * 16 + g;
    int first = blockIdx.x * p.share, end = p.qkv ? min(first + p.share, QKV / 256) : 0, t0 = blockIdx.y * 64, b = blockIdx.z;
    int rows = rows_early(p.valid, b, p.T);
    i64 tile = (i64)b * gridDim.y + blockIdx.y;
    Ring ring{slots, barriers, barriers + SLOTS};
    if (threadIdx.x == 0) {
        ring.begin();
        fence_async();
    }
    __syncthreads();
    if (t0 >= rows) {
        gdc_wait();
        return;
    }
    if (group == 2) {
        registers_down<24>();
        if (tid > 0) return;
        for (int part = first; part < end; part++) {
            for (int i = 0; i < 8; i++) ring.ask(p.wQkv, QKV, i, part * 256);
        }
        gdc_wait();
        return;
    }
    registers_up<240>();
    if (p.qkv) {
        vector(vectors + NEXT_GAMMA, p.nextGamma, C);
        vector(vectors + NEXT_BETA, p.nextBeta, C);
    }
    cp_commit();
    cp_wait<0>();
    int column = group * 128 + t * 2, blocks = gridDim.x;
    float x[64], c[64], d[64];
    gdc_wait();
    gdc_launch();
    Between between(p, tile);
    between.get(x, 0);
    between.get(c, 1);
    between.get(d, 2);
    add(x, c);
    between.get(c, 3);
    add(x, d);
    add(x, c);
    Peak peak;
    store(x, p.out, p.outType, b * p.outBatch + (i64)(t0 + row) * p.outRow + column, p.outRow, t0 + row < rows, t0 + row + 8 < rows, 16 * blockIdx.x / blocks, 16 * (blockIdx.x + 1) / blocks, peak);
    if (p.qkv) {
        norm(x, rows_at, meeting, vectors + NEXT_GAMMA, p.nextEps, peak);
        fence_async();
        meet();
        make_qkv(p, c, rows_at, outs, t0, rows, first, end, ring, peak);
    }
    count_overflow(p.overflow, overflows(peak.of));
#endif
}
