package dev.skald.cuda;

import static dev.skald.tensor.Shapes.check;
import static dev.skald.tensor.Shapes.same;
import static dev.skald.tensor.Shapes.shape;

import dev.skald.Optimisation;
import dev.skald.Precision;
import dev.skald.cuda.CudaWeights.CudaConv1d;
import dev.skald.cuda.CudaWeights.CudaConv2d;
import dev.skald.cuda.CudaWeights.CudaConvTranspose1d;
import dev.skald.cuda.CudaWeights.CudaEmbedding;
import dev.skald.cuda.CudaWeights.CudaLinear;
import dev.skald.cuda.CudaWeights.CudaLstm;
import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.cuda.CudaWeights.Type;
import dev.skald.cuda.DeviceArena.Region;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.CudaException;
import dev.skald.cuda.driver.Stream;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Activation.Kind;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Harmonics;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Conv2d;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Layer;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Parameters.Lstm;
import dev.skald.tensor.ResidualBlock;
import dev.skald.tensor.Stft;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.TransformerLayer;
import dev.skald.tensor.Unfused;
import dev.skald.tensor.UnfusedAttention;
import dev.skald.tensor.VocoderUnit;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The ops on a device: shapes are checked here, the kernels are launched by {@link Gemm}, {@link
 * Convolutions}, {@link CudaAttention}, {@link Rows}, {@link Elementwise} and {@link Waves}.
 * Returns before the work is done; what reads a value waits for it.
 *
 * <p>It is one long file because {@link Ops} is one interface: each op takes a few lines of checks
 * and one call, and they share the arena, the stream and its recordings.
 */
final class CudaOps implements Ops {
    /** Bytes that the memory of activations grows by, at least. */
    private static final long CHUNK = 32L << 20;

    /** Rows are rounded up to a multiple, so that few different shapes are recorded. */
    private static final int BUCKET = 64;

    private final CudaBackend backend;
    private final Context context;
    private final Stream stream;
    private final Region memory;
    private final DeviceArena arena;
    private final Elementwise elementwise;
    private final Gemm gemm;
    private final WgmmaConvolutions wgmma;
    private final Convolutions convolutions;
    private final CudaAttention attention;
    private final Transformer transformer;
    private final Resnet resnet;
    private final Rows rows;
    private final Waves waves;
    private final Transfers transfers;
    private final Recorder recorder;
    private final boolean fused;
    private final @Nullable UnfusedAttention unfusedAttention;
    private boolean closed;

    /** Two integers: not 0 once an index was out of range; how often fp16 could not hold values. */
    private final CudaInts faults;

    /**
     * @param first whether its kernels come before those of other streams
     */
    CudaOps(CudaBackend backend, Context context, Recordings recordings, boolean first) {
        this.backend = backend;
        this.context = context;
        stream = context.stream(first);
        long step = context.uses(Optimisation.POOL) ? CHUNK : 0;
        memory = new Region(context, step, this::outOfMemory);
        arena = new DeviceArena(memory);
        try {
            faults = new CudaInts(arena.allocate(2 * Integer.BYTES), 2);
            stream.clear(faults.address(), 2 * Integer.BYTES);
        } catch (CudaException e) {
            stream.close();
            memory.close();
            throw e;
        }
        fused = context.uses(Optimisation.FUSED_KERNELS);
        Launcher launcher = new Launcher(context, stream, faults.slice(1, 1).address());
        elementwise = new Elementwise(launcher, arena);
        gemm = new Gemm(launcher, arena, elementwise);
        wgmma = new WgmmaConvolutions(launcher, arena, elementwise);
        convolutions = new Convolutions(launcher, arena, elementwise, gemm, wgmma);
        attention = new CudaAttention(launcher, arena, elementwise);
        transformer = new Transformer(launcher, arena, attention);
        resnet = new Resnet(launcher);
        unfusedAttention =
                context.uses(Optimisation.FUSED_ATTENTION)
                        ? null
                        : new UnfusedAttention(this, new ProductsOfActivations(launcher, arena));
        rows = new Rows(launcher);
        waves = new Waves(launcher, arena);
        transfers = new Transfers(stream, arena, elementwise, faults);
        recorder = new Recorder(stream, launcher, arena, recordings);
    }

