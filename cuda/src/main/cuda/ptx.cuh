// Everything that is not plain C++ in these kernels: PTX, intrinsics and the kernel macro, each with a device form and a
// host form (cuda/src/test/cuda/host_sim.h), so that a CPU runs the same kernels. No other file holds inline PTX.
//
// Conventions of every kernel (see cuda/README.md for the list):
//  - one argument, a struct passed by value whose 8-byte fields (pointers, strides) come first, then 4-byte ones;
//  - activations are (B,T,C), C contiguous, with a stride in elements for the batch and for the row;
//  - `valid`, if not null, points to B integers on the device: the rows of each batch that hold values. Rows beyond are
//    read as absent (zero, or masked), and what is written to them means nothing;
//  - a scalar that changes between replays of a graph is read through a pointer.
#pragma once
#include <cstdint>

#ifdef __CUDACC__
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#define DEVICE __device__ __forceinline__
#define NOINLINE static __device__ __noinline__
#define DYNAMIC_SHARED(name) extern __shared__ __align__(128) unsigned char name[]
// A kernel of blocks of `threads` threads, at least `blocks` of them on a multiprocessor.
#define KERNEL(name, threads, blocks, Params) \
    extern "C" __global__ void __launch_bounds__(threads, blocks) name(const __grid_constant__ Params p)
// One for compute capability 9.0 alone; its body stands behind #if HOPPER.
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define HOPPER 1
#else
#define HOPPER 0
#endif
#define HOPPER_KERNEL(name, threads, blocks, Params) KERNEL(name, threads, blocks, Params)
#else
#define HOPPER 1
#include "host_sim.h"
#endif

typedef uint16_t half_t;  // bits of an IEEE half
typedef uint16_t bf16_t;  // bits of a bfloat16

#ifdef __CUDACC__

// ---- programmatic dependent launch: wait until the kernels before have finished; let the next one start
DEVICE void gdc_wait() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
DEVICE void gdc_launch() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// ---- asynchronous copies to shared memory
DEVICE unsigned shared_address(const void* p) { return (unsigned)__cvta_generic_to_shared(p); }
// An address in shared memory, of 32 bits.
struct Shared {
    unsigned at;
    DEVICE Shared operator+(int bytes) const { return {at + bytes}; }
};
DEVICE Shared shared_at(const void* p) { return {shared_address(p)}; }
// 16 bytes past the first-level cache
DEVICE void cp_async16(void* to, const void* from) {
    asm volatile("cp.async.cg.shared.global.L2::128B [%0],[%1],16;" ::"r"(shared_address(to)), "l"(from) : "memory");
}
// the first `bytes` of 16, zeros after them; `from` must be a valid address even for 0
DEVICE void cp_async16(void* to, const void* from, int bytes) {
    asm volatile("cp.async.cg.shared.global.L2::128B [%0],[%1],16,%2;" ::"r"(shared_address(to)), "l"(from), "r"(bytes) : "memory");
}
DEVICE void cp_async16(Shared to, const void* from, int bytes) {
    asm volatile("cp.async.cg.shared.global.L2::128B [%0],[%1],16,%2;" ::"r"(to.at), "l"(from), "r"(bytes) : "memory");
}
DEVICE void cp_async4(void* to, const void* from, int bytes) {
    asm volatile("cp.async.ca.shared.global [%0],[%1],4,%2;" ::"r"(shared_address(to)), "l"(from), "r"(bytes) : "memory");
}
DEVICE void cp_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// until at most N of the newest groups are under way
template <int N>
DEVICE void cp_wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

