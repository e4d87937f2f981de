// What VITS needs beyond layers: the spline of the stochastic duration predictor, attention with Shaw's hook.
#include "attention.cuh"

// The inverse of a rational-quadratic spline with linear tails (Durkan et al. 2019, "Neural Spline Flows"), ten bins over
// [-5, 5], on each value of x (1,T,1) in place. parameters (1,T,29): widths, heights, inner slopes, before softmax and
// softplus; widths and heights are divided by shrink. Threads 128, grid (ceil(T / 128)).
struct InverseSplineParams {
    float* x; i64 xRow;
    const float* parameters; i64 parametersRow;
    const int* valid;
    int T;
    float shrink;
};
constexpr int BINS = 10;
DEVICE void spline_edges(const float* raw, float shrink, float (&edges)[BINS + 1]) {
    float top = -INFINITY, sum = 0, total = 0;
#pragma unroll
    for (int i = 0; i < BINS; i++) top = fmaxf(top, raw[i] / shrink);
#pragma unroll
    for (int i = 0; i < BINS; i++) {
        edges[i + 1] = expf(raw[i] / shrink - top);
        sum += edges[i + 1];
    }
    edges[0] = -5;
#pragma unroll
    for (int i = 1; i <= BINS; i++) {
        total += 1e-3f + (1 - 1e-3f * BINS) * (edges[i] / sum);
        edges[i] = 10 * total - 5;
    }
    edges[BINS] = 5;
}
DEVICE float spline_slope(float raw) { return 1e-3f + (raw > 20 ? raw : log1pf(expf(raw))); }
KERNEL(inverse_spline, 128, 1, InverseSplineParams) {
    gdc_wait();
    gdc_launch();
    int t = blockIdx.x * 128 + threadIdx.x;
    if (t >= rows_of(p.valid, 0, p.T)) return;
    float v = p.x[t * p.xRow];
    if (!(v >= -5 && v <= 5)) return;
    const float* raw = p.parameters + t * p.parametersRow;
    float x[BINS + 1], y[BINS + 1];
    spline_edges(raw, p.shrink, x);
    spline_edges(raw + BINS, p.shrink, y);
    float x0 = x[0], x1 = x[1], y0 = y[0], y1 = y[1];
    int bin = 0;
#pragma unroll
    for (int i = 1; i < BINS; i++) {
        if (v >= y[i]) x0 = x[i], x1 = x[i + 1], y0 = y[i], y1 = y[i + 1], bin = i;
    }
    float width = x1 - x0, height = y1 - y0, delta = height / width;
    float slope0 = bin == 0 ? 1 : spline_slope(raw[2 * BINS + bin - 1]), slope1 = bin == BINS - 1 ? 1 : spline_slope(raw[2 * BINS + bin]);
    float rise = v - y0, bend = slope0 + slope1 - 2 * delta;
    float a = rise * bend + height * (delta - slope0), b = height * slope0 - rise * bend, c = -delta * rise;
    p.x[t * p.xRow] = 2 * c / (-b - sqrtf(b * b - 4 * a * c)) * width + x0;
}

