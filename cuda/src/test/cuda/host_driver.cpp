// A CUDA driver that is a CPU: the part of the driver API that Skald calls, over host_sim.h. A test loads it in the
// place of libcuda.so.1, so that the very code that drives a card drives this. SKALD_SIM=early|late chooses the order
// of asynchronous copies (late unless told otherwise).
#include <chrono>
#include <functional>
#include <string>

#include "host_sim.h"
// all kernels
#include "../../main/cuda/all.cu"

#if defined(__x86_64__)
asm(R"(
.text
.globl skald_switch
.type skald_switch,@function
skald_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp,(%rdi)
    movq %rsi,%rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size skald_switch,.-skald_switch
)");
#else
#error "the simulator switches stacks on x86-64 only"
#endif

namespace {
using Work = std::function<void()>;
struct Graph {
    std::vector<Work> work;
};
Graph* capturing = nullptr;
void submit(Work w) {
    if (capturing) {
        capturing->work.push_back(std::move(w));
    } else {
        w();
    }
}
constexpr int INVALID = 1, NOT_FOUND = 500;
size_t allocated = 0;
std::vector<std::pair<char*, size_t>> blocks;
int launch(const sim::Kernel* k, dim3 grid, dim3 block, size_t shared, void** args) {
    if (!k || !grid.x || !grid.y || !grid.z || grid.y > 65535 || grid.z > 65535 || (int)(block.x * block.y * block.z) > k->threads) return INVALID;
    std::vector<char> copy((const char*)args[0], (const char*)args[0] + k->bytes);
    submit([=] { sim::launch(*k, grid, block, shared, copy.data()); });
    return 0;
}
struct LaunchConfig {
    unsigned gx, gy, gz, bx, by, bz, shared;
    void* stream;
    void* attributes;
    unsigned count;
};
}  // namespace