// ---- loads with a cache policy
// weights, read once a step: 16 bytes, not kept in the first-level cache, first to leave the second-level one
DEVICE uint4 load_stream(const void* p) {
    uint64_t policy;
    asm("createpolicy.fractional.L2::evict_first.b64 %0,1.0;" : "=l"(policy));
    uint4 v;
    asm volatile("ld.global.nc.L1::no_allocate.L2::cache_hint.L2::128B.v4.u32 {%0,%1,%2,%3},[%4],%5;"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "l"(p), "l"(policy));
    return v;
}
// constants, possibly before gdc_wait
DEVICE float4 load_early4(const void* p) {
    float4 v;
    asm volatile("ld.global.nc.v4.f32 {%0,%1,%2,%3},[%4];" : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w) : "l"(p));
    return v;
}
DEVICE float2 load_early2(const void* p) {
    float2 v;
    asm volatile("ld.global.nc.v2.f32 {%0,%1},[%2];" : "=f"(v.x), "=f"(v.y) : "l"(p));
    return v;
}
// past the first-level cache: what other blocks wrote
DEVICE float4 load_cg4(const float* p) { return __ldcg((const float4*)p); }
DEVICE float load_cg(const float* p) { return __ldcg(p); }
DEVICE int load_cg(const int* p) { return __ldcg(p); }
DEVICE float2 load_cg2(const float* p) { return __ldcg((const float2*)p); }
DEVICE uint4 load_cg16(const void* p) { return __ldcg((const uint4*)p); }
DEVICE int load_volatile(const int* p) { return *(const volatile int*)p; }
DEVICE void store_system(int* p, int v) { asm volatile("st.release.sys.global.s32 [%0],%1;" ::"l"(p), "r"(v) : "memory"); }
DEVICE void prefetch_l2(const void* p) { asm volatile("prefetch.global.L2 [%0];" ::"l"(p)); }
// hides a value from loop-invariant code motion, which otherwise keeps dozens of addresses in registers
template <class T>
DEVICE T* opaque(T* p) {
    asm volatile("" : "+l"(p));
    return p;
}
DEVICE int opaque(int x) {
    asm volatile("" : "+r"(x));
    return x;
}

// ---- matrix fragments. Lane l gives the address of row l % 8 of matrix l / 8; register i of lane l holds elements
// 2 (l % 4), +1 of row l / 4 of matrix i, or of its transpose.
DEVICE void ldmatrix4(uint32_t (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3},[%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}
DEVICE void ldmatrix4(uint32_t (&r)[4], Shared row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3},[%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(row.at) : "memory");
}
DEVICE void ldmatrix4_transposed(uint32_t (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3},[%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}
// c (16 x 8) += a (16 x 16) b (16 x 8)
DEVICE void mma_f16(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
DEVICE void mma_bf16(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

#if HOPPER
// ---- barriers in shared memory that count arrivals and bytes of copies; the phases' parities are 0, 1, 0, ...
typedef uint64_t Barrier;
DEVICE void barrier_init(Barrier* b, int arrivals) { asm volatile("mbarrier.init.shared.b64 [%0],%1;" ::"r"(shared_address(b)), "r"(arrivals) : "memory"); }
DEVICE void barrier_arrive(Barrier* b) { asm volatile("mbarrier.arrive.shared.b64 _,[%0];" ::"r"(shared_address(b)) : "memory"); }
DEVICE void barrier_arrive(Barrier* b, int bytes) { asm volatile("mbarrier.arrive.expect_tx.shared.b64 _,[%0],%1;" ::"r"(shared_address(b)), "r"(bytes) : "memory"); }
// until the phase of this parity has ended
DEVICE void barrier_wait(Barrier* b, int parity) {
    asm volatile("{.reg .pred p; AGAIN: mbarrier.try_wait.parity.shared.b64 p,[%0],%1; @!p bra AGAIN;}" ::"r"(shared_address(b)), "r"(parity) : "memory");
}
// barriers that were made, and what this thread stored to shared memory, are seen by copies and wgmma after the next barrier
DEVICE void fence_async() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
// a copy by the copy engine, whose bytes the barrier counts; addresses and bytes multiples of 16
DEVICE void bulk_copy(void* to, const void* from, int bytes, Barrier* b) {
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0],[%1],%2,[%3];" ::"r"(shared_address(to)), "l"(from), "r"(bytes), "r"(shared_address(b)) : "memory");
}

// and back: done when bulk_wait says so of all that this thread asked for; the source may be written again after
// bulk_wait_read<N> for all but the N newest groups
DEVICE void bulk_store(void* to, const void* from, int bytes) {
    asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0],[%1],%2;" ::"l"(to), "r"(shared_address(from)), "r"(bytes) : "memory");
}
DEVICE void bulk_commit() { asm volatile("cp.async.bulk.commit_group;" ::: "memory"); }
template <int N>
DEVICE void bulk_wait_read() {
    asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(N) : "memory");
}
DEVICE void bulk_wait() { asm volatile("cp.async.bulk.wait_group 0;" ::: "memory"); }

