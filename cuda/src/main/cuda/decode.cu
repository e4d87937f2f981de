// A step of T3: its matrix products, over 1 to 32 rows and, at the end, over more. See decode.cuh.
//
// Each kernel requests its weights (or its old keys and values) into registers before it waits for the kernel before it, so
// that memory stays busy across the edge. Products are mma.m16n8k16 with the weights as the B operand and the rows as A.
// Sums run in one fixed order whatever the number of rows: a row's bits do not depend on the batch.
#include "decode.cuh"
#include "ptx.cuh"

enum { T3_FIRST, T3_QKV, T3_OUTPUT, T3_JOINED, T3_UP, T3_DOWN, T3_TOP };
constexpr int T3_WARPS = 16;  // of every product; those past the inputs add zeros


DEVICE float t3_silu(float x) { return x / (1.f + fast_exp2(-1.4426950409f * x)); }

DEVICE float t3_gelu(float x) {  // .5 x (1 + tanh u) = x / (1 + exp(-2 u))
    const float u = 0.7978845608f * (x + 0.044715f * x * x * x);
    return x / (1.f + fast_exp2(-2.f * 1.4426950409f * u));
}

// Outputs and inputs of a matrix, where its tiles begin (in tiles of 32 uint4), where its vectors begin.
template <int PH> DEVICE int t3_outputs(const T3& m) {
    const int a = m.heads * T3_HEAD;
    return PH <= T3_QKV ? 3 * a : PH == T3_UP ? (m.llama ? 2 : 1) * m.ffn : PH == T3_TOP ? (m.vocabulary + 7) / 8 * 8 : m.width;
}

template <int PH> DEVICE int t3_inputs(const T3& m) {
    return PH == T3_DOWN ? m.ffn : PH == T3_OUTPUT || PH == T3_JOINED ? m.heads * T3_HEAD : m.width;
}

template <int PH> DEVICE long long t3_tiles(const T3& m) {
    const long long a = m.heads * T3_HEAD, c = m.width, f = m.ffn, up = m.llama ? 2 * f : f;
    const long long all = 4 * a * c + up * c + c * f;
    const long long before = PH == T3_OUTPUT || PH == T3_JOINED ? 3 * a * c : PH == T3_UP ? 4 * a * c : PH == T3_DOWN ? 4 * a * c + up * c : 0;
    return (m.layer * all + before) / 256;
}

// Gain of the norm before PH (shift follows) or, with `bias`, its bias.
template <int PH> DEVICE const float* t3_vectors(const T3& m, bool bias) {
    const int a = m.heads * T3_HEAD, c = m.width, up = m.llama ? 2 * m.ffn : m.ffn;
    const float* p = m.vectors + (long long)m.layer * (4 * c + 3 * a + c + up + c);
    if (PH == T3_TOP) return p + (bias ? 2 * c : 0);
    if (!bias) return p + (PH == T3_UP ? 2 * c : 0);
    return p + 4 * c + (PH <= T3_QKV ? 0 : PH == T3_OUTPUT || PH == T3_JOINED ? 3 * a : PH == T3_UP ? 3 * a + c : 3 * a + c + up);
}

// The four values of a row's input from column k on: embedded, where a layer 0 begins.
template <bool FIRST> DEVICE float4 t3_x(const T3& m, int r, const T3Row& row, int k) {
    if (!FIRST) return load_cg4(m.x + (long long)r * m.width + k);
    const float4 e = m.input ? load_cg4(m.input + (long long)r * m.width + k)
                             : load_early4(m.speech + (long long)row.token * m.width + k);
    if (!m.places || (m.llama && m.input)) return e;
    const float4 p = load_early4(m.places + (long long)(m.llama ? row.drawn : row.position) * m.width + k);
    return make_float4(e.x + p.x, e.y + p.y, e.z + p.z, e.w + p.w);
}

// Row `r`'s 16 values of this lane: KPW tiles, 8 columns each.
template <bool FIRST, int KPW>
DEVICE void t3_load_x(const T3& m, int r, int warp, int t, float (&v)[KPW][8]) {
    T3Row row = {};
    if (FIRST) {
        row.token = load_cg(&m.rows[r].token);
        row.drawn = load_cg(&m.rows[r].drawn);
        row.position = load_cg(&m.rows[r].position);
    }
#pragma unroll
    for (int c = 0; c < KPW; c++)
#pragma unroll
        for (int j = 0; j < 8; j += 4) *(float4*)&v[c][j] = t3_x<FIRST>(m, r, row, (warp * KPW + c) * 32 + t * 8 + j);
}

