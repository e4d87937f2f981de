package dev.skald.cuda.driver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * The functions of the driver's library, {@code libcuda.so.1} or {@code nvcuda.dll}. Loaded once a
 * process. Safe for many threads; a thread makes a context current before it calls anything of it.
 *
 * <p>Source: NVIDIA, CUDA Driver API.
 */
public final class Driver {
    /** The system property that names another library, for tests: a driver that is simulated. */
    public static final String LIBRARY = "skald.cuda.library";

    /** The oldest driver whose CUDA version is that of the kernels: 13.0, driver 580. */
    private static final int OLDEST = 13000;

    private static final int NO_DEVICE = 100;
    private static final int NOT_READY = 600;

    static final boolean WINDOWS =
            System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");

    private final MethodHandle getErrorName;
    private final MethodHandle deviceGetCount;
    private final MethodHandle deviceGet;
    private final MethodHandle deviceGetName;
    private final MethodHandle deviceTotalMem;
    private final MethodHandle deviceGetAttribute;
    private final MethodHandle ctxCreate;
    private final MethodHandle ctxDestroy;
    private final MethodHandle ctxSetCurrent;
    private final MethodHandle ctxSynchronize;
    private final MethodHandle memGetInfo;
    private final MethodHandle memAlloc;
    private final MethodHandle memFree;
    private final MethodHandle memHostAlloc;
    private final MethodHandle memFreeHost;
    private final MethodHandle memcpyHtoD;
    private final MethodHandle memcpyDtoH;
    private final MethodHandle memcpyDtoD;
    private final MethodHandle memset;
    private final MethodHandle memsetNow;
    private final MethodHandle streamCreate;
    private final MethodHandle streamDestroy;
    private final MethodHandle streamSynchronize;
    private final MethodHandle streamQuery;
    private final MethodHandle eventCreate;
    private final MethodHandle eventRecord;
    private final MethodHandle eventSynchronize;
    private final MethodHandle eventDestroy;
    private final MethodHandle moduleLoadData;
    private final MethodHandle moduleGetFunction;
    private final MethodHandle funcSetAttribute;
    private final MethodHandle launchKernel;
    private final MethodHandle launchKernelEx;
    private final MethodHandle streamBeginCapture;
    private final MethodHandle streamEndCapture;
    private final MethodHandle graphInstantiate;
    private final MethodHandle graphLaunch;
    private final MethodHandle graphExecDestroy;
    private final MethodHandle graphDestroy;
    private final int version;

    private static final class Loaded {
        static final Object DRIVER = load();

        private static Object load() {
            try {
                return new Driver(library());
            } catch (CudaException e) {
                return e;
            }
        }
    }

    /**
     * The driver of this machine. Throws {@link CudaException} that says what to do without one.
     */
    public static Driver get() {
        if (Loaded.DRIVER instanceof Driver d) {
            return d;
        }
        throw (CudaException) Loaded.DRIVER;
    }

    /** A library that is not the machine's own, for tests. */
    public static Driver load(Path library) {
        return new Driver(found(() -> SymbolLookup.libraryLookup(library, Arena.global())));
    }

