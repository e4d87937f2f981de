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
// 2^x of x <= 0, right to 7.5e-5, a sixth of what the weight is then rounded by: a part of the exponentials is made where
// the sums are made, for the unit of exponentials would be waited for, as FlashAttention-4 does.
constexpr int BY_SUMS = 4;  // of 16
DEVICE float exp2_by_sums(float x) {
    x = fmaxf(x, -126.f);
    float whole = x + 12582912.f, f = x - (whole - 12582912.f);
    float y = fmaf(fmaf(fmaf(f, 0.055171669f, 0.242611122f), f, 0.693260985f), f, 0.999928074f);
    return bits_to_float(float_bits(y) + (float_bits(whole) << 23));
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
    // A layer of the estimator (tiles): q, k and v were made under these lengths, so the kernel before did not write them.
    if (!p.tiles) gdc_wait();
    int queries = rows_early(p.validQ, b, p.Tq), keys = rows_early(p.validK, b, p.Tk), steps = (keys + KEYS - 1) / KEYS;
    gdc_wait();
    gdc_launch();
    if (i0 >= queries) return;
    if (group == 2) {
        registers_down<40>();
        const half_t* k = (const half_t*)p.k + b * p.kBatch + h * p.kHead;
        const half_t* v = (const half_t*)p.v + b * p.vBatch + h * p.vHead;
        if (steps > 0) load(sq, (const half_t*)p.q + b * p.qBatch + h * D, p.qRow, i0, queries);
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
        float high[2], part[8];  // four chains a row
#pragma unroll
        for (int i = 0; i < 64; i++) part[i % 8] = i < 8 ? s[i] : fmaxf(part[i % 8], s[i]);
#pragma unroll
        for (int r = 0; r < 2; r++) high[r] = fmaxf(fmaxf(part[2 * r], part[2 * r + 1]), fmaxf(part[2 * r + 4], part[2 * r + 5]));
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
            float x = fmaf(s[i], factor, -top[i >> 1 & 1]);
            s[i] = i % 16 < 16 - BY_SUMS ? fast_exp2(x) : exp2_by_sums(x);
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
    };
    if (group == 1) bar_arrive(2, 256);  // the first turn is the other group's
    // All steps by the same code: what is executed once costs three times as much, for it must come from memory.
#pragma unroll 1
    for (int n = 0; n < steps; n++) {
        int other = n % 2;
        barrier_wait(k_full + other, n / 2 & 1);
        bar_sync(2 + group, 256);
        scores(s, q, sk + other * TILE);
        if (n > 0) weigh(n - 1);
        wgmma_commit();
        bar_arrive(3 - group, 256);
        wgmma_wait<1>();
        softmax(n);
        // ptxas would wait for the values' product before the exponentials. It keeps the order of this arrival and the wait,
        // so the arrival is made to need their sums: no sum has these bits.
        if (lane == (float_bits(sum[0] + sum[1]) == 0xffdead01u)) barrier_arrive(k_empty + other);
        wgmma_wait<0>();
        if (n > 0 && lane == 0) barrier_arrive(v_empty + (n - 1) % 2);
#pragma unroll
        for (int i = 0; i < 32; i++) o[i] *= fade[i >> 1 & 1];
        pack();
    }
    if (steps > 0) {
        weigh(steps - 1);
        wgmma_commit();
        wgmma_wait<0>();
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        sum[r] += shuffle_xor(sum[r], 1);
        sum[r] += shuffle_xor(sum[r], 2);
        float scale = sum[r] > 0 ? 1 / sum[r] : 0;
#pragma unroll
        for (int j = 0; j < 8; j++) o[4 * j + 2 * r] *= scale, o[4 * j + 2 * r + 1] *= scale;
    }
    int row = tid / 32 * 16 + g, i = i0 + group * 64 + row;
    if (p.tiles) {  // by the copy engine, from where this group's queries were
        if (i0 + group * 64 >= queries) return;
        unsigned char* from = sq + group * 64 * 64;
        bar_sync(4 + group, 128);
#pragma unroll
        for (int r = 0; r < 2; r++) {
#pragma unroll
            for (int j = 0; j < 8; j++) {
                *(uint32_t*)(from + j / 4 * (KEYS * 64) + swizzle64(row + r * 8, j % 4) + t * 4) = i + r * 8 < queries ? pack_f16(o[4 * j + 2 * r], o[4 * j + 2 * r + 1]) : 0;
            }
        }
        fence_async();
        bar_sync(4 + group, 128);
        if (tid == 0) {
            unsigned char* tile = (unsigned char*)p.out + (((i64)b * ((p.Tq + 63) / 64) + blockIdx.x * 2 + group) * p.H + h) * 8192;
            for (int j = 0; j < 2; j++) bulk_store(tile + j * 4096, from + j * (KEYS * 64), 4096);
            bulk_commit();
            bulk_wait();
        }
        return;
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        if (i + r * 8 >= queries) continue;
        i64 at = b * p.outBatch + (i + r * 8) * p.outRow + h * D + t * 2;
#pragma unroll
        for (int j = 0; j < 8; j++) {
            float x = o[4 * j + 2 * r], y = o[4 * j + 2 * r + 1];
            if (p.outType == F32) {
                *(float2*)((float*)p.out + at + j * 8) = make_float2(x, y);
            } else {
                *(uint32_t*)((half_t*)p.out + at + j * 8) = p.outType == BF16 ? pack_bf16(x, y) : pack_f16(x, y);
            }
        }
    }
#endif
}
