// Normal noise of dev.skald.tensor.Philox, bit for bit: Philox4x32-10 (Salmon et al. 2011), Box and Muller in fp64.
#include "random.cuh"

// Value (b T + t) C + c of out is value first + that of the stream. state, if not null, is four integers in the place of
// seed and first: low and high word of each. Threads 256, grid (ceil((B T C / 4 + 2) / 256)).
struct NoiseParams {
    const int* state;
    u64 seed;
    i64 first;
    float* out; i64 outBatch, outRow;
    int stream, B, T, C;
};
KERNEL(noise, 256, 1, NoiseParams) {
    gdc_wait();
    gdc_launch();
    u64 seed = p.seed;
    i64 first = p.first;
    if (p.state) {
        seed = (u64)(unsigned)p.state[0] | (u64)(unsigned)p.state[1] << 32;
        first = (i64)((u64)(unsigned)p.state[2] | (u64)(unsigned)p.state[3] << 32);
    }
    i64 count = (i64)p.B * p.T * p.C, block = (first >> 2) + (i64)blockIdx.x * 256 + threadIdx.x, base = (block << 2) - first;
    if (base >= count) return;
    uint32_t w[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)p.stream, 0};
    philox(w, seed);
    float values[4];
    normal_pair(w[0], w[1], values[0], values[1]);
    normal_pair(w[2], w[3], values[2], values[3]);
    for (int i = 0; i < 4; i++) {
        i64 at = base + i;
        if (at < 0 || at >= count) continue;
        i64 row = at / p.C;
        p.out[row / p.T * p.outBatch + row % p.T * p.outRow + at % p.C] = values[i];
    }
}
