// The matrix products of a step of T3 over weights in 8 bits: see decode.cuh, and decode.cu, whose kernels these stand for.
// Attention, the list of rows, the sampler and the struct T3 are the same.
//
// A weight is an integer of -127 to 127 times a scale, one for 64 inputs of an output row, in bfloat16. The integer becomes
// bfloat16 in registers, exactly, for the matrix product with the bfloat16 rows that decode.cu has, too; the fp32 sum of the
// 64 is scaled. Sums are in one fixed order whatever the number of rows.
//
//   Tile = 512 bytes = 8 output rows x 64 inputs: lane (g = lane / 4, t = lane % 4) holds 16 bytes of row g: inputs 8t..8t+7,
//   then 32 + 8t..32 + 8t + 7, each four in the order 0, 2, 1, 3 that `bytes_to_bf16` wants. So C, A and F are multiples of 64.
//   Matrices follow each other as in bfloat16; behind the last tile lie the scales, in the tiles' order: 8 of each, 16 bytes.
//
//   kernel                                    grid              block
//   t3_int8_{first,qkv}_KIND_ROWS_3           3A / 8 / 3        512
//   t3_int8_output_2_2 (R <= 2),
//   t3_int8_output_ROWS_2                     C / 8 / 2         512
//   t3_int8_up_KIND_ROWS_8                    2F or F / 8 / 8   512
//   t3_int8_down_ROWS_2                       C / 8 / 2         512
//   t3_int8_head_KIND_ROWS_8                  V8 / 8 / 8        512
//   t3_pack_int8                              any               256          once a matrix's source, at loading
//
// Dynamic shared memory as decode.cu's. Registers hold the bytes and not what becomes of them, so that blocks of two kernels
// fit a multiprocessor: the next one's weights are then on their way while this one runs.
#include "decode.cuh"
#include "ptx.cuh"

