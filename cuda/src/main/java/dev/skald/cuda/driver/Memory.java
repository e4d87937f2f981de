package dev.skald.cuda.driver;

import dev.skald.Optimisation;
import dev.skald.tensor.DeviceMemory;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;

/**
 * The memory of a context: counted by use, limited, and partly kept for the next who wants some.
 * When it runs out, what is idle is freed: first what is kept, then what others registered, such as
 * loaded models. Safe for many threads.
 */
final class Memory {
    /** Bytes of a device, and of page-locked memory, that are kept. */
    private static final long KEPT = 1L << 30;

    private static final long KEPT_HOST = 128L << 20;

    private static final System.Logger LOG = System.getLogger(Memory.class.getName());

    private final Context context;
    private final Driver driver;
    private final long limit;
    private final AtomicLong taken = new AtomicLong();
    private final AtomicLong peak = new AtomicLong();
    private final AtomicLongArray used = new AtomicLongArray(Use.values().length);
    private final Map<Long, Piece> pieces = new ConcurrentHashMap<>();
    private final Pool idle;
    private final Pool idleHost;
    private final List<Spare> pressure = new CopyOnWriteArrayList<>();

    private record Piece(long bytes, Use use) {}

    /** What can be freed, and how many bytes of activations nobody uses until then. */
    private record Spare(Runnable free, LongSupplier bytes) {}

    /**
     * @param limit bytes that may be taken of the device; 0 for all there is
     */
    Memory(Context context, Driver driver, long limit) {
        this.context = context;
        this.driver = driver;
        this.limit = limit == 0 ? Long.MAX_VALUE : limit;
        boolean keeps = context.uses(Optimisation.POOL);
        idle = new Pool(keeps ? KEPT : 0);
        idleHost = new Pool(keeps ? KEPT_HOST : 0);
    }

    void onPressure(Runnable free, LongSupplier bytes) {
        pressure.add(new Spare(free, bytes));
    }

    void removePressure(Runnable free) {
        pressure.removeIf(spare -> spare.free.equals(free));
    }

    long allocate(long bytes, Use use) {
        List<Spare> spares = List.copyOf(pressure);
        CudaException full = null;
        for (int tries = 0; ; tries++) {
            try {
                return take(bytes, use);
            } catch (CudaException e) {
                if (e.kind() != CudaException.Kind.OUT_OF_MEMORY) {
                    throw e;
                }
                full = e;
            }
            if (tries == 0) {
                trim();
            } else if (tries <= spares.size()) {
                run(spares.get(tries - 1).free);
                trim();
            } else {
                throw new CudaException(needed(bytes), CudaException.OUT_OF_MEMORY, full);
            }
        }
    }

    private static void run(Runnable free) {
        try {
            free.run();
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.DEBUG, "while idle memory was freed", e);
        }
    }

    private long take(long bytes, Use use) {
        long now = taken.addAndGet(bytes);
        if (now > limit) {
            taken.addAndGet(-bytes);
            throw new CudaException("the limit is reached", CudaException.OUT_OF_MEMORY);
        }
        try {
            long address = driver.allocate(bytes);
            pieces.put(address, new Piece(bytes, use));
            used.addAndGet(use.ordinal(), bytes);
            peak.accumulateAndGet(now, Math::max);
            return address;
        } catch (RuntimeException e) {
            taken.addAndGet(-bytes);
            throw e;
        }
    }

    /** What was needed, in one line that says what to do. */
    private String needed(long bytes) {
        DeviceMemory now = usage();
        return String.format(
                Locale.ROOT,
                "%s has too little memory: %s more are needed beside %s of weights, %s of"
                        + " activations and %s of decoders, and %s of %s are free: end other"
                        + " programs on it, %sor use --device cpu",
                context.device(),
                size(bytes),
                size(now.weights()),
                size(now.activations()),
                size(now.decoder()),
                size(now.free()),
                size(now.total()),
                limit == Long.MAX_VALUE ? "" : "allow more (--device-memory), ");
    }

    private static String size(long bytes) {
        return bytes < 100L << 20
                ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }

    void free(long address) {
        release(new Block(address, forget(address)));
    }

    /** Nobody's any more: before it is freed or kept, for it may then be another's at once. */
    private long forget(long address) {
        Piece piece = pieces.remove(address);
        if (piece == null) {
            throw new IllegalStateException("memory is freed twice");
        }
        used.addAndGet(piece.use.ordinal(), -piece.bytes);
        return piece.bytes;
    }

    private void release(Block block) {
        taken.addAndGet(-block.bytes());
        context.quietly(() -> driver.free(block.address()));
    }

    // ---- what is kept

    Block borrow(long bytes, Use use) {
        Block kept = idle.take(bytes);
        if (kept == null) {
            return new Block(allocate(bytes, use), bytes);
        }
        pieces.put(kept.address(), new Piece(kept.bytes(), use));
        used.addAndGet(use.ordinal(), kept.bytes());
        assert poisoned(kept);
        return kept;
    }

    /** With assertions on, memory that is taken again holds NaN bits, as fresh one may. */
    private boolean poisoned(Block block) {
        driver.poison(block.address(), block.bytes());
        return true;
    }

    void giveBack(Block block) {
        forget(block.address());
        if (!context.usable() || !idle.give(block)) {
            release(block);
        }
    }

    Block borrowHost(long bytes) {
        Block kept = idleHost.take(bytes);
        return kept != null ? kept : new Block(driver.allocateHost(bytes), bytes);
    }

    void giveBackHost(Block block) {
        if (!context.usable() || !idleHost.give(block)) {
            context.quietly(() -> driver.freeHost(block.address()));
        }
    }

    /** Frees what is kept. */
    void trim() {
        idle.empty().forEach(this::release);
        for (Block block : idleHost.empty()) {
            context.quietly(() -> driver.freeHost(block.address()));
        }
    }

    DeviceMemory usage() {
        long[] free = free();
        long activations = used.get(Use.ACTIVATIONS.ordinal());
        long spare = pressure.stream().mapToLong(s -> s.bytes.getAsLong()).sum();
        long unused = Math.min(spare, activations); // one may be taken or freed meanwhile
        return new DeviceMemory(
                used.get(Use.WEIGHTS.ordinal()),
                activations - unused,
                used.get(Use.DECODER.ordinal()),
                idle.bytes() + unused,
                peak.get(),
                free[0],
                free[1]);
    }

    /** Free and total bytes, within the limit; zeros if the driver does not tell. */
    private long[] free() {
        try {
            context.use();
            long[] told = driver.memoryInfo();
            return new long[] {
                Math.max(0, Math.min(told[0], limit - taken.get())), Math.min(told[1], limit)
            };
        } catch (CudaException e) {
            return new long[2];
        }
    }
}
