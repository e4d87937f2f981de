#include "attention.cuh"

// ---- tensor cores: 64 queries a block, 16 a warp, 64 keys a step -----------------------------------------------------
// q, k, v (and positions) in 16 bits, 16-byte aligned. Two groups of four warps meet at the end: without a hook they take
// every other step; with XL half of the keys of each, so that keys, values and positions lie there once. XL reads its biases,
// which are weights, before gdc_wait. Threads 256, grid (ceil(Tq / 64), H, B). Shared memory: 64 D 2 * 9; XL: 64 D 2 * 8 +
// 8 * 16 * 52 * 4.
template <int D>
DEVICE int swizzle_head(int row, int chunk) {
    static_assert(D == 64, "rows of 128 bytes: eight of them at one chunk fall on eight different 16-byte banks");
    return row * 128 + ((chunk ^ (row & 7)) << 4);
}
template <int D, bool BF, int HOOK>
DEVICE void attention_mma(const AttentionParams& p) {
    // of a group: every how many steps it takes, its keys of a step in eights; how many threads load together
    constexpr int CHUNKS = D / 8, KD = D / 16, LOG = 52, STEPS = HOOK == PLAIN ? 2 : 1, KEYS = HOOK == PLAIN ? 8 : 4, LOADERS = 256 / STEPS;
    DYNAMIC_SHARED(shared);
    int tid = threadIdx.x % 128, group = threadIdx.x / 128, lane = tid % 32, warp = tid / 32, g = lane / 4, t = lane % 4;
    int begin = HOOK == PLAIN ? group : 0, half = HOOK == PLAIN ? 0 : group * 32;  // its first step, its first key of a step
    unsigned char* sq = shared;
    unsigned char* sk = sq + 64 * D * 2 + begin * 4 * 64 * D * 2;  // two stages each
    unsigned char* sv = sk + 2 * 64 * D * 2;
    unsigned char* sp = sv + 2 * 64 * D * 2;  // XL: three tiles of 64 positions, of which a step reads two
    int h = blockIdx.y, b = blockIdx.z, i0 = blockIdx.x * 64;
    float u[KD][2][2], w[KD][2][2];
    if (HOOK == XL) {
#pragma unroll
        for (int i = 0; i < KD * 4; i++) {
            int c = h * D + i / 2 * 8 + t * 2 + i % 2;
            u[i / 4][i / 2 % 2][i % 2] = p.biasU[c];
            w[i / 4][i / 2 % 2][i % 2] = p.biasV[c];
        }
    }
    gdc_wait();
    gdc_launch();
    int queries = rows_of(p.validQ, b, p.Tq), keys = rows_of(p.validK, b, p.Tk), shift = keys - queries;
    if (i0 >= queries) return;
    int seen = p.causal ? min(keys, shift + min(i0 + 64, queries)) : keys;
    int steps = seen > 0 ? (seen + 63) / 64 : 0;
    float factor = p.scale * 1.44269504f;

    auto load = [&](unsigned char* to, const void* from, i64 row, int first, int count, int limit) {
        for (int i = threadIdx.x % LOADERS; i < count * CHUNKS; i += LOADERS) {
            int r = i / CHUNKS, c = i % CHUNKS, at = first + r;
            bool in = at >= 0 && at < limit;
            cp_async16(to + swizzle_head<D>(r, c), (const half_t*)from + (in ? at * row + c * 8 : 0), in ? 16 : 0);
        }
    };
    const half_t* q = (const half_t*)p.q + b * p.qBatch + h * D;
    const half_t* k = (const half_t*)p.k + b * p.kBatch + h * p.kHead;
    const half_t* v = (const half_t*)p.v + b * p.vBatch + h * p.vHead;
    const half_t* positions = (const half_t*)p.positions + h * D;
    auto load_positions = [&](int n) { load(sp + n % 3 * 64 * D * 2, positions, p.positionsRow, p.center - i0 - 63 + n * 64, 64, p.positionRows); };
    auto load_step = [&](int s) {
        int stage = s / STEPS % 2;
        load(sk + stage * 64 * D * 2, k, p.kRow, s * 64, 64, keys);
        load(sv + stage * 64 * D * 2, v, p.vRow, s * 64, 64, keys);
        if (HOOK == XL) load_positions(s + 1);
    };
    if (begin == 0) load(sq, q, p.qRow, i0, 64, queries);
    if (HOOK == XL) load_positions(0);
    if (begin < steps) load_step(begin);
    cp_commit();
    cp_wait<0>();
    __syncthreads();

    uint32_t qf[KD][4], qv[HOOK == XL ? KD : 1][4];
    int lr = lane % 8 + (lane / 8 & 1) * 8, lc = lane / 16;
#pragma unroll
    for (int d = 0; d < KD; d++) {
        ldmatrix4(qf[d], sq + swizzle_head<D>(warp * 16 + lr, d * 2 + lc));
        if (HOOK == XL) {
#pragma unroll
            for (int r = 0; r < 4; r++) {
                float x = BF ? bf16_low(qf[d][r]) : f16_low(qf[d][r]), y = BF ? bf16_high(qf[d][r]) : f16_high(qf[d][r]);
                float ux = x + u[d][r >> 1][0], uy = y + u[d][r >> 1][1], vx = x + w[d][r >> 1][0], vy = y + w[d][r >> 1][1];
                qf[d][r] = BF ? pack_bf16(ux, uy) : pack_f16(ux, uy);
                qv[d][r] = BF ? pack_bf16(vx, vy) : pack_f16(vx, vy);
            }
        }
    }
    float* skew = (float*)(sp + 3 * 64 * D * 2) + threadIdx.x / 32 * 16 * LOG;
    // where this lane reads 16 rows of keys (and positions), and of values
    int k_at[KD], v_at[KD];
#pragma unroll
    for (int d = 0; d < KD; d++) {
        k_at[d] = swizzle_head<D>(lane % 8 + lane / 16 * 8, d * 2 + (lane / 8 & 1));
        v_at[d] = swizzle_head<D>(lr, d * 2 + lc);
    }

    float o[D / 8][4] = {}, top[2] = {-INFINITY, -INFINITY}, sum[2] = {0, 0};
    for (int s = begin; s < steps; s += STEPS) {
        if (s >= STEPS) {
            cp_wait<0>();
            bar_sync(1 + begin, LOADERS);
        }
        if (s + STEPS < steps) load_step(s + STEPS);
        cp_commit();
        const unsigned char* ks = sk + (s / STEPS % 2 * 64 + half) * D * 2;
        const unsigned char* vs = sv + (s / STEPS % 2 * 64 + half) * D * 2;
        float c[KEYS][4] = {};
#pragma unroll
        for (int d = 0; d < KD; d++) {
#pragma unroll
            for (int j = 0; j < KEYS / 2; j++) {
                uint32_t w[4];
                ldmatrix4(w, ks + (k_at[d] + j * 16 * D * 2));
                if (BF) {
                    mma_bf16(c[2 * j], qf[d], w[0], w[1]);
                    mma_bf16(c[2 * j + 1], qf[d], w[2], w[3]);
                } else {
                    mma_f16(c[2 * j], qf[d], w[0], w[1]);
                    mma_f16(c[2 * j + 1], qf[d], w[2], w[3]);
                }
            }
        }
        if (HOOK == XL) {  // 16 x 48 products with positions, read along diagonals
#pragma unroll
            for (int j = 0; j < 3; j++) {
                int row = 48 - warp * 16 + half + j * 16;  // of the two tiles
                const unsigned char* ps = sp + ((s + row / 64) % 3 * 64 + row % 64) * D * 2;
                float e[2][4] = {};
#pragma unroll
                for (int d = 0; d < KD; d++) {
                    uint32_t w[4];
                    ldmatrix4(w, ps + k_at[d]);
                    if (BF) {
                        mma_bf16(e[0], qv[d], w[0], w[1]);
                        mma_bf16(e[1], qv[d], w[2], w[3]);
                    } else {
                        mma_f16(e[0], qv[d], w[0], w[1]);
                        mma_f16(e[1], qv[d], w[2], w[3]);
                    }
                }
#pragma unroll
                for (int n = 0; n < 2; n++) {
                    float* to = skew + g * LOG + j * 16 + n * 8 + t * 2;
                    to[0] = e[n][0], to[1] = e[n][1], to[8 * LOG] = e[n][2], to[8 * LOG + 1] = e[n][3];
                }
            }
            warp_sync();
#pragma unroll
            for (int j = 0; j < KEYS; j++) {
#pragma unroll
                for (int e = 0; e < 4; e++) c[j][e] += skew[(g + (e >> 1) * 8) * (LOG - 1) + 15 + j * 8 + t * 2 + (e & 1)];
            }
            warp_sync();
        }
        float high[2] = {top[0], top[1]};
        int key0 = s * 64 + half, key1 = key0 + KEYS * 8;
        // whole: no key of this step is masked for this warp's queries
        bool whole = key1 <= keys && (!p.causal || key1 - 1 <= shift + i0 + warp * 16);
        float times = whole ? factor : 1;  // what c is still to be multiplied with
        if (whole) {
            float most[2] = {c[0][0], c[0][2]};
#pragma unroll
            for (int j = 0; j < KEYS; j++) {
#pragma unroll
                for (int e = 0; e < 4; e++) most[e >> 1] = fmaxf(most[e >> 1], c[j][e]);
            }
            high[0] = fmaxf(high[0], most[0] * factor);
            high[1] = fmaxf(high[1], most[1] * factor);
        } else {
#pragma unroll
        for (int j = 0; j < KEYS; j++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                int i = i0 + warp * 16 + g + (e >> 1) * 8, key = key0 + j * 8 + t * 2 + (e & 1);
                float x = c[j][e] * factor;
                if (key >= keys || (p.causal && key > shift + i)) x = -INFINITY;
                c[j][e] = x;
                high[e >> 1] = fmaxf(high[e >> 1], x);
            }
        }
        }
#pragma unroll
        for (int r = 0; r < 2; r++) {
            high[r] = fmaxf(high[r], shuffle_xor(high[r], 1));
            high[r] = fmaxf(high[r], shuffle_xor(high[r], 2));
            float base = high[r] == -INFINITY ? 0 : high[r], fade = fast_exp2(top[r] - base);
            top[r] = high[r];
            high[r] = base;
            sum[r] *= fade;
#pragma unroll
            for (int j = 0; j < D / 8; j++) o[j][2 * r] *= fade, o[j][2 * r + 1] *= fade;
        }
#pragma unroll
        for (int j = 0; j < KEYS; j++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                c[j][e] = fast_exp2(fmaf(c[j][e], times, -high[e >> 1]));
                sum[e >> 1] += c[j][e];
            }
        }
