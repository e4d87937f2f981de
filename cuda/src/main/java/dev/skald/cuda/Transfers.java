package dev.skald.cuda;

import static dev.skald.tensor.Shapes.check;

import dev.skald.cuda.CudaWeights.Type;
import dev.skald.cuda.driver.Stream;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Ops;
import java.util.Arrays;

/** Values to and from the host, and what the kernels have to say: read with every piece of it. */
final class Transfers {
    private static final System.Logger LOG = System.getLogger(Transfers.class.getName());

    private final Stream stream;
    private final DeviceArena arena;
    private final Elementwise elementwise;
    private final CudaInts faults;

    /**
     * @param faults two integers: not 0 once an index was out of range; how often fp16 could not
     *     hold values
     */
    Transfers(Stream stream, DeviceArena arena, Elementwise elementwise, CudaInts faults) {
        this.stream = stream;
        this.arena = arena;
        this.elementwise = elementwise;
        this.faults = faults;
    }

    void write(float[] from, int offset, CudaTensor to) {
        int count = Math.toIntExact(to.size());
        check(offset >= 0 && from.length - offset >= count, "write", "too few values", to);
        if (count == 0) {
            return;
        }
        if (to.isDense() && to.type() == Type.F32) {
            stream.upload(from, offset, count, to.address());
            return;
        }
        try (Ops.Scope scope = arena.scope()) {
            CudaTensor dense = arena.tensor(Type.F32, to.batch(), to.rows(), to.cols());
            stream.upload(from, offset, count, dense.address());
            elementwise.copy(dense, to);
        }
    }

    void read(CudaTensor from, float[] to, int offset) {
        int count = Math.toIntExact(from.size());
        check(offset >= 0 && to.length - offset >= count, "read", "too little room", from);
        if (count == 0) {
            return;
        }
        try (Ops.Scope scope = arena.scope()) {
            CudaTensor dense = from;
            if (!from.isDense() || from.type() != Type.F32) {
                dense = elementwise.activated(from.all(), Activation.NONE, Type.F32);
            }
            stream.download(dense.address(), to, offset, count);
        }
        checkFaults();
    }

    private void checkFaults() {
        int[] seen = new int[2];
        stream.download(faults.address(), seen);
        if (seen[0] == 0 && seen[1] == 0) {
            return;
        }
        stream.clear(faults.address(), 2 * Integer.BYTES);
        if (seen[1] != 0) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "fp16 could not hold values in {0} places; they were cut to 65504:"
                            + " --precision fp32 does without",
                    seen[1]);
        }
        if (seen[0] != 0) {
            throw new IllegalArgumentException("an index is not one of the table's");
        }
    }

    void write(int[] from, CudaInts to) {
        if (from.length < to.count()) {
            throw new IllegalArgumentException(from.length + " integers for " + to.count());
        }
        stream.upload(
                from.length == to.count() ? from : Arrays.copyOf(from, to.count()), to.address());
    }

    void read(CudaInts from, int[] to) {
        int[] values = new int[from.count()];
        stream.download(from.address(), values);
        System.arraycopy(values, 0, to, 0, values.length);
    }
}
