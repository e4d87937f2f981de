package dev.skald.cuda;

import static dev.skald.tensor.Shapes.check;
import static dev.skald.tensor.Shapes.same;
import static dev.skald.tensor.Shapes.shape;

import dev.skald.Precision;
import dev.skald.cuda.CudaWeights.CudaConv1d;
import dev.skald.cuda.CudaWeights.CudaConv2d;
import dev.skald.cuda.CudaWeights.CudaConvTranspose1d;
import dev.skald.cuda.CudaWeights.CudaEmbedding;
import dev.skald.cuda.CudaWeights.CudaLinear;
import dev.skald.cuda.CudaWeights.CudaLstm;
import dev.skald.cuda.CudaWeights.Matrix;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.CudaException;
import dev.skald.cuda.driver.Stream;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Harmonics;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Conv2d;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Parameters.Lstm;
import dev.skald.tensor.Stft;
import dev.skald.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ops on a device: shapes are checked here, a kernel is chosen and launched. Returns before the
 * work is done; what reads a value waits for it.
 */
final class CudaOps implements Ops {
    private final CudaBackend backend;
    private final Stream stream;
    private final DeviceArena arena;
    private final Elementwise elementwise;
    private final Gemm gemm;
    private final CudaAttention attention;
    private final Context context;

    /** One integer: not 0 once an index was out of range. */
    private final CudaInts error;

    CudaOps(CudaBackend backend, Context context) {
        this.backend = backend;
        this.context = context;
        stream = context.stream();
        arena = new DeviceArena(context, backend::computeLess);
        try {
            error = new CudaInts(arena.allocate(Integer.BYTES), 1);
            stream.clear(error.address(), Integer.BYTES);
        } catch (CudaException e) {
            close();
            throw e;
        }
        elementwise = new Elementwise(context, stream);
        gemm = new Gemm(context, stream, arena, elementwise);
        attention = new CudaAttention(context, stream, arena, elementwise);
    }

    Stream stream() {
        return stream;
    }

    // ---- memory

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public int rowsAtOnce(long bytes) {
        return (int) Math.clamp(backend.activations() / Math.max(1, bytes), 1, Integer.MAX_VALUE);
    }

    @Override
    public Tensor tensor(int batch, int rows, int cols) {
        if (batch < 0 || rows < 0 || cols < 0) {
            throw new IllegalArgumentException(
                    "negative size (" + batch + "," + rows + "," + cols + ")");
        }
        long bytes = Math.multiplyExact((long) batch * rows, (long) cols * Float.BYTES);
        return CudaTensor.dense(arena.allocate(bytes), batch, rows, cols);
    }

    private CudaTensor space(int batch, int rows, int cols) {
        return CudaTensor.of(tensor(batch, rows, cols));
    }

    @Override
    public Scope scope() {
        return arena.scope();
    }

    @Override
    public void write(float[] from, int offset, Tensor to) {
        CudaTensor t = CudaTensor.of(to);
        int count = Math.toIntExact(t.size());
        check(offset >= 0 && from.length - offset >= count, "write", "too few values", to);
        if (count == 0) {
            return;
        }
        if (t.isDense()) {
            stream.upload(from, offset, count, t.address());
            return;
        }
        try (Scope scope = scope()) {
            CudaTensor dense = space(t.batch(), t.rows(), t.cols());
            stream.upload(from, offset, count, dense.address());
            elementwise.copy(dense, t);
        }
    }

    @Override
    public void read(Tensor from, float[] to, int offset) {
        CudaTensor t = CudaTensor.of(from);
        int count = Math.toIntExact(t.size());
        check(offset >= 0 && to.length - offset >= count, "read", "too little room", from);
        if (count == 0) {
            return;
        }
        try (Scope scope = scope()) {
            CudaTensor dense = t;
            if (!t.isDense()) {
                dense = space(t.batch(), t.rows(), t.cols());
                elementwise.copy(all(t), dense);
            }
            stream.download(dense.address(), to, offset, count);
        }
        checkIndices();
    }

    /** The same without valid rows: padding included. */
    private static CudaTensor all(CudaTensor t) {
        return new CudaTensor(
                t.address(), t.batch(), t.rows(), t.cols(), t.batchStride(), t.rowStride(), null);
    }

    private void checkIndices() {
        int[] seen = new int[1];
        stream.download(error.address(), seen);
        if (seen[0] != 0) {
            stream.clear(error.address(), Integer.BYTES);
            throw new IllegalArgumentException("an index is not one of the table's");
        }
    }

