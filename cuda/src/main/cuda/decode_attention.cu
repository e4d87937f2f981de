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

// One split of the keys of one head of one row. Grid: (S, heads, R), blocks of 256.
KERNEL(t3_attention, 256, 4, T3) {
    __shared__ float values[8][T3_HEAD], mosts[8], sums[8];
    const int split = blockIdx.x, h = blockIdx.y, r = blockIdx.z;
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, group = threadIdx.x >> 3, l = threadIdx.x & 7;
    const T3Row row = p.rows[r];
    if (!row.alive) return;
    const int length = row.position + 1, chunk = (length + p.splits - 1) / p.splits;
    const int begin = split * chunk, end = begin + chunk < length ? begin + chunk : length;
    const long long ownPart = (long long)p.heads * row.capacity * T3_HEAD, prefixPart = (long long)p.heads * row.prefixRows * T3_HEAD;
    const T3Keys keys = {
            row.prefix + p.layer * 2 * prefixPart + (long long)h * row.prefixRows * T3_HEAD,
            row.own + p.layer * 2 * ownPart + (long long)h * row.capacity * T3_HEAD, prefixPart, ownPart, row.prefixRows};
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

// What a step of the listed rows reads. One block of 32; to be launched after the list or a slot was written by the host.
KERNEL(t3_rows, 32, 1, T3List) {
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
    if (r == 0) *p.live = count_bits(alive);
    if (in) p.rows[r] = row, p.alive[r] = row.alive;
}
