// Draws the next token of each row that asks for it, as chatterbox's Sampler.java does, in the official order of each kind:
//   Llama: guidance, repetition penalty, temperature, min-p, top-p; GPT-2: temperature, top-k, top-p, repetition penalty.
//
// A block a row. Probabilities are fp32 quotients as there; sums, which are in double there, are in 64-bit fixed point
// here: exact to 2^-39, the same in any order, and fast on cards with few double units. Top-k and top-p find their edge
// with a histogram over the distance to the best score, then sort out the one bin that holds it. What is left after min-p
// or top-k is usually a small part of the vocabulary: it moves together, in the order of the tokens, to one value a thread.
#include "decode.cuh"
#include "ptx.cuh"

typedef unsigned long long T3Fixed;

constexpr int T3_BINS = 2048;      // 1/64 wide; what lies farther from the best than 32 shares the last one
constexpr int T3_LISTED = 1024;    // values of a bin that fit in shared memory
constexpr int T3_FEW = 1024;       // values left that have a thread each
constexpr int T3_PER_THREAD = 12;  // quads j at warp * 256 + j * 128 + lane * 4; j = 2 in the last warp alone: 8,320 values
constexpr float T3_E_SCALE = 0x1p48f, T3_P_SCALE = 0x1p39f;

// 2^(i / 32): nearest float, rest.
static __device__ const float T3_POWERS[64] = {
    0x1.000000p+0f, 0x0.0p+0f, 0x1.059b0ep+0f, -0x1.9d4f52p-25f, 0x1.0b5586p+0f, 0x1.9f3122p-25f, 0x1.11301ep+0f, -0x1.fdb496p-25f,
    0x1.172b84p+0f, -0x1.c15742p-27f, 0x1.1d4874p+0f, -0x1.d2e8cap-25f, 0x1.2387a6p+0f, 0x1.ceac48p-25f, 0x1.29e9e0p+0f, -0x1.5c0424p-25f,
    0x1.306fe0p+0f, 0x1.4636e2p-25f, 0x1.371a74p+0f, -0x1.18aac6p-25f, 0x1.3dea64p+0f, 0x1.824684p-25f, 0x1.44e086p+0f, 0x1.8624b4p-30f,
    0x1.4bfdaep+0f, -0x1.593abcp-25f, 0x1.5342b6p+0f, -0x1.2c5610p-25f, 0x1.5ab07ep+0f, -0x1.5bd5ecp-27f, 0x1.6247ecp+0f, -0x1.f8b550p-25f,
    0x1.6a09e6p+0f, 0x1.9fcef4p-26f, 0x1.71f75ep+0f, 0x1.1d8beep-25f, 0x1.7a1148p+0f, -0x1.829fd0p-25f, 0x1.82589ap+0f, -0x1.accc7cp-26f,
    0x1.8ace54p+0f, 0x1.15506ep-27f, 0x1.93737cp+0f, -0x1.e64744p-25f, 0x1.9c4918p+0f, 0x1.51f848p-27f, 0x1.a5503cp+0f, -0x1.b83b54p-25f,
    0x1.ae89fap+0f, -0x1.a94b14p-26f, 0x1.b7f770p+0f, -0x1.a09438p-25f, 0x1.c199bep+0f, -0x1.3d56b2p-27f, 0x1.cb720ep+0f, -0x1.8837ccp-27f,
    0x1.d5818ep+0f, -0x1.822dbcp-27f, 0x1.dfc974p+0f, -0x1.908c94p-25f, 0x1.ea4afap+0f, 0x1.52486cp-27f, 0x1.f50766p+0f, -0x1.246eb0p-26f,
};

struct T3Listed {
    T3Fixed key;   // orders by score, then by index
    T3Fixed mass;  // of its probability
};

