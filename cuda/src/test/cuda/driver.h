// The part of the CUDA driver API that the checks call, loaded at run time: a card's libcuda.so.1, or the simulator.
#pragma once
#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

struct Driver {
    struct Attribute {
        int id = 6, pad = 0;  // programmatic stream serialization
        union {
            int allowed;
            char room[64];
        } value = {1};
    };
    struct Config {
        unsigned gx, gy, gz, bx, by, bz, shared;
        void* stream;
        Attribute* attributes;
        unsigned count;
    };
    void* library;
    void* stream = nullptr;
    std::vector<void*> modules;
    std::map<std::string, void*> functions;
    bool (*prefersShared)(const std::string& kernel) = nullptr;  // which ask for the largest shared memory
    bool simulated;

    template <class... A>
    int call(const char* name, A... a) {
        auto* f = (int (*)(A...))dlsym(library, name);
        if (!f) fprintf(stderr, "no %s in this driver\n", name), exit(2);
        return f(a...);
    }
    template <class... A>
    void must(const char* name, A... a) {
        int e = call(name, a...);
        if (!e) return;
        const char* text = "?";
        call("cuGetErrorName", e, &text);
        printf("FAIL %s: %s (%d)\n", name, text, e);
        exit(1);
    }
    Driver(const char* file, const char* folder, std::vector<const char*> names) {
        library = dlopen(file, RTLD_NOW);
        if (!library) fprintf(stderr, "%s\n", dlerror()), exit(2);
        must("cuInit", 0u);
        int device;
        void* context;
        must("cuDeviceGet", &device, 0);
        must("cuDevicePrimaryCtxRetain", &context, device);
        must("cuCtxSetCurrent", context);
        char name[200];
        must("cuDeviceGetName", &name[0], 200, device);
        simulated = !!strstr(name, "simulated");
        printf("device: %s\n", name);
        must("cuStreamCreate", &stream, 1u);
        for (const char* n : names) {
            std::vector<char> image(1);
            if (!simulated) {
                std::ifstream in(std::string(folder) + "/" + n + ".fatbin", std::ios::binary);
                image.assign(std::istreambuf_iterator<char>(in), {});
                if (image.empty()) fprintf(stderr, "no %s/%s.fatbin\n", folder, n), exit(2);
            }
            void* m;
            must("cuModuleLoadData", &m, (const void*)image.data());
            modules.push_back(m);
        }
    }
    int multiprocessors() {
        int n;
        must("cuDeviceGetAttribute", &n, 16, 0);
        return n;
    }
    void* function(const std::string& name) {
        void*& f = functions[name];
        const bool fresh = !f;
        for (size_t i = 0; !f && i < modules.size(); i++)
            if (call("cuModuleGetFunction", &f, modules[i], name.c_str())) f = nullptr;
        if (!f) fprintf(stderr, "no kernel %s\n", name.c_str()), exit(2);
        if (fresh && prefersShared && prefersShared(name)) must("cuFuncSetAttribute", f, 9, 100);
        return f;
    }
    template <class P>
    void launch(const std::string& name, unsigned gx, unsigned gy, unsigned gz, unsigned threads, unsigned shared, const P& p, bool dependent = false) {
        void* f = function(name);
        if (shared > 48 << 10) must("cuFuncSetAttribute", f, 8, (int)shared);
        Attribute a;
        Config c = {gx, gy, gz, threads, 1, 1, shared, stream, &a, dependent ? 1u : 0u};
        P copy = p;
        void* args[] = {&copy};
        must("cuLaunchKernelEx", (const Config*)&c, f, (void**)args, (void**)nullptr);
    }
    template <class T>
    T* alloc(size_t n) {
        T* p;
        must("cuMemAlloc_v2", &p, n * sizeof(T));
        return p;
    }
    void free(void* p) { must("cuMemFree_v2", p); }
    template <class T>
    T* pinned(size_t n) {
        void* p;
        must("cuMemHostAlloc", &p, n * sizeof(T), 2u);
        memset(p, 0, n * sizeof(T));
        return (T*)p;
    }
    template <class T>
    void write(T* to, const T* from, size_t n) {
        sync();
        must("cuMemcpyHtoD_v2", (void*)to, (const void*)from, n * sizeof(T));
        sync();  // it may return before the last of it has arrived
    }
    template <class T>
    std::vector<T> read(const T* from, size_t n) {
        sync();
        std::vector<T> v(n);
        must("cuMemcpyDtoH_v2", (void*)v.data(), (const void*)from, n * sizeof(T));
        return v;
    }
    void fill(void* p, unsigned char v, size_t n) {
        sync();
        must("cuMemsetD8_v2", p, v, n);
        sync();
    }
    void sync() { must("cuCtxSynchronize"); }
    void* capture(const std::function<void()>& f) {
        void *g, *e;
        must("cuStreamBeginCapture_v2", stream, 1);
        f();
        must("cuStreamEndCapture", stream, &g);
        must("cuGraphInstantiateWithFlags", &e, g, 0ull);
        must("cuGraphDestroy", g);
        return e;
    }
    void replay(void* graph) { must("cuGraphLaunch", graph, stream); }
    // microseconds of f's work on the stream
    double time(const std::function<void()>& f) {
        void *a, *b;
        must("cuEventCreate", &a, 0u);
        must("cuEventCreate", &b, 0u);
        must("cuEventRecord", a, stream);
        f();
        must("cuEventRecord", b, stream);
        must("cuEventSynchronize", b);
        float ms;
        must("cuEventElapsedTime", &ms, a, b);
        must("cuEventDestroy_v2", a);
        must("cuEventDestroy_v2", b);
        return ms * 1e3;
    }
};
