package dev.skald.tensor.cpu;

import dev.skald.tensor.Activation;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The vector loops, and whether each has been compiled. Who asks first has it called on a few
 * values on a thread beside, until it is; so a model can load meanwhile, and no vector loop ever
 * runs in the interpreter for long. Until then {@link Twins} do its work, with the same bits.
 */
enum Loop {
    ROWS,
    ROW1,
    ROW1_HALF,
    ROW1_BYTE,
    UNPACK_HALF,
    UNPACK_BYTE,
    WINOGRAD_INPUT,
    WINOGRAD_OUTPUT,
    STORE,
    MERGE,
    LEAKY_RELU,
    GATE_TANH,
    GATE_SILU,
    SUM,
    SQUARES,
    NORMALIZE,
    SOFTMAX,
    WEIGHTS,
    SCALE_ROWS,
    DOT,
    AXPY,
    SIGMOID,
    TANH,
    EXP,
    SILU,
    MISH,
    GELU,
    GELU_TANH,
    ELU,
    LOG,
    SIN,
    SNAKE;

    /** Rounds a probe does, and what one may take: compiled a few nanoseconds, boxed far over. */
    private static final int PROBE = 16;

    private static final long PROBE_NANOS = 2400;

    /** What a call on one vector may take to be worth a probe. */
    private static final long QUICK_NANOS = 500;

    private static final LinkedBlockingQueue<Loop> QUEUE = new LinkedBlockingQueue<>();
    private static @Nullable Thread thread;
    static volatile boolean givenUp;

    /** Values to try loops on, the warm-up thread's own. */
    private static final float[] X = new float[64 * 16];

    private static final float[] Y = new float[64 * 16];
    private static final short[] HALVES = new short[64 * 16];
    private static final byte[] BYTES = new byte[64 * 16];

    /** Calls after which HotSpot compiles a method, and some more. */
    private static final int CALLS = 5200;

    volatile boolean compiled;
    boolean asked;

    /** Whether it is compiled; if not, sees to it. */
    boolean now() {
        if (compiled) {
            return true;
        }
        ask();
        return false;
    }

    /** Sees to it that it will be compiled. */
    void ask() {
        synchronized (QUEUE) {
            if (asked) {
                return;
            }
            asked = true;
            QUEUE.add(this);
            if (thread == null) {
                thread = new Thread(Loop::work, "skald-cpu-warm-up");
                thread.setDaemon(true);
                thread.start();
            }
        }
    }

    /** Waits until it is compiled, but not for ever: without C2 it never is. */
    boolean soon() {
        if (compiled) {
            return true;
        }
        ask();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        while (!compiled && !givenUp && System.nanoTime() < end) {
            LockSupport.parkNanos(500_000);
        }
        return compiled;
    }

    private static void work() {
        while (true) {
            Loop next;
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
            run(1);
            compiled = System.nanoTime() - start < QUICK_NANOS && isFast();
        }
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        while (!compiled) {
            LockSupport.parkNanos(1_000_000);
            compiled = isFast();
            if (!compiled && System.nanoTime() > end) {
                givenUp = true;
                synchronized (QUEUE) {
                    asked = false;
                }
                return;
            }
        }
    }

