// softmax(scale q k^T + hook) v in one pass over the keys (flash attention), on tensor cores and in plain fp32.
// Hooks on the scores:
//  SHAW: learned embeddings of the distances -window..window (Shaw et al. 2018): scores gain scale q relK[j - i], outputs
//    gain p relV[j - i], tables (2 window + 1, D) in fp32, shared by the heads;
//  XL: sinusoidal relative positions (Transformer-XL): scale ((q + u) k + (q + v) positions[center - i + j]).
// tiles: 64 rows of a batch after another, of each chunk by chunk of 32 columns, swizzle64; rows beyond the valid ones of a
// tile are zero. For kernels without a hook.
// Causal: query i sees keys up to validK - validQ + i. A query without keys gives zeros.
#pragma once
#include "gemm.cuh"

enum Hook { PLAIN, SHAW, XL };
struct AttentionParams {
    const void* q; i64 qBatch, qRow;               // (B,Tq,H*D)
    const void* k; i64 kBatch, kRow, kHead;        // head h from column h * kHead on
    const void* v; i64 vBatch, vRow, vHead;
    void* out; i64 outBatch, outRow;
    const void* positions; i64 positionsRow;       // XL: (positionRows, H*D), of k's type; SHAW: relK
    const float* relativeValues;                   // SHAW: relV
    const float* biasU; const float* biasV;        // XL: H*D each
    const int* validQ; const int* validK;
    int B, H, D, Tq, Tk, outType, causal, window, center, positionRows;
    float scale;
    int tiles;                                     // out: transformer.cu's layout, fp16
};