// A norm's gain and shift of this lane's columns; requested before the wait where there are registers for it.
template <bool LLAMA, int KPW> struct T3Gain {
    float gain[KPW][8] = {}, shift[LLAMA ? 1 : KPW][8] = {};
    DEVICE void load(const float* p, int width) {
        const int k = (threadIdx.x >> 5) * KPW * 32 + (threadIdx.x & 3) * 8;
        if (k >= width) return;
#pragma unroll
        for (int c = 0; c < KPW; c++)
#pragma unroll
            for (int j = 0; j < 8; j += 4) {
                *(float4*)&gain[c][j] = load_early4(p + k + c * 32 + j);
                if (!LLAMA) *(float4*)&shift[LLAMA ? 0 : c][j] = load_early4(p + width + k + c * 32 + j);
            }
    }
};

// The A operand of the products after a norm: bf16 of normalised rows (layer norm), or of rows times gain whose scale is
// applied after the product (RMS norm). Statistics of each row are left in `sums` (warp, row): squares, then values.
template <bool LLAMA, bool FIRST, bool EARLY, int OCT, int KPW>
DEVICE void t3_norm(const T3& m, const float* vectors, T3Gain<LLAMA, KPW>& n, float2* sums, unsigned (&a)[OCT][KPW][4]) {
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    const int R = warp * KPW * 32 < m.width ? m.rowCount : 0;
    float v[KPW][8] = {};
#pragma unroll
    for (int o = 0; o < OCT; o++) {
        const int r = o * 8 + g;
        float s = 0, q = 0;
        if (r < R) {
            t3_load_x<FIRST, KPW>(m, r, warp, t, v);
            if (LLAMA && !EARLY) n.load(vectors, m.width);
#pragma unroll
            for (int c = 0; c < KPW; c++)
#pragma unroll
                for (int j = 0; j < 8; j++) {
                    s = add_rn(s, v[c][j]);
                    q = fma_rn(v[c][j], v[c][j], q);
                }
            if (LLAMA) {
#pragma unroll
                for (int c = 0; c < KPW; c++)
#pragma unroll
                    for (int j = 0; j < 8; j += 2)
                        a[o][c][j / 2] = pack_bf16(mul_rn(v[c][j], n.gain[c][j]), mul_rn(v[c][j + 1], n.gain[c][j + 1]));
            }
            if (FIRST && blockIdx.x == 0) {
#pragma unroll
                for (int c = 0; c < KPW; c++)
#pragma unroll
                    for (int j = 0; j < 8; j += 4)
                        *(float4*)(m.x + (long long)r * m.width + (warp * KPW + c) * 32 + t * 8 + j) = *(float4*)&v[c][j];
            }
        }
        q = add_rn(q, shuffle_xor(q, 1));
        q = add_rn(q, shuffle_xor(q, 2));
        if (!LLAMA) {
            s = add_rn(s, shuffle_xor(s, 1));
            s = add_rn(s, shuffle_xor(s, 2));
        }
        if (t == 0) sums[warp * OCT * 8 + r] = make_float2(q, s);
    }
    if constexpr (!LLAMA) {  // else the barrier before the sums over warps covers `sums`
        __syncthreads();
#pragma unroll
        for (int o = 0; o < OCT; o++) {
            const int r = o * 8 + g;
            if (r >= R) continue;
            if (OCT > 1) t3_load_x<FIRST, KPW>(m, r, warp, t, v);
            if (!EARLY) n.load(vectors, m.width);
            float q = 0, s = 0;
#pragma unroll
            for (int w = 0; w < T3_WARPS; w++) {
                const float2 z = sums[w * OCT * 8 + r];
                q = add_rn(q, z.x);
                s = add_rn(s, z.y);
            }
            const float mean = s / m.width;
            const float scale = rsqrtf(fma_rn(-mean, mean, q / m.width) + m.eps);
#pragma unroll
            for (int c = 0; c < KPW; c++)
#pragma unroll
                for (int j = 0; j < 8; j += 2)
                    a[o][c][j / 2] = pack_bf16(
                            fma_rn(mul_rn(sub_rn(v[c][j], mean), scale), n.gain[c][j], n.shift[c][j]),
                            fma_rn(mul_rn(sub_rn(v[c][j + 1], mean), scale), n.gain[c][j + 1], n.shift[c][j + 1]));
        }
    }
}

