// The token decoder of T3 (Llama 520M and GPT-2): what the host gives it and in which order it calls the kernels.
//
// Letters: R rows of a step, C width, A heads * 64, F feed-forward width, V vocabulary, V8 = V rounded up to 8,
// L layers, S splits of a row's keys.
//
// A *slot* is one utterance at a fixed address: own keys and values, history, sampler settings, draw counter. A *row* is
// one row of activations: a slot without guidance takes one row of a step, a guided slot two adjacent ones (conditional,
// then unconditional). Slots may share a read-only prefix (the voice): attention reads the prefix, then the slot's own rows.
//
// Weights (once a model): every matrix goes through `t3_pack` into the tiles below, every vector and table through
// `t3_vector`; `found` counts NaNs and must be 0 after loading.
//
//   Tile = 512 bytes = 8 output rows x 32 inputs in bf16, the B operand of two mma.m16n8k16: lane (g = lane / 4, t = lane % 4)
//   holds 16 bytes, row g, inputs 8t..8t+7. Tiles of a matrix lie by groups of 8 outputs, then by inputs.
//   A layer's matrices follow each other: qkv (3A x C), output (C x A), up (Llama: gate and up interleaved, 2F x C; GPT-2:
//   F x C), down (C x F). After the last layer: head (V8 x C, zeros past V).
//
// vectors, fp32, a layer: attention gain C, shift C, feed-forward gain C, shift C, biases qkv 3A, output C, up (2F or F),
// down C; after the last layer: final gain C, shift C, head bias V8. Absent ones are zeros.
//
// A step, all on one stream; every kernel takes T3 by value, with `layer` set:
//
//   kernel (layer)                     grid                          block        when
//   t3_first_KIND_ROWS_3 (0),
//   t3_qkv_KIND_ROWS_3 (1 to L - 1)    3A / 8 / 3                    512          first embeds, too
//   t3_attention                       (splits, heads, R)            256
//   t3_combine                         R                             32 * heads   R > 2
//   t3_output_ROWS_2                   C / 8 / 2                     512          ROWS is 2 if R <= 2; t3_output_2_4 if heads < 16
//   t3_up_KIND_ROWS_8                  2F or F / 8 / 8               512
//   t3_down_ROWS_2                     C / 8 / 2                     512
//   t3_head_KIND_ROWS_8 (L)            V8 / 8 / 8                    512          after the last layer
//   t3_sample                          R                             1,024
//
//   KIND is llama or gpt2, ROWS the least of 8, 16, 32 that holds R (a power of two), the last number G the groups of 8
//   outputs a block; grids are rounded up. Dynamic shared memory of a product: ROWS / 8 * 1,024 + ROWS / 8 * min(G, 128 /
//   ROWS) * 4,096 bytes (ROWS 2 counts as 8), past 48 KB with the function's attribute. C = 64 * heads <= 1,024, F <= 4,096.
//   Every kernel but the first of a step may be launched with programmatic stream serialization (sm_90 and later).
//
// The same kernels prefill: `input` holds the embeddings of R positions (Llama: with their learned positions), each entry of
// the list says which; the chunks of a prompt follow each other, head and sampler are launched with the last one alone. A
// guided slot's two branches are prefilled together, in pairs of rows. A voice's prefix is made by prefilling an unguided
// slot whose own cache is the prefix buffer (capacity = its rows) and without head and sampler.
//
// The host sets a slot up (T3Slot, zeros in `spoken` and, as Java's TokenStream does, the start token's bit), writes the
// list, launches t3_rows, prefills, writes the list of decoding rows, launches t3_rows, and replays a step's graph. Whatever
// changes between replays lies in device memory: t3_rows must follow every change that the host makes to the list or a slot;
// the sampler itself advances rows and slots. A row whose slot has ended does nothing; a step whose rows have all ended
// leaves before its weights are read. The host polls the ring: the word of draw n counts n + 1.
//
// A copy from pageable memory to the device may return before its last part has arrived, and a non-blocking stream does not
// wait for it: weights go through pinned buffers on the packing kernels' stream.
#pragma once
#include <cstdint>

constexpr int T3_HEAD = 64;    // columns of a head
constexpr int T3_ROWS = 32;    // most rows of a step

enum { T3_FREE = 0, T3_ACTIVE = 1, T3_STOPPED = 2, T3_FULL = 3 };  // state of a slot