// Attention (attention.cuh) with Shaw's hook, fp32, heads of at most 128, not causal. Texts have some hundred rows and two
// heads, so blocks are small: 8 queries a block, 2 a warp; 32 keys a step, one a lane. Threads 128; grid (ceil(Tq / 8), H, B). Shared memory in floats,
// with L = ceil(D / 4) * 4 + 4: 136 L + 256 + 16 (2 window + 1).
KERNEL(attention_f32_shaw, 128, 3, AttentionParams) {
    DYNAMIC_SHARED(shared);
    int D = p.D, L = (D + 3) / 4 * 4 + 4, distances = 2 * p.window + 1;
    float* sq = (float*)shared;
    float* sk = sq + 8 * L;            // two steps of keys, then of values
    float* sv = sk + 64 * L;
    float* weights = sv + 64 * L;      // (8, 32)
    float* band_products = weights + 256;
    float* band_scores = band_products + 8 * distances;
    int tid = threadIdx.x, lane = tid % 32, warp = tid / 32, h = blockIdx.y, b = blockIdx.z, i0 = blockIdx.x * 8;
    gdc_wait();
    gdc_launch();
    int queries = rows_of(p.validQ, b, p.Tq), keys = rows_of(p.validK, b, p.Tk);
    if (i0 >= queries) return;
    auto load = [&](float* to, const float* from, i64 row, int first, int count, int limit) {
        if (D % 4 == 0 && row % 4 == 0 && (uintptr_t)from % 16 == 0) {
            for (int i = tid; i < count * (D / 4); i += 128) {
                int r = i / (D / 4), c = i % (D / 4) * 4;
                bool in = first + r < limit;
                cp_async16(to + r * L + c, in ? from + (first + r) * row + c : from, in ? 16 : 0);
            }
        } else {
            for (int i = tid; i < count * L; i += 128) {
                int r = i / L, c = i % L;
                to[i] = first + r < limit && c < D ? from[(first + r) * row + c] : 0;
            }
        }
    };
    const float* k = (const float*)p.k + b * p.kBatch + h * p.kHead;
    const float* v = (const float*)p.v + b * p.vBatch + h * p.vHead;
    auto load_step = [&](int j0) {
        load(sk + j0 % 64 * L, k, p.kRow, j0, 32, keys);
        load(sv + j0 % 64 * L, v, p.vRow, j0, 32, keys);
    };
    load(sq, (const float*)p.q + b * p.qBatch + h * D, p.qRow, i0, 8, queries);
    load_step(0);
    cp_commit();
    cp_wait<0>();
    __syncthreads();
    for (int i = warp; i < 8 * distances; i += 4) {
        float s = 0;
        for (int c = lane; c < D; c += 32) s = fmaf(sq[i / distances * L + c], ((const float*)p.positions)[i % distances * D + c], s);
        s = warp_sum(s);
        if (lane == 0) {
            band_products[i] = s;
            band_scores[i] = -INFINITY;
        }
    }
    float o[2][4] = {}, top[2] = {-INFINITY, -INFINITY}, sum[2] = {0, 0};
    const float* q = sq + warp * 2 * L;
    for (int j0 = 0; j0 < keys; j0 += 32) {
        cp_wait<0>();
        __syncthreads();  // these keys are there, and those before have been read
        if (j0 + 32 < keys) load_step(j0 + 32);
        cp_commit();
        const float* kk = sk + (j0 % 64 + lane) * L;
        float4 s[2] = {make_float4(0, 0, 0, 0), make_float4(0, 0, 0, 0)};  // four chains, so that none waits for another
#pragma unroll 8
        for (int c = 0; c < D; c += 4) {
            float4 y = *(const float4*)(kk + c);
#pragma unroll
            for (int m = 0; m < 2; m++) {
                float4 x = *(const float4*)(q + m * L + c);
                s[m] = make_float4(fmaf(x.x, y.x, s[m].x), fmaf(x.y, y.y, s[m].y), fmaf(x.z, y.z, s[m].z), fmaf(x.w, y.w, s[m].w));
            }
        }
        int key = j0 + lane;
#pragma unroll
        for (int m = 0; m < 2; m++) {
            int row = warp * 2 + m, w = key - (i0 + row) + p.window;
            float x = (s[m].x + s[m].y) + (s[m].z + s[m].w);
            bool banded = w >= 0 && w < distances && key < keys;
            if (banded) x += band_products[row * distances + w];
            x = key < keys ? x * p.scale : -INFINITY;
            if (banded) band_scores[row * distances + w] = x;
            float high = fmaxf(top[m], warp_max(x)), e = expf(x - high), fade = expf(top[m] - high);
            weights[row * 32 + lane] = e;
            sum[m] = sum[m] * fade + warp_sum(e);
            top[m] = high;
#pragma unroll
            for (int n = 0; n < 4; n++) o[m][n] *= fade;
        }
        warp_sync();
        const float* value = sv + j0 % 64 * L;
#pragma unroll
        for (int j = 0; j < 32; j += 4) {
            float4 e[2];
#pragma unroll
            for (int m = 0; m < 2; m++) e[m] = *(const float4*)(weights + (warp * 2 + m) * 32 + j);
#pragma unroll
            for (int n = 0; n < 4; n++) {
                int c = lane + n * 32;
                if (n * 32 >= D || c >= D) break;
                float x0 = value[j * L + c], x1 = value[(j + 1) * L + c], x2 = value[(j + 2) * L + c], x3 = value[(j + 3) * L + c];
#pragma unroll
                for (int m = 0; m < 2; m++) o[m][n] = fmaf(e[m].w, x3, fmaf(e[m].z, x2, fmaf(e[m].y, x1, fmaf(e[m].x, x0, o[m][n]))));
            }
        }
        warp_sync();
    }
#pragma unroll
    for (int m = 0; m < 2; m++) {
        int row = warp * 2 + m, i = i0 + row;
        if (i >= queries) continue;
#pragma unroll
        for (int n = 0; n < 4; n++) {
            int c = lane + n * 32;
            if (c >= D) break;
            float x = o[m][n];
            for (int w = 0; w < distances; w++) {
                if (sum[m] > 0) x = fmaf(expf(band_scores[row * distances + w] - top[m]), p.relativeValues[w * D + c], x);
            }
            store1(p.out, b * p.outBatch + i * p.outRow + h * D + c, p.outType, sum[m] > 0 ? x / sum[m] : 0);
        }
    }
}