    Stream stream() {
        return stream;
    }

    /** Frees recordings; if there were none, less is computed at once from here on. */
    private boolean outOfMemory() {
        if (recorder != null && recorder.trim()) { // null while this is made
            return true;
        }
        backend.computeLess();
        return false;
    }

    // ---- memory

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public int bucket(int count) {
        int bucket = context.uses(Optimisation.GRAPHS) ? BUCKET : 1;
        return Math.ceilDiv(count, bucket) * bucket;
    }

    @Override
    public int rowsAtOnce(long bytes) {
        return (int) Math.clamp(backend.activations() / Math.max(1, bytes), 1, Integer.MAX_VALUE);
    }

    @Override
    public Tensor tensor(int batch, int count, int cols) {
        if (batch < 0 || count < 0 || cols < 0) {
            throw new IllegalArgumentException(
                    "negative size (" + batch + "," + count + "," + cols + ")");
        }
        return arena.tensor(Type.F32, batch, count, cols);
    }

    @Override
    public Tensor operand(Tensor x, int cols, Layer reader) {
        Type type =
                switch (reader) {
                    case CudaLinear l -> l.matrix().type();
                    case CudaConv1d c when c.taps() == 0 -> c.groups().getFirst().type();
                    default -> Type.F32;
                };
        if (type != Type.F16 || cols % 8 != 0) {
            return like(x, cols);
        }
        Tensor t = arena.tensor(Type.F16, x.batch(), x.rows(), cols);
        Ints lengths = x.lengths();
        return lengths == null ? t : t.valid(lengths);
    }

    @Override
    public Scope scope() {
        return arena.scope();
    }

    @Override
    public void write(float[] from, int offset, Tensor to) {
        transfers.write(from, offset, CudaTensor.of(to));
    }

    @Override
    public void read(Tensor from, float[] to, int offset) {
        transfers.read(CudaTensor.of(from), to, offset);
    }

    @Override
    public Ints ints(int count) {
        CudaInts ints = new CudaInts(arena.allocate((long) count * Integer.BYTES), count);
        stream.clear(ints.address(), (long) count * Integer.BYTES);
        return ints;
    }

    @Override
    public void write(int[] from, Ints to) {
        transfers.write(from, CudaInts.of(to));
    }

    @Override
    public void read(Ints from, int[] to) {
        transfers.read(CudaInts.of(from), to);
    }

    @Override
    public void copy(Ints from, Ints to) {
        CudaInts f = CudaInts.of(from);
        stream.copy(f.address(), CudaInts.of(to).address(), (long) f.count() * Integer.BYTES);
    }

    @Override
    public void increment(Ints counter, int by) {
        rows.increment(CudaInts.of(counter), by);
    }

    @Override
    public Ints lengths(Ints of, int factor, int offset, int divisor) {
        int count = of.count();
        CudaInts to = new CudaInts(arena.allocate((long) count * Integer.BYTES), count);
        rows.lengths(CudaInts.of(of), to, factor, offset, divisor);
        return to;
    }

    @Override
    public void pace() {
        stream.pace();
    }

    // ---- recordings

    @Override
    public <T> Recording<T> record(Object key, Function<Ops, T> make, BiConsumer<Ops, T> body) {
        Recordings.Entry entry = recorder.take(key);
        if (entry == null) {
            Region own = recorder.memory(this::outOfMemory);
            try (Scope scope = arena.inside(own)) {
                entry = new Recordings.Entry(key, own, make.apply(this));
            } catch (RuntimeException | Error e) {
                stream.finish();
                own.close();
                throw e;
            }
        }
        return recorder.replay(entry, tensors -> body.accept(this, tensors));
    }

    // ---- matrix products

    @Override
    public void linear(Tensor x, Linear w, Epilogue epilogue, Tensor out) {
        check(x.cols() == w.in(), "linear", "in is " + w.in(), x);
        shape(out, "linear", x.batch(), x.rows(), w.out());
        residual(epilogue, "linear", out);
        if (!fused && Unfused.has(epilogue)) {
            Unfused.linear(this, x, w, epilogue, out);
            return;
        }
        Matrix m = w instanceof StreamedLinear s ? s.matrix() : ((CudaLinear) w).matrix();
        gemm.linear(CudaTensor.of(x), m, epilogue, CudaTensor.of(out));
    }

