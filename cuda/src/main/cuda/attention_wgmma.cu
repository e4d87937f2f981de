// Attention without a hook, not causal, heads of 64 in fp16, for compute capability 9.0: the products are wgmma. After
// FlashAttention-3 (Shah et al. 2024): the softmax of the next keys is made while these are multiplied with their values.
#include "attention.cuh"

// 128 queries a block, 64 a group of four warps, 128 keys a step; a third group loads. The groups take turns at asking for
// products, so that one makes its softmax while the other multiplies. Threads 384; grid (ceil(Tq / 128), H, B). Shared
// memory: 82,048 bytes. q, k, v 16-byte aligned.
#if HOPPER
namespace attention_wgmma {
constexpr int D = 64, KEYS = 128, TILE = KEYS * D * 2;  // bytes of 128 rows: two chunks of 32 columns

// Rows from `first` on into an operand, those from `limit` on as zeros; by 128 threads.
DEVICE void load(unsigned char* to, const half_t* from, i64 row, int first, int limit) {
    int tid = threadIdx.x % 128, c = tid % 8;
    const half_t* source = from + (first + tid / 8) * row + c * 8;
    unsigned char* target = to + c / 4 * (KEYS * 64) + swizzle64(tid / 8, c % 4);
#pragma unroll
    for (int i = 0; i < 8; i++) {  // 16 rows each
        bool in = first + tid / 8 + i * 16 < limit;
        cp_async16(target + i * 16 * 64, in ? source + i * 16 * row : from, in ? 16 : 0);
    }
    cp_commit();
}
DEVICE void scores(float (&s)[64], const unsigned char* q, const unsigned char* k) {
    Wgmma a = wgmma_operand(q), b = wgmma_operand(k);
    wgmma_fence();
#pragma unroll
    for (int i = 0; i < 4; i++) wgmma_f16<128>(s, a + (i / 2 * (KEYS * 64) + i % 2 * 32), b + (i / 2 * (KEYS * 64) + i % 2 * 32), i > 0);
    wgmma_commit();
}
}  // namespace attention_wgmma
#endif

