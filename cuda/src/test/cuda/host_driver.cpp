// A CUDA driver that is a CPU: the part of the driver API that Skald calls, over host_sim.h. A test loads it in the
// place of libcuda.so.1, so that the very code that drives a card drives this, on any number of threads. What is put
// into a stream is done later, by a thread of the stream. SKALD_SIM=early|late chooses the order of asynchronous copies
// within a kernel (late unless told otherwise); whether a dependent kernel starts beside the end of the one before it is
// drawn each time. skald_sim_fail has a call fail: see host_state.h.
#include "host_state.h"
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

using namespace state;
namespace {
struct LaunchConfig {
    unsigned gx, gy, gz, bx, by, bz, shared;
    Stream* stream;
    const int* attributes;  // 18 integers each: which, padding, value
    unsigned count;
};
int launch(const sim::Kernel* k, dim3 grid, dim3 block, size_t shared, Stream* stream, void** args, bool dependent) {
    if (!k || !grid.x || !grid.y || !grid.z || grid.y > 65535 || grid.z > 65535 || (int)(block.x * block.y * block.z) > k->threads) return INVALID;
    Work w;
    w.kernel = k;
    w.grid = grid;
    w.block = block;
    w.shared = shared;
    w.arguments.assign((const char*)args[0], (const char*)args[0] + k->bytes);
    w.dependent = dependent;
    return submit(stream, std::move(w));
}
int copy(void* d, const void* s, size_t n, Stream* stream) {
    Work w;
    w.run = [=] { memmove(d, s, n); };
    return submit(stream, std::move(w));
}
template <class T>
int fill(T* d, T v, size_t n, Stream* stream) {
    Work w;
    w.run = [=] { std::fill(d, d + n, v); };
    return submit(stream, std::move(w));
}
typedef std::chrono::steady_clock Clock;
struct Event {
    Clock::time_point at;
};
}  // namespace

#define API extern "C" __attribute__((visibility("default"))) int
#define ENTER                                      \
    Held held(lock);                               \
    if (int code = enter(__func__)) return code < 0 ? OK : code

