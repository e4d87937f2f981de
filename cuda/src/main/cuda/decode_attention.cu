// Attention of a step over a shared prefix and a slot's own keys and values, and the list of rows. See decode.cuh.
#include "decode.cuh"
#include "ptx.cuh"

constexpr int T3_AHEAD = 4;   // keys and values each group of 8 lanes requests at once
constexpr int T3_GROUPS = 32;  // of 8 lanes, a block

// Where a row's keys of one head lie; values follow `toValues` elements later in each part.
struct T3Keys {
    const uint16_t *prefix, *own;
    long long prefixToValues, ownToValues;
    int prefixRows;
};

struct T3Loaded {
    uint4 k[T3_AHEAD], v[T3_AHEAD];
};

// Requests keys and values of positions first + group, + 32, ... that lie in [from, to).
DEVICE void t3_request(T3Loaded& r, const T3Keys& keys, int first, int from, int to, int group, int l) {
#pragma unroll
    for (int j = 0; j < T3_AHEAD; j++) {
        const int at = first + group + T3_GROUPS * j;
        if (at >= from && at < to) {
            const bool shared = at < keys.prefixRows;
            const uint16_t* k = shared ? keys.prefix + (long long)at * T3_HEAD : keys.own + (long long)(at - keys.prefixRows) * T3_HEAD;
            r.k[j] = load_cg16(k + l * 8);
            r.v[j] = load_cg16(k + (shared ? keys.prefixToValues : keys.ownToValues) + l * 8);
        }
    }
}

DEVICE float t3_dot(const uint4& k, const float (&q)[8]) {
    const unsigned w[4] = {k.x, k.y, k.z, k.w};
    float d = 0;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        d = fma_rn(bf16_low(w[i]), q[2 * i], d);
        d = fma_rn(bf16_high(w[i]), q[2 * i + 1], d);
    }
    return d;
}

// Adds the loaded positions below `to` to a running softmax: maximum, sum of weights, weighted sum of values.
DEVICE void t3_use(const T3Loaded& r, const float (&q)[8], int first, int to, int group, float& most, float& sum, float (&acc)[8]) {
    float d[T3_AHEAD], next = most;
#pragma unroll
    for (int j = 0; j < T3_AHEAD; j++) {
        const bool in = first + group + T3_GROUPS * j < to;
        float x = in ? t3_dot(r.k[j], q) : 0.f;
        x = add_rn(x, shuffle_xor(x, 1));
        x = add_rn(x, shuffle_xor(x, 2));
        x = add_rn(x, shuffle_xor(x, 4));
        d[j] = in ? x : -1e30f;
        next = fmaxf(next, d[j]);
    }
    const float c = fast_exp2(most - next);
    most = next;
    sum = mul_rn(sum, c);
#pragma unroll
    for (int i = 0; i < 8; i++) acc[i] = mul_rn(acc[i], c);
#pragma unroll
    for (int j = 0; j < T3_AHEAD; j++) {
        if (first + group + T3_GROUPS * j >= to) continue;
        const float e = fast_exp2(d[j] - next);
        sum = add_rn(sum, e);
        const unsigned w[4] = {r.v[j].x, r.v[j].y, r.v[j].z, r.v[j].w};
#pragma unroll
        for (int i = 0; i < 4; i++) {
            acc[2 * i] = fma_rn(e, bf16_low(w[i]), acc[2 * i]);
            acc[2 * i + 1] = fma_rn(e, bf16_high(w[i]), acc[2 * i + 1]);
        }
    }
}

// The four groups of a warp become one, whose maximum is returned.
DEVICE float t3_merge(float most, float& sum, float (&acc)[8]) {
    float all = fmaxf(most, shuffle_xor(most, 8));
    all = fmaxf(all, shuffle_xor(all, 16));
    const float f = fast_exp2(most - all);
    sum = mul_rn(sum, f);
    sum = add_rn(sum, shuffle_xor(sum, 8));
    sum = add_rn(sum, shuffle_xor(sum, 16));
#pragma unroll
    for (int i = 0; i < 8; i++) {
        acc[i] = mul_rn(acc[i], f);
        acc[i] = add_rn(acc[i], shuffle_xor(acc[i], 8));
        acc[i] = add_rn(acc[i], shuffle_xor(acc[i], 16));
    }
    return all;
}

