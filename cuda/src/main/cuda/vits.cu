// What VITS needs beyond layers.
#include "common.cuh"

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