// Of 2 N columns each lane keeps N; lanes `mask` apart exchange and add the others.
template <int N, int MASK, int COLUMNS> DEVICE void t3_exchange(float (&v)[COLUMNS]) {
    const bool high = threadIdx.x & MASK;
#pragma unroll
    for (int j = 0; j < N; j++) {
        const float keep = high ? v[j + N] : v[j], give = high ? v[j] : v[j + N];
        v[j] = add_rn(keep, shuffle_xor(give, MASK));
    }
}

// Puts the S splits of a head of row r together, into 32 words of pairs of columns. The splits lie in lane groups of 32 / S
// and are summed as a tree, each lane keeping a pair of columns.
template <int S> DEVICE void t3_join(const T3& m, int r, int head, uint32_t* to) {
    constexpr int LANES = 32 / S, COLUMNS = T3_HEAD / LANES;
    const int lane = threadIdx.x & 31, l = lane % LANES;
    const long long u = ((long long)r * m.heads + head) * S + lane / LANES;
    const float2 ml = load_cg2(m.partialWeight + 2 * u);
    float v[COLUMNS];
#pragma unroll
    for (int j = 0; j < COLUMNS; j += 4) *(float4*)&v[j] = load_cg4(m.partial + u * T3_HEAD + COLUMNS * l + j);
    float most = ml.x;
#pragma unroll
    for (int k = LANES; k < 32; k <<= 1) most = fmaxf(most, shuffle_xor(most, k));
    float f = fast_exp2(ml.x - most), z = mul_rn(ml.y, f);
#pragma unroll
    for (int k = LANES; k < 32; k <<= 1) z = add_rn(z, shuffle_xor(z, k));
    f = f / z;
#pragma unroll
    for (int j = 0; j < COLUMNS; j++) v[j] = mul_rn(v[j], f);
    int column = COLUMNS * l;
    if constexpr (S == 8) {
        t3_exchange<8, 16>(v);
        t3_exchange<4, 8>(v);
        t3_exchange<2, 4>(v);
        column += (lane >> 4 & 1) * 8 + (lane >> 3 & 1) * 4 + (lane >> 2 & 1) * 2;
    } else {
        t3_exchange<4, 16>(v);
        t3_exchange<2, 8>(v);
        column += (lane >> 4 & 1) * 4 + (lane >> 3 & 1) * 2;
    }
    to[column / 2] = pack_bf16(v[0], v[1]);
}

// The A operand of the output product of one or two rows, whose splits each block puts together itself.
template <int KPW> DEVICE void t3_joined(const T3& m, uint32_t* staging, unsigned (&a)[1][KPW][4]) {
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    static_assert(KPW == 2, "a head is two tiles");
    if (warp >= m.heads) return;
    uint32_t* mine = staging + warp * 2 * 32;
    if (m.splits == 4) {
        t3_join<4>(m, 0, warp, mine);
        if (m.rowCount > 1) t3_join<4>(m, 1, warp, mine + 32);
    } else {
        t3_join<8>(m, 0, warp, mine);
        if (m.rowCount > 1) t3_join<8>(m, 1, warp, mine + 32);
    }
    warp_sync();
    if (g >= m.rowCount) return;
#pragma unroll
    for (int c = 0; c < KPW; c++) {
        const uint4 w = *(const uint4*)&mine[g * 32 + c * 16 + t * 4];
        a[0][c][0] = w.x, a[0][c][1] = w.y, a[0][c][2] = w.z, a[0][c][3] = w.w;
    }
}

// The same for more rows, once for all blocks, into `hidden` (R, A). Grid: R, a warp a head.
KERNEL(t3_combine, 512, 1, T3) {
    gdc_launch();
    gdc_wait();
    const int r = blockIdx.x, head = threadIdx.x >> 5;
    if (head >= p.heads || !load_cg(p.alive + r)) return;
    uint32_t* to = (uint32_t*)p.hidden + ((long long)r * p.heads + head) * 32;
    if (p.splits == 4) t3_join<4>(p, r, head, to);
    else t3_join<8>(p, r, head, to);
}

// Two tiles' worth of k: one mma for inputs 8t..8t+3 of each lane, one for 8t+4..8t+7.
DEVICE void t3_mma(float (&c)[4], const unsigned (&lo)[4], const unsigned (&hi)[4], const uint4& w) {
    const unsigned first[4] = {lo[0], hi[0], lo[1], hi[1]}, second[4] = {lo[2], hi[2], lo[3], hi[3]};
    mma_bf16(c, first, w.x, w.y);
    mma_bf16(c, second, w.z, w.w);
}