// Where the keys of head h of a row lie.
DEVICE T3Keys t3_keys(const T3& m, const T3Row& row, int h) {
    const long long own = (long long)m.heads * row.capacity * T3_HEAD, prefix = (long long)m.heads * row.prefixRows * T3_HEAD;
    return {row.prefix + m.layer * 2 * prefix + (long long)h * row.prefixRows * T3_HEAD,
            row.own + m.layer * 2 * own + (long long)h * row.capacity * T3_HEAD, prefix, own, row.prefixRows};
}

// One split of the keys of one head of one row. Grid: (S, heads, R), blocks of 256.
KERNEL(t3_attention, 256, 4, T3) {
    __shared__ float values[8][T3_HEAD], mosts[8], sums[8];
    const int split = blockIdx.x, h = blockIdx.y, r = blockIdx.z;
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, group = threadIdx.x >> 3, l = threadIdx.x & 7;
    const T3Row row = p.rows[r];
    if (!row.alive) return;
    const int length = row.position + 1, chunk = (length + p.splits - 1) / p.splits;
    const int begin = split * chunk, end = begin + chunk < length ? begin + chunk : length;
    const T3Keys keys = t3_keys(p, row, h);
    T3Loaded loaded;
#pragma unroll
    for (int j = 0; j < T3_AHEAD; j++) loaded.k[j] = loaded.v[j] = make_uint4(0, 0, 0, 0);
    t3_request(loaded, keys, begin, 0, end < row.fresh ? end : row.fresh, group, l);
    gdc_launch();
    gdc_wait();

    float q[8];
    *(float4*)&q[0] = load_cg4(p.q + (long long)(r * p.heads + h) * T3_HEAD + l * 8);
    *(float4*)&q[4] = load_cg4(p.q + (long long)(r * p.heads + h) * T3_HEAD + l * 8 + 4);
    t3_request(loaded, keys, begin, row.fresh, end, group, l);
    float most = -1e30f, sum = 0, acc[8] = {};
    t3_use(loaded, q, begin, end, group, most, sum, acc);
    for (int at = begin + T3_GROUPS * T3_AHEAD; at < end; at += T3_GROUPS * T3_AHEAD) {
        t3_request(loaded, keys, at, 0, end, group, l);
        t3_use(loaded, q, at, end, group, most, sum, acc);
    }
    // the four groups of a warp into one, then the eight warps
    const float all = t3_merge(most, sum, acc);
    if (lane < 8) {
#pragma unroll
        for (int i = 0; i < 8; i++) values[warp][lane * 8 + i] = acc[i];
        if (lane == 0) mosts[warp] = all, sums[warp] = sum;
    }
    __syncthreads();
    if (threadIdx.x < T3_HEAD) {
        float top = -1e30f, s = 0, v = 0;
#pragma unroll
        for (int i = 0; i < 8; i++) top = fmaxf(top, mosts[i]);
#pragma unroll
        for (int i = 0; i < 8; i++) {
            const float w = fast_exp2(mosts[i] - top);
            s = fma_rn(sums[i], w, s);
            v = fma_rn(values[i][threadIdx.x], w, v);
        }
        const long long u = (long long)(r * p.heads + h) * p.splits + split;
        p.partial[u * T3_HEAD + threadIdx.x] = v;
        if (threadIdx.x == 0) *(float2*)(p.partialWeight + 2 * u) = make_float2(top, s);
    }
}

// ---- The same of many rows: a warp does what a block does above, in the same order, so that the bits are the same
//
// The 16 rows of a block read one split of one head at the same time. Those that share a prefix and are neighbours in the
// list find its keys and values in the first-level cache, whatever their lengths are, and so whatever parts their splits
// have in common. Tensor cores would sum scores in another order than t3_attention: one sequence would then sound different
// among many.