struct T3Sampling {
    float powers[64];
    unsigned count[T3_BINS], low[T3_BINS], high[T3_BINS];
    union {
        T3Listed list[T3_LISTED];
        uint2 few[T3_FEW];  // read before top-p lists anything
    };
    float most[4][32];  // two buffers for all values, two for those left
    T3Fixed sum[4][32];
    T3Fixed before, edge;
    int bin, listed, near;
    float least;
};

// exp(x) for x <= 0 in fp32, within 2^-36 of itself before it is rounded.
DEVICE float t3_exp(const float* powers, float x) {
    if (x < -104.f) return 0.f;
    const float k = rintf(x * 0x1.715476p+5f);
    const float r = fma_rn(-k, 0x1.62e43p-6f, x), rest = k * 0x1.05c61p-34f;  // x - k ln 2 / 32
    const float z = r + rest;
    const float tail = z * z * fma_rn(z, fma_rn(z, fma_rn(z, 1.f / 120, 1.f / 24), 1.f / 6), 0.5f) + rest;  // exp(x) - 1 - r
    const int i = (int)k, m = i >> 5;
    const float high = powers[2 * (i & 31)], low = powers[2 * (i & 31) + 1];
    const float product = mul_rn(high, r), lost = fma_rn(high, r, -product);
    const float sum = add_rn(high, product), error = sub_rn(product, sub_rn(sum, high));
    const float e = add_rn(sum, add_rn(error, fma_rn(high, tail, add_rn(lost, low))));
    const int half = m < -100 ? m + 64 : m;
    const float scaled = e * bits_to_float((unsigned)(half + 127) << 23);
    return m < -100 ? scaled * 0x1p-64f : scaled;
}

// a / b rounded to nearest, of r = 1 / b rounded to nearest (Markstein 1990); exact but where the quotient is subnormal.
DEVICE float t3_divide(float a, float b, float r) {
    const float q = mul_rn(a, r);
    return q == 0 ? q : fma_rn(fma_rn(-q, b, a), r, q);  // the sum would lose the sign of -0
}

// An int that orders as the float does.
DEVICE unsigned t3_orderable(float v) {
    const unsigned b = float_bits(v);
    return b & 0x80000000u ? ~b : b | 0x80000000u;
}

DEVICE T3Fixed t3_key(float score, int index) { return (T3Fixed)t3_orderable(score) << 32 | (unsigned)index; }

template <class T> DEVICE T t3_warp_sum(T v) {
#pragma unroll
    for (int m = 16; m > 0; m >>= 1) v += shuffle_xor(v, m);
    return v;
}

template <class T> DEVICE T t3_warp_scan(T v) {
    const int lane = threadIdx.x & 31;
#pragma unroll
    for (int m = 1; m < 32; m <<= 1) {
        const T o = shuffle_up(v, m);
        if (lane >= m) v += o;
    }
    return v;
}

// Over the block of 1,024; `turn` alternates between the two buffers, so that one barrier is enough.
DEVICE T3Fixed t3_block_sum(T3Sampling& s, int& turn, T3Fixed v) {
    v = t3_warp_sum(v);
    if ((threadIdx.x & 31) == 0) s.sum[turn][threadIdx.x >> 5] = v;
    __syncthreads();
    v = t3_warp_sum(s.sum[turn][threadIdx.x & 31]);
    turn ^= 1;
    return v;
}

DEVICE float t3_block_max(T3Sampling& s, int& turn, float v) {
    v = warp_max(v);
    if ((threadIdx.x & 31) == 0) s.most[turn][threadIdx.x >> 5] = v;
    __syncthreads();
    v = warp_max(s.most[turn][threadIdx.x & 31]);
    turn ^= 1;
    return v;
}

// Sum of v over the threads before this one.
template <class T> DEVICE T t3_block_scan(T3Sampling& s, int& turn, T v, T& total) {
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    const T in = t3_warp_scan(v);
    if (lane == 31) s.sum[turn][warp] = in;
    __syncthreads();
    const T other = (T)s.sum[turn][lane];
    const T before = t3_warp_sum(lane < warp ? other : T(0));
    total = t3_warp_sum(other);
    turn ^= 1;
    return before + in - v;
}

