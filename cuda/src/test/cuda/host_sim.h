// Compiles CUDA C++ kernels as host code, for correctness only: a fiber for each thread of a block, warp collectives,
// barriers, and cp.async performed in one of two orders.
//  - early: a copy happens when it is issued, and a warp runs as far as it can before another runs. Finds a missing
//    barrier before an overwrite.
//  - late: a copy happens at the wait that covers it, and threads run in random turns. Finds a wrong wait_group count.
// A kernel launched with programmatic dependent launch may start early, drawn each time: one of its blocks runs up to
// its wait when the last block of the kernel before it has let it start and has not ended. Finds what is read or
// written too early.
// Shared memory is poisoned with NaN bits before each block. Warp collectives need all lanes that still live.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#define DEVICE inline
#define NOINLINE inline
#define __device__
#define __shared__ static
#define __restrict__
#define DYNAMIC_SHARED(name) unsigned char* name = sim::shared
#define HOPPER_KERNEL(name, threads, blocks, Params) KERNEL(name, threads, blocks, Params)
#define KERNEL(name, threads, blocks, Params)                                                       \
    static void name(const Params p);                                                               \
    static sim::Registrar register_##name{#name, threads, sizeof(Params),                           \
                                          [](const void* q) { name(*(const Params*)q); }};          \
    static void name(const Params p)

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) int4 {
    int x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline float2 make_float2(float x, float y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }

extern "C" void skald_switch(void** save, void* load);

namespace sim {

struct Kernel {
    const char* name;
    int threads;
    size_t bytes;
    void (*call)(const void*);
};
inline std::vector<Kernel>& kernels() {
    static std::vector<Kernel> all;
    return all;
}
struct Registrar {
    Registrar(const char* name, int threads, size_t bytes, void (*call)(const void*)) {
        kernels().push_back({name, threads, bytes, call});
    }
};

constexpr size_t STACK = 128 << 10, SHARED = 256 << 10;
constexpr int MAX_THREADS = 1024;

enum State { READY, BARRIER, WARP, GATE, PHASE, DONE };  // GATE: at gdc_launch or gdc_wait; PHASE: of a barrier in memory
struct Copy {
    void* to;
    const void* from;
    int bytes, zeros;
};
struct Fiber {
    void* stack_pointer = nullptr;
    char* stack = nullptr;
    dim3 index;
    State state = READY;
    int barrier = 0;
    void* argument = nullptr;
    std::vector<std::vector<Copy>> groups;  // the last one is open
};
struct Warp {
    int live = 0, arrived = 0;
    void (*operation)(int) = nullptr;
};
inline Fiber fibers[MAX_THREADS];
inline Warp warps[MAX_THREADS / 32];
inline int count, current, live, late;
inline int arrived[16], expected[16];
inline dim3 block_index, block_dim, grid_dim;
alignas(1024) inline unsigned char shared[SHARED];
inline void* scheduler;
inline const Kernel* running;
inline const void* arguments;
inline std::mt19937 random(1);

// At which of both calls a thread stops: gdc_launch while another kernel is to be started there, gdc_wait while this
// one has been started early.
inline bool stop_at_launch, stop_at_wait;
inline void gate() {
    fibers[current].state = GATE;
    skald_switch(&fibers[current].stack_pointer, scheduler);
}
inline size_t started_early;

[[noreturn]] inline void fail(const char* what) {
    fprintf(stderr, "kernel %s, block (%u,%u,%u), thread %d: %s\n", running->name, block_index.x, block_index.y, block_index.z, current, what);
    fflush(stderr);
    _exit(3);
}
inline void yield() { skald_switch(&fibers[current].stack_pointer, scheduler); }

inline void finish_collective(int w) {
    Warp& warp = warps[w];
    warp.operation(w * 32);
    warp.arrived = 0;
    for (int i = w * 32; i < std::min(count, w * 32 + 32); i++) {
        if (fibers[i].state == WARP) fibers[i].state = READY;
    }
}
// All living lanes of a warp meet; the last one to come does `operation` for all of them.
inline void collective(void* argument, void (*operation)(int)) {
    Fiber& me = fibers[current];
    Warp& warp = warps[current / 32];
    if (warp.arrived > 0 && warp.operation != operation) fail("lanes of a warp meet at different collectives");
    warp.operation = operation;
    me.argument = argument;
    if (++warp.arrived == warp.live) {
        finish_collective(current / 32);
    } else {
        me.state = WARP;
        yield();
    }
}
template <class T>
T* lane(int warp_start, int l) {
    int i = warp_start + l;
    return i < count && fibers[i].state != DONE ? (T*)fibers[i].argument : nullptr;
}
inline void release(int id) {
    arrived[id] = 0;
    for (int i = 0; i < count; i++) {
        if (fibers[i].state == BARRIER && fibers[i].barrier == id) fibers[i].state = READY;
    }
}
inline void barrier(int id, int threads) {
    expected[id] = threads;
    if (++arrived[id] == (threads ? threads : live)) {
        release(id);
    } else {
        fibers[current].state = BARRIER;
        fibers[current].barrier = id;
        yield();
    }
}
inline void arrive(int id, int threads) {
    expected[id] = threads;
    if (++arrived[id] == threads) release(id);
}
inline void entry() {
    running->call(arguments);
    Fiber& me = fibers[current];
    me.state = DONE;
    live--;
    Warp& warp = warps[current / 32];
    warp.live--;
    if (warp.arrived > 0 && warp.arrived == warp.live) finish_collective(current / 32);
    if (live > 0 && arrived[0] == live) release(0);
    yield();
}
inline void start(int i) {
    Fiber& f = fibers[i];
    if (!f.stack) {
        f.stack = (char*)mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    void** top = (void**)(f.stack + STACK);
    *--top = nullptr;  // the return address of entry: a function begins at 16 n + 8
    *--top = (void*)entry;
    for (int r = 0; r < 6; r++) *--top = nullptr;
    f.stack_pointer = top;
    f.state = READY;
    f.groups.clear();
    f.index = {(unsigned)i % block_dim.x, (unsigned)i / block_dim.x % block_dim.y, (unsigned)i / block_dim.x / block_dim.y};
}
inline void run_fiber(int i) {
    current = i;
    skald_switch(&scheduler, fibers[i].stack_pointer);
}
inline void forget_copies();
inline void begin_block(dim3 index, size_t dynamic) {
    forget_copies();
    block_index = index;
    count = block_dim.x * block_dim.y * block_dim.z;
    live = count;
    memset(shared, 0xff, std::min(SHARED, dynamic + 4096));
    std::fill(arrived, arrived + 16, 0);
    for (int w = 0; w < (count + 31) / 32; w++) warps[w] = {std::min(32, count - w * 32), 0, nullptr};
    for (int i = 0; i < count; i++) start(i);
}
// ---- barriers in shared memory, and copies that they count
struct Phase {
    int16_t arrivals, missing;
    int bytes_and_parity;  // bytes expected and not arrived, times two, and the parity
};
struct Bulk {
    void* to;
    const void* from;
    int bytes;
    Phase* phase;
};
inline std::vector<Bulk> bulk;
inline void forget_copies() {
    if (!bulk.empty()) fail("the block before ended while copies to it were under way");
}
inline void phase_changed(Phase* p) {
    if (p->missing || p->bytes_and_parity >> 1) return;
    p->missing = p->arrivals;
    p->bytes_and_parity ^= 1;
    for (int i = 0; i < count; i++) {
        if (fibers[i].state == PHASE && fibers[i].argument == p) fibers[i].state = READY;
    }
}
inline void copy_bulk(const Bulk& b) {
    memcpy(b.to, b.from, (size_t)b.bytes);
    b.phase->bytes_and_parity -= 2 * b.bytes;
    phase_changed(b.phase);
}
// One of the copies under way arrives.
inline bool copy_one() {
    if (bulk.empty()) return false;
    std::swap(bulk[random() % bulk.size()], bulk.back());
    Bulk b = bulk.back();
    bulk.pop_back();
    copy_bulk(b);
    return true;
}
inline void open_gate() {
    for (int i = 0; i < count; i++) {
        if (fibers[i].state == GATE) fibers[i].state = READY;
    }
}
// Runs the block until it has ended, or until nobody gets further than a gate.
inline void run_block() {
    int n = (count + 31) / 32;
    std::vector<int> order(late ? count : n);
    for (size_t i = 0; i < order.size(); i++) order[i] = (int)i;
    int rounds = 0;
    while (live > 0) {
        bool moved = false;
        // A new order now and then; the same one from another beginning else.
        if (rounds++ % 8 == 0) {
            std::shuffle(order.begin(), order.end(), random);
        } else {
            std::rotate(order.begin(), order.begin() + (ptrdiff_t)(random() % order.size()), order.end());
        }
        for (int o : order) {
            if (late) {
                if (fibers[o].state == READY) {
                    run_fiber(o);
                    moved = true;
                }
            } else {
                for (bool any = true; any;) {
                    any = false;
                    for (int i = o * 32; i < std::min(count, o * 32 + 32); i++) {
                        if (fibers[i].state == READY) {
                            run_fiber(i);
                            any = moved = true;
                        }
                    }
                }
            }
        }
        if (moved || live == 0 || copy_one()) continue;
        for (int i = 0; i < count; i++) {
            if (fibers[i].state == GATE) return;
        }
        fail("deadlock: threads wait for each other");
    }
}

// ---- launches
struct Launch {
    const Kernel* kernel = nullptr;
    dim3 grid, block;
    size_t dynamic = 0;
    const void* arguments = nullptr;
};
inline void use(const Launch& l) {
    running = l.kernel;
    arguments = l.arguments;
    grid_dim = l.grid;
    block_dim = l.block;
    if (l.dynamic > 227 * 1024) fail("more than 227 KB of shared memory");
}
inline dim3 place(const Launch& l, unsigned q) { return {q % l.grid.x, q / l.grid.x % l.grid.y, q / l.grid.x / l.grid.y}; }

// A block that waits, put aside while blocks of another kernel run.
struct Aside {
    Fiber fibers[MAX_THREADS];
    Warp warps[MAX_THREADS / 32];
    int count, live, arrived[16], expected[16];
    dim3 index;
    unsigned char shared[SHARED];
};
inline Aside& aside = *new Aside;
inline void exchange_block() {
    std::swap_ranges(fibers, fibers + MAX_THREADS, aside.fibers);
    std::swap_ranges(warps, warps + MAX_THREADS / 32, aside.warps);
    std::swap(count, aside.count);
    std::swap(live, aside.live);
    std::swap(arrived, aside.arrived);
    std::swap(expected, aside.expected);
    std::swap(block_index, aside.index);
    std::swap_ranges(shared, shared + SHARED, aside.shared);
}
inline const Kernel* early;     // whose block was started early and lies aside
inline unsigned early_block;
inline void start_early(const Launch& own, const Launch& next) {
    exchange_block();
    use(next);
    early = next.kernel;
    early_block = (unsigned)(random() % ((size_t)next.grid.x * next.grid.y * next.grid.z));
    begin_block(place(next, early_block), next.dynamic);
    stop_at_wait = true;
    run_block();
    stop_at_wait = false;
    started_early++;
    exchange_block();
    use(own);
}
// Runs a kernel, whose block that was started early goes on first, and may start the one behind it.
inline void launch(const Launch& l, const Launch& next) {
    use(l);
    std::vector<unsigned> order((size_t)l.grid.x * l.grid.y * l.grid.z);
    for (size_t i = 0; i < order.size(); i++) order[i] = (unsigned)i;
    std::shuffle(order.begin(), order.end(), random);
    bool begun = early != nullptr;
    if (begun) std::swap(*std::find(order.begin(), order.end(), early_block), order[0]);
    // A kernel's variables in shared memory are static: one block of a kernel at a time.
    bool starts = next.kernel && next.kernel != l.kernel && random() % 2;
    for (size_t i = 0; i < order.size(); i++) {
        if (i == 0 && begun) {
            exchange_block();
            early = nullptr;
            open_gate();
        } else {
            begin_block(place(l, order[i]), l.dynamic);
        }
        stop_at_launch = starts && i == order.size() - 1;
        run_block();
        if (stop_at_launch && live > 0) {
            stop_at_launch = false;
            start_early(l, next);
            open_gate();
            run_block();
        }
        stop_at_launch = false;
    }
}

// ---- copies
inline void copy(const Copy& c) {
    memcpy(c.to, c.from, c.bytes);
    memset((char*)c.to + c.bytes, 0, c.zeros);
}
inline void issue(Copy c) {
    if (((uintptr_t)c.to | (uintptr_t)c.from) % (c.bytes + c.zeros)) fail("an asynchronous copy is not aligned");
    if (!late) return copy(c);
    auto& groups = fibers[current].groups;
    if (groups.empty()) groups.emplace_back();
    groups.back().push_back(c);
}

// ---- 16-bit numbers
inline float half_to_float(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023, u;
    if (exponent == 31) {
        u = sign | 0x7f800000u | fraction << 13;
    } else if (exponent) {
        u = sign | (exponent + 112) << 23 | fraction << 13;
    } else {
        float f = (float)fraction * 0x1p-24f;
        memcpy(&u, &f, 4);
        u |= sign;
    }
    float f;
    memcpy(&f, &u, 4);
    return f;
}
inline const float* half_numbers() {
    static const std::vector<float> all = [] {
        std::vector<float> v(1 << 16);
        for (int i = 0; i < 1 << 16; i++) v[i] = half_to_float((uint16_t)i);
        return v;
    }();
    return all.data();
}
inline uint16_t float_to_half(float f) {
    uint32_t u;
    memcpy(&u, &f, 4);
    uint16_t sign = (uint16_t)(u >> 16 & 0x8000);
    u &= 0x7fffffffu;
    if (u > 0x7f800000u) return sign | 0x7fff;
    if (u >= 0x477ff000u) return sign | 0x7c00;
    if (u < 0x38800000u) {  // subnormal: the addition rounds to the nearest even
        float m;
        memcpy(&m, &u, 4);
        m += 0.5f;
        uint32_t v;
        memcpy(&v, &m, 4);
        return sign | (uint16_t)(v - 0x3f000000u);
    }
    u += 0xfff + (u >> 13 & 1);
    return sign | (uint16_t)((u - 0x38000000u) >> 13);
}
inline uint16_t float_to_bf16(float f) {
    uint32_t u;
    memcpy(&u, &f, 4);
    if ((u & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}
inline float bf16_to_float(uint16_t b) {
    uint32_t u = (uint32_t)b << 16;
    float f;
    memcpy(&f, &u, 4);
    return f;
}

// ---- warp collectives
template <class T>
struct Exchange {
    T in, out;
    int from;
};
template <class T>
T exchange(T v, int from) {
    Exchange<T> e{v, v, from};
    collective(&e, [](int w) {
        for (int l = 0; l < 32; l++) {
            auto* me = lane<Exchange<T>>(w, l);
            auto* other = me ? lane<Exchange<T>>(w, me->from & 31) : nullptr;
            if (me && me->from >= 0 && other) me->out = other->in;
        }
    });
    return e.out;
}
struct Matrix {
    uint32_t* r;
    const void* row;
};
template <bool TRANSPOSED>
void load_matrix(uint32_t (&r)[4], const void* row) {
    if ((uintptr_t)row % 16) fail("a row for ldmatrix is not aligned");
    Matrix m{r, row};
    collective(&m, [](int w) {
        for (int l = 0; l < 32; l++) {
            for (int i = 0; i < 4; i++) {
                auto at = [&](int row, int col) { return (uint32_t)((const uint16_t*)lane<Matrix>(w, i * 8 + row)->row)[col]; };
                int a = l / 4, b = l % 4 * 2;
                lane<Matrix>(w, l)->r[i] = TRANSPOSED ? at(b, a) | at(b + 1, a) << 16 : at(a, b) | at(a, b + 1) << 16;
            }
        }
    });
}
struct Mma {
    float* c;
    uint32_t a[4], b[2];
};
template <bool BF16>
void mma(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    Mma m{c, {a[0], a[1], a[2], a[3]}, {b0, b1}};
    collective(&m, [](int w) {
        float a[16][16], b[16][8], c[16][8];
        auto number = [](uint32_t v) { return BF16 ? bf16_to_float((uint16_t)v) : half_numbers()[(uint16_t)v]; };
        auto each = [&](auto f) {
            for (int l = 0; l < 32; l++) {
                Mma* m = lane<Mma>(w, l);
                for (int i = 0; i < 4; i++) f(m->c[i], c[l / 4 + (i >> 1) * 8][l % 4 * 2 + (i & 1)]);
            }
        };
        for (int l = 0; l < 32; l++) {
            Mma* m = lane<Mma>(w, l);
            for (int h = 0; h < 2; h++) {
                for (int r = 0; r < 4; r++) a[l / 4 + (r & 1) * 8][l % 4 * 2 + h + (r >> 1) * 8] = number(m->a[r] >> 16 * h);
                for (int r = 0; r < 2; r++) b[l % 4 * 2 + h + r * 8][l / 4] = number(m->b[r] >> 16 * h);
            }
        }
        each([](float& own, float& place) { place = own; });
        for (int row = 0; row < 16; row++) {
            for (int k = 0; k < 16; k++) {
                for (int col = 0; col < 8; col++) c[row][col] += a[row][k] * b[k][col];
            }
        }
        each([](float& own, float& place) { own = place; });
    });
}
struct Vote {
    bool in;
    unsigned out;
};
}  // namespace sim

#define threadIdx (sim::fibers[sim::current].index)
#define blockIdx (sim::block_index)
#define blockDim (sim::block_dim)
#define gridDim (sim::grid_dim)
inline void __syncthreads() { sim::barrier(0, 0); }
inline void __threadfence() {}
inline void __threadfence_system() {}

inline void gdc_wait() {
    if (sim::stop_at_wait) sim::gate();
}
inline void gdc_launch() {
    if (sim::stop_at_launch) sim::gate();
}
inline void cp_async16(void* to, const void* from) { sim::issue({to, from, 16, 0}); }
inline void cp_async16(void* to, const void* from, int bytes) { sim::issue({to, from, bytes, 16 - bytes}); }
struct Shared {
    unsigned char* at;
    Shared operator+(int bytes) const { return {at + bytes}; }
};
inline Shared shared_at(void* p) { return {(unsigned char*)p}; }
inline void cp_async16(Shared to, const void* from, int bytes) { cp_async16(to.at, from, bytes); }
inline void cp_async4(void* to, const void* from, int bytes) { sim::issue({to, from, bytes, 4 - bytes}); }
inline void cp_commit() {
    auto& groups = sim::fibers[sim::current].groups;
    if (groups.empty()) groups.emplace_back();
    groups.emplace_back();
}
template <int N>
void cp_wait() {
    auto& groups = sim::fibers[sim::current].groups;
    while ((int)groups.size() - 1 > N) {
        for (auto& c : groups.front()) sim::copy(c);
        groups.erase(groups.begin());
    }
}
inline uint4 load_stream(const void* p) { return *(const uint4*)p; }
inline float4 load_early4(const void* p) { return *(const float4*)p; }
inline float2 load_early2(const void* p) { return *(const float2*)p; }
inline float4 load_cg4(const float* p) { return *(const float4*)p; }
inline float load_cg(const float* p) { return *p; }
inline int load_cg(const int* p) { return *p; }
inline float2 load_cg2(const float* p) { return *(const float2*)p; }
inline uint4 load_cg16(const void* p) { return *(const uint4*)p; }
inline int load_volatile(const int* p) { return *(const volatile int*)p; }
inline void store_system(int* p, int v) { *(volatile int*)p = v; }
inline void prefetch_l2(const void*) {}
template <class T>
T* opaque(T* p) { return p; }
inline int opaque(int x) { return x; }

// ---- products of a warpgroup: done when they are issued
struct Wgmma {
    const unsigned char* at;
    int next = 0;
    bool planes = false;
    Wgmma operator+(int bytes) const { return {at + bytes, next, planes}; }
};
inline Wgmma wgmma_operand(const void* p) {
    if ((uintptr_t)p % 512) sim::fail("an operand of wgmma is not aligned");
    return {(const unsigned char*)p};
}
inline Wgmma wgmma_planes(const void* p, int next) {
    if (((uintptr_t)p | (unsigned)next) % 16) sim::fail("an operand of wgmma is not aligned");
    return {(const unsigned char*)p, next, true};
}
template <int N>
void registers_down() {}
template <int N>
void registers_up() {}
inline void wgmma_fence() {}
inline void wgmma_commit() {}
// The lanes of a warp wait for each other, as in hardware: one of them may then say that all have read.
template <int N>
void wgmma_wait() {
    sim::collective(nullptr, [](int) {});
}
inline void fence_async() {}
typedef uint64_t Barrier;
inline sim::Phase* sim_phase(Barrier* b) { return (sim::Phase*)b; }
inline void barrier_init(Barrier* b, int arrivals) { *sim_phase(b) = {(int16_t)arrivals, (int16_t)arrivals, 0}; }
inline void barrier_arrive(Barrier* b, int bytes = 0) {
    sim::Phase* p = sim_phase(b);
    if (p->missing <= 0) sim::fail("more arrivals at a barrier than it has");
    p->missing--;
    p->bytes_and_parity += 2 * bytes;
    sim::phase_changed(p);
}
inline void barrier_wait(Barrier* b, int parity) {
    while ((sim_phase(b)->bytes_and_parity & 1) == parity) {
        sim::fibers[sim::current].argument = b;
        sim::fibers[sim::current].state = sim::PHASE;
        sim::yield();
    }
}
inline void bulk_store(void* to, const void* from, int bytes) {
    if (((uintptr_t)to | (uintptr_t)from | (unsigned)bytes) % 16) sim::fail("a bulk copy is not aligned");
    memcpy(to, from, (size_t)bytes);
}
inline void bulk_commit() {}
template <int N>
void bulk_wait_read() {}
inline void bulk_wait() {}
inline void bulk_copy(void* to, const void* from, int bytes, Barrier* b) {
    if (((uintptr_t)to | (uintptr_t)from | (unsigned)bytes) % 16) sim::fail("a bulk copy is not aligned");
    sim::Bulk copy{to, from, bytes, sim_phase(b)};
    if (sim::late) {
        sim::bulk.push_back(copy);
    } else {
        sim::copy_bulk(copy);
    }
}
template <int N>
void wgmma_f16(float (&c)[N / 2], Wgmma a, Wgmma b, bool add) {
    auto number = [](Wgmma m, int row, int k) {
        uintptr_t at = (uintptr_t)m.at + row * 64 + k * 2;
        if (m.planes) return sim::half_numbers()[*(const uint16_t*)(m.at + k / 8 * m.next + row * 16 + k % 8 * 2)];
        return sim::half_numbers()[*(const uint16_t*)(at ^ (at >> 3 & 0x30))];
    };
    int tid = (int)(sim::fibers[sim::current].index.x % 128), lane = tid % 32;
    for (int i = 0; i < N / 2; i++) {
        int row = tid / 32 * 16 + lane / 4 + (i >> 1 & 1) * 8, column = i / 4 * 8 + lane % 4 * 2 + (i & 1);
        float sum = add ? c[i] : 0;
        for (int k = 0; k < 16; k++) sum += number(a, row, k) * number(b, column, k);
        c[i] = sum;
    }
}

inline Wgmma wgmma_transposed(const void* p, int next) {
    Wgmma w = wgmma_operand(p);
    w.next = next;
    return w;
}
inline void wgmma_f16_64(float (&c)[32], const uint32_t (&a)[4], Wgmma b, bool add) {
    for (int i = 0; i < 8; i++) {
        float part[4];
        for (int j = 0; j < 4; j++) part[j] = add ? c[4 * i + j] : 0;
        auto pair = [&](int k) {
            auto number = [&](int row) {
                int column = i * 8 + sim::current % 32 / 4;
                uintptr_t at = (uintptr_t)b.at + row * 64 + column % 32 * 2 + column / 32 * b.next;
                return (uint32_t)*(const uint16_t*)(at ^ (at >> 3 & 0x30));
            };
            return number(k) | number(k + 1) << 16;
        };
        int t = sim::current % 4;
        sim::mma<false>(part, a, pair(2 * t), pair(2 * t + 8));
        for (int j = 0; j < 4; j++) c[4 * i + j] = part[j];
    }
}

inline void ldmatrix4(uint32_t (&r)[4], const void* row) { sim::load_matrix<false>(r, row); }
inline void ldmatrix4(uint32_t (&r)[4], Shared row) { ldmatrix4(r, row.at); }
inline void ldmatrix4_transposed(uint32_t (&r)[4], const void* row) { sim::load_matrix<true>(r, row); }
inline void mma_f16(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) { sim::mma<false>(c, a, b0, b1); }
inline void mma_bf16(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) { sim::mma<true>(c, a, b0, b1); }

inline uint16_t to_f16(float v) { return sim::float_to_half(v > 65504 ? 65504 : v < -65504 ? -65504 : v); }
inline float from_f16(uint16_t v) { return sim::half_to_float(v); }
inline uint16_t to_bf16(float v) { return sim::float_to_bf16(v); }
inline uint32_t pack_f16(float low, float high) { return to_f16(low) | (uint32_t)to_f16(high) << 16; }
inline uint32_t pack_bf16(float low, float high) { return to_bf16(low) | (uint32_t)to_bf16(high) << 16; }
inline float f16_low(uint32_t v) { return from_f16((uint16_t)v); }
inline float f16_high(uint32_t v) { return from_f16((uint16_t)(v >> 16)); }
inline void bytes_to_bf16(uint32_t w, uint32_t& low, uint32_t& high) {
    auto number = [&](int byte) { return (float)(int8_t)(w >> 8 * byte); };
    low = pack_bf16(number(0), number(2));
    high = pack_bf16(number(1), number(3));
}

inline double mul_rn(double a, double b) { return a * b; }
inline double add_rn(double a, double b) { return a + b; }
inline double sub_rn(double a, double b) { return a - b; }
inline double div_rn(double a, double b) { return a / b; }
inline double sqrt_rn(double a) { return sqrt(a); }
inline float mul_rn(float a, float b) { return a * b; }
inline float add_rn(float a, float b) { return a + b; }
inline float sub_rn(float a, float b) { return a - b; }
inline float fma_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float div_rn(float a, float b) { return a / b; }
template <class To, class From>
To sim_bits(From v) {
    To r;
    memcpy(&r, &v, sizeof r);
    return r;
}
inline double bits_to_double(long long v) { return sim_bits<double>(v); }
inline long long double_bits(double v) { return sim_bits<long long>(v); }
inline long long to_integer(float v) { return llrintf(v); }
inline float bits_to_float(uint32_t v) { return sim_bits<float>(v); }
inline uint32_t float_bits(float v) { return sim_bits<uint32_t>(v); }
inline uint32_t mul_high(uint32_t a, uint32_t b) { return (uint32_t)((uint64_t)a * b >> 32); }
inline float fast_exp2(float x) { return exp2f(x); }
inline float fast_exp(float x) { return expf(x); }
inline float max_nan(float a, float b) { return a != a || b != b ? NAN : std::max(a, b); }
inline float fast_reciprocal(float x) { return 1 / x; }
inline float fast_divide(float a, float b) { return a / b; }
inline float fast_sin(float x) { return sinf(x); }
inline float fast_tanh(float x) { return tanhf(x); }
inline float rsqrtf(float x) { return 1 / sqrtf(x); }

template <class T>
T shuffle_xor(T v, int mask) { return sim::exchange(v, (sim::current % 32) ^ mask); }
template <class T>
T shuffle(T v, int lane) { return sim::exchange(v, lane & 31); }
template <class T>
T shuffle_up(T v, int delta) { return sim::exchange(v, sim::current % 32 - delta); }
inline unsigned warp_ballot(bool v) {
    sim::Vote vote{v, 0};
    sim::collective(&vote, [](int w) {
        unsigned all = 0;
        for (int l = 0; l < 32; l++) {
            auto* x = sim::lane<sim::Vote>(w, l);
            if (x && x->in) all |= 1u << l;
        }
        for (int l = 0; l < 32; l++) {
            if (auto* x = sim::lane<sim::Vote>(w, l)) x->out = all;
        }
    });
    return vote.out;
}
inline void warp_sync() { sim::collective(nullptr, [](int) {}); }
inline void bar_sync(int id, int threads) { sim::barrier(id, threads); }
inline void bar_arrive(int id, int threads) { sim::arrive(id, threads); }
inline int count_bits(unsigned v) { return __builtin_popcount(v); }
template <class T>
T atomicAdd(T* p, T v) {
    T old = *p;
    *p += v;
    return old;
}
inline int atomicMax(int* p, int v) {
    int old = *p;
    *p = std::max(old, v);
    return old;
}
inline unsigned atomicOr(unsigned* p, unsigned v) {
    unsigned old = *p;
    *p |= v;
    return old;
}
using std::max;
using std::min;