HOPPER_KERNEL(attention_f16_64_wgmma, 384, 1, AttentionParams) {
#if HOPPER
    using namespace attention_wgmma;
    DYNAMIC_SHARED(shared);
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, lane = tid % 32, g = lane / 4, t = lane % 4;
    unsigned char* sq = shared;  // then two of keys, two of values
    unsigned char* sk = sq + TILE;
    unsigned char* sv = sk + 2 * TILE;
    Barrier* k_full = (Barrier*)(sv + 2 * TILE);
    Barrier* k_empty = k_full + 2;
    Barrier* v_full = k_full + 4;
    Barrier* v_empty = k_full + 6;
    if (threadIdx.x == 0) {
        for (int i = 0; i < 2; i++) {
            barrier_init(k_full + i, 4);
            barrier_init(v_full + i, 4);
            barrier_init(k_empty + i, 8);
            barrier_init(v_empty + i, 8);
        }
        fence_async();
    }
    __syncthreads();
    int h = blockIdx.y, b = blockIdx.z, i0 = blockIdx.x * 128;
    gdc_wait();
    gdc_launch();
    int queries = rows_of(p.validQ, b, p.Tq), keys = rows_of(p.validK, b, p.Tk), steps = (keys + KEYS - 1) / KEYS;
    if (i0 >= queries) return;
    if (group == 2) {
        registers_down<40>();
        const half_t* k = (const half_t*)p.k + b * p.kBatch + h * p.kHead;
        const half_t* v = (const half_t*)p.v + b * p.vBatch + h * p.vHead;
        load(sq, (const half_t*)p.q + b * p.qBatch + h * D, p.qRow, i0, queries);
        auto ask = [&](unsigned char* to, Barrier* empty, const half_t* from, i64 row, int n) {
            if (n >= 2) barrier_wait(empty + n % 2, (n / 2 - 1) & 1);
            load(to + n % 2 * TILE, from, row, n * KEYS, keys);
        };
        Barrier* before = nullptr;  // of what was asked for before
        auto told = [&] {
            fence_async();
            warp_sync();
            if (lane == 0 && before) barrier_arrive(before);
        };
        auto next = [&](Barrier* full) {
            cp_wait<1>();
            told();
            before = full;
        };
        if (steps > 0) {
            ask(sk, k_empty, k, p.kRow, 0);
            before = k_full;
        }
#pragma unroll 1
        for (int n = 0; n < steps; n++) {
            if (n + 1 < steps) {
                ask(sk, k_empty, k, p.kRow, n + 1);
                next(k_full + (n + 1) % 2);
            }
            ask(sv, v_empty, v, p.vRow, n);
            next(v_full + n % 2);
        }
        cp_wait<0>();
        told();
        return;
    }
    registers_up<232>();
    float factor = p.scale * 1.44269504f;
    const unsigned char* q = sq + group * 64 * 64;

    float o[32] = {}, s[64], top[2] = {-INFINITY, -INFINITY}, fade[2], sum[2] = {0, 0};
    uint32_t a[8][4];
    auto softmax = [&](int n) {  // of the scores of step n; top, sum and fade are told
        if (n * KEYS + KEYS > keys) {
#pragma unroll
            for (int i = 0; i < 64; i++) {
                if (n * KEYS + i / 4 * 8 + t * 2 + (i & 1) >= keys) s[i] = -INFINITY;
            }
        }
        float high[2] = {s[0], s[2]};
#pragma unroll
        for (int i = 0; i < 64; i++) high[i >> 1 & 1] = fmaxf(high[i >> 1 & 1], s[i]);
#pragma unroll
        for (int r = 0; r < 2; r++) {
            high[r] = fmaxf(high[r], shuffle_xor(high[r], 1));
            high[r] = fmaxf(high[r], shuffle_xor(high[r], 2));
            high[r] = fmaxf(top[r], high[r] * factor);
            fade[r] = fast_exp2(top[r] - high[r]);
            top[r] = high[r];
            sum[r] *= fade[r];
        }
#pragma unroll
        for (int i = 0; i < 64; i++) {
            s[i] = fast_exp2(fmaf(s[i], factor, -top[i >> 1 & 1]));
            sum[i >> 1 & 1] += s[i];
        }
    };
    auto pack = [&] {
#pragma unroll
        for (int j = 0; j < 8; j++) {
#pragma unroll
            for (int r = 0; r < 4; r++) {
                int i = (2 * j + (r >> 1)) * 4 + (r & 1) * 2;
                a[j][r] = pack_f16(s[i], s[i + 1]);
            }
        }
    };
    auto weigh = [&](int n) {  // the values of step n
        barrier_wait(v_full + n % 2, n / 2 & 1);
        Wgmma values = wgmma_transposed(sv + n % 2 * TILE, KEYS * 64);
        wgmma_fence();
#pragma unroll
        for (int j = 0; j < 8; j++) wgmma_f16_64(o, a[j], values + j * 16 * 64, true);
        wgmma_commit();
    };
    auto release = [&](Barrier* empty) {
        if (lane == 0) barrier_arrive(empty);
    };
    if (steps > 0) {
        barrier_wait(k_full, 0);
        scores(s, q, sk);
        wgmma_wait<0>();
        release(k_empty);
        softmax(0);
        pack();
    }
    if (group == 1) bar_arrive(2, 256);  // the first turn is the other group's
#pragma unroll 1
    for (int n = 0; n + 1 < steps; n++) {
        int other = (n + 1) % 2;
        barrier_wait(k_full + other, (n + 1) / 2 & 1);
        bar_sync(2 + group, 256);
        scores(s, q, sk + other * TILE);
        weigh(n);
        bar_arrive(3 - group, 256);
        wgmma_wait<1>();
        release(k_empty + other);
        softmax(n + 1);
        wgmma_wait<0>();
        release(v_empty + n % 2);
#pragma unroll
        for (int i = 0; i < 32; i++) o[i] *= fade[i >> 1 & 1];
        pack();
    }
    if (steps > 0) {
        weigh(steps - 1);
        wgmma_wait<0>();
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        sum[r] += shuffle_xor(sum[r], 1);
        sum[r] += shuffle_xor(sum[r], 2);
        int row = tid / 32 * 16 + g + r * 8, i = i0 + group * 64 + row;
        float scale = sum[r] > 0 ? 1 / sum[r] : 0;
        unsigned char* tile = (unsigned char*)p.out + (((i64)b * ((p.Tq + 63) / 64) + blockIdx.x * 2 + group) * p.H + h) * 8192;
        i64 at = b * p.outBatch + i * p.outRow + h * D + t * 2;
#pragma unroll
        for (int j = 0; j < 8; j++) {
            float x = o[4 * j + 2 * r] * scale, y = o[4 * j + 2 * r + 1] * scale;
            if (p.tiles) {
                if (i0 + group * 64 < queries) *(uint32_t*)(tile + j / 4 * 4096 + swizzle64(row, j % 4) + t * 4) = i < queries ? pack_f16(x, y) : 0;
            } else if (i < queries) {
                if (p.outType == F32) {
                    *(float2*)((float*)p.out + at + j * 8) = make_float2(x, y);
                } else {
                    *(uint32_t*)((half_t*)p.out + at + j * 8) = p.outType == BF16 ? pack_bf16(x, y) : pack_f16(x, y);
                }
            }
        }
    }
#endif
}