API cuInit(unsigned) {
    const char* chosen = getenv("SKALD_SIM");
    sim::late = !(chosen && !strcmp(chosen, "early"));
    return (int)settings["init"];
}
API cuDriverGetVersion(int* v) { return *v = (int)settings["version"], OK; }
API cuDeviceGetCount(int* n) { return *n = (int)settings["devices"], OK; }
API cuDeviceGet(int* d, int i) { return *d = i, i < settings["devices"] ? OK : BAD_DEVICE; }
API cuDeviceGetName(char* name, int n, int) { return snprintf(name, n, "simulated on this CPU"), OK; }
API cuDeviceTotalMem_v2(size_t* n, int) { return *n = settings["memory"], OK; }
API cuDeviceGetUuid_v2(char* id, int) { return memset(id, 0, 16), OK; }
API cuDeviceGetAttribute(int* v, int attribute, int) {
    switch (attribute) {
        case 1: *v = 1024; break;          // threads a block
        case 8: *v = 48 << 10; break;      // shared memory a block
        case 16: *v = 4; break;            // multiprocessors
        case 75: *v = (int)settings["major"]; break;  // compute capability
        case 76: *v = (int)settings["minor"]; break;
        case 81: *v = 228 << 10; break;    // shared memory a multiprocessor
        case 97: *v = 227 << 10; break;    // shared memory a block that opts in
        default: *v = 1;
    }
    return OK;
}
// ---- contexts
API cuCtxCreate_v2(Context** c, unsigned, int device) {
    Held held(lock);
    calls++;
    bool here = settings["fail_device"] < 0 || settings["fail_device"] == device;
    if (fails_at >= 0 && here && (failing.empty() || failing == __func__) && falls_due()) return failed = true, fails_with;
    contexts.insert(*c = current = new Context);
    current->device = device;
    return OK;
}
API cuCtxCreate_v4(Context** c, void*, unsigned flags, int device) { return cuCtxCreate_v2(c, flags, device); }
API cuCtxDestroy_v2(Context* c) {
    Held held(lock);
    if (!contexts.count(c)) return BAD_CONTEXT;
    int error = c->error;
    destroy(c, held);
    if (current == c) current = nullptr;
    return error;
}
API cuDevicePrimaryCtxRetain(Context** c, int) {
    Held held(lock);
    if (!primary) contexts.insert(primary = new Context);
    primary->retained++;
    return *c = primary, OK;
}
API cuDevicePrimaryCtxRelease_v2(int) {
    Held held(lock);
    if (!primary) return BAD_CONTEXT;
    if (--primary->retained == 0) {
        destroy(primary, held);
        primary = nullptr;
    }
    return OK;
}
API cuDevicePrimaryCtxSetFlags_v2(int, unsigned) { return OK; }
API cuCtxSetCurrent(Context* c) {
    Held held(lock);
    if (c && !contexts.count(c)) return BAD_CONTEXT;
    return current = c, OK;
}
API cuCtxGetCurrent(Context** c) { return *c = current, OK; }
API cuCtxSynchronize() {
    ENTER;
    if (int code = unsafe()) return code;
    drain_all(current, held);
    return current->error;
}
// ---- memory
API cuMemGetInfo_v2(size_t* free, size_t* total) {
    ENTER;
    return *total = settings["memory"], *free = *total - std::min(*total, taken()), OK;
}
// Fresh memory holds NaN bits.
API cuMemAlloc_v2(char** p, size_t n) {
    ENTER;
    if (int code = unsafe()) return code;
    if (!n) return INVALID;
    if (taken() + n > (size_t)settings["memory"]) return OUT_OF_MEMORY;
    *p = (char*)aligned_alloc(512, (n + 511) / 512 * 512);
    memset(*p, 0xff, n);
    device[*p] = {n, current};
    allocated += n;
    peak = std::max(peak, allocated);
    return OK;
}
API cuMemFree_v2(char* p) {
    ENTER;
    if (int code = unsafe()) return code;
    drain_all(current, held);
    auto at = device.find(p);
    if (at == device.end()) return INVALID;
    release(device, at, allocated);
    return OK;
}
API cuMemAllocAsync(char** p, size_t n, void*) { return cuMemAlloc_v2(p, n); }
API cuMemFreeAsync(char* p, void*) { return cuMemFree_v2(p); }
API cuMemHostAlloc(char** p, size_t n, unsigned) {
    ENTER;
    if (int code = unsafe()) return code;
    *p = (char*)aligned_alloc(4096, (n + 4095) / 4096 * 4096);
    memset(*p, 0xff, n);
    host[*p] = {n, current};
    pinned += n;
    return OK;
}
API cuMemFreeHost(char* p) {
    ENTER;
    if (int code = unsafe()) return code;
    drain_all(current, held);
    auto at = host.find(p);
    if (at == host.end()) return INVALID;
    release(host, at, pinned);
    return OK;
}
API cuMemHostRegister_v2(void*, size_t, unsigned) { return OK; }
API cuMemHostUnregister(void*) { return OK; }
API cuMemHostGetDevicePointer_v2(void** d, void* h, unsigned) { return *d = h, OK; }
API cuMemcpyHtoDAsync_v2(void* d, const void* s, size_t n, Stream* stream) {
    ENTER;
    return copy(d, s, n, stream);
}
API cuMemcpyDtoHAsync_v2(void* d, const void* s, size_t n, Stream* stream) {
    ENTER;
    return copy(d, s, n, stream);
}
API cuMemcpyDtoDAsync_v2(void* d, const void* s, size_t n, Stream* stream) {
    ENTER;
    return copy(d, s, n, stream);
}
API cuMemcpyAsync(void* d, const void* s, size_t n, Stream* stream) {
    ENTER;
    return copy(d, s, n, stream);
}
API cuMemcpyHtoD_v2(void* d, const void* s, size_t n) {
    ENTER;
    return memmove(d, s, n), OK;
}
API cuMemcpyDtoH_v2(void* d, const void* s, size_t n) {
    ENTER;
    return memmove(d, s, n), OK;
}
API cuMemcpyDtoD_v2(void* d, const void* s, size_t n) {
    ENTER;
    return memmove(d, s, n), OK;
}
API cuMemsetD8_v2(void* d, unsigned char v, size_t n) {
    ENTER;
    return memset(d, v, n), OK;
}
API cuMemsetD8Async(unsigned char* d, unsigned char v, size_t n, Stream* stream) {
    ENTER;
    return fill(d, v, n, stream);
}
API cuMemsetD32_v2(unsigned* d, unsigned v, size_t n) {
    ENTER;
    return std::fill(d, d + n, v), OK;
}
API cuMemsetD32Async(unsigned* d, unsigned v, size_t n, Stream* stream) {
    ENTER;
    return fill(d, v, n, stream);
}
// ---- streams and events
API cuStreamCreate(Stream** s, unsigned) {
    ENTER;
    return *s = open_stream(), OK;
}
API cuStreamCreateWithPriority(Stream** s, unsigned flags, int) { return cuStreamCreate(s, flags); }
API cuStreamDestroy_v2(Stream* s) {
    ENTER;
    if (!streams.count(s)) return BAD_HANDLE;
    drain(s, held);
    close_stream(s);
    return OK;
}
API cuStreamSynchronize(Stream* s) {
    ENTER;
    if (!streams.count(s)) return BAD_HANDLE;
    if (s->capturing) return s->invalidated = true, UNSUPPORTED_IN_CAPTURE;
    if (int code = unsafe()) return code;
    drain(s, held);
    return s->context->error;
}
API cuStreamQuery(Stream* s) {
    ENTER;
    if (!streams.count(s)) return BAD_HANDLE;
    flush(s);
    return s->queue.empty() && !s->busy ? OK : NOT_READY;
}
API cuStreamWaitEvent(Stream*, void*, unsigned) { return OK; }
API cuLaunchHostFunc(Stream* s, void (*f)(void*), void* data) {
    ENTER;
    Work w;
    w.run = [=] { f(data); };
    return submit(s, std::move(w));
}
API cuEventCreate(Event** e, unsigned) { return *e = new Event{Clock::now()}, OK; }
API cuEventRecord(Event* e, Stream* s) {
    ENTER;
    Work w;
    w.run = [=] { e->at = Clock::now(); };
    return submit(s, std::move(w));
}
API cuEventSynchronize(Event*) {
    ENTER;
    drain_all(current, held);
    return OK;
}
API cuEventQuery(Event* e) { return cuEventSynchronize(e); }
API cuEventDestroy_v2(Event* e) { return delete e, OK; }
API cuEventElapsedTime_v2(float* ms, Event* a, Event* b) { return *ms = std::chrono::duration<float, std::milli>(b->at - a->at).count(), OK; }
API cuEventElapsedTime(float* ms, Event* a, Event* b) { return cuEventElapsedTime_v2(ms, a, b); }
// ---- modules and launches
API cuModuleLoadData(void** m, const void*) {
    ENTER;
    modules[*m = new char] = current;
    return OK;
}
API cuModuleLoadDataEx(void** m, const void* image, unsigned, void*, void*) { return cuModuleLoadData(m, image); }
API cuModuleUnload(void* m) {
    ENTER;
    return modules.erase(m) ? OK : BAD_HANDLE;
}
API cuModuleGetFunction(const sim::Kernel** f, void* m, const char* name) {
    ENTER;
    if (!modules.count(m)) return BAD_HANDLE;
    for (auto& k : sim::kernels()) {
        if (!strcmp(k.name, name)) return *f = &k, OK;
    }
    return NOT_FOUND;
}
API cuFuncSetAttribute(void*, int, int) {
    ENTER;
    return OK;
}
API cuFuncGetAttribute(int* v, int attribute, const sim::Kernel* k) { return *v = attribute == 0 ? k->threads : 0, OK; }
API cuLaunchKernel(const sim::Kernel* k, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, Stream* stream, void** args, void** extra) {
    ENTER;
    void* packed = extra ? extra[1] : nullptr;
    return launch(k, {gx, gy, gz}, {bx, by, bz}, shared, stream, extra ? &packed : args, false);
}
API cuLaunchKernelEx(const LaunchConfig* c, const sim::Kernel* k, void** args, void** extra) {
    ENTER;
    bool dependent = false;
    for (unsigned i = 0; i < c->count; i++) dependent |= c->attributes[18 * i] == 6 && c->attributes[18 * i + 2];
    void* packed = extra ? extra[1] : nullptr;
    return launch(k, {c->gx, c->gy, c->gz}, {c->bx, c->by, c->bz}, c->shared, c->stream, extra ? &packed : args, dependent);
}
// ---- graphs
API cuStreamBeginCapture_v2(Stream* s, int mode) {
    ENTER;
    if (!streams.count(s)) return BAD_HANDLE;
    if (s->capturing) return INVALID;
    s->capturing = new Graph;
    s->invalidated = false;
    graphs.insert(s->capturing);
    if (mode != 2) capturing_here = s;
    return OK;
}
API cuStreamIsCapturing(Stream* s, int* status) { return *status = s->capturing != nullptr, OK; }
API cuStreamEndCapture(Stream* s, Graph** g) {
    Held held(lock);
    int code = enter(__func__);
    if (!streams.count(s) || !s->capturing) return code > 0 ? code : INVALID;
    Graph* made = s->capturing;
    s->capturing = nullptr;
    if (capturing_here == s) capturing_here = nullptr;
    if (code || s->invalidated) {
        graphs.erase(made);
        delete made;
        *g = nullptr;
        return code > 0 ? code : code < 0 ? OK : CAPTURE_INVALIDATED;
    }
    return *g = made, OK;
}
API cuGraphInstantiateWithFlags(Graph** e, Graph* g, unsigned long long) {
    ENTER;
    if (!graphs.count(g)) return BAD_HANDLE;
    executables.insert(*e = new Graph(*g));
    return OK;
}
API cuGraphExecDestroy(Graph* e) {
    Held held(lock);
    if (!executables.erase(e)) return BAD_HANDLE;
    return delete e, OK;
}
API cuGraphDestroy(Graph* g) {
    Held held(lock);
    if (!graphs.erase(g)) return BAD_HANDLE;
    return delete g, OK;
}
API cuGraphUpload(Graph*, void*) { return OK; }
API cuGraphLaunch(Graph* e, Stream* s) {
    ENTER;
    if (!executables.count(e)) return BAD_HANDLE;
    for (auto& w : e->work) {
        if (int code = submit(s, w)) return code;
    }
    return OK;
}
API cuGetErrorName(int e, const char** s) {
    static const std::map<int, const char*> names = {
        {1, "CUDA_ERROR_INVALID_VALUE"}, {2, "CUDA_ERROR_OUT_OF_MEMORY"}, {100, "CUDA_ERROR_NO_DEVICE"}, {101, "CUDA_ERROR_INVALID_DEVICE"},
        {201, "CUDA_ERROR_INVALID_CONTEXT"}, {400, "CUDA_ERROR_INVALID_HANDLE"}, {500, "CUDA_ERROR_NOT_FOUND"}, {600, "CUDA_ERROR_NOT_READY"},
        {700, "CUDA_ERROR_ILLEGAL_ADDRESS"}, {709, "CUDA_ERROR_CONTEXT_IS_DESTROYED"}, {716, "CUDA_ERROR_MISALIGNED_ADDRESS"},
        {719, "CUDA_ERROR_LAUNCH_FAILED"}, {801, "CUDA_ERROR_NOT_SUPPORTED"}, {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"}, {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"}};
    auto at = names.find(e);
    if (at == names.end()) return INVALID;
    return *s = at->second, OK;
}
API cuGetErrorString(int e, const char** s) { return cuGetErrorName(e, s); }
