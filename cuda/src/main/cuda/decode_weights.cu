// Weights as the decoder reads them: see decode.cuh.
#include "decode.cuh"
#include "ptx.cuh"

DEVICE float t3_value(const void* p, int type, long long i) {
    if (type == T3_F32) return ((const float*)p)[i];
    unsigned bits = ((const uint16_t*)p)[i];
    return type == T3_BF16 ? bits_to_float(bits << 16) : from_f16((half_t)bits);
}

// Of a packed row within its matrix, the row of the source, or -1.
DEVICE int t3_source(int row, int map) {
    if (map == T3_ROTARY) {  // the two halves of a head alternate: a rotated pair lies in one lane of the result
        int j = row & 63;
        return (row & ~63) + (j & 1) * 32 + j / 2;
    }
    if (map == T3_EVEN) return row & 1 ? -1 : row / 2;
    if (map == T3_ODD) return row & 1 ? row / 2 : -1;
    return row;
}

// Packs source rows into the tiles of one matrix: a warp makes a tile. Any grid, blocks of 256.
KERNEL(t3_pack, 256, 1, T3Pack) {
    const int kb = p.inputs / 32, lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3, warps = blockDim.x / 32;
    const long long tiles = (long long)(p.packed / 8) * kb;
    for (long long tile = (long long)blockIdx.x * warps + threadIdx.x / 32; tile < tiles; tile += (long long)gridDim.x * warps) {
        const int k = (int)(tile % kb) * 32 + 8 * t, from = t3_source((int)(tile / kb) * 8 + g, p.map);
        if (from < 0) continue;  // the other half of an interleaved pair
        float v[8];
        bool bad = false;
        for (int i = 0; i < 8; i++) {
            v[i] = from >= p.rows ? 0.f
                                  : t3_value(p.source, p.type,
                                            p.turned ? (long long)(k + i) * p.rows + from : (long long)from * p.inputs + k + i);
            bad |= !(fabsf(v[i]) < INFINITY);
        }
        if (bad) atomicAdd(p.found, 1);
        p.to[((long long)(p.first / 8) * kb + tile) * 32 + lane] =
                make_uint4(pack_bf16(v[0], v[1]), pack_bf16(v[2], v[3]), pack_bf16(v[4], v[5]), pack_bf16(v[6], v[7]));
    }
}

// Copies a vector or table as fp32. Any grid, blocks of 256.
KERNEL(t3_vector, 256, 1, T3Vector) {
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < p.count; i += (long long)gridDim.x * blockDim.x) {
        const long long from = p.map == T3_PLAIN ? i : t3_source((int)i, p.map);
        if (from < 0) continue;
        const float v = t3_value(p.source, p.type, from);
        if (!(fabsf(v) < INFINITY)) atomicAdd(p.found, 1);
        p.to[i] = v;
    }
}
