// Ops element by element and row by row: elementwise, gates, norms, rotary positions, gather, shapes, statistics.
#include "common.cuh"

// ---- element by element -------------------------------------------------------------------------------------------
// out = op(x, y, z). y and z are broadcast by strides of 0; row t of y and z is t / divide.
// Threads 256, grid (ceil(T * ceil(C / 4) / 256), B).
enum Op { OP_COPY, OP_ACTIVATE, OP_SCALE, OP_CLAMP, OP_FILL, OP_ADD, OP_MUL, OP_ADD_SCALED, OP_AFFINE, OP_LERP };
struct ElementwiseParams {
    const void* x; i64 xBatch, xRow;
    const void* y; i64 yBatch, yRow;
    const float* z; i64 zBatch, zRow;
    void* out; i64 outBatch, outRow;
    const float* alpha;      // SNAKE's, a value a channel
    const float* factor;     // instead of `a`, or null
    const int* valid;
    unsigned* overflow;      // counts what an out of type F16 cannot hold, or null
    int B, T, C, divide, op, kind, xType, yType, outType;
    float a, b, parameter;
};
DEVICE float clamp(float x, float low, float high) { return x < low ? low : x > high ? high : x; }
// COPY x; ACTIVATE kind(x); SCALE a x + b; CLAMP to [a, b]; FILL a; ADD x + y; MUL x y; ADD_SCALED x + a y;
// AFFINE kind(x y + z); LERP x + (y - x) z
KERNEL(elementwise, 256, 1, ElementwiseParams) {
    gdc_wait();
    gdc_launch();
    unsigned b = blockIdx.y, groups = (p.C + 3) / 4, item = blockIdx.x * 256 + threadIdx.x, t = item / groups;
    if (t >= (unsigned)rows_of(p.valid, b, p.T)) return;
    int c = (item - t * groups) * 4, n = p.C - c;
    float a = scalar(p.factor, p.a);
    i64 row = p.divide > 1 ? t / p.divide : t;
    float4 x = make_float4(0, 0, 0, 0), y = x, z = x, r = x, alpha = x;
    if (p.op != OP_FILL) x = load4(p.x, b * p.xBatch + t * p.xRow + c, p.xType, n);
    if (p.y) y = load4(p.y, b * p.yBatch + row * p.yRow + c, p.yType, n);
    if (p.z) z = load4(p.z, b * p.zBatch + row * p.zRow + c, F32, n);
    if (p.alpha) alpha = load4(p.alpha, c, F32, n);
    switch (p.op) {
        case OP_ACTIVATE: r = activate4(p.kind, x, p.parameter, alpha); break;
        case OP_SCALE: r = make_float4(a * x.x + p.b, a * x.y + p.b, a * x.z + p.b, a * x.w + p.b); break;
        case OP_CLAMP: r = make_float4(clamp(x.x, a, p.b), clamp(x.y, a, p.b), clamp(x.z, a, p.b), clamp(x.w, a, p.b)); break;
        case OP_FILL: r = make_float4(a, a, a, a); break;
        case OP_ADD: r = make_float4(x.x + y.x, x.y + y.y, x.z + y.z, x.w + y.w); break;
        case OP_MUL: r = make_float4(x.x * y.x, x.y * y.y, x.z * y.z, x.w * y.w); break;
        case OP_ADD_SCALED: r = make_float4(x.x + a * y.x, x.y + a * y.y, x.z + a * y.z, x.w + a * y.w); break;
        case OP_AFFINE: r = activate4(p.kind, make_float4(x.x * y.x + z.x, x.y * y.y + z.y, x.z * y.z + z.z, x.w * y.w + z.w), p.parameter, alpha); break;
        case OP_LERP: r = make_float4(x.x + (y.x - x.x) * z.x, x.y + (y.y - x.y) * z.y, x.z + (y.z - x.z) * z.z, x.w + (y.w - x.w) * z.w); break;
        default: r = x;
    }
    if (p.outType == F16) count_overflow(p.overflow, overflows(r, n));
    store4(p.out, b * p.outBatch + t * p.outRow + c, p.outType, n, r);
}

