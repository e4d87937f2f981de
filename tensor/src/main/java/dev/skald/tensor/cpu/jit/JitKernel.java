package dev.skald.tensor.cpu.jit;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A vector loop, and whether C2 has compiled it. The interpreter makes an object of every vector,
 * which is a thousand times slower than scalar code, so a vector loop may only be used once it is
 * compiled; until then its caller takes the scalar fallback, which gives the same bits.
 *
 * <p>The first request for a kernel starts its warm-up: a background thread calls it on a few
 * values until it is compiled. A model can load meanwhile. Kernels that take most of the time are
 * requested when a backend opens, others once their fallback has had enough work.
 */
public abstract class JitKernel {
    /** Vectors of a probe, and what it may take: a few nanoseconds each compiled, far more not. */
    private static final int PROBE = 16;

    private static final long PROBE_NANOS = 2400;

    /** What a call on one vector may take to be worth a probe. */
    private static final long QUICK_NANOS = 500;

    /** Calls after which HotSpot compiles a method, and some more. */
    private static final int CALLS = 5200;

    /** Values that take the fallback about as long as C2 takes to compile a kernel. */
    private static final long WORTH = 1 << 20;

    private static final LinkedBlockingQueue<JitKernel> QUEUE = new LinkedBlockingQueue<>();
    private static final List<JitKernel> ALL = new ArrayList<>();
    private static @Nullable Thread thread;

    /** Set once a warm-up has failed: without C2 nothing is ever compiled. */
    private static volatile boolean givenUp;

    /** What tests have set for all kernels. */
    private static @Nullable Boolean forced;

    /** Values to call kernels on, used by the warm-up thread alone. */
    protected static final float[] X = new float[64 * 16];

    protected static final float[] Y = new float[64 * 16];
    protected static final short[] SHORTS = new short[64 * 16];
    protected static final byte[] BYTES = new byte[64 * 16];

    private volatile boolean compiled;
    private boolean requested;
    private long fallen;

    protected JitKernel() {
        synchronized (QUEUE) {
            ALL.add(this);
            if (forced != null) {
                requested = true;
                compiled = forced;
            }
        }
    }

    /**
     * Calls the loop on so many vectors of {@link #X}. The loop should go round as few times as may
     * be: HotSpot would else compile it a second time, at several times the cost, to enter it in
     * its middle.
     */
    protected abstract void call(int vectors);

    /**
     * Whether it is compiled. If not, the caller computes {@code values} values by the scalar
     * fallback; once there were {@link #WORTH} of them, the kernel is requested. One sentence alone
     * would not earn what it takes to compile the kernels that it uses little.
     */
    public final boolean isReady(int values) {
        if (compiled) {
            return true;
        }
        // Threads may lose each other's counts: a request then comes a little later.
        fallen += values;
        if (fallen > WORTH) {
            request();
        }
        return false;
    }

    /** Starts its warm-up, unless that was done before. */
    public final void request() {
        synchronized (QUEUE) {
            if (requested) {
                return;
            }
            requested = true;
            QUEUE.add(this);
            if (thread == null) {
                thread = new Thread(JitKernel::work, "skald-cpu-warm-up");
                thread.setDaemon(true);
                thread.start();
            }
        }
    }

    /** Waits until it is compiled, for two seconds at most; returns whether it is. */
    public final boolean awaitReady() {
        if (compiled) {
            return true;
        }
        request();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        while (!compiled && !givenUp && System.nanoTime() < end) {
            LockSupport.parkNanos(500_000);
        }
        return compiled;
    }

    /** For tests: makes every kernel, also later ones, count as compiled, or none. */
    public static void force(boolean compiled) {
        synchronized (QUEUE) {
            forced = compiled;
            givenUp = !compiled;
            for (JitKernel kernel : ALL) {
                kernel.requested = true;
                kernel.compiled = compiled;
            }
        }
    }

    private static void work() {
        while (true) {
            JitKernel next;
            synchronized (QUEUE) {
                next = QUEUE.poll();
                if (next == null) {
                    thread = null;
                    return;
                }
            }
            next.warmUp();
        }
    }

    private void warmUp() {
        for (int i = 1; i <= CALLS && !compiled; i++) {
            long start = System.nanoTime();
            call(1);
            compiled = System.nanoTime() - start < QUICK_NANOS && isFast();
        }
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        while (!compiled) {
            LockSupport.parkNanos(1_000_000);
            compiled = isFast();
            if (!compiled && System.nanoTime() > end) {
                givenUp = true;
                synchronized (QUEUE) {
                    requested = false;
                }
                return;
            }
        }
    }

    private boolean isFast() {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            long start = System.nanoTime();
            call(PROBE);
            best = Math.min(best, System.nanoTime() - start);
        }
        return best < PROBE_NANOS;
    }
}
