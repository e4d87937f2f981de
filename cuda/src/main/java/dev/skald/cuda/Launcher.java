package dev.skald.cuda;

import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Launches kernels by name: {@link #begin}, the fields of the argument in their order, the grid.
 */
final class Launcher {
    private final Context context;
    private final Stream stream;
    private final long overflow;
    private boolean early;
    private boolean first;

    /**
     * @param overflow address of an integer that kernels add to where fp16 cannot hold a value
     */
    Launcher(Context context, Stream stream, long overflow) {
        this.context = context;
        this.stream = stream;
        this.overflow = overflow;
    }

    /** {@link Context#hopper}. */
    boolean hopper() {
        return context.hopper();
    }

    int multiprocessors() {
        return context.multiprocessors();
    }

    /**
     * Whether the kernels launched from now on, all but the first, may begin before the one ahead
     * has ended, where the card can that: see {@link Stream#launchEarly}.
     */
    void early(boolean now) {
        early = now && context.launchesEarly();
        first = now;
    }

    /** The next kernel begins when the one ahead has ended, also among those that begin early. */
    void inOrder() {
        first = true;
    }

    Launcher begin() {
        stream.begin();
        return this;
    }

    Launcher add(long value) {
        stream.add(value);
        return this;
    }

    Launcher add(int value) {
        stream.add(value);
        return this;
    }

    Launcher add(float value) {
        stream.add(value);
        return this;
    }

    /** Address and strides; zeros for none. */
    Launcher place(@Nullable CudaTensor t) {
        if (t == null) {
            return add(0L).add(0L).add(0L);
        }
        return add(t.address()).add(t.batchStride()).add(t.rowStride());
    }

    /** Where overflows are counted. */
    Launcher overflow() {
        return add(overflow);
    }

    void launch(String kernel, int gridX, int gridY, int gridZ, int threads, int shared) {
        if (gridX <= 0 || gridY <= 0 || gridZ <= 0) {
            return;
        }
        if (early && !first) {
            stream.launchEarly(context.kernel(kernel), gridX, gridY, gridZ, threads, shared);
        } else {
            stream.launch(context.kernel(kernel), gridX, gridY, gridZ, threads, shared);
            first = false;
        }
    }

    /** 256 threads a block over so many items of each batch. */
    void over(String kernel, long items, int batch) {
        launch(kernel, Math.toIntExact(Math.ceilDiv(items, 256L)), batch, 1, 256, 0);
    }
}
