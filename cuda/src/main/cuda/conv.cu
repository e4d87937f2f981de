// Convolutions that are no matrix product: depthwise, two-dimensional; the recurrent layer.
#include "common.cuh"

// out[t][c] = residual + scale * after(bias[c] + sum over j of x[t stride + j dilation - pad][c] w[c * wC + j * wK]).
// Threads 256, grid (ceil(Tout * C / 256), B).
struct DepthwiseParams {
    const float* x; i64 xBatch, xRow;
    const float* w; i64 wC, wK;
    const float* bias;
    const float* residual; i64 residualBatch, residualRow;
    float* out; i64 outBatch, outRow;
    const int* valid;         // rows of x
    int B, Tin, Tout, C, kernel, stride, dilation, padLeft, after, pad;
    float parameter, scale;
};
KERNEL(depthwise, 256, 1, DepthwiseParams) {
    gdc_wait();
    gdc_launch();
    int b = blockIdx.y;
    unsigned item = blockIdx.x * 256 + threadIdx.x;
    int t = item / (unsigned)p.C, c = item % (unsigned)p.C, rows = rows_of(p.valid, b, p.Tin);
    if (t >= p.Tout || (p.stride == 1 && t >= p.Tout - (p.Tin - rows))) return;
    const float* x = p.x + b * p.xBatch + c;
    float sum = 0;
    for (int j = 0; j < p.kernel; j++) {
        int r = t * p.stride + j * p.dilation - p.padLeft;
        if (r >= 0 && r < rows) sum = fmaf(x[r * p.xRow], p.w[c * p.wC + j * p.wK], sum);
    }
    if (p.bias) sum += p.bias[c];
    sum = activate(p.after, sum, p.parameter, 0) * p.scale;
    if (p.residual) sum += p.residual[b * p.residualBatch + t * p.residualRow + c];
    p.out[b * p.outBatch + t * p.outRow + c] = sum;
}

// An image (H,W,C) lies as (batch, row, column). w as pack_weights makes it in fp32 with flat = C: row (kh KW + kw) C + c
// of Npad columns. valid, if given, is one integer: columns of the image that exist. relu: a ReLU last, after the residual.
// Threads 128: 32 positions x 4 groups of 8 channels. Grid (ceil(Wout / 32), ceil(N / 32), Hout). Shared memory:
// KH * (31 strideW + KW) * (C + 1) * 4.
struct Conv2dParams {
    const float* x; i64 xBatch, xRow;
    const float* w;
    const float* bias;
    const float* residual; i64 residualBatch, residualRow;
    float* out; i64 outBatch, outRow;
    const int* valid;
    int H, W, C, Hout, Wout, N, Npad, KH, KW, strideH, strideW, padH, padW, after, relu, pad;
};
KERNEL(conv2d, 128, 1, Conv2dParams) {
    gdc_wait();
    gdc_launch();
    DYNAMIC_SHARED(shared);
    float* patch = (float*)shared;
    int columns = 31 * p.strideW + p.KW, pitch = p.C + 1, tid = threadIdx.x;
    int h = blockIdx.z, w0 = blockIdx.x * 32, width = p.valid ? min(*p.valid, p.W) : p.W;
    for (int i = tid; i < p.KH * columns * p.C; i += 128) {
        int c = i % p.C, x = i / p.C % columns, y = i / p.C / columns;
        int row = h * p.strideH + y - p.padH, col = w0 * p.strideW + x - p.padW;
        bool in = row >= 0 && row < p.H && col >= 0 && col < width;
        patch[(y * columns + x) * pitch + c] = in ? p.x[row * p.xBatch + col * p.xRow + c] : 0;
    }
    __syncthreads();
    int at = tid % 32, n0 = blockIdx.y * 32 + tid / 32 * 8;
    if (w0 + at >= p.Wout || n0 >= p.N) return;
    float acc[8] = {};
    for (int y = 0; y < p.KH; y++) {
        for (int x = 0; x < p.KW; x++) {
            const float* from = patch + (y * columns + at * p.strideW + x) * pitch;
            const float* w = p.w + (i64)(y * p.KW + x) * p.C * p.Npad + n0;
            for (int c = 0; c < p.C; c++, w += p.Npad) {
                float4 u = *(const float4*)w, v = *(const float4*)(w + 4);
                float s = from[c];
                acc[0] = fmaf(s, u.x, acc[0]), acc[1] = fmaf(s, u.y, acc[1]), acc[2] = fmaf(s, u.z, acc[2]), acc[3] = fmaf(s, u.w, acc[3]);
                acc[4] = fmaf(s, v.x, acc[4]), acc[5] = fmaf(s, v.y, acc[5]), acc[6] = fmaf(s, v.z, acc[6]), acc[7] = fmaf(s, v.w, acc[7]);
            }
        }
    }
#pragma unroll
    for (int n = 0; n < 8; n++) {
        if (n0 + n >= p.N) break;
        float v = activate(p.after, acc[n] + (p.bias ? p.bias[n0 + n] : 0), 0, 0);
        if (p.residual) v += p.residual[h * p.residualBatch + (w0 + at) * p.residualRow + n0 + n];
        if (p.relu && v < 0) v = 0;
        p.out[h * p.outBatch + (w0 + at) * p.outRow + n0 + n] = v;
    }
}

// One direction of an LSTM from a state of zeros; x (B,T,4H) holds the products with the input and both biases, gates in
// PyTorch's order i, f, g, o; w (H,4H) is the hidden weight transposed. out (B,T,H).
// Threads 1024, grid B. Shared memory: 6 H * 4.
struct LstmParams {
    const float* x; i64 xBatch, xRow;
    const float* w;
    float* out; i64 outBatch, outRow;
    const int* valid;
    int B, T, H, pad;
};
KERNEL(lstm, 1024, 1, LstmParams) {
    gdc_wait();
    gdc_launch();
    DYNAMIC_SHARED(shared);
    float* hidden = (float*)shared;
    float* cell = hidden + p.H;
    float* gates = cell + p.H;
    int b = blockIdx.x, rows = rows_of(p.valid, b, p.T), wide = 4 * p.H;
    for (int i = threadIdx.x; i < p.H; i += 1024) hidden[i] = cell[i] = 0;
    __syncthreads();
    for (int t = 0; t < rows; t++) {
        for (int i = threadIdx.x; i < wide; i += 1024) {
            float sum = 0;
            const float* w = p.w + i;
#pragma unroll 16
            for (int k = 0; k < p.H; k++) sum = fmaf(hidden[k], w[(i64)k * wide], sum);
            gates[i] = sum + p.x[b * p.xBatch + t * p.xRow + i];
        }
        __syncthreads();
        for (int i = threadIdx.x; i < p.H; i += 1024) {
            float in = 1 / (1 + expf(-gates[i])), forget = 1 / (1 + expf(-gates[p.H + i])), out = 1 / (1 + expf(-gates[3 * p.H + i]));
            float c = forget * cell[i] + in * tanhf(gates[2 * p.H + i]);
            cell[i] = c;
            hidden[i] = out * tanhf(c);
            p.out[b * p.outBatch + t * p.outRow + i] = hidden[i];
        }
        __syncthreads();
    }
}