DEVICE T3Fixed t3_fixed(float v, float scale) { return (T3Fixed)to_integer(v * scale); }
DEVICE float t3_float(T3Fixed v, float scale) { return (float)v * (1.f / scale); }

DEVICE int t3_bin(float most, float score) {
    const float d = (most - score) * 64.f;
    return d < T3_BINS - 1 ? (int)d : T3_BINS - 1;
}

// Value i of a thread, N in all: T3_PER_THREAD of the vocabulary, or 1 of those left.
#define T3_EACH(i) _Pragma("unroll") for (int i = 0; i < N; i++) if (N == 1 || i < 8 || threadIdx.x >= 992)
// Its token in the vocabulary.
DEVICE int t3_at(int i) { return (threadIdx.x >> 5) * 256 + (i >> 2) * 128 + (threadIdx.x & 31) * 4 + (i & 3); }

// A value that has been dropped scores minus infinity.
DEVICE bool t3_kept(float score) { return score > -INFINITY; }

// Entry i of a list whose end lies in `scratch` if it is long.
DEVICE T3Listed& t3_listed(T3Sampling& s, T3Fixed* scratch, int i) { return i < T3_LISTED ? s.list[i] : ((T3Listed*)scratch)[i]; }

// Puts the kept values of the chosen bin into a list, with the masses of `p` if it is given.
template <int N> DEVICE int t3_list(T3Sampling& s, T3Fixed* scratch, const float (&score)[N], int one, const float* p, float most) {
    const int bin = s.bin;
    T3_EACH(i) {
        if (t3_kept(score[i]) && t3_bin(most, score[i]) == bin)
            t3_listed(s, scratch, atomicAdd(&s.listed, 1)) = {t3_key(score[i], N == 1 ? one : t3_at(i)), p ? t3_fixed(p[i], T3_P_SCALE) : 0};
    }
    __syncthreads();
    return s.listed;
}

// Drops what scores less than the k-th best.
DEVICE void t3_top_k(T3Sampling& s, int& turn, T3Fixed* scratch, float (&score)[T3_PER_THREAD], float most, int k) {
    constexpr int N = T3_PER_THREAD;
    T3_EACH(i) if (t3_kept(score[i])) atomicAdd(&s.count[t3_bin(most, score[i])], 1u);
    __syncthreads();
    const int first = 2 * threadIdx.x;
    const int a = (int)s.count[first], b = (int)s.count[first + 1];
    int total;
    const int before = t3_block_scan(s, turn, a + b, total);
    if (before < k && before + a + b >= k) {
        const bool second = before + a < k;
        s.bin = first + second;
        s.before = before + (second ? a : 0);
    }
    __syncthreads();
    const int n = t3_list<N>(s, scratch, score, 0, nullptr, most);
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        const unsigned mine = (unsigned)(t3_listed(s, scratch, i).key >> 32);
        int above = (int)s.before, same = 0;
        for (int j = 0; j < n; j++) {
            const unsigned other = (unsigned)(t3_listed(s, scratch, j).key >> 32);
            above += other > mine;
            same += other == mine;
        }
        if (above < k && above + same >= k) s.least = bits_to_float(mine & 0x80000000u ? mine & 0x7fffffffu : ~mine);
    }
    __syncthreads();
    const float least = s.least;
    T3_EACH(i) if (score[i] < least) score[i] = -INFINITY;
    if (threadIdx.x == 0) s.listed = 0;
}

