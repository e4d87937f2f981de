package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.Type;
import dev.skald.cuda.driver.Block;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.CudaException;
import dev.skald.cuda.driver.Use;
import dev.skald.tensor.Ops;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Device memory of one op stream: a stack over a few large pieces. What a scope made is used again
 * after it; since ops run in order, no op still needs it then. A recording has a stack of its own.
 */
final class DeviceArena {
    /** Tensors begin at multiples of this, in bytes. */
    private static final long ALIGN = 256;

    /** A stack. */
    static final class Region {
        private final Context context;
        private final long step;
        private final BooleanSupplier outOfMemory;
        private final List<Block> chunks = new ArrayList<>();
        private int chunk;
        private long used;
        private long bytes;

        /**
         * @param step bytes that it grows by, at least; 0 for memory of its own for each tensor
         * @param outOfMemory called when there is too little; tells whether it freed some
         */
        Region(Context context, long step, BooleanSupplier outOfMemory) {
            this.context = context;
            this.step = step;
            this.outOfMemory = outOfMemory;
        }

        /** Device memory that it has. */
        long bytes() {
            return bytes;
        }

        private long allocate(long size) {
            if (step == 0) {
                Block own = chunk((size + ALIGN - 1) / ALIGN * ALIGN);
                chunks.add(own);
                bytes += own.bytes();
                return own.address();
            }
            while (chunk < chunks.size() && chunks.get(chunk).bytes() - used < size) {
                chunk++;
                used = 0;
            }
            if (chunk == chunks.size()) {
                Block more = chunk((size + ALIGN - 1) / ALIGN * ALIGN);
                chunks.add(more);
                bytes += more.bytes();
                used = 0;
            }
            long at = chunks.get(chunk).address() + used;
            used += (size + ALIGN - 1) / ALIGN * ALIGN;
            return at;
        }

        /** Gives back what came after the first {@code count} tensors of memory of their own. */
        private void shrink(int count) {
            while (step == 0 && chunks.size() > count) {
                Block last = chunks.removeLast();
                bytes -= last.bytes();
                context.giveBack(last); // waits for what still reads it
            }
        }

        /** A chunk, no larger than it must be where memory is short. */
        private Block chunk(long least) {
            if (least < step) {
                try {
                    return context.borrow(step, Use.ACTIVATIONS);
                } catch (CudaException e) {
                    if (e.kind() != CudaException.Kind.OUT_OF_MEMORY) {
                        throw e;
                    }
                }
            }
            try {
                return context.borrow(least, Use.ACTIVATIONS);
            } catch (CudaException e) {
                if (e.kind() != CudaException.Kind.OUT_OF_MEMORY || !outOfMemory.getAsBoolean()) {
                    throw e;
                }
            }
            return context.borrow(least, Use.ACTIVATIONS);
        }

        /** Gives its memory back. Nothing may run over it any more. */
        void close() {
            chunks.forEach(context::giveBack);
            chunks.clear();
            bytes = 0;
            chunk = 0;
            used = 0;
        }
    }

    private Region current;
    private int depth;

    DeviceArena(Region region) {
        current = region;
    }

    /** The address of so many bytes. */
    long allocate(long bytes) {
        return current.allocate(bytes);
    }

    /** A tensor without gaps. */
    CudaTensor tensor(Type type, int batch, int rows, int cols) {
        long size = Math.multiplyExact((long) batch * rows, (long) cols);
        return CudaTensor.dense(allocate(size * type.bytes()), type, batch, rows, cols);
    }

    Ops.Scope scope() {
        Region region = current;
        int keptChunk = region.chunk;
        long keptUsed = region.used;
        int keptTensors = region.chunks.size();
        int level = ++depth;
        return () -> {
            leave(level);
            region.chunk = keptChunk;
            region.used = keptUsed;
            region.shrink(keptTensors);
        };
    }

    /** Allocates from another stack until it is closed. */
    Ops.Scope inside(Region region) {
        Region outer = current;
        int level = ++depth;
        current = region;
        return () -> {
            leave(level);
            current = outer;
        };
    }

    private void leave(int level) {
        if (depth != level) {
            throw new IllegalStateException("scopes must be closed in reverse order, once");
        }
        depth--;
    }
}
