package dev.skald.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A device's context with the kernels loaded into it: the owner of everything made on the device.
 * Safe for many threads.
 */
public final class Context implements AutoCloseable {
    /** The binaries of the kernels, one a source file. */
    private static final List<String> BINARIES =
            List.of(
                    "attention",
                    "conv",
                    "decode",
                    "decode_attention",
                    "decode_weights",
                    "gemm",
                    "random",
                    "rows",
                    "sample",
                    "vits",
                    "vocoder");

    /** The context that a thread made current last. */
    private static final ThreadLocal<Context> CURRENT = new ThreadLocal<>();

    private final Driver driver;
    private final int index;
    private final long handle;
    private final List<Long> modules = new ArrayList<>();
    private final Map<String, Kernel> kernels = new ConcurrentHashMap<>();
    private volatile boolean closed;

    private Context(Driver driver, int index) {
        this.driver = driver;
        this.index = index;
        handle = driver.retainContext(index);
    }

    /** Opens device number {@code index} and loads the kernels. */
    public static Context open(int index) {
        Driver driver = Driver.get();
        int capability = driver.computeCapability(index);
        if (capability < 80) {
            throw new CudaException(
                    driver.name(index)
                            + " is too old: it has compute capability "
                            + capability / 10.0
                            + ", Skald needs 8.0 or later",
                    -1);
        }
        Context context = new Context(driver, index);
        try {
            context.load();
            return context;
        } catch (RuntimeException | Error e) {
            context.close();
            throw e;
        }
    }

    private void load() {
        use();
        for (String name : BINARIES) {
            String resource = "/dev/skald/cuda/kernels/" + name + ".fatbin";
            try (InputStream in = Context.class.getResourceAsStream(resource);
                    Arena arena = Arena.ofConfined()) {
                if (in == null) {
                    throw new CudaException("the kernels " + name + " are missing", -1);
                }
                byte[] image = in.readAllBytes();
                MemorySegment memory = arena.allocate(image.length, 64);
                memory.copyFrom(MemorySegment.ofArray(image));
                modules.add(driver.loadModule(memory));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Makes this the calling thread's context. */
    public void use() {
        if (closed) {
            throw new IllegalStateException("the device is closed");
        }
        if (CURRENT.get() != this) {
            driver.makeCurrent(handle);
            CURRENT.set(this);
        }
    }

    Driver driver() {
        return driver;
    }

    /** {@code cuda:0}. */
    public String device() {
        return "cuda:" + index;
    }

    /** The card, its memory, the driver. */
    public String description() {
        return driver.name(index)
                + ", "
                + (driver.memory(index) >> 30)
                + " GiB, CUDA "
                + driver.version() / 1000
                + "."
                + driver.version() % 1000 / 10;
    }

    /** Streaming multiprocessors. */
    public int multiprocessors() {
        return driver.attribute(index, 16);
    }

    /** 90 for compute capability 9.0. */
    public int computeCapability() {
        return driver.computeCapability(index);
    }

    /** The kernel of that name. */
    public Kernel kernel(String name) {
        Kernel known = kernels.get(name);
        return known != null ? known : kernels.computeIfAbsent(name, this::find);
    }

    private Kernel find(String name) {
        use();
        CudaException last = null;
        for (long module : modules) {
            try {
                return new Kernel(name, driver, driver.function(module, name));
            } catch (CudaException e) {
                last = e;
            }
        }
        throw last == null ? new CudaException("there is no kernel " + name, -1) : last;
    }

    /** Device memory. Throws {@link CudaException} if there is too little. */
    public long allocate(long bytes) {
        use();
        return driver.allocate(Math.max(256, bytes));
    }

    public void free(long address) {
        use();
        driver.free(address);
    }

    /** Page-locked memory of the host, which kernels write to by its address. */
    public MemorySegment allocateHost(long bytes) {
        use();
        return driver.allocateHost(bytes);
    }

    public void freeHost(MemorySegment memory) {
        use();
        driver.freeHost(memory);
    }

    /** Opens a queue of work. */
    public Stream stream() {
        use();
        return new Stream(this);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        use();
        closed = true;
        modules.forEach(driver::unloadModule);
        modules.clear();
        CURRENT.remove();
        driver.releaseContext(index);
    }
}