    @Override
    public void layerNormLinear(
            Tensor x,
            Tensor gamma,
            Tensor beta,
            float eps,
            Linear w,
            Epilogue epilogue,
            Tensor out) {
        CudaTensor from = CudaTensor.of(x);
        if (!fused
                || !(w instanceof CudaLinear l)
                || !Gemm.normalises(from, l.matrix(), epilogue, CudaTensor.of(out))) {
            Ops.super.layerNormLinear(x, gamma, beta, eps, w, epilogue, out);
            return;
        }
        String op = "layerNormLinear";
        check(x.cols() == w.in(), op, "in is " + w.in(), x);
        shape(out, op, x.batch(), x.rows(), w.out());
        residual(epilogue, op, out);
        CudaTensor gain = vector(op, gamma, x);
        CudaTensor shift = vector(op, beta, x);
        gemm.normLinear(from, gain, shift, eps, l.matrix(), epilogue, CudaTensor.of(out));
    }

    @Override
    public void conv1d(
            Tensor x,
            Conv1d w,
            int padLeft,
            int padRight,
            Activation before,
            Epilogue epilogue,
            Tensor out) {
        CudaConv1d c = (CudaConv1d) w;
        check(x.cols() == c.in(), "conv1d", "in is " + c.in(), x);
        check(padLeft >= 0 && padRight >= 0, "conv1d", "negative padding", x);
        int count = Math.max(0, w.rows(x.rows(), padLeft, padRight));
        shape(out, "conv1d", x.batch(), count, c.out());
        residual(epilogue, "conv1d", out);
        if (!fused && (Unfused.has(before) || Unfused.has(epilogue))) {
            Unfused.conv1d(this, x, w, padLeft, padRight, before, epilogue, out);
        } else if (before.kind() == Kind.NONE
                && !Unfused.has(epilogue)
                && resnet.fits(CudaTensor.of(x), c, padLeft, padRight, CudaTensor.of(out))) {
            resnet.convolve(CudaTensor.of(x), c, null, null, CudaTensor.of(out));
        } else if (count > 0) {
            convolutions.conv1d(CudaTensor.of(x), c, padLeft, before, epilogue, CudaTensor.of(out));
        }
    }

    /** What lies between the two goes through the second activation once, into fp16. */
    @Override
    public void conv1dPair(
            Tensor x,
            Activation before1,
            Conv1d w1,
            int pad1,
            Activation before2,
            Conv1d w2,
            int pad2,
            Epilogue epilogue,
            Tensor out) {
        if (!fused) {
            Ops.super.conv1dPair(x, before1, w1, pad1, before2, w2, pad2, epilogue, out);
            return;
        }
        try (Scope scope = scope()) {
            Tensor like = x;
            int count = w1.rows(x.rows(), pad1, pad1);
            if (count != x.rows()) {
                like = tensor(x.batch(), count, 0);
                Ints lengths = lengths(x, w1, pad1, pad1);
                like = lengths == null ? like : like.valid(lengths);
            }
            Tensor between = operand(like, w1.out(), w2);
            conv1d(x, w1, pad1, pad1, before1, Epilogue.of(before2), between);
            conv1d(between, w2, pad2, pad2, Activation.NONE, epilogue, out);
        }
    }

    @Override
    public void causalConv1dNorm(
            Tensor x,
            Conv1d w,
            TransformerLayer.Norm norm,
            Activation activation,
            @Nullable Tensor more,
            Tensor out) {
        CudaTensor from = CudaTensor.of(x);
        CudaTensor to = CudaTensor.of(out);
        if (!fused || !resnet.fits(from, w, norm, activation, more, to)) {
            Ops.super.causalConv1dNorm(x, w, norm, activation, more, out);
            return;
        }
        String op = "causalConv1dNorm";
        shape(out, op, x.batch(), x.rows(), w.out());
        CudaTensor time = more == null ? null : rowEach(op, more, out);
        resnet.convolve(from, w, norm(op, norm, out), time, to);
    }

