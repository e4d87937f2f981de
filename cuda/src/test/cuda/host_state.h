// What the simulated driver keeps: contexts, streams that work on threads of their own, memory, and errors that a test
// asks for. Everything is guarded by one lock, and one kernel runs at a time.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "host_sim.h"

namespace state {
enum { OK = 0, INVALID = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, BAD_DEVICE = 101, BAD_CONTEXT = 201, BAD_HANDLE = 400, NOT_FOUND = 500, NOT_READY = 600, UNSUPPORTED_IN_CAPTURE = 900, CAPTURE_INVALIDATED = 901 };

// What a test may set: skald_sim_set("version", 12040).
inline std::map<std::string, long> settings = {{"version", 13000}, {"devices", 1}, {"major", 9}, {"minor", 0}, {"memory", 4L << 30}, {"repeat", 0}, {"fail_device", -1}};

// A kernel, with what it needs to be started beside the end of the one before it, or anything else.
struct Work {
    std::function<void()> run;
    const sim::Kernel* kernel = nullptr;
    dim3 grid, block;
    size_t shared = 0;
    std::vector<char> arguments;
    bool dependent = false;
};
struct Graph {
    std::vector<Work> work;
};
struct Context {
    int device = 0, error = 0, retained = 0;
    bool primary = false;
};
struct Stream {
    Context* context;
    std::deque<Work> queue;
    bool busy = false, gone = false, invalidated = false;
    bool asked = false;  // where launches are gathered: whether they were asked for
    Graph* capturing = nullptr;
};
inline std::recursive_mutex& lock = *new std::recursive_mutex;
inline std::condition_variable_any& changed = *new std::condition_variable_any;
typedef std::unique_lock<std::recursive_mutex> Held;

struct Block {
    size_t bytes;
    Context* context;
};
inline std::set<Context*> contexts;
inline std::set<Stream*> streams;
inline std::map<char*, Block> device, host;
inline std::map<void*, Context*> modules;
inline std::set<Graph*> graphs, executables;
inline Context* primary = nullptr;
inline thread_local Context* current = nullptr;
inline thread_local Stream* capturing_here = nullptr;
inline size_t allocated = 0, pinned = 0, peak = 0;

// Bytes that are taken of the memory of the current context's device.
inline size_t taken() {
    size_t bytes = 0;
    for (auto& block : device) bytes += block.second.context->device == current->device ? block.second.bytes : 0;
    return bytes;
}

// ---- errors on demand
inline std::string failing;  // a function, or empty for any
inline long calls = 0, fails_at = -1, seen = 0;
inline int fails_with = 0;
inline bool fails_later = false, failed = false;
inline std::map<std::string, long> counts;

inline bool sticky(int code) { return code == 700 || code == 702 || code == 710 || (code >= 714 && code <= 719) || code == 214; }

inline bool falls_due() { return settings["repeat"] ? seen++ >= fails_at : seen++ == fails_at; }

// Called first by every function that needs a context; not 0: what it returns at once. -1: it does nothing and
// returns 0, for its error comes with a later one.
inline int enter(const char* name) {
    calls++;
    counts[name]++;
    if (!current || !contexts.count(current)) return BAD_CONTEXT;
    if (current->error) return current->error;
    bool here = settings["fail_device"] < 0 || settings["fail_device"] == current->device;
    if (fails_at >= 0 && here && (failing.empty() || failing == name) && falls_due()) {
        failed = true;
        if (sticky(fails_with)) current->error = fails_with;
        bool queued = strstr(name, "Async") || strstr(name, "Launch");
        if (fails_later && queued && sticky(fails_with)) return -1;
        return fails_with;
    }
    return OK;
}

// ---- work
inline std::mutex& kernels_lock = *new std::mutex;  // taken before `lock`

// Does what comes next in a stream; a kernel that was started early comes in the same go.
inline void perform(Stream* s) {
    std::lock_guard<std::mutex> one(kernels_lock);
    do {
        Held held(lock);
        if (s->queue.empty()) return;
        s->busy = true;
        Work w = std::move(s->queue.front());
        s->queue.pop_front();
        if (s->queue.empty()) s->asked = false;
        sim::Launch next;
        if (!s->queue.empty() && s->queue.front().dependent) {
            const Work& n = s->queue.front();  // stays where it is
            next = {n.kernel, n.grid, n.block, n.shared, n.arguments.data()};
        }
        bool lost = s->context->error != 0;
        held.unlock();
        if (lost) {
            sim::early = nullptr;
        } else if (w.kernel) {
            sim::launch({w.kernel, w.grid, w.block, w.shared, w.arguments.data()}, next);
        } else {
            w.run();
        }
        held.lock();
        s->busy = false;
        changed.notify_all();
    } while (sim::early);
}
inline void serve(Stream* s) {
    while (true) {
        {
            Held held(lock);
            changed.wait(held, [=] { return s->gone || (!s->queue.empty() && (s->asked || !settings["gathers"])); });
            if (s->queue.empty()) break;
        }
        perform(s);
    }
    delete s;
}
inline Stream* open_stream() {
    Stream* s = new Stream{current};
    streams.insert(s);
    std::thread(serve, s).detach();
    return s;
}
inline int submit(Stream* s, Work w) {
    if (!streams.count(s)) return BAD_HANDLE;
    if (s->capturing) {
        s->capturing->work.push_back(std::move(w));
        return OK;
    }
    s->queue.push_back(std::move(w));
    changed.notify_all();
    return OK;
}
inline void flush(Stream* s) {
    if (s->queue.empty()) return;
    s->asked = true;
    changed.notify_all();
}
inline void drain(Stream* s, Held& held) {
    flush(s);
    changed.wait(held, [=] { return s->queue.empty() && !s->busy; });
}
inline void drain_all(Context* c, Held& held) {
    for (bool idle = false; !idle;) {
        idle = true;
        for (Stream* s : streams) {
            if (s->context == c && (!s->queue.empty() || s->busy)) {
                idle = false;
                drain(s, held);
                break;
            }
        }
    }
}
inline void close_stream(Stream* s) {
    streams.erase(s);
    s->gone = true;
    changed.notify_all();
}
// Allowed neither while this thread records nor, for a stream, while that is recorded.
inline int unsafe() {
    if (!capturing_here) return OK;
    capturing_here->invalidated = true;
    return UNSUPPORTED_IN_CAPTURE;
}
inline void release(std::map<char*, Block>& blocks, std::map<char*, Block>::iterator at, size_t& total) {
    total -= at->second.bytes;
    free(at->first);
    blocks.erase(at);
}
inline void destroy(Context* c, Held& held) {
    c->error = c->error ? c->error : 709;  // what is queued is dropped
    drain_all(c, held);
    for (bool more = true; more;) {
        more = false;
        for (Stream* s : streams) {
            if (s->context == c) {
                close_stream(s);
                more = true;
                break;
            }
        }
    }
    for (auto* blocks : {&device, &host}) {
        for (auto i = blocks->begin(); i != blocks->end();) {
            auto at = i++;
            if (at->second.context == c) release(*blocks, at, blocks == &device ? allocated : pinned);
        }
    }
    for (auto i = modules.begin(); i != modules.end();) i = i->second == c ? modules.erase(i) : std::next(i);
    contexts.erase(c);
    delete c;
}
}  // namespace state

#define SIM extern "C" __attribute__((visibility("default")))
SIM void skald_sim_set(const char* key, long value) {
    state::Held held(state::lock);
    state::settings[key] = value;
}
// The nth call from now of a function, of any if the name is empty, fails. Where `later`, a lost context is only seen
// by the calls after it.
SIM void skald_sim_fail(const char* function, long nth, int code, int later) {
    state::Held held(state::lock);
    state::failing = function;
    state::fails_at = nth;
    state::fails_with = code;
    state::fails_later = later;
    state::seen = 0;
    state::failed = false;
}
SIM long skald_sim_get(const char* key) {
    state::Held held(state::lock);
    std::string k = key;
    if (k == "calls") return state::calls;
    if (k == "failed") return state::failed;
    if (k == "allocated") return (long)state::allocated;
    if (k == "peak") return (long)state::peak;
    if (k == "pinned") return (long)state::pinned;
    if (k == "streams") return (long)state::streams.size();
    if (k == "contexts") return (long)state::contexts.size();
    if (k == "modules") return (long)state::modules.size();
    if (k == "graphs") return (long)(state::graphs.size() + state::executables.size());
    if (k == "early") return (long)sim::started_early;
    return state::counts[k];
}