namespace t3_int8 {  // what stands in decode.cu under the same names does the same

enum { FIRST, QKV, OUTPUT, JOINED, UP, DOWN, TOP };
constexpr int WARPS = 16;  // of every product; those past the inputs add zeros

DEVICE float silu(float x) { return x / (1.f + fast_exp2(-1.4426950409f * x)); }

DEVICE float gelu(float x) {
    const float u = 0.7978845608f * (x + 0.044715f * x * x * x);
    return x / (1.f + fast_exp2(-2.f * 1.4426950409f * u));
}

template <int PH> DEVICE int outputs_of(const T3& m) {
    const int a = m.heads * T3_HEAD;
    return PH <= QKV ? 3 * a : PH == UP ? (m.llama ? 2 : 1) * m.ffn : PH == TOP ? (m.vocabulary + 7) / 8 * 8 : m.width;
}

template <int PH> DEVICE int inputs_of(const T3& m) {
    return PH == DOWN ? m.ffn : PH == OUTPUT || PH == JOINED ? m.heads * T3_HEAD : m.width;
}

// Where a matrix's tiles begin, where its scales do, the gain of the norm before it (shift follows), its bias.
struct Places {
    const unsigned char* tiles;
    const unsigned char* scales;
    const float* gain;
    const float* bias;
};

template <int PH> DEVICE Places places_of(const T3& m) {
    const long long a = m.heads * T3_HEAD, c = m.width, f = m.ffn, up = m.llama ? 2 * f : f;
    const long long layer = 4 * a * c + up * c + c * f, rows = 3 * a + c + up + c;
    const long long before = PH == OUTPUT || PH == JOINED ? 3 * a * c : PH == UP ? 4 * a * c : PH == DOWN ? 4 * a * c + up * c : 0;
    const long long above = PH == OUTPUT || PH == JOINED ? 3 * a : PH == UP ? 3 * a + c : PH == DOWN ? 3 * a + c + up : 0;
    const unsigned char* tiles = (const unsigned char*)m.weights;
    const long long first = m.layer * layer + before, all = m.layers * layer + (m.vocabulary + 7) / 8 * 8 * c;
    const float* vectors = m.vectors + m.layer * (4 * c + rows);
    return {tiles + first, tiles + all + first / 32, vectors + (PH == UP ? 2 * c : 0), PH == TOP ? vectors + 2 * c : vectors + 4 * c + above};
}

// Four values of a row's input from column k on: embedded, where a layer 0 begins.
template <bool EMBED> DEVICE float4 value(const T3& m, int r, const T3Row& row, int k) {
    if (!EMBED) return load_cg4(m.x + (long long)r * m.width + k);
    const float4 e = m.input ? load_cg4(m.input + (long long)r * m.width + k)
                             : load_early4(m.speech + (long long)row.token * m.width + k);
    if (!m.places || (m.llama && m.input)) return e;
    const float4 p = load_early4(m.places + (long long)(m.llama ? row.drawn : row.position) * m.width + k);
    return make_float4(e.x + p.x, e.y + p.y, e.z + p.z, e.w + p.w);
}

// Eight values of row r's input from column k on.
template <bool EMBED> DEVICE void load_x(const T3& m, int r, int k, float (&v)[8]) {
    T3Row row = {};
    if (EMBED) {
        row.token = load_cg(&m.rows[r].token);
        row.drawn = load_cg(&m.rows[r].drawn);
        row.position = load_cg(&m.rows[r].position);
    }
#pragma unroll
    for (int j = 0; j < 8; j += 4) *(float4*)&v[j] = value<EMBED>(m, r, row, k + j);
}

DEVICE void load_vector(const float* p, float (&v)[8]) {
#pragma unroll
    for (int j = 0; j < 8; j += 4) *(float4*)&v[j] = load_early4(p + j);
}

// The A operand of the products after a norm, as decode.cu's, in two halves of 32 inputs: of an RMS norm rows times gain,
// whose scale is applied after the product. `sums` (warp, row) keeps squares and values.
template <bool LLAMA, bool EMBED, int OCT>
DEVICE void norm(const T3& m, const float* gains, float2* sums, unsigned (&a)[OCT][2][4]) {
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    const int R = warp * 64 < m.width ? m.rowCount : 0, k0 = warp * 64 + t * 8;
    float v[2][8] = {}, gain[8], shift[8];
#pragma unroll
    for (int o = 0; o < OCT; o++) {
        const int r = o * 8 + g;
        float s = 0, q = 0;
        if (r < R) {
#pragma unroll
            for (int h = 0; h < 2; h++) {
                load_x<EMBED>(m, r, k0 + 32 * h, v[h]);
                if (LLAMA) load_vector(gains + k0 + 32 * h, gain);
#pragma unroll
                for (int j = 0; j < 8; j++) {
                    s = add_rn(s, v[h][j]);
                    q = fma_rn(v[h][j], v[h][j], q);
                }
                if (LLAMA) {
#pragma unroll
                    for (int j = 0; j < 8; j += 2)
                        a[o][h][j / 2] = pack_bf16(mul_rn(v[h][j], gain[j]), mul_rn(v[h][j + 1], gain[j + 1]));
                }
                if (EMBED && blockIdx.x == 0) {
#pragma unroll
                    for (int j = 0; j < 8; j += 4) *(float4*)(m.x + (long long)r * m.width + k0 + 32 * h + j) = *(float4*)&v[h][j];
                }
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
            float q = 0, s = 0;
#pragma unroll
            for (int w = 0; w < WARPS; w++) {
                const float2 z = sums[w * OCT * 8 + r];
                q = add_rn(q, z.x);
                s = add_rn(s, z.y);
            }
            const float mean = s / m.width;
            const float scale = rsqrtf(fma_rn(-mean, mean, q / m.width) + m.eps);
#pragma unroll
            for (int h = 0; h < 2; h++) {
                if (OCT > 1) load_x<EMBED>(m, r, k0 + 32 * h, v[h]);
                load_vector(gains + k0 + 32 * h, gain);
                load_vector(gains + m.width + k0 + 32 * h, shift);
#pragma unroll
                for (int j = 0; j < 8; j += 2)
                    a[o][h][j / 2] = pack_bf16(fma_rn(mul_rn(sub_rn(v[h][j], mean), scale), gain[j], shift[j]),
                                               fma_rn(mul_rn(sub_rn(v[h][j + 1], mean), scale), gain[j + 1], shift[j + 1]));
            }
        }
    }
}

// Of 2 N columns each lane keeps N; lanes `mask` apart exchange and add the others.
template <int N, int MASK, int COLUMNS> DEVICE void exchange(float (&v)[COLUMNS]) {
    const bool high = threadIdx.x & MASK;
#pragma unroll
    for (int j = 0; j < N; j++) {
        const float keep = high ? v[j + N] : v[j], give = high ? v[j] : v[j + N];
        v[j] = add_rn(keep, shuffle_xor(give, MASK));
    }
}

// Puts the S splits of a head of row r together, into 32 words of pairs of columns.
template <int S> DEVICE void join(const T3& m, int r, int head, uint32_t* to) {
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
        exchange<8, 16>(v);
        exchange<4, 8>(v);
        exchange<2, 4>(v);
        column += (lane >> 4 & 1) * 8 + (lane >> 3 & 1) * 4 + (lane >> 2 & 1) * 2;
    } else {
        exchange<4, 16>(v);
        exchange<2, 8>(v);
        column += (lane >> 4 & 1) * 4 + (lane >> 3 & 1) * 2;
    }
    to[column / 2] = pack_bf16(v[0], v[1]);
}

// The A operand of the output product of one or two rows, whose splits each block puts together itself: a warp a head.
DEVICE void joined(const T3& m, uint32_t* staging, unsigned (&a)[1][2][4]) {
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    if (warp >= m.heads) return;
    uint32_t* mine = staging + warp * 2 * 32;
    for (int r = 0; r < m.rowCount; r++)
        if (m.splits == 4) join<4>(m, r, warp, mine + 32 * r);
        else join<8>(m, r, warp, mine + 32 * r);
    warp_sync();
    if (g >= m.rowCount) return;
#pragma unroll
    for (int h = 0; h < 2; h++) {
        const uint4 w = *(const uint4*)&mine[g * 32 + h * 16 + t * 4];
        a[0][h][0] = w.x, a[0][h][1] = w.y, a[0][h][2] = w.z, a[0][h][3] = w.w;
    }
}

// Where outputs n, n + 1 of row r go: into q, or with `past` the slot's keys or values, or nowhere.
struct Place {
    float* q;
    uint16_t* past;
    float2 turn;  // cosine and sine
};

template <bool LLAMA> DEVICE Place place_of(const T3& m, int r, int n) {
    const int a = m.heads * T3_HEAD, part = (n >= a) + (n >= 2 * a), head = (n - part * a) / T3_HEAD;
    const T3Row& row = m.rows[r];
    const int position = row.position, at = position - row.prefixRows;
    Place place = {nullptr, nullptr, make_float2(1, 0)};
    if (LLAMA && part < 2) place.turn = load_early2(m.rotary + (long long)position * T3_HEAD + (n & 62));
    if (part == 0) place.q = m.q + (long long)r * a + head * T3_HEAD;
    else if (row.alive)
        place.past = row.own + ((((long long)m.layer * 2 + part - 1) * m.heads + head) * row.capacity + at) * T3_HEAD;
    return place;
}

template <bool LLAMA> DEVICE void store_qkv(int n, int part, float v0, float v1, const Place& place) {
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

// 8 outputs x 32 inputs from eight bytes of each lane: one mma for inputs 8t..8t+3 of each lane, one for 8t+4..8t+7.
template <int MT>
DEVICE void multiply(float (&acc)[MT][4], const unsigned (&a)[2 * MT][4], unsigned bytes, unsigned more) {
    unsigned b[4];
    bytes_to_bf16(bytes, b[0], b[1]);
    bytes_to_bf16(more, b[2], b[3]);
#pragma unroll
    for (int f = 0; f < MT; f++) {
        const unsigned(&lo)[4] = a[2 * f], (&hi)[4] = a[2 * f + 1];
        const unsigned first[4] = {lo[0], hi[0], lo[1], hi[1]}, second[4] = {lo[2], hi[2], lo[3], hi[3]};
        mma_bf16(acc[f], first, b[0], b[1]);
        mma_bf16(acc[f], second, b[2], b[3]);
    }
}

// One matrix product of a step. OCT: octets of rows; G: groups of 8 outputs a block; KPW: tiles of 64 inputs a warp.
// Dynamic shared memory: OCT * 1,024 bytes of statistics, then OCT * min(G, 16 / OCT) * 4,096 bytes.
template <int PH, bool LLAMA, int OCT, int G, int KPW>
DEVICE void product(const T3& m) {
    constexpr bool PAST = PH == QKV || PH == FIRST, NORM = PAST || PH == UP || PH == TOP;
    constexpr bool PLAIN = PH == DOWN || PH == JOINED, ADDS = PH == OUTPUT || PLAIN;  // reads bf16; has a residual
    constexpr int GP = G * OCT > 16 ? 16 / OCT : G;  // groups whose partial sums are in shared memory at once
    constexpr int MT = (OCT + 1) / 2;
    static_assert(PLAIN || KPW == 1, "an operand in registers is one tile a warp");
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3, first = threadIdx.x;
    const int R = m.rowCount, inputs = inputs_of<PH>(m), kb = inputs / 64, groups = outputs_of<PH>(m) / 8, group0 = blockIdx.x * G;
    const int shift = 2 + count_bits(R - 1);  // log2 of 4 R
    DYNAMIC_SHARED(shared);
    float2* sums = (float2*)shared;
    float* part = (float*)(sums + WARPS * OCT * 8);
    if (!load_cg(m.live)) return;  // all rows have ended
    const Places at = places_of<PH>(m);
    uint4 w[G][KPW];
    unsigned scale[G][KPW];  // of outputs 2t and 2t + 1
#pragma unroll
    for (int i = 0; i < G; i++)
#pragma unroll
        for (int c = 0; c < KPW; c++) {
            const int group = group0 + i < groups ? group0 + i : groups - 1, k = warp * KPW + c;
            const long long tile = (long long)group * kb + k;
            w[i][c] = k < kb ? load_stream(at.tiles + tile * 512 + lane * 16) : uint4{0, 0, 0, 0};
            scale[i][c] = k < kb ? (unsigned)load_cg((const int*)(at.scales + tile * 16 + t * 4)) : 0;
        }
    if (NORM && first < m.width / (LLAMA ? 32 : 16)) prefetch_l2(at.gain + first * 32);
    // What the first outputs of this thread need; those of later rounds are read then.
    float2 b = make_float2(0, 0), residual = make_float2(0, 0);
    Place place = {};
    auto row = [&](int e) { return (e >> 2) & (R - 1); };
    auto column = [&](int e, int pass) { return 8 * (group0 + pass * GP + (e >> shift)) + 2 * (e & 3); };
    auto prepare = [&](int e, int pass) {
        const int n = column(e, pass);
        if (n >= 8 * groups) return;
        if (!LLAMA || PH == TOP) b = load_early2(at.bias + n);
        if (PAST) place = place_of<LLAMA>(m, row(e), n);
    };
    auto request = [&](int e, int pass) {
        const int n = column(e, pass);
        if (ADDS && n < 8 * groups) residual = load_cg2(m.x + (long long)row(e) * m.width + n);
    };
    if (first < GP << shift) prepare(first, 0);
    gdc_launch();
    gdc_wait();
    if (ADDS && first < GP << shift) request(first, 0);

    unsigned a[OCT][2][4] = {};
    if constexpr (NORM) norm<LLAMA, PH == FIRST, OCT>(m, at.gain, sums, a);
    if constexpr (PH == OUTPUT) {
        joined(m, (uint32_t*)part, a);
        __syncthreads();  // `part` is written next
    }

#pragma unroll
    for (int pass = 0; pass < (G + GP - 1) / GP; pass++) {
        if (pass) __syncthreads();
        float acc[GP][MT][4] = {};
#pragma unroll
        for (int c = 0; c < KPW; c++) {
            float sum[GP][MT][4] = {};
#pragma unroll
            for (int h = 0; h < 2; h++) {
                unsigned now[2 * MT][4] = {};  // an odd octet is filled up with zeros
#pragma unroll
                for (int o = 0; o < OCT; o++) {
                    if (PLAIN) {
                        const int k = (warp * KPW + c) * 64 + h * 32 + t * 8;
                        uint4 x = {0, 0, 0, 0};
                        if (o * 8 + g < R && k < inputs) x = load_cg16(m.hidden + (long long)(o * 8 + g) * inputs + k);
                        now[o][0] = x.x, now[o][1] = x.y, now[o][2] = x.z, now[o][3] = x.w;
                    } else {
#pragma unroll
                        for (int j = 0; j < 4; j++) now[o][j] = a[o][h][j];
                    }
                }
#pragma unroll
                for (int i = 0; i < GP; i++) {
                    if (pass * GP + i >= G) continue;
                    const uint4& bytes = w[pass * GP + i < G ? pass * GP + i : 0][c];
                    multiply<MT>(sum[i], now, h ? bytes.z : bytes.x, h ? bytes.w : bytes.y);
                }
            }
#pragma unroll
            for (int i = 0; i < GP; i++)
#pragma unroll
                for (int f = 0; f < MT; f++)
#pragma unroll
                    for (int j = 0; j < 4; j++) {
                        const unsigned s = scale[pass * GP + i < G ? pass * GP + i : 0][c];
                        const float of = j & 1 ? bf16_high(s) : bf16_low(s);
                        acc[i][f][j] = c ? fma_rn(sum[i][f][j], of, acc[i][f][j]) : mul_rn(sum[i][f][j], of);
                    }
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
        for (int e = first; e < items; e += WARPS * 32) {
            const int i = e >> shift, r = row(e), n = column(e, pass);
            if (n >= 8 * groups) break;
            if (pass || e != first) prepare(e, pass), request(e, pass);
            float v0 = 0, v1 = 0, q = 0;
#pragma unroll
            for (int k = 0; k < WARPS; k++) {
                const float2 z = *(const float2*)&part[((k * GP + i) * OCT * 8 + r) * 8 + 2 * (e & 3)];
                v0 = add_rn(v0, z.x);
                v1 = add_rn(v1, z.y);
                if (LLAMA && NORM) q = add_rn(q, sums[k * OCT * 8 + r].x);
            }
            if (LLAMA && NORM) {
                const float f = rsqrtf(q / m.width + m.eps);
                v0 = mul_rn(v0, f), v1 = mul_rn(v1, f);
            }
            v0 = add_rn(v0, b.x), v1 = add_rn(v1, b.y);
            if (PAST) {
                store_qkv<LLAMA>(n, (n >= m.heads * T3_HEAD) + (n >= 2 * m.heads * T3_HEAD), v0, v1, place);
            } else if (PH == UP && LLAMA) {
                m.hidden[(long long)r * m.ffn + n / 2] = (uint16_t)pack_bf16(mul_rn(silu(v0), v1), 0.f);
            } else if (PH == UP) {
                *(unsigned*)&m.hidden[(long long)r * m.ffn + n] = pack_bf16(gelu(v0), gelu(v1));
            } else if (PH == TOP) {
                *(float2*)(m.logits + (long long)r * ((m.vocabulary + 7) / 8 * 8) + n) = make_float2(v0, v1);
            } else {
                *(float2*)(m.x + (long long)r * m.width + n) = make_float2(add_rn(residual.x, v0), add_rn(residual.y, v1));
            }
        }
    }
}

// A bound of so many threads and blocks leaves 64 registers to each, 48 (output), or 80 (up, head): a block of output fits
// beside one of up, one of qkv beside one of down.
#define T3_INT8(name, bound, blocks, PH, LLAMA, OCT, G, KPW) \
    KERNEL(t3_int8_##name, bound, blocks, T3) { product<PH, LLAMA, OCT, G, KPW>(p); }
#define T3_INT8_ROWS(name, bound, blocks, PH, LLAMA, G, KPW) \
    T3_INT8(name##_8_##G, bound, blocks, PH, LLAMA, 1, G, KPW) \
    T3_INT8(name##_16_##G, 512, 1, PH, LLAMA, 2, G, KPW) \
    T3_INT8(name##_32_##G, 512, 1, PH, LLAMA, 4, G, KPW)
T3_INT8_ROWS(first_llama, 512, 2, FIRST, true, 3, 1)
T3_INT8_ROWS(first_gpt2, 512, 2, FIRST, false, 3, 1)
T3_INT8_ROWS(qkv_llama, 512, 2, QKV, true, 3, 1)
T3_INT8_ROWS(qkv_gpt2, 512, 2, QKV, false, 3, 1)
T3_INT8(output_2_2, 640, 2, OUTPUT, false, 1, 2, 1)
T3_INT8_ROWS(output, 512, 2, JOINED, false, 2, 1)
T3_INT8_ROWS(up_llama, 768, 1, UP, true, 8, 1)
T3_INT8_ROWS(up_gpt2, 768, 1, UP, false, 8, 1)
T3_INT8_ROWS(down, 512, 2, DOWN, false, 2, 4)
T3_INT8_ROWS(head_llama, 768, 1, TOP, true, 8, 1)
T3_INT8_ROWS(head_gpt2, 768, 1, TOP, false, 8, 1)

DEVICE float stored(const void* p, int type, long long i) {
    if (type == T3_F32) return ((const float*)p)[i];
    const unsigned bits = ((const uint16_t*)p)[i];
    return type == T3_BF16 ? bits_to_float(bits << 16) : from_f16((half_t)bits);
}

// Of a packed row within its matrix, the row of the source, or -1: as decode_weights.cu.
DEVICE int source_of(int row, int map) {
    if (map == T3_ROTARY) return (row & ~63) + (row & 1) * 32 + (row & 63) / 2;
    if (map == T3_EVEN) return row & 1 ? -1 : row / 2;
    if (map == T3_ODD) return row & 1 ? row / 2 : -1;
    return row;
}

// The nearest integer, ties to even, of a value far below 2^22.
DEVICE unsigned integer(float v) {
    const float n = sub_rn(add_rn(v, 12582912.f), 12582912.f);
    return (unsigned)(int)fminf(fmaxf(n, -127.f), 127.f) & 0xff;
}

}  // namespace t3_int8

// As T3Pack, and where the scales of the matrix go.
struct T3Int8Params {
    uint4* to;
    uint16_t* scales;
    const void* source;
    int* found;  // counts lanes of tiles with a value that is not finite
    int type;
    int rows;
    int inputs;  // a multiple of 64
    int turned;
    int map;
    int first;
    int packed;
};

// Quantises source rows into the tiles of one matrix and their scales: the least in bfloat16 at which no value is past 127.
// A warp makes a tile. Any grid, blocks of 256.
KERNEL(t3_pack_int8, 256, 1, T3Int8Params) {
    const int kb = p.inputs / 64, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3, warps = blockDim.x / 32;
    const long long tiles = (long long)(p.packed / 8) * kb;
    for (long long tile = (long long)blockIdx.x * warps + threadIdx.x / 32; tile < tiles; tile += (long long)gridDim.x * warps) {
        const int k = (int)(tile % kb) * 64 + 8 * t, from = t3_int8::source_of((int)(tile / kb) * 8 + g, p.map);
        float v[2][8], most = 0;
        bool bad = false;
        for (int h = 0; h < 2; h++)
            for (int i = 0; i < 8; i++) {
                const long long in = k + 32 * h + i;
                const bool some = from >= 0 && from < p.rows;
                v[h][i] = some ? t3_int8::stored(p.source, p.type, p.turned ? in * p.rows + from : (long long)from * p.inputs + in) : 0.f;
                bad |= !(fabsf(v[h][i]) < INFINITY);
                most = fmaxf(most, fabsf(v[h][i]));
            }
        if (bad) atomicAdd(p.found, 1);
        most = fmaxf(most, shuffle_xor(most, 1));
        most = fmaxf(most, shuffle_xor(most, 2));
        if (from < 0) continue;  // the other half of an interleaved pair
        const unsigned bits = (float_bits(div_rn(most, 127.f)) + 0xffff) >> 16;
        const float scale = bits_to_float(bits << 16), inverse = scale < 1e-37f ? 0.f : div_rn(1.f, scale);
        unsigned words[4];
        for (int j = 0; j < 4; j++) {
            const float* four = &v[j / 2][j % 2 * 4];
            auto q = [&](int i) { return t3_int8::integer(mul_rn(four[i], inverse)); };
            words[j] = q(0) | q(2) << 8 | q(1) << 16 | q(3) << 24;
        }
        const long long at = (long long)(p.first / 8) * kb + tile;
        p.to[at * 32 + lane] = uint4{words[0], words[1], words[2], words[3]};
        if (t == 0) p.scales[at * 8 + g] = (uint16_t)bits;
    }
}
