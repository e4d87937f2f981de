// Every kernel, for the simulator; the card's binaries are made file by file.
#include "attention.cu"
#include "gemm.cu"
#include "rows.cu"
#include "decode.cu"
#include "decode_attention.cu"
#include "decode_weights.cu"
#include "sample.cu"