// ---- products of a warpgroup, four warps: c (64 x N) = a (64 x 16) b (16 x N), plus c. Operands are rows of 64 bytes,
// k contiguous, in shared memory from a multiple of 512 bytes on (plus 32 for the second half of the row), chunks of 16
// bytes swizzled by (row / 2) % 4. Warp w has rows 16 w on, as mma_f16 has its 16.
struct Wgmma {
    uint64_t at;
    DEVICE Wgmma operator+(int bytes) const { return {at + (bytes >> 4)}; }
};
DEVICE Wgmma wgmma_operand(const void* p) {
    // 512 bytes from eight rows to the next; a swizzle of 64 bytes
    return {(uint64_t)(shared_address(p) >> 4) | 1ull << 16 | 32ull << 32 | 2ull << 62};
}
// Rows of 16 bytes, 8 k, one after the other from any multiple of 16 bytes on; the next 8 k `next` bytes further.
DEVICE Wgmma wgmma_planes(const void* p, int next) {
    return {(uint64_t)(shared_address(p) >> 4) | (uint64_t)(next >> 4) << 16 | 8ull << 32};
}
// The second operand where its columns are contiguous: rows of 32 columns, 64 bytes, k rows one after the other, the next
// 32 columns `next` bytes further.
DEVICE Wgmma wgmma_transposed(const void* p, int next) {
    return {(uint64_t)(shared_address(p) >> 4) | (uint64_t)(next >> 4) << 16 | 32ull << 32 | 2ull << 62};
}
// Registers of each thread of a warpgroup from now on: fewer, or more of what others have given.
template <int N>
DEVICE void registers_down() {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(N));
}
template <int N>
DEVICE void registers_up() {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(N));
}
// before the first product that reads or writes registers written otherwise
DEVICE void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
DEVICE void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int N>
DEVICE void wgmma_wait() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
}
#define SKALD_C4(i) "+f"(c[i]), "+f"(c[i + 1]), "+f"(c[i + 2]), "+f"(c[i + 3])
#define SKALD_C16(i) SKALD_C4(i), SKALD_C4(i + 4), SKALD_C4(i + 8), SKALD_C4(i + 12)
#define SKALD_WGMMA(n, list, a, b, add) "{.reg .pred p; setp.ne.b32 p," add ",0; wgmma.mma_async.sync.aligned.m64n" n "k16.f32.f16.f16 {" list "}," a "," b ",p,1,1,0,0;}"
#define SKALD_R16 "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15"
#define SKALD_R32 SKALD_R16 ",%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31"
#define SKALD_R64 SKALD_R32 ",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63"
template <int N>
DEVICE void wgmma_f16(float (&c)[N / 2], Wgmma a, Wgmma b, bool add) {
    static_assert(N == 64 || N == 128, "");
    if constexpr (N == 64) {
        asm volatile(SKALD_WGMMA("64", SKALD_R32, "%32", "%33", "%34") : SKALD_C16(0), SKALD_C16(16) : "l"(a.at), "l"(b.at), "r"((int)add));
    } else {
        asm volatile(SKALD_WGMMA("128", SKALD_R64, "%64", "%65", "%66") : SKALD_C16(0), SKALD_C16(16), SKALD_C16(32), SKALD_C16(48) : "l"(a.at), "l"(b.at), "r"((int)add));
    }
}
// c (64 x 64) = a (64 x 16, each warp's 16 rows in registers as mma_f16 has them) b (16 x 64, transposed), plus c
DEVICE void wgmma_f16_64(float (&c)[32], const uint32_t (&a)[4], Wgmma b, bool add) {
    asm volatile("{.reg .pred p; setp.ne.b32 p,%37,0; wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 {" SKALD_R32 "},{%32,%33,%34,%35},%36,p,1,1,1;}"
                 : SKALD_C16(0), SKALD_C16(16)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b.at), "r"((int)add));
}
#endif