// Drops the least likely values whose probabilities sum up to `cut`, never the last.
template <int N>
DEVICE void t3_top_p(
        T3Sampling& s, int& turn, T3Fixed* scratch, float (&score)[N], int one, const float (&p)[N], float most, float cut) {
    T3_EACH(i) {
        if (!t3_kept(score[i])) continue;
        const T3Fixed mass = t3_fixed(p[i], T3_P_SCALE);
        const int bin = t3_bin(most, score[i]);
        atomicAdd(&s.low[bin], (unsigned)mass & 0x3ffffu);
        atomicAdd(&s.high[bin], (unsigned)(mass >> 18));
    }
    __syncthreads();
    const int far = T3_BINS - 1 - 2 * (int)threadIdx.x, near = far - 1;
    const T3Fixed a = s.low[far] + ((T3Fixed)s.high[far] << 18), b = s.low[near] + ((T3Fixed)s.high[near] << 18);
    T3Fixed total;
    const T3Fixed before = t3_block_scan(s, turn, a + b, total);
    auto over = [&](T3Fixed sum) { return t3_float(sum, T3_P_SCALE) > cut; };
    const bool never = !over(total);  // everything but the best goes
    if ((!over(before) && over(before + a + b)) || (never && threadIdx.x == blockDim.x - 1)) {
        const bool second = never || !over(before + a);
        s.bin = second ? near : far;
        s.before = before + (second ? a : 0);
    }
    __syncthreads();
    const T3Fixed base = s.before;
    const int n = t3_list<N>(s, scratch, score, one, p, most);
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        const T3Listed mine = t3_listed(s, scratch, i);
        T3Fixed sum = base;
        bool best = true;
        for (int j = 0; j < n; j++) {
            const T3Listed other = t3_listed(s, scratch, j);
            if (other.key <= mine.key) sum += other.mass;
            else best = false;
        }
        if (never ? best : over(sum) && !over(sum - mine.mass)) s.edge = mine.key;
    }
    __syncthreads();
    const T3Fixed edge = s.edge;
    T3_EACH(i) if (t3_kept(score[i]) && t3_key(score[i], N == 1 ? one : t3_at(i)) < edge) score[i] = -INFINITY;
}

// exp(score - most) of what is kept.
template <int N> DEVICE void t3_weights(const T3Sampling& s, const float (&score)[N], float most, float (&e)[N]) {
    T3_EACH(i) e[i] = t3_kept(score[i]) ? t3_exp(s.powers, sub_rn(score[i], most)) : 0.f;
}

// The sum of the weights of what is kept, rounded to fp32; the others become 0.
template <int N> DEVICE float t3_total(T3Sampling& s, int& turn, const float (&score)[N], float (&e)[N]) {
    T3Fixed sum = 0;
    T3_EACH(i) {
        if (!t3_kept(score[i])) e[i] = 0;
        sum += t3_fixed(e[i], T3_E_SCALE);
    }
    return t3_float(t3_block_sum(s, turn, sum), T3_E_SCALE);
}

// Word (index % 4) of Philox4x32-10's block (index / 4) of a stream.
DEVICE unsigned t3_philox(unsigned long long seed, int stream, unsigned index) {
    unsigned c[4] = {index >> 2, 0, (unsigned)stream, 0}, k0 = (unsigned)seed, k1 = (unsigned)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        const unsigned h0 = mul_high(0xD2511F53u, c[0]), l0 = 0xD2511F53u * c[0];
        const unsigned h1 = mul_high(0xCD9E8D57u, c[2]), l1 = 0xCD9E8D57u * c[2];
        c[0] = h1 ^ c[1] ^ k0;
        c[1] = l1;
        c[2] = h0 ^ c[3] ^ k1;
        c[3] = l0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return index & 2 ? index & 1 ? c[3] : c[2] : index & 1 ? c[1] : c[0];
}