// out (B,T,C) from x (B,T,2C) (+ bias (B,1,2C)): kind 0: tanh(first half) sigmoid(second); 1: silu(first) second.
// Threads 256, grid (ceil(T * ceil(C / 4) / 256), B).
struct GateParams {
    const void* x; i64 xBatch, xRow;
    const float* bias; i64 biasBatch;
    void* out; i64 outBatch, outRow;
    const int* valid;
    unsigned* overflow;
    int B, T, C, kind, xType, outType;
};
KERNEL(gate, 256, 1, GateParams) {
    gdc_wait();
    gdc_launch();
    unsigned b = blockIdx.y, groups = (p.C + 3) / 4, item = blockIdx.x * 256 + threadIdx.x;
    int t = item / groups, c = item % groups * 4, n = p.C - c;
    if (t >= rows_of(p.valid, b, p.T)) return;
    i64 at = b * p.xBatch + t * p.xRow + c;
    float4 u = load4(p.x, at, p.xType, n), v = load4(p.x, at + p.C, p.xType, n);
    float x[4] = {u.x, u.y, u.z, u.w}, y[4] = {v.x, v.y, v.z, v.w}, r[4];
    for (int i = 0; i < 4; i++) {
        if (p.bias && i < n) {
            x[i] += p.bias[b * p.biasBatch + c + i];
            y[i] += p.bias[b * p.biasBatch + p.C + c + i];
        }
        r[i] = p.kind == 0 ? tanhf(x[i]) / (1 + expf(-y[i])) : x[i] / (1 + expf(-x[i])) * y[i];
        if (p.outType == F16 && i < n && overflows(r[i])) count_overflow(p.overflow, true);
    }
    store4(p.out, b * p.outBatch + t * p.outRow + c, p.outType, n, make_float4(r[0], r[1], r[2], r[3]));
}