    private static Resnet.Norm norm(String op, TransformerLayer.Norm norm, Tensor x) {
        CudaTensor gamma = vector(op, norm.gamma(), x);
        return new Resnet.Norm(gamma.address(), vector(op, norm.beta(), x).address(), norm.eps());
    }

    @Override
    public void residualBlock(
            Tensor x,
            ResidualBlock w,
            Tensor more,
            Tensor out,
            TransformerLayer.@Nullable Next next,
            @Nullable Tensor nextQkv) {
        CudaTensor from = CudaTensor.of(x);
        CudaTensor to = CudaTensor.of(out);
        if (!fused || !resnet.fits(from, w, more, to, next, nextQkv)) {
            Ops.super.residualBlock(x, w, more, out, next, nextQkv);
            return;
        }
        String op = "residualBlock";
        shape(out, op, x.batch(), x.rows(), w.map().out());
        try (Scope scope = scope()) {
            CudaTensor h = CudaTensor.of(operand(x, w.conv1().out(), w.conv2()));
            resnet.convolve(from, w.conv1(), norm(op, w.norm1(), out), rowEach(op, more, out), h);
            Resnet.Norm norm2 = norm(op, w.norm2(), out);
            if (next == null || nextQkv == null) {
                resnet.end(h, from, w, norm2, to, null, Resnet.Norm.NONE, null);
            } else {
                shape(nextQkv, op, x.batch(), x.rows(), next.qkv().out());
                Resnet.Norm norm = norm(op, next.norm(), out);
                resnet.end(h, from, w, norm2, to, next.qkv(), norm, CudaTensor.of(nextQkv));
            }
        }
    }

    @Override
    public void vocoderBlocks(
            Tensor x,
            List<List<VocoderUnit>> blocks,
            float scale,
            boolean add,
            int from,
            Tensor out) {
        CudaTensor in = CudaTensor.of(x);
        if (!fused || !wgmma.fits(in, blocks, CudaTensor.of(out))) {
            Ops.super.vocoderBlocks(x, blocks, scale, add, from, out);
            return;
        }
        String op = "vocoderBlocks";
        check(0 <= from && from + out.rows() <= x.rows(), op, "rows are not in x", x);
        shape(out, op, x.batch(), out.rows(), x.cols());
        if (out.rows() > 0) {
            wgmma.vocoderBlocks(in, blocks, scale, add, from, CudaTensor.of(out));
        }
    }

    @Override
    public Tensor convTranspose1d(Tensor x, ConvTranspose1d w, Activation before) {
        CudaConvTranspose1d c = (CudaConvTranspose1d) w;
        check(x.cols() == c.in(), "convTranspose1d", "in is " + c.in(), x);
        Tensor out = tensor(x.batch(), Math.max(0, w.rows(x.rows())), c.out());
        Ints lengths = x.lengths();
        int more = w.kernel() - w.stride() - 2 * w.padding();
        if (lengths != null) {
            out = out.valid(lengths(lengths, w.stride(), more, 1));
        }
        if (fused || !Unfused.has(before)) {
            convolutions.convTranspose1d(CudaTensor.of(x), c, before, CudaTensor.of(out));
            return out;
        }
        try (Scope scope = scope()) {
            Tensor from = operand(x, x.cols(), c);
            activate(x, before, from);
            convolutions.convTranspose1d(
                    CudaTensor.of(from), c, Activation.NONE, CudaTensor.of(out));
        }
        return out;
    }

    @Override
    public Tensor conv2d(Tensor x, Conv2d w, Epilogue epilogue) {
        CudaConv2d c = (CudaConv2d) w;
        check(x.cols() == c.in(), "conv2d", "in is " + c.in(), x);
        int h = (x.batch() + 2 * c.paddingH() - c.kernelH()) / c.strideH() + 1;
        int v = (x.rows() + 2 * c.paddingW() - c.kernelW()) / c.strideW() + 1;
        check(h > 0 && v > 0, "conv2d", "the image is smaller than the kernel", x);
        Tensor out = tensor(h, v, c.out());
        residual(epilogue, "conv2d", out);
        convolutions.conv2d(CudaTensor.of(x), c, epilogue, CudaTensor.of(out));
        return out;
    }