// Where outputs n, n + 1 of row r go: into q, or with `past` the slot's keys or values, or nowhere.
struct T3Place {
    float* q;
    uint16_t* past;
    float2 turn;  // cosine and sine
};

template <bool LLAMA> DEVICE T3Place t3_place(const T3& m, int r, int n) {
    const int a = m.heads * T3_HEAD, part = (n >= a) + (n >= 2 * a), head = (n - part * a) / T3_HEAD;
    const T3Row& row = m.rows[r];
    const int position = row.position, at = position - row.prefixRows;
    T3Place place = {nullptr, nullptr, make_float2(1, 0)};
    if (LLAMA && part < 2) place.turn = load_early2(m.rotary + (long long)position * T3_HEAD + (n & 62));
    if (part == 0) place.q = m.q + (long long)r * a + head * T3_HEAD;
    else if (row.alive)
        place.past = row.own + ((((long long)m.layer * 2 + part - 1) * m.heads + head) * row.capacity + at) * T3_HEAD;
    return place;
}

template <bool LLAMA> DEVICE void t3_store_qkv(int n, int part, float v0, float v1, const T3Place& place) {
    int d0 = n & 63, d1 = d0 + 1;
    if (LLAMA && part < 2) {  // a rotated pair
        d0 = d0 / 2, d1 = d0 + 32;
        const float x = fma_rn(v0, place.turn.x, -mul_rn(v1, place.turn.y));
        v1 = fma_rn(v1, place.turn.x, mul_rn(v0, place.turn.y));
        v0 = x;
    }
    if (place.q) {
        const float scale = 0.125f * 1.4426950409f;  // 1 / sqrt(64); attention takes powers of two
        place.q[d0] = mul_rn(v0, scale), place.q[d1] = mul_rn(v1, scale);
    } else if (place.past) {
        const unsigned both = pack_bf16(v0, v1);
        place.past[d0] = (uint16_t)both, place.past[d1] = (uint16_t)(both >> 16);
    }
}

// Writes the outputs n, n + 1 of row r of all matrices but qkv to where the next kernel reads them.
template <int PH, bool LLAMA> DEVICE void t3_store(const T3& m, int r, int n, float v0, float v1, const float2& residual) {
    if (PH == T3_UP && LLAMA) {
        m.hidden[(long long)r * m.ffn + n / 2] = (uint16_t)pack_bf16(mul_rn(t3_silu(v0), v1), 0.f);
    } else if (PH == T3_UP) {
        *(unsigned*)&m.hidden[(long long)r * m.ffn + n] = pack_bf16(t3_gelu(v0), t3_gelu(v1));
    } else if (PH == T3_TOP) {
        *(float2*)(m.logits + (long long)r * ((m.vocabulary + 7) / 8 * 8) + n) = make_float2(v0, v1);
    } else {
        *(float2*)(m.x + (long long)r * m.width + n) = make_float2(add_rn(residual.x, v0), add_rn(residual.y, v1));
    }
}