constexpr int T3_TOGETHER = 16;  // rows of a block, a warp each
constexpr int T3_SHORT = T3_GROUPS * T3_AHEAD;  // keys of a split of which each group has at most T3_AHEAD

// Keys and values of a split, from its first one on, of one head.
struct T3Part {
    const uint16_t *k, *v;
    const uint16_t *ownK, *ownV;  // if the split begins in the prefix and ends in the slot's own: from `border` on
    int border;
};

// Whether a split lies in the prefix, in the slot's own, or in both.
enum { T3_SHARED, T3_OWN, T3_BOTH };

// 16 bytes of key i, l of 8; of the prefix through the first-level cache.
template <int WHERE> DEVICE uint4 t3_key_at(const T3Part& s, int i, int l) {
    const uint16_t* k = (WHERE == T3_BOTH && i >= s.border ? s.ownK : s.k) + (long long)i * T3_HEAD + l * 8;
    return WHERE == T3_SHARED ? *(const uint4*)k : load_cg16(k);
}

// Columns 2 l and 2 l + 1 of value i.
template <int WHERE> DEVICE unsigned t3_value_at(const T3Part& s, int i, int l) {
    const uint16_t* v = (WHERE == T3_BOTH && i >= s.border ? s.ownV : s.v) + (long long)i * T3_HEAD + l * 2;
    return WHERE == T3_SHARED ? *(const unsigned*)v : (unsigned)load_cg((const int*)v);
}

// n <= T3_SHORT keys; lane g keeps what group g of t3_attention has, and columns 2 g and 2 g + 1 of the result.
template <int WHERE>
DEVICE float2 t3_attend(const T3Part& part, const float (&q)[8], int n, float4* room, float& top, float& total) {
    const int lane = threadIdx.x & 31, l = lane & 7;
    float *scores = (float*)room, *scales = scores + T3_SHORT;
    constexpr int ASKED = 8, TAKEN = 8;  // steps of four keys whose keys, groups whose values are asked for at once
    for (int first = 0; first < n; first += 4 * ASKED) {
        uint4 k[ASKED];
#pragma unroll
        for (int j = 0; j < ASKED; j++) {
            const int at = first + 4 * j + (lane >> 3);
            k[j] = at < n ? t3_key_at<WHERE>(part, at, l) : make_uint4(0, 0, 0, 0);
        }
#pragma unroll
        for (int j = 0; j < ASKED; j++) {
            if (first + 4 * j >= n) break;
            float x = t3_dot(k[j], q);
            x = add_rn(x, shuffle_xor(x, 1));
            x = add_rn(x, shuffle_xor(x, 2));
            x = add_rn(x, shuffle_xor(x, 4));
            if (l == 0) scores[first + 4 * j + (lane >> 3)] = x;
        }
    }
    warp_sync();
    float d[T3_AHEAD], e[T3_AHEAD], most = -1e30f, sum = 0;
#pragma unroll
    for (int j = 0; j < T3_AHEAD; j++) {
        d[j] = T3_GROUPS * j + lane < n ? scores[T3_GROUPS * j + lane] : -1e30f;
        most = fmaxf(most, d[j]);
    }
#pragma unroll
    for (int j = 0; j < T3_AHEAD; j++) {
        e[j] = T3_GROUPS * j + lane < n ? fast_exp2(d[j] - most) : 0.f;
        sum = add_rn(sum, e[j]);
        scores[T3_GROUPS * j + lane] = e[j];
    }
    float all = fmaxf(most, shuffle_xor(most, 1));
    all = fmaxf(all, shuffle_xor(all, 2));
    const float f = fast_exp2(most - all);
    scales[lane] = f;
    sum = mul_rn(sum, f);
    sum = add_rn(sum, shuffle_xor(sum, 1));
    sum = add_rn(sum, shuffle_xor(sum, 2));
    top = fmaxf(all, shuffle_xor(all, 4));
    top = fmaxf(top, shuffle_xor(top, 8));
    top = fmaxf(top, shuffle_xor(top, 16));
    const float share = fast_exp2(all - top);
    total = 0;
    warp_sync();
    float2 v = make_float2(0, 0);
    for (int i = 0; i < T3_GROUPS; i += TAKEN) {
        float2 acc[TAKEN];
#pragma unroll
        for (int g = 0; g < TAKEN; g++) acc[g] = make_float2(0, 0);
        for (int first = i; first < n; first += T3_GROUPS) {
            unsigned w[TAKEN];
            float e[TAKEN];
#pragma unroll
            for (int g = 0; g < TAKEN; g++) w[g] = first + g < n ? t3_value_at<WHERE>(part, first + g, lane) : 0;
#pragma unroll
            for (int g = 0; g < TAKEN; g += 4) *(float4*)&e[g] = *(const float4*)&scores[first + g];
#pragma unroll
            for (int g = 0; g < TAKEN; g++) {  // past the keys zero is added
                acc[g].x = fma_rn(e[g], bf16_low(w[g]), acc[g].x);
                acc[g].y = fma_rn(e[g], bf16_high(w[g]), acc[g].y);
            }
        }
#pragma unroll
        for (int g = 0; g < TAKEN; g += 4) {  // what a warp of t3_attention has
            const float4 u = *(const float4*)&scales[i + g];
            const float s = shuffle(share, i + g);
            total = fma_rn(shuffle(sum, i + g), s, total);
            v.x = fma_rn(add_rn(add_rn(mul_rn(acc[g].x, u.x), mul_rn(acc[g + 1].x, u.y)),
                                add_rn(mul_rn(acc[g + 2].x, u.z), mul_rn(acc[g + 3].x, u.w))), s, v.x);
            v.y = fma_rn(add_rn(add_rn(mul_rn(acc[g].y, u.x), mul_rn(acc[g + 1].y, u.y)),
                                add_rn(mul_rn(acc[g + 2].y, u.z), mul_rn(acc[g + 3].y, u.w))), s, v.y);
        }
    }
    return v;
}