// The drawn token goes to the ring, and slot and rows move on.
DEVICE void t3_commit(const T3& m, int r, const T3Row& row, const T3Slot& before, int token) {
    T3Slot& slot = m.slots[row.slot];
    if (before.forced) token = before.forced[row.drawn];
    const int drawn = row.drawn + 1, position = row.position + 1;
    atomicOr(&before.spoken[token >> 5], 1u << (token & 31));
    slot.position = position;
    slot.drawn = drawn;
    slot.token = token;
    const int state = token == before.stop ? T3_STOPPED
            : drawn >= before.limit || position - row.prefixRows >= row.capacity ? T3_FULL : T3_ACTIVE;
    slot.state = state;
    const int rows = row.guided ? 2 : 1;
    if (state != T3_ACTIVE) atomicAdd(m.live, -rows);
    for (int i = r; i < r + rows; i++) {
        m.rows[i].position = m.rows[i].fresh = position;
        m.rows[i].drawn = drawn;
        m.rows[i].token = token;
        m.rows[i].alive = m.alive[i] = state == T3_ACTIVE;
    }
    // The word says all there is to say, so nothing need be visible before it.
    *(volatile unsigned*)(before.ring + (row.drawn & before.ringMask)) = (unsigned)drawn << 14 | (unsigned)token;
}

// Bits of the values that min-p keeps. Only close to its border does that depend on the sum of all weights, which is made
// if there is such a value.
DEVICE unsigned t3_min_p(T3Sampling& s, int& turn, const float (&score)[T3_PER_THREAD], float most, float minP) {
    constexpr int N = T3_PER_THREAD;
    const float border = minP < 1.f ? logf(minP) : 0.f, margin = 0x1p-16f;
    unsigned keep = 0;
    bool near = minP < 0x1p-60f;
    T3_EACH(i) {
        const float x = sub_rn(score[i], most);
        if (x == 0 || x > border + margin) keep |= 1u << i;
        else if (!(x < border - margin)) near = true;
    }
    if (near) s.near = 1;
    __syncthreads();
    if (!s.near) return keep;
    float e[N] = {};
    t3_weights<N>(s, score, most, e);
    const float total = t3_total<N>(s, turn, score, e), r = div_rn(1.f, total), least = mul_rn(minP, r);
    keep = 0;
    T3_EACH(i) if (t3_kept(score[i]) && !(e[i] < 1.f && t3_divide(e[i], total, r) < least)) keep |= 1u << i;
    return keep;
}

// What is left of the values, at most T3_FEW, moves to s.few: scores, and tokens with a bit for those spoken. Returns how
// many are left; if that is more, nothing moves.
DEVICE int t3_gather(T3Sampling& s, int& turn, const float (&score)[T3_PER_THREAD], unsigned keep, unsigned spoken) {
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    // ten bits for each quad of a thread, whose values follow those of the other lanes' quads before it
    const unsigned own = count_bits(keep & 15) | count_bits(keep >> 4 & 15) << 10 | count_bits(keep >> 8) << 20;
    const unsigned in = (unsigned)t3_warp_scan((int)own), all = (unsigned)shuffle((int)in, 31);
    const int count = (all & 1023) + (all >> 10 & 1023) + (all >> 20);
    if (lane == 0) s.sum[turn][warp] = count;
    __syncthreads();
    const int other = (int)s.sum[turn][lane];
    int to = t3_warp_sum(lane < warp ? other : 0);
    const int n = t3_warp_sum(other);
    turn ^= 1;
    if (n > T3_FEW) return n;
    const unsigned before = in - own;
#pragma unroll
    for (int j = 0; j < 3; j++) {
        int place = to + (before >> 10 * j & 1023);
#pragma unroll
        for (int i = 4 * j; i < 4 * j + 4; i++)
            if (keep >> i & 1) s.few[place++] = make_uint2(float_bits(score[i]), (unsigned)t3_at(i) | (spoken >> i & 1) << 31);
        to += all >> 10 * j & 1023;
    }
    __syncthreads();
    return n;
}

DEVICE float t3_penalised(float score, float penalty) { return score < 0 ? mul_rn(score, penalty) : div_rn(score, penalty); }