    @Override
    public Tensor lstm(Tensor x, Lstm w) {
        CudaLstm l = (CudaLstm) w;
        check(x.cols() == l.in(), "lstm", "in is " + l.in(), x);
        Tensor out = like(x, l.hidden());
        try (Scope scope = scope()) {
            Tensor gates = like(x, 4 * l.hidden());
            linear(x, l.input(), Epilogue.NONE, gates);
            rows.lstm(CudaTensor.floats(gates), l, CudaTensor.floats(out));
        }
        return out;
    }

    // ---- attention

    @Override
    public void attention(
            Tensor q, Tensor k, Tensor v, int heads, float scale, boolean causal, Tensor out) {
        heads("attention", q, k, v, heads, out);
        if (unfusedAttention != null && !(causal && k.lengths() != null)) {
            unfusedAttention.plain(q, k, v, heads, scale, causal, out);
            return;
        }
        attention.plain(
                CudaTensor.of(q),
                CudaTensor.of(k),
                CudaTensor.of(v),
                heads,
                scale,
                causal,
                CudaTensor.of(out));
    }

    @Override
    public void transformerLayer(
            Tensor qkv,
            TransformerLayer w,
            Tensor h,
            Tensor to,
            TransformerLayer.@Nullable Next next,
            @Nullable Tensor nextQkv) {
        CudaTensor from = CudaTensor.of(qkv);
        CudaTensor x = CudaTensor.of(h);
        CudaTensor out = CudaTensor.of(to);
        if (!fused
                || unfusedAttention != null
                || !transformer.fits(from, w, x, out, next, nextQkv)) {
            Ops.super.transformerLayer(qkv, w, h, to, next, nextQkv);
            return;
        }
        String op = "transformerLayer";
        shape(qkv, op, h.batch(), h.rows(), 3 * w.out().in());
        shape(h, op, h.batch(), h.rows(), w.out().out());
        shape(to, op, h.batch(), h.rows(), h.cols());
        CudaTensor gamma = vector(op, w.norm().gamma(), h);
        CudaTensor beta = vector(op, w.norm().beta(), h);
        if (next == null || nextQkv == null) {
            transformer.run(from, w, x, out, null, null, gamma, beta);
            return;
        }
        shape(nextQkv, op, h.batch(), h.rows(), next.qkv().out());
        transformer.run(
                from,
                w,
                x,
                out,
                next,
                CudaTensor.of(nextQkv),
                gamma,
                beta,
                vector(op, next.norm().gamma(), h),
                vector(op, next.norm().beta(), h));
    }

    @Override
    public void attentionShaw(
            Tensor q,
            Tensor k,
            Tensor v,
            int heads,
            float scale,
            Tensor relK,
            Tensor relV,
            Tensor out) {
        heads("attentionShaw", q, k, v, heads, out);
        check(k.rows() == q.rows(), "attentionShaw", "keys for " + q, k);
        int d = q.cols() / heads;
        shape(relK, "attentionShaw", 1, relK.rows(), d);
        shape(relV, "attentionShaw", 1, relK.rows(), d);
        check(relK.rows() % 2 == 1, "attentionShaw", "an even number of distances", relK);
        if (unfusedAttention != null) {
            unfusedAttention.shaw(q, k, v, heads, scale, relK, relV, out);
            return;
        }
        try (Scope scope = scope()) {
            attention.shaw(
                    CudaTensor.of(q),
                    CudaTensor.of(k),
                    CudaTensor.of(v),
                    heads,
                    scale,
                    dense(relK),
                    dense(relV),
                    CudaTensor.of(out));
        }
    }

    /** The same values without gaps. */
    private CudaTensor dense(Tensor x) {
        CudaTensor t = CudaTensor.floats(x);
        if (t.isDense()) {
            return t;
        }
        return elementwise.activated(t, Activation.NONE, Type.F32);
    }

    @Override
    public void attentionTransformerXl(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor p,
            Tensor biasU,
            Tensor biasV,
            int heads,
            float scale,
            Tensor out) {
        heads("attentionTransformerXl", q, k, v, heads, out);
        check(k.rows() == q.rows(), "attentionTransformerXl", "keys for " + q, k);
        shape(p, "attentionTransformerXl", 1, 2 * q.rows() - 1, q.cols());
        shape(biasU, "attentionTransformerXl", 1, 1, q.cols());
        shape(biasV, "attentionTransformerXl", 1, 1, q.cols());
        if (unfusedAttention != null) {
            unfusedAttention.transformerXl(q, k, v, p, biasU, biasV, heads, scale, out);
            return;
        }
        attention.transformerXl(
                CudaTensor.of(q),
                CudaTensor.of(k),
                CudaTensor.of(v),
                CudaTensor.of(p),
                CudaTensor.of(biasU),
                CudaTensor.of(biasV),
                heads,
                scale,
                CudaTensor.of(out));
    }