#define API extern "C" __attribute__((visibility("default"))) int
API cuInit(unsigned) {
    const char* order = getenv("SKALD_SIM");
    sim::late = !(order && !strcmp(order, "early"));
    return 0;
}
API cuDriverGetVersion(int* v) { return *v = 13000, 0; }
API cuDeviceGetCount(int* n) { return *n = 1, 0; }
API cuDeviceGet(int* d, int) { return *d = 0, 0; }
API cuDeviceGetName(char* name, int n, int) { return snprintf(name, n, "simulated on this CPU"), 0; }
API cuDeviceTotalMem_v2(size_t* n, int) { return *n = (size_t)4 << 30, 0; }
API cuDeviceGetUuid_v2(char* id, int) { return memset(id, 0, 16), 0; }
API cuDeviceGetAttribute(int* v, int attribute, int) {
    switch (attribute) {
        case 1: *v = 1024; break;          // threads a block
        case 8: *v = 48 << 10; break;      // shared memory a block
        case 16: *v = 4; break;            // multiprocessors
        case 75: *v = 9; break;            // compute capability
        case 76: *v = 0; break;
        case 81: *v = 228 << 10; break;    // shared memory a multiprocessor
        case 97: *v = 227 << 10; break;    // shared memory a block that opts in
        default: *v = 1;
    }
    return 0;
}
static int context;
API cuDevicePrimaryCtxRetain(void** c, int) { return *c = &context, 0; }
API cuDevicePrimaryCtxRelease_v2(int) { return 0; }
API cuDevicePrimaryCtxSetFlags_v2(int, unsigned) { return 0; }
API cuCtxCreate_v2(void** c, unsigned, int) { return *c = &context, 0; }
API cuCtxCreate_v4(void** c, void*, unsigned, int) { return *c = &context, 0; }
API cuCtxDestroy_v2(void*) { return 0; }
API cuCtxSetCurrent(void*) { return 0; }
API cuCtxGetCurrent(void** c) { return *c = &context, 0; }
API cuCtxPushCurrent_v2(void*) { return 0; }
API cuCtxPopCurrent_v2(void** c) { return *c = &context, 0; }
API cuCtxSynchronize() { return 0; }
API cuMemGetInfo_v2(size_t* free, size_t* total) { return *total = (size_t)4 << 30, *free = *total - allocated, 0; }
// Fresh memory holds NaN bits.
API cuMemAlloc_v2(char** p, size_t n) {
    if (!n) return INVALID;
    if (allocated + n > (size_t)4 << 30) return 2;
    *p = (char*)aligned_alloc(512, (n + 511) / 512 * 512);
    memset(*p, 0xff, n);
    blocks.push_back({*p, n});
    allocated += n;
    return 0;
}
API cuMemFree_v2(char* p) {
    for (size_t i = 0; i < blocks.size(); i++) {
        if (blocks[i].first == p) {
            allocated -= blocks[i].second;
            blocks.erase(blocks.begin() + i);
            free(p);
            return 0;
        }
    }
    return INVALID;
}
API cuMemAllocAsync(char** p, size_t n, void*) { return cuMemAlloc_v2(p, n); }
API cuMemFreeAsync(char* p, void*) { return cuMemFree_v2(p); }
API cuMemHostAlloc(void** p, size_t n, unsigned) { return *p = aligned_alloc(4096, (n + 4095) / 4096 * 4096), 0; }
API cuMemFreeHost(void* p) { return free(p), 0; }
API cuMemHostRegister_v2(void*, size_t, unsigned) { return 0; }
API cuMemHostUnregister(void*) { return 0; }
API cuMemHostGetDevicePointer_v2(void** d, void* h, unsigned) { return *d = h, 0; }
API cuMemcpyHtoDAsync_v2(void* d, const void* s, size_t n, void*) { return submit([=] { memmove(d, s, n); }), 0; }
API cuMemcpyDtoHAsync_v2(void* d, const void* s, size_t n, void*) { return submit([=] { memmove(d, s, n); }), 0; }
API cuMemcpyDtoDAsync_v2(void* d, const void* s, size_t n, void*) { return submit([=] { memmove(d, s, n); }), 0; }
API cuMemcpyAsync(void* d, const void* s, size_t n, void*) { return submit([=] { memmove(d, s, n); }), 0; }
API cuMemcpyHtoD_v2(void* d, const void* s, size_t n) { return memmove(d, s, n), 0; }
API cuMemcpyDtoH_v2(void* d, const void* s, size_t n) { return memmove(d, s, n), 0; }
API cuMemcpyDtoD_v2(void* d, const void* s, size_t n) { return memmove(d, s, n), 0; }
API cuMemsetD8_v2(void* d, unsigned char v, size_t n) { return memset(d, v, n), 0; }
API cuMemsetD8Async(void* d, unsigned char v, size_t n, void*) { return submit([=] { memset(d, v, n); }), 0; }
API cuMemsetD32_v2(unsigned* d, unsigned v, size_t n) { return std::fill(d, d + n, v), 0; }
API cuMemsetD32Async(unsigned* d, unsigned v, size_t n, void*) { return submit([=] { std::fill(d, d + n, v); }), 0; }
API cuStreamCreate(void** s, unsigned) { return *s = &context, 0; }
API cuStreamCreateWithPriority(void** s, unsigned, int) { return *s = &context, 0; }
API cuStreamDestroy_v2(void*) { return 0; }
API cuStreamSynchronize(void*) { return 0; }
API cuStreamQuery(void*) { return 0; }
API cuStreamWaitEvent(void*, void*, unsigned) { return 0; }
API cuLaunchHostFunc(void*, void (*f)(void*), void* data) { return submit([=] { f(data); }), 0; }
typedef std::chrono::steady_clock Clock;
API cuEventCreate(void** e, unsigned) { return *e = new Clock::time_point(Clock::now()), 0; }
API cuEventRecord(void* e, void*) { return *(Clock::time_point*)e = Clock::now(), 0; }
API cuEventSynchronize(void*) { return 0; }
API cuEventQuery(void*) { return 0; }
API cuEventDestroy_v2(void* e) { return delete (Clock::time_point*)e, 0; }
API cuEventElapsedTime_v2(float* ms, void* a, void* b) {
    *ms = std::chrono::duration<float, std::milli>(*(Clock::time_point*)b - *(Clock::time_point*)a).count();
    return 0;
}
API cuEventElapsedTime(float* ms, void* a, void* b) { return cuEventElapsedTime_v2(ms, a, b); }
API cuModuleLoadData(void** m, const void*) { return *m = &context, 0; }
API cuModuleLoadDataEx(void** m, const void*, unsigned, void*, void*) { return *m = &context, 0; }
API cuModuleUnload(void*) { return 0; }
API cuModuleGetFunction(const sim::Kernel** f, void*, const char* name) {
    for (auto& k : sim::kernels()) {
        if (!strcmp(k.name, name)) return *f = &k, 0;
    }
    return NOT_FOUND;
}
API cuFuncSetAttribute(void*, int, int) { return 0; }
API cuFuncGetAttribute(int* v, int attribute, const sim::Kernel* k) { return *v = attribute == 0 ? k->threads : 0, 0; }
API cuLaunchKernel(const sim::Kernel* k, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void*, void** args, void** extra) {
    void* packed = extra ? extra[1] : nullptr;
    return launch(k, {gx, gy, gz}, {bx, by, bz}, shared, extra ? &packed : args);
}
API cuLaunchKernelEx(const LaunchConfig* c, const sim::Kernel* k, void** args, void** extra) {
    return cuLaunchKernel(k, c->gx, c->gy, c->gz, c->bx, c->by, c->bz, c->shared, nullptr, args, extra);
}
API cuStreamBeginCapture_v2(void*, int) { return capturing = new Graph, 0; }
API cuStreamIsCapturing(void*, int* status) { return *status = capturing != nullptr, 0; }
API cuStreamEndCapture(void*, Graph** g) { return *g = capturing, capturing = nullptr, 0; }
API cuGraphInstantiateWithFlags(Graph** e, Graph* g, unsigned long long) { return *e = new Graph(*g), 0; }
API cuGraphExecDestroy(Graph* e) { return delete e, 0; }
API cuGraphDestroy(Graph* g) { return delete g, 0; }
API cuGraphUpload(Graph*, void*) { return 0; }
API cuGraphLaunch(Graph* e, void*) {
    for (auto& w : e->work) submit(w);
    return 0;
}
API cuGetErrorName(int e, const char** s) { return *s = e == 2 ? "CUDA_ERROR_OUT_OF_MEMORY" : e == NOT_FOUND ? "CUDA_ERROR_NOT_FOUND" : "CUDA_ERROR_INVALID_VALUE", 0; }
API cuGetErrorString(int e, const char** s) { return cuGetErrorName(e, s); }