#pragma unroll
        for (int j = 0; j < KEYS / 2; j++) {
            uint32_t a[4];
#pragma unroll
            for (int r = 0; r < 4; r++) {
                float x = c[2 * j + (r >> 1)][(r & 1) * 2], y = c[2 * j + (r >> 1)][(r & 1) * 2 + 1];
                a[r] = BF ? pack_bf16(x, y) : pack_f16(x, y);
            }
#pragma unroll
            for (int d = 0; d < KD; d++) {
                uint32_t w[4];
                ldmatrix4_transposed(w, vs + (v_at[d] + j * 16 * D * 2));
                if (BF) {
                    mma_bf16(o[2 * d], a, w[0], w[1]);
                    mma_bf16(o[2 * d + 1], a, w[2], w[3]);
                } else {
                    mma_f16(o[2 * d], a, w[0], w[1]);
                    mma_f16(o[2 * d + 1], a, w[2], w[3]);
                }
            }
        }
    }
    // The second group hands over what it has.
    float* theirs = (float*)(shared + 64 * D * 2) + tid * (D / 2 + 4);
    __syncthreads();
    if (group == 1) {
#pragma unroll
        for (int r = 0; r < 2; r++) {
            theirs[D / 2 + r * 2] = top[r];
            theirs[D / 2 + r * 2 + 1] = sum[r];
        }
#pragma unroll
        for (int j = 0; j < D / 8; j++) *(float4*)&theirs[j * 4] = make_float4(o[j][0], o[j][1], o[j][2], o[j][3]);
    }
    __syncthreads();
    if (group == 1) return;
