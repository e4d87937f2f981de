package dev.skald.cuda.driver;

import dev.skald.Optimisation;
import dev.skald.tensor.DeviceMemory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A context of a device with the kernels loaded into it: the owner of everything made there. After
 * an error of the kind {@link CudaException.Kind#LOST} nothing of it can be used, and to close what
 * it had is all that can be done. Safe for many threads.
 */
public final class Context implements AutoCloseable {
    /** The binaries of the kernels, one a source file. */
    private static final List<String> BINARIES =
            List.of(
                    "attention",
                    "attention_wgmma",
                    "conv",
                    "conv_wgmma",
                    "decode",
                    "decode_attention",
                    "decode_int8",
                    "decode_weights",
                    "gemm",
                    "gemm_exact",
                    "random",
                    "resnet",
                    "rows",
                    "sample",
                    "transformer",
                    "vits",
                    "vocoder");

    /** {@code portable}: only the kernels that every card can run. Else the best ones. */
    public static final String KERNELS = "skald.cuda.kernels";

    private static final System.Logger LOG = System.getLogger(Context.class.getName());

    /** The context that a thread made current last. */
    private static final ThreadLocal<Context> CURRENT = new ThreadLocal<>();

    private final Driver driver;
    private final int index;
    private final long handle;
    private final boolean portable = "portable".equals(System.getProperty(KERNELS));
    private final Set<Optimisation> without;
    private final Memory memory;
    private final List<Long> modules = new ArrayList<>();
    private final Map<String, Kernel> kernels = new ConcurrentHashMap<>();
    private volatile @Nullable CudaException lost;
    private volatile boolean closed;

    private Context(Driver driver, int index, long limit, Set<Optimisation> without) {
        this.driver = driver;
        this.index = index;
        this.without = Set.copyOf(without);
        // The last one's error is not this one's.
        CURRENT.remove();
        driver.makeCurrent(0);
        handle = create();
        CURRENT.set(this);
        memory = new Memory(this, driver, limit == 0 && Driver.WINDOWS ? free() : limit);
    }

    /** After a kernel that failed, the driver gives its process no other context. */
    private long create() {
        try {
            return driver.createContext(index);
        } catch (CudaException e) {
            if (e.kind() != CudaException.Kind.LOST) {
                throw e;
            }
            throw new CudaException(
                    device()
                            + " is lost to this process ("
                            + e.getMessage()
                            + "): start the program again",
                    e.code(),
                    e);
        }
    }

    /**
     * Opens device number {@code index} and loads the kernels.
     *
     * @param limit bytes of its memory that may be taken; 0 for all there is
     */
    public static Context open(int index, long limit) {
        return open(index, limit, Set.of());
    }

    /** The same, with something switched off. */
    public static Context open(int index, long limit, Set<Optimisation> without) {
        Driver driver = Driver.get();
        int capability = driver.computeCapability(index);
        if (capability < 80) {
            throw new CudaException(
                    driver.name(index)
                            + " is too old: it has compute capability "
                            + capability / 10.0
                            + ", Skald needs 8.0 or later",
                    CudaException.NONE);
        }
        Context context = new Context(driver, index, limit, without);
        try {
            context.load();
            return context;
        } catch (RuntimeException | Error e) {
            context.close();
            throw e;
        }
    }

    /** All free memory: on Windows an allocation beyond it succeeds, in the host's memory. */
    private long free() {
        return driver.memoryInfo()[0] / 16 * 15;
    }

    private void load() {
        use();
        for (String name : BINARIES) {
            String resource = "/dev/skald/cuda/kernels/" + name + ".fatbin";
            try (InputStream in = Context.class.getResourceAsStream(resource);
                    Arena arena = Arena.ofConfined()) {
                if (in == null) {
                    throw new CudaException(
                            "the kernels " + name + " are missing: install Skald again",
                            CudaException.NONE);
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

    /** Whether that is on. */
    public boolean uses(Optimisation optimisation) {
        return !without.contains(optimisation);
    }

    /** Makes this the calling thread's context. */
    public void use() {
        if (closed) {
            throw new IllegalStateException("the device is closed");
        }
        CudaException why = lost;
        if (why != null) {
            throw new CudaException(String.valueOf(why.getMessage()), why.code(), why);
        }
        if (CURRENT.get() != this) {
            driver.makeCurrent(handle);
            CURRENT.set(this);
        }
    }

    /** An exception for a failed call, which may mean that the current context is lost. */
    static CudaException failure(String message, int code) {
        CudaException e = new CudaException(message, code);
        Context context = CURRENT.get();
        if (e.kind() != CudaException.Kind.LOST || context == null) {
            return e;
        }
        CudaException first = context.lost;
        if (first == null) {
            first = new CudaException(context.device() + " was lost (" + message + ")", code);
            context.lost = first;
        }
        return first;
    }

    /** Whether nothing of it can be used any more. */
    public boolean lost() {
        return lost != null;
    }

    boolean usable() {
        return lost == null && !closed;
    }

    /** Frees something, if it is there to be freed; a failure hinders nobody. */
    void quietly(Runnable free) {
        if (!usable()) {
            return; // what the context had goes with it
        }
        try {
            use();
            free.run();
        } catch (CudaException e) {
            LOG.log(System.Logger.Level.DEBUG, "{0}: {1}", device(), e.getMessage());
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

    /** A line each of what there is to know of it. */
    public Map<String, String> details() {
        Map<String, String> details = new LinkedHashMap<>();
        int capability = computeCapability();
        details.put("card", driver.name(index));
        details.put("compute capability", capability / 10 + "." + capability % 10);
        details.put(
                "driver", "CUDA " + driver.version() / 1000 + "." + driver.version() % 1000 / 10);
        details.put(
                "kernels",
                (portable ? "portable" : "auto")
                        + (hopper()
                                ? ": those of Hopper (wgmma) for the flow's estimator and for"
                                        + " convolutions, else the portable ones (mma.sync,"
                                        + " cp.async)"
                                : ": the portable ones (mma.sync, cp.async)"));
        return details;
    }

    /** Whether kernels may begin before the one ahead has ended ({@link Stream#launchEarly}). */
    public boolean launchesEarly() {
        return computeCapability() >= 90;
    }

    /** Streaming multiprocessors. */
    public int multiprocessors() {
        return driver.attribute(index, 16);
    }

    /** 90 for compute capability 9.0. */
    public int computeCapability() {
        return driver.computeCapability(index);
    }

    /** Whether the kernels that only compute capability 9.0 can run are to be used. */
    public boolean hopper() {
        return computeCapability() == 90 && !portable;
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
                if (e.code() != CudaException.NOT_FOUND) {
                    throw e;
                }
                last = e;
            }
        }
        throw last == null
                ? new CudaException("there is no kernel " + name, CudaException.NOT_FOUND)
                : last;
    }

    /**
     * Device memory for weights.
     *
     * @throws CudaException if there is too little, though what is idle was freed
     */
    public long allocate(long bytes) {
        return allocate(bytes, Use.WEIGHTS);
    }

    /** Device memory. */
    public long allocate(long bytes, Use use) {
        use();
        return memory.allocate(Math.max(256, bytes), use);
    }

    public void free(long address) {
        memory.free(address);
    }

    /** Device memory that another may have had; to be given back. */
    public Block borrow(long bytes, Use use) {
        use();
        return memory.borrow(Math.max(256, bytes), use);
    }

    /** Nothing may run over it any more. */
    public void giveBack(Block block) {
        memory.giveBack(block);
    }

    /** Page-locked memory of the host, which kernels write to by its address; to be given back. */
    public MemorySegment allocateHost(long bytes) {
        use();
        Block block = memory.borrowHost(bytes);
        return MemorySegment.ofAddress(block.address()).reinterpret(block.bytes());
    }

    /** Nothing may run over it any more. */
    public void freeHost(MemorySegment host) {
        memory.giveBackHost(new Block(host.address(), host.byteSize()));
    }

    /** Memory of the host for copies: page-locked, unless that is off; to be given back. */
    @SuppressWarnings("MustBeClosedChecker") // freed by the collector
    MemorySegment staging(long bytes) {
        return uses(Optimisation.PINNED)
                ? allocateHost(bytes)
                : Arena.ofAuto().allocate(bytes, 4096);
    }

    /** Nothing may run over it any more. */
    void freeStaging(MemorySegment staging) {
        if (uses(Optimisation.PINNED)) {
            freeHost(staging);
        }
    }

    /** Has something called, on the thread that needs memory, when there is none left. */
    public void onPressure(Runnable free) {
        onPressure(free, () -> 0);
    }

    /**
     * The same for what keeps memory of its own.
     *
     * @param bytes tells how many bytes of activations {@code free} would free: they are idle
     */
    public void onPressure(Runnable free, LongSupplier bytes) {
        memory.onPressure(free, bytes);
    }

    public void removePressure(Runnable free) {
        memory.removePressure(free);
    }

    /** How the device's memory is used. */
    public DeviceMemory memory() {
        return memory.usage();
    }

    /** Lets some time pass. On Windows a thread that parks sleeps for a millisecond at least. */
    public void pause(long nanos) {
        if (Driver.WINDOWS) {
            Thread.yield();
        } else {
            LockSupport.parkNanos(nanos);
        }
    }

    /** Opens a queue of work. */
    public Stream stream() {
        return stream(false);
    }

    /**
     * The same.
     *
     * @param first whether its kernels come before those of others that wait
     */
    public Stream stream(boolean first) {
        use();
        return new Stream(this, first);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            driver.destroyContext(handle);
        } catch (CudaException e) { // of a lost one
            LOG.log(System.Logger.Level.DEBUG, "{0}: {1}", device(), e.getMessage());
        }
        CURRENT.remove();
    }
}