// What the host writes for each row of a step, and t3_rows reads.
struct T3Entry {
    int row;     // slot * 2 + branch (0 conditional, 1 unconditional, in adjacent rows), or -1: no row
    int offset;  // position of the row after the slot's; 0 while decoding
    int first;   // offset of the first row of this slot and branch in the same launch; 0 while decoding
    int draw;    // whether a token is drawn from this row (the conditional one of a pair)
};

// One utterance. 128 bytes.
struct T3Slot {
    uint16_t* own[2];        // keys and values in bf16, (L, 2, heads, capacity, 64), of each branch
    const uint16_t* prefix;  // (L, 2, heads, prefixRows, 64), shared, or null
    unsigned* spoken;        // bit set of V8 / 32 + 1 words: tokens the repetition penalty looks at
    unsigned* ring;          // pinned host memory, ringMask + 1 words: draw n goes to n & ringMask as (n + 1) << 14 | token
    const int* forced;       // tokens that replace the drawn ones (tests), or null
    unsigned long long seed;
    int stream;
    int ringMask;
    int prefixRows;
    int capacity;  // rows of own
    int position;  // filled positions, prefix included: where the next row goes
    int drawn;     // tokens drawn
    int token;     // the last one
    int state;
    int limit;     // most draws
    int stop;      // the token that ends it
    int guided;
    int forget;    // GPT-2: the history is cleared after the first draw
    // The sampler's settings, as floats rounded from the host's doubles.
    float guidance;
    float temperature;  // 1 leaves the logits
    float minP;
    float cut;  // (float) (1 - topP)
    float penalty;
    int topK;  // 0 keeps all
};

// A row of a step as the kernels read it. 64 bytes; made by t3_rows, advanced by the sampler.
struct T3Row {
    uint16_t* own;
    const uint16_t* prefix;
    int prefixRows;
    int capacity;
    int position;  // of this row
    int fresh;     // first position whose keys this launch itself computes
    int token;     // to embed
    int drawn;
    int slot;
    int draw;
    int guided;
    int alive;
};

// The first parameter of every kernel of a step.
struct T3 {
    const uint4* weights;
    const float* vectors;
    const float* speech;     // (V, C)
    const float* places;     // GPT-2: (n, C) by position; Llama: (n, C) by tokens drawn, or null
    const float* rotary;     // Llama: (n, 32) pairs of cosine and sine
    T3Slot* slots;
    T3Row* rows;             // (R)
    int* alive;              // (R)
    int* live;               // how many are alive
    const float* input;      // prefill: (R, C); decoding: null
    float* x;                // (R, C) residual stream
    float* q;                // (R, A)
    float* partial;          // (R, heads, S, 64)
    float* partialWeight;    // (R, heads, S) pairs of maximum and sum
    uint16_t* hidden;        // (R, F)
    float* logits;           // (R, V8)
    unsigned long long* scratch;  // (R, 2 * V8), of the sampler
    int rowCount;            // R
    int layer;
    int layers, width, heads, ffn, vocabulary;
    int llama;
    int splits;  // S, 4 or 8: one for a model, so that values do not depend on the batch
    float eps;
};

enum { T3_F32 = 0, T3_F16 = 1, T3_BF16 = 2 };              // how the checkpoint keeps a tensor
enum { T3_PLAIN = 0, T3_ROTARY = 1, T3_EVEN = 2, T3_ODD = 3 };  // where an output row goes

struct T3Pack {
    uint4* to;           // the matrix
    const void* source;  // (rows, inputs), or (inputs, rows) if turned
    int* found;          // counts tiles' lanes with a NaN
    int type;
    int rows;
    int inputs;  // a multiple of 32
    int turned;
    int map;
    int first;   // packed row where this source begins, a multiple of 8: q, k and v follow each other
    int packed;  // packed rows it covers: rows rounded up to 8, or 2 * rows of gate (EVEN) and up (ODD)
};

struct T3Vector {
    float* to;
    const void* source;
    int* found;
    long long count;  // values written, or with a map, places looked at
    int type;
    int map;  // as the matrix's whose bias this is
};

struct T3List {
    const T3Entry* entries;  // (R)
    T3Slot* slots;
    T3Row* rows;  // (R)
    int* alive;   // (R)
    int* live;
    int rowCount;
};
