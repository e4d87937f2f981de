package dev.skald.engine;

import dev.skald.tensor.Backend;
import dev.skald.tensor.DeviceException;
import dev.skald.tensor.Ops;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The op stream that a {@link SpeechJob.Batch} computes on, the one workspace of all that take
 * part. It is opened when it is first used, and freed when the device's memory is short while
 * nobody uses it. One thread at a time uses it; others wait.
 */
public final class BatchStream implements AutoCloseable {
    /** What takes part: a sentence, or a piece of one. */
    public interface Part {
        /** Whether nothing has to be computed any more. */
        boolean done();

        /** Ends it, for it cannot be computed. */
        void fails(RuntimeException why);
    }

    private final Backend device;
    private final BooleanSupplier unused;
    private final Runnable beforeClose;
    private final Backend.Registration pressure;

    /** Held by whoever uses the op stream. */
    private final ReentrantLock computing = new ReentrantLock();

    private @Nullable Ops ops;

    /** For a batch that keeps nothing on the device between two uses. */
    public BatchStream(Backend device) {
        this(device, () -> true, () -> {});
    }

    /**
     * @param unused asked when memory is short: frees what nobody wants and tells whether that was
     *     all that the batch keeps on the stream
     * @param beforeClose frees all that the batch keeps on the stream
     */
    public BatchStream(Backend device, BooleanSupplier unused, Runnable beforeClose) {
        this.device = device;
        this.unused = unused;
        this.beforeClose = beforeClose;
        pressure = device.onPressure(this::trim);
    }

    /** Does some work on the stream. */
    public void use(Consumer<Ops> work) {
        computing.lock();
        try {
            Ops on = ops == null ? device.open() : ops;
            ops = on;
            work.accept(on);
        } finally {
            computing.unlock();
        }
    }

    /**
     * Computes all as one batch. What fails is tried again in smaller ones, so that none fails
     * because of another, unless the device is lost.
     *
     * @param work may be asked again for parts that it has not done
     */
    public static <P extends Part> void divide(List<P> parts, Consumer<List<P>> work) {
        if (parts.isEmpty()) {
            return;
        }
        try {
            work.accept(parts);
        } catch (RuntimeException e) {
            boolean lost = e instanceof DeviceException d && d.kind() == DeviceException.Kind.LOST;
            List<P> left = parts.stream().filter(p -> !p.done()).toList();
            if (lost || left.size() == 1) {
                left.forEach(p -> p.fails(e));
            } else if (!left.isEmpty()) {
                divide(left.subList(0, left.size() / 2), work);
                divide(left.subList(left.size() / 2, left.size()), work);
            }
        }
    }

    private void trim() {
        if (!computing.isHeldByCurrentThread() && computing.tryLock()) {
            try {
                if (unused.getAsBoolean()) {
                    free();
                }
            } finally {
                computing.unlock();
            }
        }
    }

    private void free() {
        if (ops != null) {
            beforeClose.run();
            ops.close();
            ops = null;
        }
    }

    /** Frees everything. Nothing may use it any more. */
    @Override
    public void close() {
        pressure.close();
        computing.lock();
        try {
            free();
        } finally {
            computing.unlock();
        }
    }
}