// ---- norms ----------------------------------------------------------------------------------------------------------
// kind 0: layer norm, 1: RMS norm, over the columns of each row; then the activation; then + add.
// A warp a row: threads 256, grid (ceil(T / 8), B).
struct NormParams {
    const void* x; i64 xBatch, xRow;
    const float* gamma;                     // weights, like beta: both are read before gdc_wait
    const float* beta;                      // null: none
    const float* add; i64 addBatch;         // (B,1,C) added last, or null
    const int* addIndex; i64 addStep;       // add is read at + *addIndex * addStep, or null
    void* out; i64 outBatch, outRow;
    const int* valid;
    unsigned* overflow;
    int B, T, C, kind, after, xType, outType;
    float eps, parameter;
};
// KEPT: groups of four that a lane keeps in registers. SIMPLE: see normalize_rows; its loads have no branches between them.
template <int KEPT, bool SIMPLE>
DEVICE void normalize_row(const NormParams& p) {
    int b = blockIdx.y, t = blockIdx.x * 8 + threadIdx.x / 32, first = threadIdx.x % 32 * 4;
    float4 kept[KEPT], gain[KEPT], shift[KEPT] = {};
    auto left = [&](int k) {  // columns of group k, and those after it
        int n = p.C - first - k * 128;
        return !SIMPLE ? n : n > 0 ? 4 : 0;
    };
    auto read = [&](float4 (&to)[KEPT], const void* from, i64 at, int type) {
#pragma unroll
        for (int k = 0; k < KEPT; k++) {
            int c = first + k * 128, n = left(k);
            to[k] = make_float4(0, 0, 0, 0);
            if (n > 0) to[k] = SIMPLE ? *(const float4*)((const float*)from + at + c) : load4(from, at + c, type, n);
        }
    };
    read(gain, p.gamma, 0, F32);
    if (p.beta) read(shift, p.beta, 0, F32);
    gdc_wait();
    gdc_launch();
    if (t >= p.T) return;
    int rows = rows_of(p.valid, b, p.T);
    read(kept, p.x, b * p.xBatch + t * p.xRow, p.xType);
    if (t >= rows) return;
    float sum = 0, squares = 0;
#pragma unroll
    for (int k = 0; k < KEPT; k++) sum += kept[k].x + kept[k].y + kept[k].z + kept[k].w;
    float mean = p.kind == 0 ? warp_sum(sum) / p.C : 0;
#pragma unroll
    for (int k = 0; k < KEPT; k++) {
        int n = left(k);
        float x = kept[k].x - mean, y = kept[k].y - mean, z = kept[k].z - mean, w = kept[k].w - mean;
        squares += (n > 0 ? mul_rn(x, x) : 0) + (n > 1 ? mul_rn(y, y) : 0) + (n > 2 ? mul_rn(z, z) : 0) + (n > 3 ? mul_rn(w, w) : 0);
    }
    float scale = 1 / sqrtf(warp_sum(squares) / p.C + p.eps);
    const float* more = p.add ? p.add + b * p.addBatch + (p.addIndex ? *p.addIndex * p.addStep : 0) : nullptr;
    i64 to = b * p.outBatch + t * p.outRow;
    bool over = false;
#pragma unroll
    for (int k = 0; k < KEPT; k++) {
        int c = first + k * 128, n = left(k);
        if (n <= 0) break;
        float4 v = make_float4((kept[k].x - mean) * scale * gain[k].x + shift[k].x, (kept[k].y - mean) * scale * gain[k].y + shift[k].y,
                               (kept[k].z - mean) * scale * gain[k].z + shift[k].z, (kept[k].w - mean) * scale * gain[k].w + shift[k].w);
        if (SIMPLE) {
            over |= overflows(v);
            if (p.outType == F32) {
                *(float4*)((float*)p.out + to + c) = v;
            } else {
                *(uint2*)((half_t*)p.out + to + c) = make_uint2(pack_f16(v.x, v.y), pack_f16(v.z, v.w));
            }
            continue;
        }
        if (p.after != NONE) v = activate4(p.after, v, p.parameter, make_float4(0, 0, 0, 0));
        if (more) {
            float4 last = load4(more, c, F32, n);
            v = make_float4(v.x + last.x, v.y + last.y, v.z + last.z, v.w + last.w);
        }
        over |= overflows(v, n);
        store4(p.out, to + c, p.outType, n, v);
    }
    count_overflow(p.overflow, over && p.outType == F16);
}
// Simple is a norm of fp32 rows in fp32 or fp16, all in groups of four that are aligned, without activation and `add`.
template <int KEPT>
DEVICE void normalize_rows(const NormParams& p) {
    bool aligned = (((uintptr_t)p.x | (uintptr_t)p.gamma | (uintptr_t)p.beta | (uintptr_t)p.out) & 15) == 0 &&
                   ((p.xBatch | p.xRow | p.outBatch | p.outRow | p.C) & 3) == 0;
    if (aligned && p.xType == F32 && p.outType != BF16 && p.after == NONE && !p.add) {
        normalize_row<KEPT, true>(p);
    } else {
        normalize_row<KEPT, false>(p);
    }
}
// Rows of at most 512 columns.
KERNEL(normalize, 256, 2, NormParams) {
    if (p.C <= 256) {
        normalize_rows<2>(p);
    } else {
        normalize_rows<4>(p);
    }
}
// Rows of at most 2048: in a kernel of their own, for they take two to three times as many registers.
KERNEL(normalize_wide, 256, 1, NormParams) {
    if (p.C <= 1024) {
        normalize_rows<8>(p);
    } else {
        normalize_rows<16>(p);
    }
}

// Rotates pairs (d, d + D/2) of each head's columns by the angle of position first[b * firstStep] + t, in place.
// Threads 256, grid (ceil(T * H * D / 2 / 256), B).
struct RotaryParams {
    void* x; i64 xBatch, xRow;
    const float* cosines; const float* sines; i64 tableRow;   // (positions, D/2)
    const int* first;                                         // null: 0
    const int* valid;
    int B, T, H, D, firstStep, xType;
};
KERNEL(rotary, 256, 1, RotaryParams) {
    gdc_wait();
    gdc_launch();
    unsigned b = blockIdx.y, half = p.D / 2, item = blockIdx.x * 256 + threadIdx.x;
    int d = item % half, h = item / half % p.H, t = item / half / p.H;
    if (t >= rows_of(p.valid, b, p.T)) return;
    i64 position = (p.first ? p.first[b * p.firstStep] : 0) + t;
    float c = p.cosines[position * p.tableRow + d], s = p.sines[position * p.tableRow + d];
    i64 at = b * p.xBatch + t * p.xRow + h * p.D + d;
    float u = load1(p.x, at, p.xType), v = load1(p.x, at + half, p.xType);
    store1(p.x, at, p.xType, u * c - v * s);
    store1(p.x, at + half, p.xType, v * c + u * s);
}