// Any number of keys: what the eight warps of t3_attention do, one after the other.
DEVICE float2 t3_attend_long(const T3Keys& keys, const float (&q)[8], int begin, int end, float4* room, float& top, float& total) {
    const int lane = threadIdx.x & 31, l = lane & 7;
    float* values = (float*)room;
    float mine = -1e30f, sums = 0;  // lane i keeps those of warp i
    for (int i = 0; i < 8; i++) {
        const int group = i * 4 + (lane >> 3);
        T3Loaded loaded;
#pragma unroll
        for (int j = 0; j < T3_AHEAD; j++) loaded.k[j] = loaded.v[j] = make_uint4(0, 0, 0, 0);
        float most = -1e30f, sum = 0, acc[8] = {};
        for (int at = begin; at < end; at += T3_SHORT) {
            t3_request(loaded, keys, at, 0, end, group, l);
            t3_use(loaded, q, at, end, group, most, sum, acc);
        }
        const float all = t3_merge(most, sum, acc);
        if (lane == i) mine = all, sums = sum;
        if (lane < 8) {
#pragma unroll
            for (int j = 0; j < 8; j++) values[i * T3_HEAD + l * 8 + j] = acc[j];
        }
    }
    warp_sync();
    top = warp_max(mine);
    const float share = fast_exp2(mine - top);
    total = 0;
    float2 v = make_float2(0, 0);
    for (int i = 0; i < 8; i++) {
        const float s = shuffle(share, i);
        const float2 z = *(const float2*)&values[i * T3_HEAD + 2 * lane];
        total = fma_rn(shuffle(sums, i), s, total);
        v.x = fma_rn(z.x, s, v.x);
        v.y = fma_rn(z.y, s, v.y);
    }
    return v;
}