    private static void heads(String op, Tensor q, Tensor k, Tensor v, int heads, Tensor out) {
        check(heads > 0 && q.cols() % heads == 0, op, "no whole " + heads + " heads", q);
        check(k.batch() == q.batch() && k.cols() == q.cols(), op, "keys for " + q, k);
        shape(v, op, k.batch(), k.rows(), k.cols());
        shape(out, op, q.batch(), q.rows(), q.cols());
    }

    @Override
    public void rotary(Tensor x, int heads, Tensor cos, Tensor sin, Ints first) {
        int half = cos.cols();
        check(x.cols() == 2 * half * heads, "rotary", "cosines " + cos, x);
        shape(sin, "rotary", 1, cos.rows(), half);
        check(first.count() == x.batch(), "rotary", first.count() + " integers", x);
        CudaTensor cosines = CudaTensor.floats(cos);
        rows.rotary(CudaTensor.of(x), heads, cosines, CudaTensor.floats(sin), CudaInts.of(first));
    }

    @Override
    public Cache cache(int heads, int dim, int capacity, Precision precision) {
        if (heads < 1 || dim < 1 || capacity < 0) {
            throw new IllegalArgumentException(
                    "no cache of " + heads + " heads of " + dim + " at " + capacity);
        }
        return new CudaCache(context, heads, dim, capacity);
    }

    @Override
    public Cache fork(Cache of, int positions, int capacity) {
        CudaCache from = (CudaCache) of;
        if (positions < 0 || positions > from.capacity() || positions > capacity) {
            throw new IllegalArgumentException(
                    positions + " positions of a cache of " + from.capacity());
        }
        CudaCache to = new CudaCache(context, from.heads(), from.dim(), capacity);
        long bytes = (long) positions * from.width() * Float.BYTES;
        stream.copy(from.keys().address(), to.keys().address(), bytes);
        stream.copy(from.values().address(), to.values().address(), bytes);
        return to;
    }

    @Override
    public void append(Tensor k, Tensor v, List<Cache> caches, Ints first) {
        check(caches.size() == k.batch(), "append", caches.size() + " caches", k);
        same("append", k, v);
        for (int b = 0; b < k.batch(); b++) {
            CudaCache c = (CudaCache) caches.get(b);
            check(k.cols() == c.width(), "append", "another cache's heads", k);
            CudaInts at = CudaInts.of(first).slice(b, 1);
            rows.append(CudaTensor.of(k.batch(b)), c.keys(), c, at);
            rows.append(CudaTensor.of(v.batch(b)), c.values(), c, at);
        }
    }

    @Override
    public void attentionCached(
            Tensor q, List<Cache> caches, Ints lengths, float scale, Tensor out) {
        check(caches.size() == q.batch(), "attentionCached", caches.size() + " caches", q);
        same("attentionCached", q, out);
        for (int b = 0; b < q.batch(); b++) {
            CudaCache c = (CudaCache) caches.get(b);
            Tensor n = c.keys().valid(CudaInts.of(lengths).slice(b, 1));
            attention.plain(
                    CudaTensor.of(q.batch(b)),
                    CudaTensor.of(n),
                    c.values(),
                    c.heads(),
                    scale,
                    true,
                    CudaTensor.of(out.batch(b)));
        }
    }

    // ---- norms

    @Override
    public void layerNorm(
            Tensor x, Tensor gamma, Tensor beta, float eps, Activation after, Tensor out) {
        normalize("layerNorm", x, gamma, beta, eps, after, null, out);
    }

    @Override
    public void layerNormAdd(
            Tensor x,
            Tensor gamma,
            Tensor beta,
            float eps,
            Activation after,
            Tensor more,
            Tensor out) {
        normalize("layerNormAdd", x, gamma, beta, eps, after, more, out);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor gamma, float eps, Tensor out) {
        normalize("rmsNorm", x, gamma, null, eps, Activation.NONE, null, out);
    }