// ---- shape ----------------------------------------------------------------------------------------------------------
// Row t of out is row index[b * indexBatch + t] of the table's batch b, or row t / repeat if index is null. An index out
// of range leaves zeros and sets *error to t + 1. Threads 256, grid (ceil(T * ceil(C / 4) / 256), B).
struct GatherParams {
    const void* x; i64 xBatch, xRow;
    const int* index; i64 indexBatch;
    void* out; i64 outBatch, outRow;
    const int* valid;      // rows of out
    int* error;
    int B, T, C, entries, repeat, xType, outType;
};
KERNEL(gather, 256, 1, GatherParams) {
    gdc_wait();
    gdc_launch();
    unsigned b = blockIdx.y, groups = (p.C + 3) / 4, item = blockIdx.x * 256 + threadIdx.x;
    int t = item / groups, c = item % groups * 4;
    if (t >= rows_of(p.valid, b, p.T)) return;
    int row = p.index ? p.index[b * p.indexBatch + t] : t / p.repeat;
    float4 v = make_float4(0, 0, 0, 0);
    if (row >= 0 && row < p.entries) {
        v = load4(p.x, b * p.xBatch + row * p.xRow + c, p.xType, p.C - c);
    } else if (p.error) {
        atomicMax(p.error, t + 1);
    }
    store4(p.out, b * p.outBatch + t * p.outRow + c, p.outType, p.C - c, v);
}

// windows (B,T,n), laid over each other every hop samples and summed: out (B,1,(T-1) hop + n).
// Threads 256, grid (ceil(((T - 1) hop + n) / 256), B).
struct OverlapAddParams {
    const float* x; i64 xBatch, xRow;
    float* out; i64 outBatch;
    const int* valid;
    int B, T, n, hop;
};
KERNEL(overlap_add, 256, 1, OverlapAddParams) {
    gdc_wait();
    gdc_launch();
    int b = blockIdx.y;
    i64 i = (i64)blockIdx.x * 256 + threadIdx.x;
    if (i >= (i64)(p.T - 1) * p.hop + p.n) return;
    int rows = rows_of(p.valid, b, p.T);
    i64 last = i / p.hop;
    if (last >= rows) last = rows - 1;
    i64 first = i < p.n ? 0 : (i - p.n) / p.hop + 1;
    float sum = 0;
    for (i64 t = first; t <= last; t++) sum += p.x[b * p.xBatch + t * p.xRow + (i - t * p.hop)];
    p.out[b * p.outBatch + i] = sum;
}

// ---- over rows ------------------------------------------------------------------------------------------------------
// Mean of each segment of `segment` rows (T: one of all rows): out (B, segments, C); with `deviation`, the unbiased
// standard deviation is in the columns C to 2C. Sums are in double. Threads 256, grid (ceil(C / 32), segments, B).
struct StatisticsParams {
    const float* x; i64 xBatch, xRow;
    float* out; i64 outBatch, outRow;
    const int* valid;
    int B, T, C, segment, deviation, pad;
};
KERNEL(statistics, 256, 1, StatisticsParams) {
    gdc_wait();
    gdc_launch();
    __shared__ double part[8][32];
    int b = blockIdx.z, s = blockIdx.y, c = blockIdx.x * 32 + threadIdx.x % 32, y = threadIdx.x / 32, lane = threadIdx.x % 32;
    int rows = rows_of(p.valid, b, p.T), from = s * p.segment, to = from + p.segment < rows ? from + p.segment : rows;
    const float* x = p.x + b * p.xBatch + c;
    bool in = c < p.C;
    auto total = [&](double v) {
        __syncthreads();
        part[y][lane] = v;
        __syncthreads();
        double sum = 0;
        for (int i = 0; i < 8; i++) sum += part[i][lane];
        return sum;
    };
    double sum = 0, squares = 0;
    for (int t = from + y; in && t < to; t += 8) sum += x[t * p.xRow];
    double mean = total(sum) / (to - from);
    if (p.deviation) {
        for (int t = from + y; in && t < to; t += 8) squares += (x[t * p.xRow] - mean) * (x[t * p.xRow] - mean);
        squares = total(squares);
    }
    if (in && y == 0) {
        float* out = p.out + b * p.outBatch + s * p.outRow + c;
        out[0] = (float)mean;
        if (p.deviation) out[p.C] = (float)sqrt(squares / (to - from - 1));
    }
}