    private boolean isFast() {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            long start = System.nanoTime();
            run(PROBE);
            best = Math.min(best, System.nanoTime() - start);
        }
        return best < PROBE_NANOS;
    }

    /**
     * So many vectors. Calls go round as few times as may be: HotSpot would else compile the loop a
     * second time, at several times the cost, to enter it in its middle.
     */
    private void run(int times) {
        int n = times * Lanes.N;
        switch (this) {
            case ROWS -> VectorKernels.rows(X, 0, 1, 1, 0, times, X, 0, Y, 0);
            case ROW1 -> VectorProducts.row1(X, 0, 1, 0, 5 * Math.min(times, 4), X, 0, Y, 0);
            case ROW1_HALF -> VectorCompact.row1Half(X, 0, 5 * Math.min(times, 4), HALVES, 0, Y, 0);
            case ROW1_BYTE -> VectorCompact.row1Byte(X, 0, 5 * Math.min(times, 4), BYTES, 0, Y, 0);
            case UNPACK_HALF -> VectorCompact.unpackHalf(HALVES, 0, Y, n);
            case UNPACK_BYTE -> VectorCompact.unpackByte(BYTES, 0, Y, n);
            case WINOGRAD_INPUT -> VectorWinograd.input(X, 0, 0, Y, 0, 0, Math.min(n, 8 * Lanes.N));
            case WINOGRAD_OUTPUT ->
                    VectorWinograd.output(X, 0, 0, 4 + times % 4, Y, 0, Math.min(n, 8 * Lanes.N));
            case STORE -> VectorKernels.store(X, 0, Lanes.N, times, X, 0, 1, 1, Y, 0, Lanes.N);
            case MERGE ->
                    VectorKernels.merge(
                            X, 0, Lanes.N, times, X, 0, 1, 1, Y, 0, Lanes.N, Y, 0, Lanes.N);
            case LEAKY_RELU -> VectorActivations.leakyRelu(0.5f, X, 0, Y, 0, n);
            case GATE_TANH -> VectorActivations.gateTanh(X, 0, X, 0, Y, 0, n);
            case GATE_SILU -> VectorActivations.gateSilu(X, 0, X, 0, Y, 0, n);
            case SUM -> Y[0] = VectorRows.sum(X, 0, n);
            case SQUARES -> Y[0] = VectorRows.squares(X, 0, 0, n);
            case NORMALIZE -> VectorRows.normalize(X, 0, 0, 1, X, 0, X, 0, Y, 0, n);
            case SOFTMAX -> VectorRows.softmax(X, 0, 1, Y, 0, n);
            case WEIGHTS ->
                    Y[0] = VectorRows.powers(Y, 0, 0, times, 1, -VectorRows.most(Y, 0, 0, times));
            case SCALE_ROWS -> VectorRows.scaleRows(Y, times, X, 0);
            case DOT -> Y[0] = VectorProducts.dot(X, 0, X, 0, 3 * n);
            case AXPY -> VectorProducts.axpy(0, X, 0, Y, 0, n);
            case SIGMOID -> VectorActivations.sigmoid(X, 0, Y, 0, n);
            case TANH -> VectorActivations.tanh(X, 0, Y, 0, n);
            case EXP -> VectorActivations.exp(X, 0, Y, 0, n);
            case SILU -> VectorActivations.silu(X, 0, Y, 0, n);
            case MISH -> VectorActivations.mish(X, 0, Y, 0, n);
            case GELU -> VectorActivations.gelu(X, 0, Y, 0, n);
            case GELU_TANH -> VectorActivations.geluTanh(X, 0, Y, 0, n);
            case ELU -> VectorActivations.elu(1, X, 0, Y, 0, n);
            case LOG -> VectorActivations.log(1, X, 0, Y, 0, n);
            case SIN -> VectorActivations.sin(0, X, 0, Y, 0, n);
            case SNAKE -> VectorActivations.snake(X, 0, X, 0, Y, 0, n);
        }
    }

    /** The loop of a function, if it has one. */
    static @Nullable Loop of(Activation.Kind kind) {
        return switch (kind) {
            case RELU, LEAKY_RELU -> LEAKY_RELU;
            case GELU -> GELU;
            case GELU_TANH -> GELU_TANH;
            case SILU -> SILU;
            case MISH -> MISH;
            case ELU -> ELU;
            case TANH -> TANH;
            case SIGMOID -> SIGMOID;
            case EXP -> EXP;
            case LOG_CLAMPED -> LOG;
            case SNAKE -> SNAKE;
            case SIN, COS -> SIN;
            case NONE, ABS, SQUARE -> null;
        };
    }
}