// ---- 16-bit numbers; a pair lies in a word, the first in its low half. What a half cannot hold becomes +-65504.
DEVICE uint32_t pack_f16(float low, float high) {
    uint32_t r;
    asm("cvt.rn.satfinite.f16x2.f32 %0,%1,%2;" : "=r"(r) : "f"(high), "f"(low));
    return r;
}
DEVICE uint32_t pack_bf16(float low, float high) {
    uint32_t r;
    asm("cvt.rn.bf16x2.f32 %0,%1,%2;" : "=r"(r) : "f"(high), "f"(low));
    return r;
}
DEVICE float f16_low(uint32_t v) { return __half2float(__ushort_as_half((unsigned short)v)); }
DEVICE float f16_high(uint32_t v) { return __half2float(__ushort_as_half((unsigned short)(v >> 16))); }
DEVICE half_t to_f16(float v) {
    half_t r;
    asm("cvt.rn.satfinite.f16.f32 %0,%1;" : "=h"(r) : "f"(v));
    return r;
}
DEVICE float from_f16(half_t v) { return __half2float(__ushort_as_half(v)); }
DEVICE bf16_t to_bf16(float v) { return __bfloat16_as_ushort(__float2bfloat16_rn(v)); }
// int8 pairs as bf16: four bytes k0, k2, k1, k3 become the pairs (k0, k1) and (k2, k3), exactly
DEVICE void bytes_to_bf16(uint32_t w, uint32_t& low, uint32_t& high) {
    uint32_t v = w >> 8;
    uint32_t a = (w & 0x007f007fu) | 0x43004300u, b = (w & 0x00800080u) | 0x43004300u;
    uint32_t c = (v & 0x007f007fu) | 0x43004300u, d = (v & 0x00800080u) | 0x43004300u;
    __nv_bfloat162 r = __hsub2(*(__nv_bfloat162*)&a, *(__nv_bfloat162*)&b), s = __hsub2(*(__nv_bfloat162*)&c, *(__nv_bfloat162*)&d);
    low = *(uint32_t*)&r;
    high = *(uint32_t*)&s;
}

// ---- arithmetic without contraction, for values that must equal Java's bit for bit
DEVICE double mul_rn(double a, double b) { return __dmul_rn(a, b); }
DEVICE double add_rn(double a, double b) { return __dadd_rn(a, b); }
DEVICE double sub_rn(double a, double b) { return __dsub_rn(a, b); }
DEVICE double div_rn(double a, double b) { return __ddiv_rn(a, b); }
DEVICE double sqrt_rn(double a) { return __dsqrt_rn(a); }
DEVICE float mul_rn(float a, float b) { return __fmul_rn(a, b); }
DEVICE float add_rn(float a, float b) { return __fadd_rn(a, b); }
DEVICE float sub_rn(float a, float b) { return __fsub_rn(a, b); }
DEVICE float fma_rn(float a, float b, float c) { return __fmaf_rn(a, b, c); }
DEVICE float div_rn(float a, float b) { return __fdiv_rn(a, b); }
DEVICE double bits_to_double(long long v) { return __longlong_as_double(v); }
DEVICE long long double_bits(double v) { return __double_as_longlong(v); }
DEVICE long long to_integer(float v) { return __float2ll_rn(v); }
DEVICE float bits_to_float(uint32_t v) { return __uint_as_float(v); }
DEVICE uint32_t float_bits(float v) { return __float_as_uint(v); }
DEVICE uint32_t mul_high(uint32_t a, uint32_t b) { return __umulhi(a, b); }