// to[i] = clamp(floor((from[i] * multiply + add) / divide), low, high): how an op changes the valid rows.
// Threads 32, grid 1.
struct LengthsParams {
    const int* from;
    int* to;
    int n, multiply, add, divide, low, high;
};
KERNEL(lengths, 32, 1, LengthsParams) {
    gdc_wait();
    gdc_launch();
    for (int i = threadIdx.x; i < p.n; i += 32) {
        int v = p.from[i] * p.multiply + p.add;
        int q = v / p.divide - (v % p.divide < 0 ? 1 : 0);
        p.to[i] = q < p.low ? p.low : q > p.high ? p.high : q;
    }
}

// One Euler step of B flows: x (B,T,C) += dt ((1 + guidance) field[b] - guidance field[B + b]), or += dt field[b] if branches
// is 1; dt = steps[index[b * indexStep]]. Threads 256, grid (ceil(T * C / 256), B).
struct EulerParams {
    float* x; i64 xBatch, xRow;
    const float* field; i64 fieldBatch, fieldRow;
    const float* steps;
    const int* index;
    const int* valid;
    int B, T, C, branches, indexStep;
    float guidance;
};
KERNEL(euler, 256, 1, EulerParams) {
    gdc_wait();
    gdc_launch();
    unsigned b = blockIdx.y, item = blockIdx.x * 256 + threadIdx.x;
    int t = item / (unsigned)p.C, c = item % (unsigned)p.C;
    if (t >= rows_of(p.valid, b, p.T)) return;
    i64 at = b * p.xBatch + t * p.xRow + c;
    float x = p.x[at];
    float dt = p.steps[p.index[b * p.indexStep]];
    float f = p.field[b * p.fieldBatch + t * p.fieldRow + c];
    if (p.branches == 2) {
        x += dt * (1 + p.guidance) * f;
        x += -dt * p.guidance * p.field[(p.B + b) * p.fieldBatch + t * p.fieldRow + c];
    } else {
        x += dt * f;
    }
    p.x[at] = x;
}
// counter[i] += by for n integers. Threads 32, grid 1.
struct IncrementParams {
    int* counter;
    int n, by;
};
KERNEL(increment, 32, 1, IncrementParams) {
    gdc_wait();
    gdc_launch();
    for (int i = threadIdx.x; i < p.n; i += 32) p.counter[i] += p.by;
}

// Rows (B,T,H*D) into a cache whose head h of batch b begins at b * cacheBatch + h * cacheHead, position *at + t at
// cacheRow. Positions of `capacity` and more are left out. Threads 256, grid (ceil(T * H * D / 256), B).
struct AppendParams {
    const void* x; i64 xBatch, xRow;
    void* cache; i64 cacheBatch, cacheHead, cacheRow;
    const int* at;
    const int* valid;
    int B, T, H, D, capacity, xType, cacheType, pad;
};
KERNEL(append, 256, 1, AppendParams) {
    gdc_wait();
    gdc_launch();
    int b = blockIdx.y;
    unsigned item = blockIdx.x * 256 + threadIdx.x, wide = p.H * p.D;
    int c = item % wide, t = item / wide;
    if (t >= rows_of(p.valid, b, p.T)) return;
    i64 position = *p.at + t;
    if (position < 0 || position >= p.capacity) return;
    float v = load1(p.x, b * p.xBatch + t * p.xRow + c, p.xType);
    store1(p.cache, b * p.cacheBatch + c / p.D * p.cacheHead + position * p.cacheRow + c % p.D, p.cacheType, v);
}