// From weights to the token. `one` is the token of a thread's only value; bits of `spoken` are of its values.
template <int N>
DEVICE void t3_draw(const T3& m, T3Sampling& s, int r, const T3Row& row, const T3Slot& slot, unsigned uniform, float (&score)[N],
                    int one, unsigned spoken, float most) {
    const int lane = threadIdx.x & 31;
    int turn = 2;
    float e[N] = {};
    t3_weights<N>(s, score, most, e);
    if (slot.cut > 0) {
        const float total = t3_total<N>(s, turn, score, e), inverse = div_rn(1.f, total);
        float share[N] = {};
        T3_EACH(i) share[i] = t3_divide(e[i], total, inverse);
        t3_top_p<N>(s, turn, m.scratch + (long long)r * 2 * ((m.vocabulary + 7) / 8 * 8), score, one, share, most, slot.cut);
    }
    if (!m.llama && slot.penalty != 1.f) {
        float mine = -INFINITY;
        T3_EACH(i) {
            if (spoken >> i & 1) score[i] = t3_penalised(score[i], slot.penalty);
            mine = fmaxf(mine, score[i]);
        }
        most = t3_block_max(s, turn, mine);
        t3_weights<N>(s, score, most, e);
    }
    const float total = t3_total<N>(s, turn, score, e), inverse = div_rn(1.f, total);

    // The draw: the first token whose cumulative probability exceeds u of the whole.
    constexpr int QUADS = (N + 3) / 4;
    T3Fixed quad[QUADS] = {}, mine = 0;
    T3_EACH(i) {
        e[i] = t3_divide(e[i], total, inverse);
        const T3Fixed v = t3_fixed(e[i], T3_P_SCALE);
        quad[i >> 2] += v;
        mine += v;
    }
    const T3Fixed warpSum = t3_warp_sum(mine);
    if (lane == 0) s.sum[turn][threadIdx.x >> 5] = warpSum;
    __syncthreads();
    const T3Fixed other = s.sum[turn][lane], sums = t3_warp_scan(other);
    const T3Fixed whole = shuffle(sums, 31);
    const T3Fixed target = uniform * whole >> 24;
    const unsigned beyond = warp_ballot(sums > target);
    const int winner = beyond ? count_bits(~beyond & (beyond - 1)) : 0;  // the lowest set bit
    if ((int)(threadIdx.x >> 5) != winner) return;
    if (!beyond) {  // no probabilities: the logits were not numbers
        if (lane == 0) t3_commit(m, r, row, slot, 0);
        return;
    }
    T3Fixed before = shuffle(sums - other, winner);
    for (int j = 0; j < QUADS; j++) {
        const T3Fixed in = t3_warp_scan(quad[j]);
        const unsigned here = warp_ballot(before + in > target);
        if (here) {
            if (lane == count_bits(~here & (here - 1))) {
                T3Fixed sum = before + in - quad[j];
                int token = N == 1 ? one : -1;
#pragma unroll
                for (int i = 0; i < N; i++) {
                    if (N == 1 || i >> 2 != j) continue;
                    sum += t3_fixed(e[i], T3_P_SCALE);
                    if (token < 0 && sum > target) token = t3_at(i);
                }
                t3_commit(m, r, row, slot, token);
            }
            return;
        }
        before += shuffle(in, 31);
    }
}