    private void normalize(
            String op,
            Tensor x,
            Tensor gamma,
            @Nullable Tensor beta,
            float eps,
            Activation after,
            @Nullable Tensor more,
            Tensor out) {
        same(op, x, out);
        boolean one = fused && after.alpha() == null;
        rows.normalize(
                CudaTensor.of(x),
                vector(op, gamma, x),
                beta == null ? null : vector(op, beta, x),
                eps,
                one ? after : Activation.NONE,
                one && more != null ? rowEach(op, more, x) : null,
                CudaTensor.of(out));
        if (!one) {
            if (Unfused.has(after)) {
                activate(out, after, out);
            }
            if (more != null) {
                add(out, more, out);
            }
        }
    }

    // ---- value by value

    @Override
    public void activate(Tensor x, Activation activation, Tensor out) {
        same("activate", x, out);
        if (activation.alpha() != null) {
            vector("activate", activation.alpha(), x);
        }
        elementwise.activate(CudaTensor.of(x), activation, CudaTensor.of(out));
    }

    @Override
    public void add(Tensor a, Tensor b, Tensor out) {
        elementwise.pair(Elementwise.ADD, a, b, 0, out);
    }

    @Override
    public void mul(Tensor a, Tensor b, Tensor out) {
        elementwise.pair(Elementwise.MUL, a, b, 0, out);
    }

    @Override
    public void addScaled(Tensor a, Tensor b, float factor, Tensor out) {
        elementwise.pair(Elementwise.ADD_SCALED, a, b, factor, out);
    }

    @Override
    public void lerp(Tensor a, Tensor b, Tensor weight, Tensor out) {
        elementwise.lerp(a, b, weight, out);
    }

    @Override
    public void scale(Tensor a, float factor, float offset, Tensor out) {
        same("scale", a, out);
        elementwise.scale(CudaTensor.of(a), factor, offset, CudaTensor.of(out));
    }

    @Override
    public void affine(Tensor x, Tensor scale, Tensor shift, Activation after, Tensor out) {
        same("affine", x, out);
        elementwise.affine(
                CudaTensor.of(x),
                vector("affine", scale, x),
                vector("affine", shift, x),
                after,
                CudaTensor.of(out));
    }

    @Override
    public void gateTanh(Tensor x, Tensor out) {
        gate("gateTanh", 0, x, out);
    }

    @Override
    public void gateSilu(Tensor x, Tensor out) {
        gate("gateSilu", 1, x, out);
    }

    private void gate(String op, int kind, Tensor x, Tensor out) {
        int n = x.cols() / 2;
        shape(out, op, x.batch(), x.rows(), n);
        check(x.cols() == 2 * n, op, "odd columns", x);
        rows.gate(kind, CudaTensor.of(x), CudaTensor.of(out));
    }

    @Override
    public void clamp(Tensor x, float low, float high, Tensor out) {
        same("clamp", x, out);
        elementwise.clamp(CudaTensor.of(x), low, high, CudaTensor.of(out));
    }

    @Override
    public void eulerStep(Tensor x, Tensor field, Tensor steps, Ints step, float guidance) {
        int n = x.batch();
        check(steps.cols() == 1, "eulerStep", "steps " + steps, x);
        check(step.count() == 1 || step.count() == n, "eulerStep", step.count() + " integers", x);
        int fields = field.batch() == 2 * n ? 2 * n : n;
        shape(field, "eulerStep", fields, x.rows(), x.cols());
        rows.eulerStep(
                CudaTensor.floats(x),
                CudaTensor.floats(field),
                CudaTensor.floats(steps),
                CudaInts.of(step),
                guidance);
    }

    // ---- shape

    @Override
    public void fill(Tensor x, float value) {
        elementwise.fill(CudaTensor.of(x).all(), value);
    }

    @Override
    public void copy(Tensor from, Tensor to) {
        same("copy", from, to);
        elementwise.copy(CudaTensor.of(from).all(), CudaTensor.of(to));
    }