// One matrix product of a step. OCT: octets of rows; G: groups of 8 outputs a block; KPW: tiles of inputs a warp.
// Blocks of 512. Dynamic shared memory: OCT * 1,024 bytes of statistics, then OCT * min(G, 16 / OCT) * 4,096 bytes.
template <int PH, bool LLAMA, int OCT, int G, int KPW>
DEVICE void t3_product(const T3& m) {
    constexpr bool PAST = PH == T3_QKV || PH == T3_FIRST, NORM = PAST || PH == T3_UP || PH == T3_TOP;
    constexpr bool PLAIN = PH == T3_DOWN || PH == T3_JOINED, ADDS = PH == T3_OUTPUT || PLAIN;  // reads bf16; has a residual
    constexpr bool EARLY = NORM && OCT == 1 && (LLAMA || PH == T3_UP);  // gain before the wait: where registers suffice
    constexpr int GP = G * OCT > 16 ? 16 / OCT : G;  // groups whose partial sums are in shared memory at once
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    const int R = m.rowCount, inputs = t3_inputs<PH>(m), kb = inputs / 32, groups = t3_outputs<PH>(m) / 8, group0 = blockIdx.x * G;
    const int shift = 2 + count_bits(R - 1);  // log2 of 4 R
    const int first = threadIdx.x;
    DYNAMIC_SHARED(shared);
    float2* sums = (float2*)shared;
    float* part = (float*)(sums + T3_WARPS * OCT * 8);
    if (!load_cg(m.live)) return;  // all rows have ended
    uint4 w[G][KPW];
    const uint4* tiles = m.weights + t3_tiles<PH>(m) * 32;
#pragma unroll
    for (int i = 0; i < G; i++)
#pragma unroll
        for (int c = 0; c < KPW; c++) {
            const int group = group0 + i < groups ? group0 + i : groups - 1, k = warp * KPW + c;
            w[i][c] = k < kb ? load_stream(tiles + ((long long)group * kb + k) * 32 + lane) : make_uint4(0, 0, 0, 0);
        }
    const float* vectors = t3_vectors<PH>(m, false);
    const float* bias = t3_vectors<PH>(m, true);
    T3Gain<LLAMA, KPW> gain;
    if (EARLY) gain.load(vectors, m.width);
    else if (NORM && first < m.width / (LLAMA ? 32 : 16)) prefetch_l2(vectors + first * 32);
    // What the first outputs of this thread need; those of later rounds are read then.
    float2 b = make_float2(0, 0), residual = make_float2(0, 0);
    T3Place place = {};
    auto row = [&](int e) { return (e >> 2) & (R - 1); };
    auto column = [&](int e, int pass) { return 8 * (group0 + pass * GP + (e >> shift)) + 2 * (e & 3); };
    auto prepare = [&](int e, int pass) {
        const int n = column(e, pass);
        if (n >= 8 * groups) return;
        if (!LLAMA || PH == T3_TOP) b = load_early2(bias + n);
        if (PAST) place = t3_place<LLAMA>(m, row(e), n);
    };
    auto request = [&](int e, int pass) {
        const int n = column(e, pass);
        if (ADDS && n < 8 * groups) residual = load_cg2(m.x + (long long)row(e) * m.width + n);
    };
    if (first < GP << shift) prepare(first, 0);
    gdc_launch();
    gdc_wait();
    if (ADDS && first < GP << shift) request(first, 0);

    unsigned a[OCT][KPW][4];
    constexpr int MT = (OCT + 1) / 2;
    if (!PLAIN) {
#pragma unroll
        for (int o = 0; o < OCT; o++)
#pragma unroll
            for (int c = 0; c < KPW; c++)
#pragma unroll
                for (int j = 0; j < 4; j++) a[o][c][j] = 0;
    }
    if constexpr (NORM) t3_norm<LLAMA, PH == T3_FIRST, EARLY, OCT, KPW>(m, vectors, gain, sums, a);
    if constexpr (PH == T3_OUTPUT) {
        t3_joined<KPW>(m, (uint32_t*)part, a);
        __syncthreads();  // `part` is written next
    }

#pragma unroll
    for (int pass = 0; pass < (G + GP - 1) / GP; pass++) {
        if (pass) __syncthreads();
        float acc[GP][MT][4];
#pragma unroll
        for (int i = 0; i < GP; i++)
#pragma unroll
            for (int f = 0; f < MT; f++) acc[i][f][0] = acc[i][f][1] = acc[i][f][2] = acc[i][f][3] = 0;
#pragma unroll
        for (int c = 0; c < KPW; c++) {
            unsigned now[2 * MT][4] = {};  // an odd octet is filled up with zeros
#pragma unroll
            for (int o = 0; o < OCT; o++) {
                if (PLAIN) {
                    const int k = (warp * KPW + c) * 32 + t * 8;
                    uint4 h = make_uint4(0, 0, 0, 0);
                    if (o * 8 + g < R && k < inputs) h = load_cg16(m.hidden + (long long)(o * 8 + g) * inputs + k);
                    now[o][0] = h.x, now[o][1] = h.y, now[o][2] = h.z, now[o][3] = h.w;
                } else {
#pragma unroll
                    for (int j = 0; j < 4; j++) now[o][j] = a[o][c][j];
                }
            }
#pragma unroll
            for (int i = 0; i < GP; i++)
#pragma unroll
                for (int f = 0; f < MT; f++)
                    if (pass * GP + i < G) t3_mma(acc[i][f], now[2 * f], now[2 * f + 1], w[pass * GP + i < G ? pass * GP + i : 0][c]);
        }
        const int items = (pass * GP + GP <= G ? GP : G - pass * GP) << shift;
#pragma unroll
        for (int i = 0; i < GP; i++)
#pragma unroll
            for (int o = 0; o < OCT; o++)
                if (o * 8 + g < R && pass * GP + i < G)
                    *(float2*)&part[((warp * GP + i) * OCT * 8 + o * 8 + g) * 8 + 2 * t] =
                            make_float2(acc[i][o / 2][o % 2 * 2], acc[i][o / 2][o % 2 * 2 + 1]);
        __syncthreads();
        for (int e = first; e < items; e += T3_WARPS * 32) {
            const int i = e >> shift, r = row(e), n = column(e, pass);
            if (n >= 8 * groups) break;
            if (pass || e != first) prepare(e, pass), request(e, pass);
            float v0 = 0, v1 = 0, q = 0;
#pragma unroll
            for (int k = 0; k < T3_WARPS; k++) {
                const float2 z = *(const float2*)&part[((k * GP + i) * OCT * 8 + r) * 8 + 2 * (e & 3)];
                v0 = add_rn(v0, z.x);
                v1 = add_rn(v1, z.y);
                if (LLAMA && NORM) q = add_rn(q, sums[k * OCT * 8 + r].x);
            }
            if (LLAMA && NORM) {
                const float scale = rsqrtf(q / m.width + m.eps);
                v0 = mul_rn(v0, scale), v1 = mul_rn(v1, scale);
            }
            v0 = add_rn(v0, b.x), v1 = add_rn(v1, b.y);
            if (PAST) t3_store_qkv<LLAMA>(n, (n >= m.heads * T3_HEAD) + (n >= 2 * m.heads * T3_HEAD), v0, v1, place);
            else t3_store<PH, LLAMA>(m, r, n, v0, v1, residual);
        }
    }
}