// Grid: R, blocks of 1,024.
KERNEL(t3_sample, 1024, 1, T3) {
    __shared__ T3Sampling s;
    constexpr int N = T3_PER_THREAD;
    const int r = blockIdx.x, tid = threadIdx.x, V = p.vocabulary, V8 = (V + 7) / 8 * 8;
    if (!load_cg(p.alive + r)) return;
    const T3Row row = p.rows[r];
    if (!row.draw) return;
    const T3Slot slot = p.slots[row.slot];
    const float guidance = slot.guidance, temperature = slot.temperature;
    unsigned spoken = 0;  // a bit for each value of this thread
#pragma unroll
    for (int j = 0; j < N; j += 4)
        if (t3_at(j) < V && (j < 8 || tid >= 992)) spoken |= (slot.spoken[t3_at(j) >> 5] >> (t3_at(j) & 31) & 15) << j;
    const unsigned uniform = t3_philox(slot.seed, slot.stream, (unsigned)row.drawn) >> 8;  // u in units of 2^-24
    if (tid < 64) s.powers[tid] = T3_POWERS[tid];
    for (int i = tid; i < T3_BINS; i += 1024) s.count[i] = s.low[i] = s.high[i] = 0;
    if (tid < 64) s.most[2 + tid / 32][tid % 32] = -INFINITY, s.sum[2 + tid / 32][tid % 32] = 0;
    if (tid == 0) s.listed = s.near = 0;
    gdc_wait();

    float score[N];
    const float* logits = p.logits + (long long)r * V8;
#pragma unroll
    for (int j = 0; j < N; j += 4) {
#pragma unroll
        for (int i = 0; i < 4; i++) score[j + i] = -INFINITY;
        if (t3_at(j) >= V || (j == 8 && tid < 992)) continue;
        float4 c = load_cg4(logits + t3_at(j));
        if (row.guided) {
            const float4 u = load_cg4(logits + V8 + t3_at(j));
            c.x = add_rn(c.x, mul_rn(guidance, sub_rn(c.x, u.x)));
            c.y = add_rn(c.y, mul_rn(guidance, sub_rn(c.y, u.y)));
            c.z = add_rn(c.z, mul_rn(guidance, sub_rn(c.z, u.z)));
            c.w = add_rn(c.w, mul_rn(guidance, sub_rn(c.w, u.w)));
        }
        const float all[4] = {c.x, c.y, c.z, c.w};
#pragma unroll
        for (int i = 0; i < 4; i++)
            if (t3_at(j + i) < V) score[j + i] = all[i];
    }
    int turn = 0;
    if (p.llama && slot.penalty != 1.f) {
        T3_EACH(i) if (spoken >> i & 1) score[i] = t3_penalised(score[i], slot.penalty);
    }
    const float inverse = div_rn(1.f, temperature);
    float mine = -INFINITY;
    T3_EACH(i) {
        if (temperature != 1.f && t3_kept(score[i])) score[i] = t3_divide(score[i], temperature, inverse);
        mine = fmaxf(mine, score[i]);
    }
    const float most = t3_block_max(s, turn, mine);
    // Every thread has read the history.
    if (slot.forget && row.drawn == 0)
        for (int i = tid; i < V8 / 32 + 1; i += 1024) slot.spoken[i] = 0;

    if (!p.llama && slot.topK > 0 && slot.topK < V)
        t3_top_k(s, turn, p.scratch + (long long)r * 2 * V8, score, most, slot.topK);
    unsigned keep = 0;
    if (p.llama && slot.minP > 0) {
        keep = t3_min_p(s, turn, score, most, slot.minP);
    } else {
        T3_EACH(i) keep |= (unsigned)t3_kept(score[i]) << i;
    }
    const int left = t3_gather(s, turn, score, keep, spoken);
    if (left > T3_FEW) {
        T3_EACH(i) if (!(keep >> i & 1)) score[i] = -INFINITY;
        t3_draw<N>(p, s, r, row, slot, uniform, score, 0, spoken, most);
        return;
    }
    if (left > 0 && (tid & ~31) >= left && !(slot.cut > 0)) return;  // warps without a value; top-p needs them
    const uint2 one = tid < left ? s.few[tid] : make_uint2(0xff800000u, 0);  // minus infinity
    float few[1] = {bits_to_float(one.x)};
    t3_draw<1>(p, s, r, row, slot, uniform, few, (int)(one.y & 0x7fffffffu), one.y >> 31, most);
}
