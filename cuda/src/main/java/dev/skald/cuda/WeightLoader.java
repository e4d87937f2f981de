package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.Type;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.Kernel;
import dev.skald.cuda.driver.Stream;
import dev.skald.cuda.driver.Uploads;
import dev.skald.tensor.CheckedParameters;
import dev.skald.tensor.Conversion;
import dev.skald.tensor.DType;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Brings weights to a device as they are stored; kernels convert, pack and check them there, one
 * weight while the next is copied. What a kernel finds that is no number is told by {@link
 * #finish}. For one thread at a time.
 */
final class WeightLoader implements AutoCloseable {
    private static final int THREADS = 256;

    private final Context context;
    private final Stream stream;
    private final Uploads uploads;
    private final List<Weight> loaded = new ArrayList<>();

    /** Where kernels count what is no number. */
    private final long found;

    /** Where a weight lies until it is packed: one after the other, as the stream is in order. */
    private long scratch;

    private long held;

    WeightLoader(Context context, Stream stream) {
        this.context = context;
        this.stream = stream;
        uploads = new Uploads(context, stream);
        found = context.allocate(Integer.BYTES);
        stream.clear(found, Integer.BYTES);
    }

    /** Stored values on the device, one weight behind the other. */
    record Raw(long address, Type type) {
        /** Where value {@code index} lies. */
        long at(long index) {
            return address + index * bytes(type);
        }
    }

    private static int bytes(Type type) {
        return type == Type.F32 ? 4 : 2;
    }

    long found() {
        return found;
    }

    /** As they are stored if the kernels know their type and it is one type; else as fp32. */
    Raw raw(Weight... weights) {
        Type type = type(weights[0].dtype());
        long size = 0;
        for (Weight w : weights) {
            type = type == type(w.dtype()) ? type : Type.F32;
            size += w.size();
        }
        reserve(size * bytes(type));
        Raw raw = new Raw(scratch, type);
        long at = 0;
        for (Weight w : weights) {
            upload(w, type, raw.at(at));
            at += w.size();
        }
        return raw;
    }

    private static Type type(DType dtype) {
        return switch (dtype) {
            case F16 -> Type.F16;
            case BF16 -> Type.BF16;
            default -> Type.F32;
        };
    }

    private void upload(Weight w, Type as, long to) {
        loaded.add(w);
        int each = bytes(as);
        Uploads.Source source =
                w.dtype() == DType.F32 || as != Type.F32
                        ? (at, piece) -> w.copy(at / each, piece)
                        : (at, piece) -> convert(w, at / each, piece);
        uploads.upload(source, w.size() * each, to);
    }

    private static void convert(Weight w, long from, MemorySegment to) {
        float[] values = new float[Math.toIntExact(to.byteSize() / Float.BYTES)];
        Conversion.floats(w, from, values, 0, values.length);
        to.copyFrom(MemorySegment.ofArray(values));
    }

    private void reserve(long bytes) {
        if (held < bytes) {
            flush();
            stream.synchronize();
            if (held > 0) {
                context.free(scratch);
                held = 0;
            }
            scratch = context.allocate(bytes);
            held = bytes;
        }
    }

    /** Values as fp32 where they stay. */
    void floats(Weight w, long to) {
        Raw raw;
        if (type(w.dtype()) == Type.F32) {
            upload(w, Type.F32, to);
            raw = new Raw(to, Type.F32);
        } else {
            raw = raw(w);
        }
        launch(
                "convert",
                (w.size() + 4 * THREADS - 1) / (4 * THREADS),
                s ->
                        s.add(raw.address)
                                .add(to)
                                .add(found)
                                .add(w.size())
                                .add(raw.type.ordinal())
                                .add(Type.F32.ordinal())
                                .add(1f)
                                .add(0));
    }

    /** Biases one behind the other, zeros where one is missing. */
    void vectors(CheckedParameters.Joined maps, long to) {
        uploads.then(() -> stream.clear(to, (long) maps.out() * Float.BYTES));
        long at = to;
        for (int i = 0; i < maps.weights().length; i++) {
            Weight b = maps.biases()[i];
            if (b != null) {
                floats(b, at);
            }
            at += maps.out(i) * (long) Float.BYTES;
        }
    }

    /** Values that are what they are. */
    void constant(float[] values, long to) {
        MemorySegment bytes = MemorySegment.ofArray(values);
        uploads.upload(
                (at, piece) -> piece.copyFrom(bytes.asSlice(at, piece.byteSize())),
                bytes.byteSize(),
                to);
    }

    /** Launches a kernel once what it reads is on its way. */
    void launch(String kernel, long blocks, Consumer<Stream> arguments) {
        Kernel of = context.kernel(kernel);
        int grid = Math.toIntExact(blocks);
        uploads.then(
                () -> {
                    stream.begin();
                    arguments.accept(stream);
                    stream.launch(of, grid, 1, 1, THREADS, 0);
                });
    }

    /** Copies within the device. */
    void copy(long from, long to, long bytes) {
        uploads.then(() -> stream.copy(from, to, bytes));
    }

    /** Puts all that was asked for into the stream. */
    void flush() {
        uploads.flush();
    }

    /** Waits for all; refuses what is no number, and what a half cannot hold. */
    void finish() {
        int[] bad = new int[1];
        flush();
        stream.download(found, bad);
        List<Weight> suspects = List.copyOf(loaded);
        loaded.clear();
        if (bad[0] > 0) {
            stream.clear(found, Integer.BYTES);
            throw refusal(suspects);
        }
    }

    private static WeightException refusal(List<Weight> suspects) {
        String largest = "a weight";
        float most = 0;
        for (Weight w : suspects) {
            for (long at = 0; at < w.size(); at += 1 << 16) {
                float[] values = new float[(int) Math.min(1 << 16, w.size() - at)];
                Conversion.floats(w, at, values, 0, values.length);
                for (float v : values) {
                    if (Math.abs(v) > most) {
                        most = Math.abs(v);
                        largest = "tensor '" + w.name() + "'";
                    }
                }
            }
        }
        return new WeightException(
                largest + " holds " + most + ", too much for 16 bits: use precision fp32");
    }

    /** Forgets what is not done. */
    void abandon() {
        uploads.abandon();
        loaded.clear();
        stream.clear(found, Integer.BYTES);
    }

    /** Gives back what only loading needs. */
    void free() {
        uploads.free();
        if (held > 0) {
            context.free(scratch);
            held = 0;
        }
    }

    @Override
    public void close() {
        free();
        uploads.close();
        context.free(found);
    }
}