    private Driver(SymbolLookup library) {
        getErrorName = function(library, "cuGetErrorName", JAVA_INT, ADDRESS);
        version = start(library);
        if (version < OLDEST) {
            throw new CudaException(
                    "the NVIDIA driver is too old: it offers CUDA "
                            + version / 1000
                            + "."
                            + version % 1000 / 10
                            + ", Skald needs 13.0: install driver 580 or later",
                    CudaException.NONE);
        }
        deviceGetCount = function(library, "cuDeviceGetCount", ADDRESS);
        deviceGet = function(library, "cuDeviceGet", ADDRESS, JAVA_INT);
        deviceGetName = function(library, "cuDeviceGetName", ADDRESS, JAVA_INT, JAVA_INT);
        deviceTotalMem = function(library, "cuDeviceTotalMem_v2", ADDRESS, JAVA_INT);
        deviceGetAttribute = function(library, "cuDeviceGetAttribute", ADDRESS, JAVA_INT, JAVA_INT);
        ctxCreate = function(library, "cuCtxCreate_v2", ADDRESS, JAVA_INT, JAVA_INT);
        ctxDestroy = function(library, "cuCtxDestroy_v2", JAVA_LONG);
        ctxSynchronize = function(library, "cuCtxSynchronize");
        ctxSetCurrent = function(library, "cuCtxSetCurrent", JAVA_LONG);
        memGetInfo = function(library, "cuMemGetInfo_v2", ADDRESS, ADDRESS);
        memAlloc = function(library, "cuMemAlloc_v2", ADDRESS, JAVA_LONG);
        memFree = function(library, "cuMemFree_v2", JAVA_LONG);
        memHostAlloc = function(library, "cuMemHostAlloc", ADDRESS, JAVA_LONG, JAVA_INT);
        memFreeHost = function(library, "cuMemFreeHost", JAVA_LONG);
        memsetNow = function(library, "cuMemsetD8_v2", JAVA_LONG, JAVA_BYTE, JAVA_LONG);
        memcpyHtoD =
                function(library, "cuMemcpyHtoDAsync_v2", JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG);
        memcpyDtoH =
                function(library, "cuMemcpyDtoHAsync_v2", ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        memcpyDtoD =
                function(
                        library,
                        "cuMemcpyDtoDAsync_v2",
                        JAVA_LONG,
                        JAVA_LONG,
                        JAVA_LONG,
                        JAVA_LONG);
        memset = function(library, "cuMemsetD8Async", JAVA_LONG, JAVA_BYTE, JAVA_LONG, JAVA_LONG);
        streamCreate = function(library, "cuStreamCreateWithPriority", ADDRESS, JAVA_INT, JAVA_INT);
        streamDestroy = function(library, "cuStreamDestroy_v2", JAVA_LONG);
        streamQuery = function(library, "cuStreamQuery", JAVA_LONG);
        streamSynchronize = function(library, "cuStreamSynchronize", JAVA_LONG);
        eventCreate = function(library, "cuEventCreate", ADDRESS, JAVA_INT);
        eventRecord = function(library, "cuEventRecord", JAVA_LONG, JAVA_LONG);
        eventSynchronize = function(library, "cuEventSynchronize", JAVA_LONG);
        eventDestroy = function(library, "cuEventDestroy_v2", JAVA_LONG);
        moduleLoadData = function(library, "cuModuleLoadData", ADDRESS, ADDRESS);
        moduleGetFunction = function(library, "cuModuleGetFunction", ADDRESS, JAVA_LONG, ADDRESS);
        funcSetAttribute = function(library, "cuFuncSetAttribute", JAVA_LONG, JAVA_INT, JAVA_INT);
        launchKernel =
                function(
                        library,
                        "cuLaunchKernel",
                        JAVA_LONG,
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_LONG,
                        ADDRESS,
                        ADDRESS);
        launchKernelEx =
                function(library, "cuLaunchKernelEx", ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);
        streamBeginCapture = function(library, "cuStreamBeginCapture_v2", JAVA_LONG, JAVA_INT);
        streamEndCapture = function(library, "cuStreamEndCapture", JAVA_LONG, ADDRESS);
        graphInstantiate =
                function(library, "cuGraphInstantiateWithFlags", ADDRESS, JAVA_LONG, JAVA_LONG);
        graphLaunch = function(library, "cuGraphLaunch", JAVA_LONG, JAVA_LONG);
        graphExecDestroy = function(library, "cuGraphExecDestroy", JAVA_LONG);
        graphDestroy = function(library, "cuGraphDestroy", JAVA_LONG);
    }

    /** Starts the driver and asks for its CUDA version. */
    private int start(SymbolLookup library) {
        int code = call(function(library, "cuInit", JAVA_INT), 0);
        if (code == NO_DEVICE) {
            throw new CudaException("there is no NVIDIA GPU on this machine", CudaException.NONE);
        }
        if (code != 0) {
            throw new CudaException(
                    "the NVIDIA driver does not start ("
                            + errorName(code)
                            + "): restart the machine, or install driver 580 or later again",
                    CudaException.NONE);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            check(
                    "cuDriverGetVersion",
                    call(function(library, "cuDriverGetVersion", ADDRESS), out));
            return out.get(JAVA_INT, 0);
        }
    }

    private static SymbolLookup library() {
        String name = System.getProperty(LIBRARY);
        if (name != null) {
            Path library = Path.of(name);
            return found(() -> SymbolLookup.libraryLookup(library, Arena.global()));
        }
        // By its name alone Windows would look for it beside the program first.
        String windows = System.getenv("SystemRoot");
        return found(
                () ->
                        WINDOWS && windows != null
                                ? SymbolLookup.libraryLookup(
                                        Path.of(windows, "System32", "nvcuda.dll"), Arena.global())
                                : SymbolLookup.libraryLookup(
                                        WINDOWS ? "nvcuda.dll" : "libcuda.so.1", Arena.global()));
    }

    private static SymbolLookup found(Supplier<SymbolLookup> library) {
        try {
            return library.get();
        } catch (IllegalArgumentException e) {
            throw new CudaException(
                    "there is no NVIDIA driver on this machine: install driver 580 or later",
                    CudaException.NONE,
                    e);
        }
    }

    private static MethodHandle function(
            SymbolLookup library, String name, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(
                        library.find(name)
                                .orElseThrow(
                                        () ->
                                                new CudaException(
                                                        "the NVIDIA driver has no "
                                                                + name
                                                                + ": install driver 580 or later",
                                                        -1)),
                        FunctionDescriptor.of(JAVA_INT, arguments));
    }

    /** A thing that happens once in a while: one call with arguments in an array. */
    private static int call(MethodHandle function, Object... arguments) {
        try {
            return (int) function.invokeWithArguments(arguments);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    private static RuntimeException thrown(Throwable t) {
        if (t instanceof Error e) {
            throw e;
        }
        return t instanceof RuntimeException e ? e : new IllegalStateException(t);
    }

    private void check(String what, int code) {
        if (code != 0) {
            throw Context.failure(what + " failed: " + errorName(code), code);
        }
    }

    private String errorName(int code) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ADDRESS);
            if (call(getErrorName, code, out) != 0) {
                return "error " + code;
            }
            return out.get(ADDRESS, 0).reinterpret(256).getString(0);
        }
    }