// Grid: (S, heads, R / 16), blocks of 512.
KERNEL(t3_attention_many, 512, 2, T3) {
    __shared__ float4 rooms[T3_TOGETHER][8 * T3_HEAD / 4];
    const int split = blockIdx.x, h = blockIdx.y, warp = threadIdx.x >> 5, r = blockIdx.z * T3_TOGETHER + warp;
    const int lane = threadIdx.x & 31, l = lane & 7;
    if (r >= p.rowCount) return;
    const T3Row row = p.rows[r];
    if (!row.alive) return;
    const int length = row.position + 1, chunk = (length + p.splits - 1) / p.splits;
    const int begin = split * chunk, end = begin + chunk < length ? begin + chunk : length;
    const T3Keys keys = t3_keys(p, row, h);
    // the slot's own keys and values into the second-level cache; one that is still being made does no harm
    for (int at = begin + lane; at < end; at += 32)
        if (at >= row.prefixRows) {
            const uint16_t* k = keys.own + (long long)(at - row.prefixRows) * T3_HEAD;
            prefetch_l2(k);
            prefetch_l2(k + keys.ownToValues);
        }
    gdc_launch();
    gdc_wait();
    float q[8];
    *(float4*)&q[0] = load_cg4(p.q + (long long)(r * p.heads + h) * T3_HEAD + l * 8);
    *(float4*)&q[4] = load_cg4(p.q + (long long)(r * p.heads + h) * T3_HEAD + l * 8 + 4);
    float top, total;
    float2 v;
    if (end - begin > T3_SHORT) {
        v = t3_attend_long(keys, q, begin, end, rooms[warp], top, total);
    } else {
        const uint16_t* shared = keys.prefix + (long long)begin * T3_HEAD;
        const uint16_t* own = keys.own + (long long)(begin - row.prefixRows) * T3_HEAD;
        const T3Part part = {begin < row.prefixRows ? shared : own,
                             begin < row.prefixRows ? shared + keys.prefixToValues : own + keys.ownToValues, own, own + keys.ownToValues,
                             row.prefixRows - begin};
        const int n = end - begin;
        v = end <= row.prefixRows      ? t3_attend<T3_SHARED>(part, q, n, rooms[warp], top, total)
            : begin >= row.prefixRows  ? t3_attend<T3_OWN>(part, q, n, rooms[warp], top, total)
                                       : t3_attend<T3_BOTH>(part, q, n, rooms[warp], top, total);
    }
    const long long u = (long long)(r * p.heads + h) * p.splits + split;
    *(float2*)(p.partial + u * T3_HEAD + 2 * lane) = v;
    if (lane == 0) *(float2*)(p.partialWeight + 2 * u) = make_float2(top, total);
}

// What a step of the listed rows reads. One block of as many threads as rows, rounded up to warps; to be launched after the
// list or a slot was written by the host.
KERNEL(t3_rows, 128, 1, T3List) {
    __shared__ int counts[4];
    const int r = threadIdx.x;
    const bool in = r < p.rowCount;
    const T3Entry e = in ? p.entries[r] : T3Entry{-1, 0, 0, 0};
    T3Row row = {};
    row.slot = -1;
    if (e.row >= 0) {
        const T3Slot& s = p.slots[e.row / 2];
        row.own = s.own[e.row & 1];
        row.prefix = s.prefix;
        row.prefixRows = s.prefixRows;
        row.capacity = s.capacity;
        row.position = s.position + e.offset;
        row.fresh = s.position + e.first;
        row.token = s.token;
        row.drawn = s.drawn;
        row.slot = e.row / 2;
        row.draw = e.draw;
        row.guided = s.guided;
        row.alive = s.state == T3_ACTIVE && row.position - row.prefixRows < row.capacity;
    }
    const unsigned alive = warp_ballot(row.alive);
    if (r % 32 == 0) counts[r / 32] = count_bits(alive);
    __syncthreads();
    if (r == 0) {
        int live = 0;
        for (unsigned i = 0; i < blockDim.x / 32; i++) live += counts[i];
        *p.live = live;
    }
    if (in) p.rows[r] = row, p.alive[r] = row.alive;
}