    @Override
    public void gather(Tensor x, Ints indices, Tensor out) {
        check(x.batch() == 1, "gather", "more than one batch", x);
        shape(out, "gather", 1, indices.count(), x.cols());
        gather(CudaTensor.of(x), CudaInts.of(indices), 0, out);
    }

    @Override
    public void embed(Embedding table, Ints ids, Tensor out) {
        CudaEmbedding e = (CudaEmbedding) table;
        shape(out, "embed", 1, ids.count(), e.dim());
        gather(CudaTensor.dense(e.table(), 1, e.entries(), e.dim()), CudaInts.of(ids), 0, out);
    }

    @Override
    public void repeat(Tensor x, int times, Tensor out) {
        shape(out, "repeat", x.batch(), x.rows() * times, x.cols());
        gather(CudaTensor.of(x), null, times, out);
    }

    private void gather(CudaTensor x, @Nullable CudaInts index, int times, Tensor out) {
        rows.gather(x, index, times, faults.address(), CudaTensor.of(out));
    }

    @Override
    public void overlapAdd(Tensor windows, int hop, Tensor out) {
        check(windows.batch() == 1 && windows.rows() > 0, "overlapAdd", "one batch", windows);
        shape(out, "overlapAdd", 1, 1, (windows.rows() - 1) * hop + windows.cols());
        rows.overlapAdd(CudaTensor.floats(windows), hop, CudaTensor.floats(out));
    }

    // ---- over rows

    @Override
    public void meanRows(Tensor x, Tensor out) {
        shape(out, "meanRows", x.batch(), 1, x.cols());
        rows.statistics(CudaTensor.floats(x), false, CudaTensor.floats(out));
    }

    @Override
    public void meanStdRows(Tensor x, Tensor out) {
        shape(out, "meanStdRows", x.batch(), 1, 2 * x.cols());
        check(x.rows() > 1, "meanStdRows", "fewer than two rows", x);
        rows.statistics(CudaTensor.floats(x), true, CudaTensor.floats(out));
    }

    // ---- randomness

    @Override
    public void noise(long seed, int number, long first, Tensor out) {
        if (first < 0) {
            throw new IllegalArgumentException("noise begins at a negative index: " + first);
        }
        rows.noise(0, seed, number, first, CudaTensor.floats(out));
    }

    @Override
    public void noise(Ints state, int number, Tensor out) {
        rows.noise(CudaInts.of(state).address(), 0, number, 0, CudaTensor.floats(out));
    }

    // ---- what speech models need beyond layers

    @Override
    public void harmonics(Tensor f0, Harmonics how, Ints phase, Tensor noise, Tensor out) {
        waves.harmonics(
                CudaTensor.floats(f0),
                how,
                CudaInts.of(phase),
                CudaTensor.floats(noise),
                CudaTensor.floats(out));
    }

    @Override
    public void stft(Tensor wave, Stft how, Tensor out) {
        waves.stft(CudaTensor.floats(wave), how, CudaTensor.floats(out));
    }

    @Override
    public void inverseStft(
            Tensor logPolar, Stft how, float maxMagnitude, float limit, Tensor wave) {
        CudaTensor x = CudaTensor.floats(logPolar);
        waves.inverseStft(x, how, maxMagnitude, limit, CudaTensor.floats(wave));
    }

    @Override
    public void inverseSpline(Tensor x, Tensor parameters, float shrink) {
        waves.inverseSpline(CudaTensor.floats(x), CudaTensor.floats(parameters), shrink);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        stream.close();
        recorder.close();
        memory.close();
    }

    // ---- checks

    private static CudaTensor vector(String op, Tensor v, Tensor x) {
        shape(v, op, 1, 1, x.cols());
        return CudaTensor.floats(v);
    }

    /** A row for all batches, or one for each. */
    private static CudaTensor rowEach(String op, Tensor v, Tensor x) {
        shape(v, op, v.batch() == x.batch() ? x.batch() : 1, 1, x.cols());
        return CudaTensor.floats(v);
    }

    private static void residual(Epilogue e, String op, Tensor out) {
        Tensor r = e.residual();
        if (r != null) {
            same(op, r, out);
        }
        Tensor alpha = e.activation().alpha();
        if (alpha != null) {
            vector(op, alpha, out);
        }
    }
}