    private long longOf(String what, MethodHandle function, Object... more) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            Object[] all = new Object[more.length + 1];
            all[0] = out;
            System.arraycopy(more, 0, all, 1, more.length);
            check(what, call(function, all));
            return out.get(JAVA_LONG, 0);
        }
    }

    private int intOf(String what, MethodHandle function, Object... more) {
        return (int) longOf(what, function, more);
    }

    /** The CUDA version of the driver: 13000 for 13.0. */
    public int version() {
        return version;
    }

    // ---- devices

    public int devices() {
        return intOf("cuDeviceGetCount", deviceGetCount);
    }

    int device(int index) {
        return intOf("cuDeviceGet", deviceGet, index);
    }

    public String name(int index) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(256);
            check("cuDeviceGetName", call(deviceGetName, name, 256, device(index)));
            return name.getString(0);
        }
    }

    /** Bytes of a device's memory. */
    public long memory(int index) {
        return longOf("cuDeviceTotalMem", deviceTotalMem, device(index));
    }

    /** See {@code CUdevice_attribute}. */
    public int attribute(int index, int attribute) {
        return intOf("cuDeviceGetAttribute", deviceGetAttribute, attribute, device(index));
    }

    /** 90 for compute capability 9.0. */
    public int computeCapability(int index) {
        return 10 * attribute(index, 75) + attribute(index, 76);
    }

    // ---- context

    /** A context of its own, current on this thread. */
    long createContext(int index) {
        return longOf("cuCtxCreate", ctxCreate, 0, device(index));
    }

    void destroyContext(long context) {
        check("cuCtxDestroy", call(ctxDestroy, context));
    }

    void makeCurrent(long context) {
        try {
            check("cuCtxSetCurrent", (int) ctxSetCurrent.invokeExact(context));
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    /** Free bytes of the current context's device, and all of them. */
    long[] memoryInfo() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG, 2);
            check("cuMemGetInfo", call(memGetInfo, out, out.asSlice(Long.BYTES)));
            return out.toArray(JAVA_LONG);
        }
    }

    // ---- memory

    long allocate(long bytes) {
        return longOf("cuMemAlloc of " + bytes + " bytes", memAlloc, bytes);
    }

    void free(long address) {
        check("cuMemFree", call(memFree, address));
    }

    /** The address of page-locked memory of the host. */
    long allocateHost(long bytes) {
        return longOf("cuMemHostAlloc of " + bytes + " bytes", memHostAlloc, bytes, 0);
    }

    void freeHost(long address) {
        check("cuMemFreeHost", call(memFreeHost, address));
    }

    /** Fills memory that nothing uses with NaN bits. */
    void poison(long at, long bytes) {
        check("cuMemsetD8", call(memsetNow, at, (byte) 0xff, bytes));
        check("cuCtxSynchronize", call(ctxSynchronize));
    }

    void copyToDevice(long to, MemorySegment from, long bytes, long stream) {
        try {
            check("cuMemcpyHtoD", (int) memcpyHtoD.invokeExact(to, from, bytes, stream));
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    void copyToHost(MemorySegment to, long from, long bytes, long stream) {
        try {
            check("cuMemcpyDtoH", (int) memcpyDtoH.invokeExact(to, from, bytes, stream));
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    void copy(long to, long from, long bytes, long stream) {
        try {
            check("cuMemcpyDtoD", (int) memcpyDtoD.invokeExact(to, from, bytes, stream));
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    void clear(long at, long bytes, long stream) {
        try {
            check("cuMemsetD8", (int) memset.invokeExact(at, (byte) 0, bytes, stream));
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    // ---- streams, modules, launches

    /**
     * A stream that does not wait for the default one.
     *
     * @param first whether its kernels come before those of others that wait
     */
    long createStream(boolean first) {
        // The lower the sooner; what a card does not have becomes the nearest that it has.
        return longOf("cuStreamCreateWithPriority", streamCreate, 1, first ? -5 : 0);
    }

    void destroyStream(long stream) {
        check("cuStreamDestroy", call(streamDestroy, stream));
    }

    void synchronize(long stream) {
        try {
            check("cuStreamSynchronize", (int) streamSynchronize.invokeExact(stream));
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    /**
     * Has what is in a stream begin: Windows' drivers gather launches, some of them until they are
     * asked.
     */
    void flush(long stream) {
        try {
            int code = (int) streamQuery.invokeExact(stream);
            check("cuStreamQuery", code == NOT_READY ? 0 : code);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    /** A mark in a stream, without a time. */
    long createEvent() {
        return longOf("cuEventCreate", eventCreate, 2);
    }

    void recordEvent(long event, long stream) {
        check("cuEventRecord", call(eventRecord, event, stream));
    }

    /** Waits until the stream has come to the mark; a mark never set is not waited for. */
    void synchronizeEvent(long event) {
        check("cuEventSynchronize", call(eventSynchronize, event));
    }

    void destroyEvent(long event) {
        check("cuEventDestroy", call(eventDestroy, event));
    }

    long loadModule(MemorySegment image) {
        return longOf("cuModuleLoadData", moduleLoadData, image);
    }

    long function(long module, String name) {
        try (Arena arena = Arena.ofConfined()) {
            return longOf(
                    "cuModuleGetFunction of " + name,
                    moduleGetFunction,
                    module,
                    arena.allocateFrom(name));
        }
    }

    /** Allows a kernel more shared memory than 48 KB. */
    void allowShared(long function, int bytes) {
        check("cuFuncSetAttribute", call(funcSetAttribute, function, 8, bytes));
    }

    /** Asks for the largest shared memory, and so the smallest first-level cache, for a kernel. */
    void preferShared(long function) {
        check("cuFuncSetAttribute", call(funcSetAttribute, function, 9, 100));
    }

    /**
     * Launches a kernel.
     *
     * @param arguments an array of pointers to the arguments
     */
    void launch(
            long function,
            int gridX,
            int gridY,
            int gridZ,
            int threads,
            int shared,
            long stream,
            MemorySegment arguments) {
        try {
            int code =
                    (int)
                            launchKernel.invokeExact(
                                    function,
                                    gridX,
                                    gridY,
                                    gridZ,
                                    threads,
                                    1,
                                    1,
                                    shared,
                                    stream,
                                    arguments,
                                    MemorySegment.NULL);
            check("cuLaunchKernel", code);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    /**
     * Launches a kernel by a configuration with attributes.
     *
     * @param config a {@code CUlaunchConfig}
     * @param arguments an array of pointers to the arguments
     */
    void launch(MemorySegment config, long function, MemorySegment arguments) {
        try {
            int code =
                    (int)
                            launchKernelEx.invokeExact(
                                    config, function, arguments, MemorySegment.NULL);
            check("cuLaunchKernelEx", code);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    // ---- graphs

    /** From here on, what this thread puts into the stream is recorded instead. */
    void beginCapture(long stream) {
        check("cuStreamBeginCapture", call(streamBeginCapture, stream, 1));
    }

    /** The recorded graph. */
    long endCapture(long stream) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            check("cuStreamEndCapture", call(streamEndCapture, stream, out));
            return out.get(JAVA_LONG, 0);
        }
    }

    /** A graph that can be launched. */
    long instantiate(long graph) {
        return longOf("cuGraphInstantiate", graphInstantiate, graph, 0L);
    }

    void launchGraph(long executable, long stream) {
        try {
            check("cuGraphLaunch", (int) graphLaunch.invokeExact(executable, stream));
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    void destroyGraph(long graph) {
        check("cuGraphDestroy", call(graphDestroy, graph));
    }

    void destroyExecutable(long executable) {
        check("cuGraphExecDestroy", call(graphExecDestroy, executable));
    }
}