#pragma unroll
    for (int r = 0; r < 2; r++) {
        float other = theirs[D / 2 + r * 2], high = fmaxf(top[r], other), base = high == -INFINITY ? 0 : high;
        float mine = fast_exp2(top[r] - base), its = fast_exp2(other - base);
        sum[r] = sum[r] * mine + theirs[D / 2 + r * 2 + 1] * its;
        top[r] = high;
#pragma unroll
        for (int j = 0; j < D / 8; j++) {
            o[j][2 * r] = o[j][2 * r] * mine + theirs[j * 4 + 2 * r] * its;
            o[j][2 * r + 1] = o[j][2 * r + 1] * mine + theirs[j * 4 + 2 * r + 1] * its;
        }
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        sum[r] += shuffle_xor(sum[r], 1);
        sum[r] += shuffle_xor(sum[r], 2);
        int row = warp * 16 + g + r * 8, i = i0 + row;
        float scale = sum[r] > 0 ? 1 / sum[r] : 0;
        if (HOOK == PLAIN && p.tiles) {
            unsigned char* to = (unsigned char*)p.out + ((i64)b * gridDim.x + blockIdx.x) * p.H * D * 128;
#pragma unroll
            for (int j = 0; j < D / 8; j++) {
                uint32_t v = i < queries ? pack_f16(o[j][2 * r] * scale, o[j][2 * r + 1] * scale) : 0;
                *(uint32_t*)(to + (h * D / 32 + j / 4) * 4096 + swizzle64(row, j % 4) + t * 4) = v;
            }
            continue;
        }
        if (i >= queries) continue;
        i64 at = b * p.outBatch + i * p.outRow + h * D + t * 2;
#pragma unroll
        for (int j = 0; j < D / 8; j++) {
            float x = o[j][2 * r] * scale, y = o[j][2 * r + 1] * scale;
            if (p.outType == F32) {
                *(float2*)((float*)p.out + at + j * 8) = make_float2(x, y);
            } else {
                *(uint32_t*)((half_t*)p.out + at + j * 8) = p.outType == BF16 ? pack_bf16(x, y) : pack_f16(x, y);
            }
        }
    }
}
KERNEL(attention_f16_64, 256, 2, AttentionParams) { attention_mma<64, false, PLAIN>(p); }
KERNEL(attention_bf16_64, 256, 2, AttentionParams) { attention_mma<64, true, PLAIN>(p); }
KERNEL(attention_f16_64_xl, 256, 2, AttentionParams) { attention_mma<64, false, XL>(p); }