    @Override
    public Ints ints(int count) {
        CudaInts ints = new CudaInts(arena.allocate((long) count * Integer.BYTES), count);
        stream.clear(ints.address(), (long) count * Integer.BYTES);
        return ints;
    }

    @Override
    public void write(int[] from, Ints to) {
        CudaInts t = CudaInts.of(to);
        if (from.length < t.count()) {
            throw new IllegalArgumentException(from.length + " integers for " + t.count());
        }
        stream.upload(
                from.length == t.count() ? from : java.util.Arrays.copyOf(from, t.count()),
                t.address());
    }

    @Override
    public void read(Ints from, int[] to) {
        CudaInts f = CudaInts.of(from);
        int[] values = new int[f.count()];
        stream.download(f.address(), values);
        System.arraycopy(values, 0, to, 0, values.length);
    }

    @Override
    public void copy(Ints from, Ints to) {
        CudaInts f = CudaInts.of(from);
        stream.copy(f.address(), CudaInts.of(to).address(), (long) f.count() * Integer.BYTES);
    }

    @Override
    public void increment(Ints counter, int by) {
        CudaInts c = CudaInts.of(counter);
        stream.begin().add(c.address()).add(c.count()).add(by);
        stream.launch(context.kernel("increment"), 1, 1, 1, 32, 0);
    }

    @Override
    public Ints lengths(Ints of, int factor, int offset, int divisor) {
        CudaInts from = CudaInts.of(of);
        CudaInts to =
                new CudaInts(arena.allocate((long) from.count() * Integer.BYTES), from.count());
        stream.begin()
                .add(from.address())
                .add(to.address())
                .add(from.count())
                .add(factor)
                .add(offset)
                .add(divisor)
                .add(0)
                .add(Integer.MAX_VALUE);
        stream.launch(context.kernel("lengths"), 1, 1, 1, 32, 0);
        return to;
    }

    // ---- matrix products