// ---- fast functions, good to about 2^-21
DEVICE float fast_exp2(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0,%1;" : "=f"(y) : "f"(x));
    return y;
}
DEVICE float fast_exp(float x) { return __expf(x); }
// the larger one, NaN where one is
DEVICE float max_nan(float a, float b) {
    float y;
    asm("max.NaN.f32 %0,%1,%2;" : "=f"(y) : "f"(a), "f"(b));
    return y;
}
DEVICE float fast_reciprocal(float x) {
    float y;
    asm("rcp.approx.ftz.f32 %0,%1;" : "=f"(y) : "f"(x));
    return y;
}
DEVICE float fast_divide(float a, float b) { return __fdividef(a, b); }
DEVICE float fast_sin(float x) { return __sinf(x); }  // for |x| of a few units
DEVICE float fast_tanh(float x) { return 1 - __fdividef(2.f, 1 + __expf(2 * x)); }

// ---- across a warp; all lanes that live take part
DEVICE float shuffle_xor(float v, int mask) { return __shfl_xor_sync(0xffffffffu, v, mask); }
DEVICE int shuffle_xor(int v, int mask) { return __shfl_xor_sync(0xffffffffu, v, mask); }
DEVICE double shuffle_xor(double v, int mask) { return __shfl_xor_sync(0xffffffffu, v, mask); }
DEVICE unsigned long long shuffle_xor(unsigned long long v, int mask) { return __shfl_xor_sync(0xffffffffu, v, mask); }
DEVICE float shuffle(float v, int lane) { return __shfl_sync(0xffffffffu, v, lane); }
DEVICE int shuffle(int v, int lane) { return __shfl_sync(0xffffffffu, v, lane); }
DEVICE unsigned long long shuffle(unsigned long long v, int lane) { return __shfl_sync(0xffffffffu, v, lane); }
DEVICE double shuffle(double v, int lane) { return __shfl_sync(0xffffffffu, v, lane); }
DEVICE float shuffle_up(float v, int delta) { return __shfl_up_sync(0xffffffffu, v, delta); }
DEVICE int shuffle_up(int v, int delta) { return __shfl_up_sync(0xffffffffu, v, delta); }
DEVICE unsigned long long shuffle_up(unsigned long long v, int delta) { return __shfl_up_sync(0xffffffffu, v, delta); }
DEVICE double shuffle_up(double v, int delta) { return __shfl_up_sync(0xffffffffu, v, delta); }
DEVICE unsigned warp_ballot(bool v) { return __ballot_sync(0xffffffffu, v); }
DEVICE void warp_sync() { __syncwarp(); }
// barrier `id` (1 to 15) of `threads` threads, a multiple of 32
DEVICE void bar_sync(int id, int threads) { asm volatile("bar.sync %0,%1;" ::"r"(id), "r"(threads) : "memory"); }
// arrives there without waiting
DEVICE void bar_arrive(int id, int threads) { asm volatile("bar.arrive %0,%1;" ::"r"(id), "r"(threads) : "memory"); }
DEVICE int count_bits(unsigned v) { return __popc(v); }

#endif  // __CUDACC__

DEVICE float from_bf16(bf16_t v) { return bits_to_float((uint32_t)v << 16); }
DEVICE float bf16_low(uint32_t v) { return bits_to_float(v << 16); }
DEVICE float bf16_high(uint32_t v) { return bits_to_float(v & 0xffff0000u); }

DEVICE float warp_sum(float v) {
    for (int m = 16; m > 0; m >>= 1) v += shuffle_xor(v, m);
    return v;
}
DEVICE float warp_max(float v) {
    for (int m = 16; m > 0; m >>= 1) v = fmaxf(v, shuffle_xor(v, m));
    return v;
}