// Names: matrix, kind, most rows, groups of 8 outputs a block. Few blocks with more groups leave multiprocessors to the
// next kernel, whose weights are then on their way early: on 132 of them that gains 6 to 10 % over one group a block.
// Blocks have at most 512 threads; a bound of 640 keeps the registers of qkv at 96, so that a block of attention fits
// beside it.
#define T3_PRODUCT(name, PH, LLAMA, OCT, G, KPW) \
    KERNEL(name, PH <= T3_QKV && OCT == 1 ? 640 : 512, 1, T3) { t3_product<PH, LLAMA, OCT, G, KPW>(p); }
#define T3_PRODUCTS(matrix, PH, LLAMA, G, KPW) \
    T3_PRODUCT(t3_##matrix##_8_##G, PH, LLAMA, 1, G, KPW) \
    T3_PRODUCT(t3_##matrix##_16_##G, PH, LLAMA, 2, G, KPW) \
    T3_PRODUCT(t3_##matrix##_32_##G, PH, LLAMA, 4, G, KPW)
T3_PRODUCTS(first_llama, T3_FIRST, true, 3, 2)
T3_PRODUCTS(first_gpt2, T3_FIRST, false, 3, 2)
T3_PRODUCTS(qkv_llama, T3_QKV, true, 3, 2)
T3_PRODUCTS(qkv_gpt2, T3_QKV, false, 3, 2)
T3_PRODUCT(t3_output_2_2, T3_OUTPUT, false, 1, 2, 2)
T3_PRODUCT(t3_output_2_4, T3_OUTPUT, false, 1, 4, 2)  // better for the small model
T3_PRODUCTS(output, T3_JOINED, false, 2, 2)
T3_PRODUCTS(up_llama, T3_UP, true, 8, 2)
T3_PRODUCTS(up_gpt2, T3_UP, false, 8, 2)
T3_PRODUCTS(down, T3_DOWN, false, 2, 8)
T3_PRODUCTS(head_llama, T3_TOP, true, 8, 2)
T3_PRODUCTS(head_gpt2, T3_TOP, false, 8, 2)

// ---- Steps of more than 32 rows, up to 128, whose weights are read once
//
//   kernel (layer)                               grid                          block  dynamic shared memory
//   t3_normal_first (0), _qkv, _up, _head (L)    R                             64     before each product that they name
//   t3_MATRIX_many_G, t3_MATRIX_KIND_many_G      groups of 8 outputs / G       512    G * 16 KB
//   t3_attention_many                            (splits, heads, R / 16)       512
//
// The rest is as in a step of 3 to 32 rows. A row is normalised once for all blocks, into `partial`, which attention writes
// only after the product has read it; an RMS norm's scale goes to `partialWeight`. The bits are those of fewer rows: a sum
// is made of the same products of KPW tiles of inputs, one of 16 warps each, added in the order of the warps.

// Threads 4w to 4w + 3 have the columns of warp w of t3_norm, and its sums.
template <int PH> DEVICE void t3_normalise(const T3& m) {
    __shared__ float2 sums[T3_WARPS];
    const int r = blockIdx.x, warp = threadIdx.x >> 2, t = threadIdx.x & 3;
    if (!load_cg(m.live)) return;
    gdc_launch();
    gdc_wait();
    const bool in = warp * 64 < m.width;
    float v[2][8] = {}, s = 0, q = 0;
    if (in) t3_load_x<PH == T3_FIRST, 2>(m, r, warp, t, v);
#pragma unroll
    for (int c = 0; c < 2; c++)
#pragma unroll
        for (int j = 0; j < 8; j++) {
            s = add_rn(s, v[c][j]);
            q = fma_rn(v[c][j], v[c][j], q);
        }
    q = add_rn(q, shuffle_xor(q, 1));
    q = add_rn(q, shuffle_xor(q, 2));
    s = add_rn(s, shuffle_xor(s, 1));
    s = add_rn(s, shuffle_xor(s, 2));
    if (t == 0) sums[warp] = make_float2(q, s);
    __syncthreads();
    if (!in) return;
    q = s = 0;
#pragma unroll
    for (int w = 0; w < T3_WARPS; w++) {
        q = add_rn(q, sums[w].x);
        s = add_rn(s, sums[w].y);
    }
    const float mean = s / m.width;
    const float scale = m.llama ? rsqrtf(q / m.width + m.eps) : rsqrtf(fma_rn(-mean, mean, q / m.width) + m.eps);
    if (threadIdx.x == 0) m.partialWeight[r] = scale;
    const float* vectors = t3_vectors<PH>(m, false);
#pragma unroll
    for (int c = 0; c < 2; c++) {
        const int k = (warp * 2 + c) * 32 + t * 8;
        float gain[8], shift[8];
        unsigned a[4];
#pragma unroll
        for (int j = 0; j < 8; j += 4) {
            *(float4*)&gain[j] = load_early4(vectors + k + j);
            *(float4*)&shift[j] = load_early4(vectors + m.width + k + j);
            if (PH == T3_FIRST) *(float4*)(m.x + (long long)r * m.width + k + j) = *(float4*)&v[c][j];
        }
#pragma unroll
        for (int j = 0; j < 8; j += 2)
            a[j / 2] = m.llama ? pack_bf16(mul_rn(v[c][j], gain[j]), mul_rn(v[c][j + 1], gain[j + 1]))
                               : pack_bf16(fma_rn(mul_rn(sub_rn(v[c][j], mean), scale), gain[j], shift[j]),
                                           fma_rn(mul_rn(sub_rn(v[c][j + 1], mean), scale), gain[j + 1], shift[j + 1]));
        *(uint4*)((uint16_t*)m.partial + (long long)r * m.width + k) = make_uint4(a[0], a[1], a[2], a[3]);
    }
}

constexpr int T3_TAKEN = 32;  // rows whose sums are in shared memory at once
constexpr int T3_RING = 4;    // tiles of 16 rows and 32 inputs that a warp has or has asked for

// One matrix product of many rows. Each warp keeps its weights in registers and multiplies 16 rows after the other.
template <int PH, bool LLAMA, int G, int KPW> DEVICE void t3_many(const T3& m) {
    constexpr bool NORM = PH == T3_QKV || PH == T3_UP || PH == T3_TOP;
    constexpr int STEPS = T3_TAKEN / 16 * KPW;
    static_assert(STEPS % T3_RING == 0 && T3_TAKEN * G * 4 <= T3_WARPS * 32, "a thread has one pair of outputs");
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    const int R = m.rowCount, inputs = t3_inputs<PH>(m), kb = inputs / 32, groups = t3_outputs<PH>(m) / 8, group0 = blockIdx.x * G;
    DYNAMIC_SHARED(shared);
    float* part = (float*)shared;
    if (!load_cg(m.live)) return;
    uint4 w[G][KPW];
    const uint4* tiles = m.weights + t3_tiles<PH>(m) * 32;
#pragma unroll
    for (int i = 0; i < G; i++)
#pragma unroll
        for (int c = 0; c < KPW; c++) {
            const int group = group0 + i < groups ? group0 + i : groups - 1, k = warp * KPW + c;
            w[i][c] = k < kb ? load_stream(tiles + ((long long)group * kb + k) * 32 + lane) : make_uint4(0, 0, 0, 0);
        }
    // The outputs of this thread: n and n + 1 of one row of every 32.
    const int mine = threadIdx.x >> 7, pair = threadIdx.x & 3, n = 8 * (group0 + mine) + 2 * pair, place = threadIdx.x >> 2 & 31;
    const bool writes = mine < G && n < 8 * groups;
    float2 b = make_float2(0, 0);
    if (writes && (!LLAMA || PH == T3_TOP)) b = load_early2(t3_vectors<PH>(m, true) + n);
    gdc_launch();
    gdc_wait();

    const uint16_t* from = NORM ? (const uint16_t*)m.partial : m.hidden;
    uint4 a[T3_RING][2];
    auto request = [&](int first, int step) {  // by rows, then by inputs
        const int r = first + step / KPW * 16 + g, k = (warp * KPW + step % KPW) * 32 + t * 8;
#pragma unroll
        for (int o = 0; o < 2; o++)
            a[step % T3_RING][o] = r + 8 * o < R && k < inputs ? load_cg16(from + (long long)(r + 8 * o) * inputs + k) : make_uint4(0, 0, 0, 0);
    };
#pragma unroll
    for (int i = 0; i < T3_RING - 1; i++) request(0, i);
    for (int first = 0; first < R; first += T3_TAKEN) {
        const int r = first + place;
        float2 residual = make_float2(0, 0);
        if (!NORM && writes && r < R) residual = load_cg2(m.x + (long long)r * m.width + n);
        float acc[G][4];
#pragma unroll
        for (int step = 0; step < STEPS; step++) {
            const int next = step + T3_RING - 1;
            request(next < STEPS ? first : first + T3_TAKEN, next % STEPS);
            const uint4 x = a[step % T3_RING][0], y = a[step % T3_RING][1];
            const unsigned lo[4] = {x.x, x.y, x.z, x.w}, hi[4] = {y.x, y.y, y.z, y.w};
#pragma unroll
            for (int i = 0; i < G; i++) {
                if (step % KPW == 0) acc[i][0] = acc[i][1] = acc[i][2] = acc[i][3] = 0;
                t3_mma(acc[i], lo, hi, w[i][step % KPW]);
                if (step % KPW == KPW - 1) {
                    float* to = part + ((warp * G + i) * T3_TAKEN + step / KPW * 16 + g) * 8 + 2 * t;
                    *(float2*)to = make_float2(acc[i][0], acc[i][1]);
                    *(float2*)(to + 64) = make_float2(acc[i][2], acc[i][3]);
                }
            }
        }
        __syncthreads();
        if (writes && r < R) {
            float v0 = 0, v1 = 0;
#pragma unroll
            for (int k = 0; k < T3_WARPS; k++) {
                const float2 z = *(const float2*)&part[((k * G + mine) * T3_TAKEN + place) * 8 + 2 * pair];
                v0 = add_rn(v0, z.x);
                v1 = add_rn(v1, z.y);
            }
            if (LLAMA && NORM) {
                const float scale = load_cg(m.partialWeight + r);
                v0 = mul_rn(v0, scale), v1 = mul_rn(v1, scale);
            }
            v0 = add_rn(v0, b.x), v1 = add_rn(v1, b.y);
            if (PH == T3_QKV)
                t3_store_qkv<LLAMA>(n, (n >= m.heads * T3_HEAD) + (n >= 2 * m.heads * T3_HEAD), v0, v1, t3_place<LLAMA>(m, r, n));
            else t3_store<PH, LLAMA>(m, r, n, v0, v1, residual);
        }
        __syncthreads();
    }
}

KERNEL(t3_normal_first, 64, 8, T3) { t3_normalise<T3_FIRST>(p); }
KERNEL(t3_normal_qkv, 64, 8, T3) { t3_normalise<T3_QKV>(p); }
KERNEL(t3_normal_up, 64, 8, T3) { t3_normalise<T3_UP>(p); }
KERNEL(t3_normal_head, 64, 8, T3) { t3_normalise<T3_TOP>(p); }
#define T3_MANY(matrix, PH, LLAMA, G, KPW) \
    KERNEL(t3_##matrix##_many_##G, 512, 1, T3) { t3_many<PH, LLAMA, G, KPW>(p); }
T3_MANY(qkv_llama, T3_QKV, true, 3, 2)
T3_MANY(qkv_gpt2, T3_QKV, false, 3, 2)
T3_MANY(output, T3_JOINED, false, 2, 2)
T3_MANY(up_llama, T3_UP, true, 4, 2)
T3_MANY(up_gpt2, T3_UP, false, 4, 2)
T3_MANY(down, T3_DOWN, false, 2, 8)
T3_MANY(head_llama, T3_TOP, true, 4, 2)
T3_MANY(head_gpt2, T3_TOP, false, 4, 2)