    @Override
    public void linear(Tensor x, Linear w, Epilogue epilogue, Tensor out) {
        check(x.cols() == w.in(), "linear", "in is " + w.in(), x);
        shape(out, "linear", x.batch(), x.rows(), w.out());
        residual(epilogue, "linear", out);
        Matrix m = w instanceof StreamedLinear s ? s.matrix() : ((CudaLinear) w).matrix();
        gemm.linear(CudaTensor.of(x), m, epilogue, CudaTensor.of(out));
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
        if (count > 0) {
            gemm.conv1d(CudaTensor.of(x), c, padLeft, before, epilogue, CudaTensor.of(out));
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
        gemm.convTranspose1d(CudaTensor.of(x), c, before, CudaTensor.of(out));
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
        gemm.conv2d(CudaTensor.of(x), c, epilogue, CudaTensor.of(out));
        return out;
    }

    @Override
    public Tensor lstm(Tensor x, Lstm w) {
        CudaLstm l = (CudaLstm) w;
        check(x.cols() == l.in(), "lstm", "in is " + l.in(), x);
        int n = l.hidden();
        CudaTensor out = CudaTensor.of(like(x, n));
        try (Scope scope = scope()) {
            CudaTensor gates = CudaTensor.of(like(x, 4 * n));
            linear(x, l.input(), Epilogue.NONE, gates);
            stream.begin();
            place(gates);
            stream.add(l.recurrent());
            place(out);
            stream.add(out.valid()).add(x.batch()).add(x.rows()).add(n).add(0);
            stream.launch(context.kernel("lstm"), x.batch(), 1, 1, 1024, 6 * n * Float.BYTES);
        }
        return out;
    }

    // ---- attention

    @Override
    public void attention(
            Tensor q, Tensor k, Tensor v, int heads, float scale, boolean causal, Tensor out) {
        heads("attention", q, k, v, heads, out);
        attention.plain(
                CudaTensor.of(q),
                CudaTensor.of(k),
                CudaTensor.of(v),
                heads,
                scale,
                causal,
                gemm.halves(),
                CudaTensor.of(out));
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
        CudaTensor t = CudaTensor.of(x);
        if (t.isDense()) {
            return t;
        }
        CudaTensor copy = space(t.batch(), t.rows(), t.cols());
        elementwise.copy(t, copy);
        return copy;
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
        attention.transformerXl(
                CudaTensor.of(q),
                CudaTensor.of(k),
                CudaTensor.of(v),
                CudaTensor.of(p),
                CudaTensor.of(biasU),
                CudaTensor.of(biasV),
                heads,
                scale,
                gemm.halves(),
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
        CudaTensor t = CudaTensor.of(x);
        stream.begin();
        place(t);
        stream.add(CudaTensor.of(cos).address())
                .add(CudaTensor.of(sin).address())
                .add(CudaTensor.of(cos).rowStride())
                .add(CudaInts.of(first).address())
                .add(t.valid())
                .add(t.batch())
                .add(t.rows())
                .add(heads)
                .add(2 * half)
                .add(1)
                .add(0);
        blocks("rotary", (long) t.rows() * heads * half, t.batch());
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
            long at = CudaInts.of(first).slice(b, 1).address();
            append(CudaTensor.of(k.batch(b)), c.keys(), c, at);
            append(CudaTensor.of(v.batch(b)), c.values(), c, at);
        }
    }

    private void append(CudaTensor x, CudaTensor to, CudaCache c, long at) {
        check(x.cols() == c.width(), "append", "another cache's heads", x);
        stream.begin();
        place(x);
        stream.add(to.address())
                .add(0L)
                .add((long) c.dim())
                .add((long) c.width())
                .add(at)
                .add(x.valid())
                .add(1)
                .add(x.rows())
                .add(c.heads())
                .add(c.dim())
                .add(c.capacity())
                .add(0)
                .add(0)
                .add(0);
        blocks("append", (long) x.rows() * x.cols(), 1);
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
                    false,
                    CudaTensor.of(out.batch(b)));
        }
    }

    // ---- norms

    @Override
    public void layerNorm(
            Tensor x, Tensor gamma, Tensor beta, float eps, Activation after, Tensor out) {
        same("layerNorm", x, out);
        normalize(x, vector("layerNorm", gamma, x), vector("layerNorm", beta, x), eps, after, out);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor gamma, float eps, Tensor out) {
        same("rmsNorm", x, out);
        normalize(x, vector("rmsNorm", gamma, x), null, eps, Activation.NONE, out);
    }

    private void normalize(
            Tensor x,
            CudaTensor gamma,
            @Nullable CudaTensor beta,
            float eps,
            Activation after,
            Tensor out) {
        CudaTensor t = CudaTensor.of(x);
        boolean fused = after.alpha() == null;
        stream.begin();
        place(t);
        stream.add(gamma.address())
                .add(beta == null ? 0L : beta.address())
                .add(0L)
                .add(0L)
                .add(0L)
                .add(0L);
        place(CudaTensor.of(out));
        stream.add(t.valid())
                .add(0L)
                .add(t.batch())
                .add(t.rows())
                .add(t.cols())
                .add(beta == null ? 1 : 0)
                .add(fused ? after.kind().ordinal() : 0)
                .add(0)
                .add(0)
                .add(eps)
                .add(after.parameter());
        stream.launch(context.kernel("normalize"), Math.ceilDiv(t.rows(), 8), t.batch(), 1, 256, 0);
        if (!fused) {
            activate(out, after, out);
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
        CudaTensor t = CudaTensor.of(x);
        stream.begin();
        place(t);
        stream.add(0L).add(0L);
        place(CudaTensor.of(out));
        stream.add(t.valid()).add(0L).add(t.batch()).add(t.rows()).add(n).add(kind).add(0).add(0);
        blocks("gate", (long) t.rows() * Math.ceilDiv(n, 4), t.batch());
    }

    @Override
    public void clamp(Tensor x, float low, float high, Tensor out) {
        same("clamp", x, out);
        elementwise.clamp(CudaTensor.of(x), low, high, CudaTensor.of(out));
    }

    @Override
    public void eulerStep(Tensor x, Tensor field, Tensor steps, Ints step, float guidance) {
        check(x.batch() == 1 && steps.cols() == 1, "eulerStep", "steps " + steps, x);
        CudaTensor t = CudaTensor.of(x);
        CudaTensor f = CudaTensor.of(field);
        stream.begin()
                .add(t.address())
                .add(t.rowStride())
                .add(f.address())
                .add(f.batchStride())
                .add(f.rowStride())
                .add(0L)
                .add(0L)
                .add(0L)
                .add(CudaTensor.of(steps).address())
                .add(CudaInts.of(step).address())
                .add(t.valid())
                .add(t.rows())
                .add(t.cols())
                .add(f.batch())
                .add(guidance);
        blocks("euler", (long) t.rows() * t.cols(), 1);
    }

    // ---- shape

    @Override
    public void fill(Tensor x, float value) {
        elementwise.fill(all(CudaTensor.of(x)), value);
    }

    @Override
    public void copy(Tensor from, Tensor to) {
        same("copy", from, to);
        elementwise.copy(all(CudaTensor.of(from)), CudaTensor.of(to));
    }

    @Override
    public void gather(Tensor x, Ints indices, Tensor out) {
        check(x.batch() == 1, "gather", "more than one batch", x);
        shape(out, "gather", 1, indices.count(), x.cols());
        gather(CudaTensor.of(x), CudaInts.of(indices).address(), x.rows(), 0, CudaTensor.of(out));
    }

    @Override
    public void embed(Embedding table, Ints ids, Tensor out) {
        CudaEmbedding e = (CudaEmbedding) table;
        shape(out, "embed", 1, ids.count(), e.dim());
        CudaTensor rows = CudaTensor.dense(e.table(), 1, e.entries(), e.dim());
        gather(rows, CudaInts.of(ids).address(), e.entries(), 0, CudaTensor.of(out));
    }

    @Override
    public void repeat(Tensor x, int times, Tensor out) {
        shape(out, "repeat", x.batch(), x.rows() * times, x.cols());
        gather(CudaTensor.of(x), 0, x.rows(), times, CudaTensor.of(out));
    }

    private void gather(CudaTensor x, long index, int entries, int times, CudaTensor out) {
        stream.begin();
        place(x);
        stream.add(index).add(0L);
        place(out);
        stream.add(out.valid())
                .add(index == 0 ? 0L : error.address())
                .add(out.batch())
                .add(out.rows())
                .add(out.cols())
                .add(entries)
                .add(times)
                .add(0)
                .add(0);
        blocks("gather", (long) out.rows() * Math.ceilDiv(out.cols(), 4), out.batch());
    }

    @Override
    public void overlapAdd(Tensor windows, int hop, Tensor out) {
        check(windows.batch() == 1 && windows.rows() > 0, "overlapAdd", "one batch", windows);
        int n = windows.cols();
        int total = (windows.rows() - 1) * hop + n;
        shape(out, "overlapAdd", 1, 1, total);
        CudaTensor w = CudaTensor.of(windows);
        stream.begin();
        place(w);
        stream.add(CudaTensor.of(out).address())
                .add(0L)
                .add(w.valid())
                .add(1)
                .add(w.rows())
                .add(n)
                .add(hop);
        blocks("overlap_add", total, 1);
    }

    // ---- over rows

    @Override
    public void meanRows(Tensor x, Tensor out) {
        shape(out, "meanRows", x.batch(), 1, x.cols());
        statistics(x, false, out);
    }

    @Override
    public void meanStdRows(Tensor x, Tensor out) {
        shape(out, "meanStdRows", x.batch(), 1, 2 * x.cols());
        check(x.rows() > 1, "meanStdRows", "fewer than two rows", x);
        statistics(x, true, out);
    }

    private void statistics(Tensor x, boolean deviation, Tensor out) {
        CudaTensor t = CudaTensor.of(x);
        stream.begin();
        place(t);
        place(CudaTensor.of(out));
        stream.add(t.valid())
                .add(t.batch())
                .add(t.rows())
                .add(t.cols())
                .add(t.rows())
                .add(deviation ? 1 : 0)
                .add(0);
        stream.launch(
                context.kernel("statistics"), Math.ceilDiv(t.cols(), 32), 1, t.batch(), 256, 0);
    }

    // ---- randomness

    @Override
    public void noise(long seed, int number, long first, Tensor out) {
        if (first < 0) {
            throw new IllegalArgumentException("noise begins at a negative index: " + first);
        }
        noise(0, seed, number, first, CudaTensor.of(out));
    }

    @Override
    public void noise(Ints state, int number, Tensor out) {
        noise(CudaInts.of(state).address(), 0, number, 0, CudaTensor.of(out));
    }

    private void noise(long state, long seed, int number, long first, CudaTensor out) {
        stream.begin().add(state).add(seed).add(first);
        place(out);
        stream.add(number).add(out.batch()).add(out.rows()).add(out.cols());
        blocks("noise", out.size() / 4 + 2, 1);
    }

    // ---- what speech models need beyond layers

    @Override
    public void harmonics(Tensor f0, Harmonics how, Ints phase, Tensor noise, Tensor out) {
        CudaTensor hertz = CudaTensor.of(f0);
        CudaTensor n = CudaTensor.of(noise);
        CudaTensor o = CudaTensor.of(out);
        int h = out.cols();
        try (Scope scope = scope()) {
            long turns = arena.allocate((long) f0.rows() * h * Double.BYTES);
            stream.begin()
                    .add(hertz.address())
                    .add(hertz.rowStride())
                    .add(CudaInts.of(phase).address())
                    .add(turns)
                    .add(hertz.valid())
                    .add(f0.rows())
                    .add(h)
                    .add(how.hop())
                    .add(0)
                    .add(how.sampleRate())
                    .add(0);
            stream.launch(context.kernel("harmonic_turns"), h, 1, 1, 32, 0);
            stream.begin()
                    .add(hertz.address())
                    .add(hertz.rowStride())
                    .add(turns)
                    .add(CudaTensor.of(how.offsets()).address())
                    .add(n.address())
                    .add(n.rowStride())
                    .add(o.address())
                    .add(o.rowStride())
                    .add(hertz.valid())
                    .add(f0.rows())
                    .add(h)
                    .add(how.hop())
                    .add(how.sampleRate())
                    .add(how.voicedHertz())
                    .add(how.amplitude())
                    .add(how.voicedNoise())
                    .add(how.unvoicedNoise());
            blocks("harmonics", (long) f0.rows() * how.hop() * h, 1);
        }
    }

    @Override
    public void stft(Tensor wave, Stft how, Tensor out) {
        CudaLinear basis = (CudaLinear) how.forward();
        CudaTensor o = CudaTensor.of(out);
        stream.begin()
                .add(CudaTensor.of(wave).address())
                .add(basis.matrix().address())
                .add((long) basis.matrix().padded())
                .add(o.address())
                .add(o.rowStride())
                .add(o.valid())
                .add(out.rows())
                .add(how.fft())
                .add(how.hop())
                .add(0);
        blocks("stft", (long) out.rows() * (how.fft() + 2), 1);
    }

    @Override
    public void inverseStft(
            Tensor logPolar, Stft how, float maxMagnitude, float limit, Tensor wave) {
        CudaLinear basis = (CudaLinear) how.inverse();
        CudaTensor x = CudaTensor.of(logPolar);
        int fft = how.fft();
        int hop = how.hop();
        stream.begin()
                .add(x.address())
                .add(x.rowStride())
                .add(basis.matrix().address())
                .add((long) basis.matrix().padded())
                .add(CudaTensor.of(how.headGain()).address())
                .add(CudaTensor.of(how.tailGain()).address())
                .add(CudaTensor.of(wave).address())
                .add(x.valid())
                .add(x.rows())
                .add(fft)
                .add(hop)
                .add(maxMagnitude)
                .add(limit)
                .add(0);
        int samples = (x.rows() - 1) * hop;
        stream.launch(
                context.kernel("inverse_stft"),
                Math.ceilDiv(samples, 256),
                1,
                1,
                256,
                (256 / hop + fft / hop + 2) * (fft + 2) * Float.BYTES);
    }

    @Override
    public void inverseSpline(Tensor x, Tensor parameters, float shrink) {
        CudaTensor t = CudaTensor.of(x);
        CudaTensor p = CudaTensor.of(parameters);
        stream.begin()
                .add(t.address())
                .add(t.rowStride())
                .add(p.address())
                .add(p.rowStride())
                .add(t.valid())
                .add(t.rows())
                .add(shrink);
        stream.launch(context.kernel("inverse_spline"), Math.ceilDiv(t.rows(), 128), 1, 1, 128, 0);
    }

    @Override
    public void close() {
        stream.close();
        arena.close();
    }

    // ---- launches and checks

    /** Where a tensor lies: address and strides. */
    private void place(CudaTensor t) {
        stream.add(t.address()).add(t.batchStride()).add(t.rowStride());
    }

    /** A launch of 256 threads a block over so many items of each batch. */
    private void blocks(String kernel, long items, int batch) {
        stream.launch(
                context.kernel(kernel),
                Math.toIntExact(Math.ceilDiv(items, 256L)),
                batch,
                1,
                256,
                0);
    }

    private static CudaTensor vector(String op, Tensor v, Tensor x) {
        shape(v, op, 1, 1, x.cols());
        return CudaTensor.of(v);
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