// ---- exact: fp32, any head dimension ---------------------------------------------------------------------------------
// BQ queries a block, 32 keys a step, all operands fp32. Threads 256, grid (ceil(Tq / BQ), H, B). Shared memory in floats,
// with L = ceil(D / 4) * 4 + 4: (BQ + 64) L + BQ * 33 + 2 BQ; XL: + (BQ + BQ + 31) L.
template <int BQ, int MAX_D>
DEVICE void attention_exact(const AttentionParams& p, int hook) {
    constexpr int R = BQ / 16, COLUMNS = MAX_D / 16;
    DYNAMIC_SHARED(shared);
    int D = p.D, L = (D + 3) / 4 * 4 + 4;
    float* sq = (float*)shared;
    float* sk = sq + BQ * L;
    float* sv = sk + 32 * L;
    float* scores = sv + 32 * L;          // (BQ, 33)
    float* tops = scores + BQ * 33;
    float* sums = tops + BQ;
    float* sqv = sums + BQ;               // XL: q + v
    float* sp = sqv + BQ * L;             // and BQ + 31 positions
    int tid = threadIdx.x, tx = tid % 16, ty = tid / 16, lane = tid % 32, warp = tid / 32;
    int h = blockIdx.y, b = blockIdx.z, i0 = blockIdx.x * BQ;
    gdc_wait();
    gdc_launch();
    int queries = rows_of(p.validQ, b, p.Tq), keys = rows_of(p.validK, b, p.Tk), shift = keys - queries;
    if (i0 >= queries) return;
    int seen = p.causal ? min(keys, shift + min(i0 + BQ, queries)) : keys;
    auto load = [&](float* to, const float* from, i64 row, int first, int count, int limit, const float* bias) {
        for (int i = tid; i < count * L; i += 256) {
            int r = i / L, c = i % L, at = first + r;
            to[i] = at >= 0 && at < limit && c < D ? from[at * row + c] + (bias ? bias[c] : 0) : 0;
        }
    };
    const float* q = (const float*)p.q + b * p.qBatch + h * D;
    load(sq, q, p.qRow, i0, BQ, queries, hook == XL ? p.biasU + h * D : nullptr);
    if (hook == XL) load(sqv, q, p.qRow, i0, BQ, queries, p.biasV + h * D);
    for (int i = tid; i < BQ; i += 256) {
        tops[i] = -INFINITY;
        sums[i] = 0;
    }
    __syncthreads();
    float o[R][COLUMNS] = {};
    for (int j0 = 0; j0 < seen; j0 += 32) {
        __syncthreads();
        load(sk, (const float*)p.k + b * p.kBatch + h * p.kHead, p.kRow, j0, 32, keys, nullptr);
        load(sv, (const float*)p.v + b * p.vBatch + h * p.vHead, p.vRow, j0, 32, keys, nullptr);
        if (hook == XL) load(sp, (const float*)p.positions + h * D, p.positionsRow, p.center - i0 - (BQ - 1) + j0, BQ + 31, p.positionRows, nullptr);
        __syncthreads();
        float s[R][2] = {};
        for (int c = 0; c < D; c += 4) {
            float4 kk[2];
            for (int n = 0; n < 2; n++) kk[n] = *(const float4*)&sk[(tx + n * 16) * L + c];
#pragma unroll
            for (int m = 0; m < R; m++) {
                float4 x = *(const float4*)&sq[(ty + m * 16) * L + c];
#pragma unroll
                for (int n = 0; n < 2; n++) s[m][n] = fmaf(x.w, kk[n].w, fmaf(x.z, kk[n].z, fmaf(x.y, kk[n].y, fmaf(x.x, kk[n].x, s[m][n]))));
            }
        }
        if (hook == XL) {
            for (int c = 0; c < D; c += 4) {
#pragma unroll
                for (int m = 0; m < R; m++) {
                    float4 x = *(const float4*)&sqv[(ty + m * 16) * L + c];
#pragma unroll
                    for (int n = 0; n < 2; n++) {
                        float4 y = *(const float4*)&sp[(BQ - 1 - ty - m * 16 + tx + n * 16) * L + c];
                        s[m][n] = fmaf(x.w, y.w, fmaf(x.z, y.z, fmaf(x.y, y.y, fmaf(x.x, y.x, s[m][n]))));
                    }
                }
            }
        }
#pragma unroll
        for (int m = 0; m < R; m++) {
#pragma unroll
            for (int n = 0; n < 2; n++) {
                int row = ty + m * 16, i = i0 + row, key = j0 + tx + n * 16;
                float x = s[m][n] * p.scale;
                if (key >= keys || (p.causal && key > shift + i)) x = -INFINITY;
                scores[row * 33 + tx + n * 16] = x;
            }
        }
        __syncthreads();
        for (int row = warp; row < BQ; row += 8) {
            float x = scores[row * 33 + lane], old = tops[row], high = fmaxf(old, warp_max(x)), base = high == -INFINITY ? 0 : high;
            float e = expf(x - base), total = warp_sum(e), fade = expf(old - base);
            scores[row * 33 + lane] = e;
            warp_sync(); // all have read tops[row]
            if (lane == 0) {
                tops[row] = high;
                sums[row] = sums[row] * fade + total;
                scores[row * 33 + 32] = fade;
            }
        }
        __syncthreads();
#pragma unroll
        for (int m = 0; m < R; m++) {
            float fade = scores[(ty + m * 16) * 33 + 32];
#pragma unroll
            for (int n = 0; n < COLUMNS; n++) o[m][n] *= fade;
        }
        for (int j = 0; j < 32; j++) {
            float weight[R];
#pragma unroll
            for (int m = 0; m < R; m++) weight[m] = scores[(ty + m * 16) * 33 + j];
#pragma unroll
            for (int n = 0; n < COLUMNS; n++) {
                if (n * 16 >= D) break;
                float x = tx + n * 16 < D ? sv[j * L + tx + n * 16] : 0;
#pragma unroll
                for (int m = 0; m < R; m++) o[m][n] = fmaf(weight[m], x, o[m][n]);
            }
        }
    }
    __syncthreads();
#pragma unroll
    for (int m = 0; m < R; m++) {
        int row = ty + m * 16, i = i0 + row;
        if (i >= queries) continue;
        float sum = sums[row];
#pragma unroll
        for (int n = 0; n < COLUMNS; n++) {
            int c = tx + n * 16;
            if (c >= D) break;
            store1(p.out, b * p.outBatch + i * p.outRow + h * D + c, p.outType, sum > 0 ? o[m][n] / sum : 0);
        }
    }
}
// D at most 128, and at most 256
KERNEL(attention_f32_128, 256, 1, AttentionParams) { attention_exact<64, 128>(p, PLAIN); }
KERNEL(attention_f32_128_xl, 256, 1, AttentionParams) { attention_exact<64, 128>(p, XL); }
KERNEL(attention_f32_256, 256, 1, AttentionParams) { attention_exact<32, 256>(p, PLAIN); }
