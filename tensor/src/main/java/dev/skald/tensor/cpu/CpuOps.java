package dev.skald.tensor.cpu;

import static dev.skald.tensor.Shapes.check;
import static dev.skald.tensor.Shapes.same;
import static dev.skald.tensor.Shapes.shape;

import dev.skald.Optimisation;
import dev.skald.Precision;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Conv2d;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Parameters.Lstm;
import dev.skald.tensor.Philox;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Unfused;
import dev.skald.tensor.UnfusedAttention;
import dev.skald.tensor.cpu.PackedWeights.CpuConv1d;
import dev.skald.tensor.cpu.PackedWeights.CpuConv2d;
import dev.skald.tensor.cpu.PackedWeights.CpuConvTranspose1d;
import dev.skald.tensor.cpu.PackedWeights.CpuEmbedding;
import dev.skald.tensor.cpu.PackedWeights.CpuLinear;
import dev.skald.tensor.cpu.PackedWeights.CpuLstm;
import dev.skald.tensor.cpu.attention.Attention;
import dev.skald.tensor.cpu.attention.CachedAttention;
import dev.skald.tensor.cpu.attention.KeyValueCache;
import dev.skald.tensor.cpu.attention.Rotary;
import dev.skald.tensor.cpu.conv.DepthwiseConv;
import dev.skald.tensor.cpu.conv.Im2col;
import dev.skald.tensor.cpu.conv.Winograd;
import dev.skald.tensor.cpu.elementwise.Arithmetic;
import dev.skald.tensor.cpu.elementwise.RowLoops;
import dev.skald.tensor.cpu.gemm.Format;
import dev.skald.tensor.cpu.gemm.Gemm;
import dev.skald.tensor.cpu.gemm.Output;
import dev.skald.tensor.cpu.gemm.PackedMatrix;
import dev.skald.tensor.cpu.gemm.Windows;
import dev.skald.tensor.cpu.memory.Arena;
import dev.skald.tensor.cpu.memory.CpuTensor;
import dev.skald.tensor.cpu.memory.Layouts;
import dev.skald.tensor.cpu.memory.Scratch;
import dev.skald.tensor.cpu.norm.Moments;
import dev.skald.tensor.cpu.workers.Team;
import dev.skald.tensor.cpu.workers.WorkerPool;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ops on a processor: shapes are checked here, the packages below cut the work into tiles and
 * compute. It is one long file because {@link Ops} is one interface: each op takes a few lines of
 * checks and one call, and they share the arena, the team of threads and the scratch memory.
 */
final class CpuOps implements Ops {
    /** Bytes that the activations of a network may take at once. */
    private static final long ACTIVATIONS = 64L << 20;

    /** Bytes of a core's second cache. */
    private static final long CORE_CACHE = 1 << 20;

    private final Backend backend;
    private final CpuKernels kernels;
    private final Team team;
    private final Arena arena;
    private final Scratch scratch;
    private final Gemm gemm;
    private final Winograd winograd;
    private final DepthwiseConv depthwise;
    private final Attention attention;
    private final CachedAttention cachedAttention;
    private final RowLoops rows;
    private final boolean fused;
    private final @Nullable UnfusedAttention unfusedAttention;

    CpuOps(Backend backend, CpuKernels kernels, WorkerPool pool) {
        this.backend = backend;
        this.kernels = kernels;
        arena = new Arena(backend.uses(Optimisation.POOL));
        fused = backend.uses(Optimisation.FUSED_KERNELS);
        unfusedAttention =
                backend.uses(Optimisation.FUSED_ATTENTION)
                        ? null
                        : new UnfusedAttention(this, new Products());
        team = new Team(pool);
        scratch = new Scratch(pool.threads());
        gemm = new Gemm(kernels.gemm(), kernels.functions(), kernels.outputs(), team, scratch);
        winograd =
                new Winograd(
                        kernels.vectors(),
                        kernels.gemm(),
                        kernels.functions(),
                        kernels.outputs(),
                        team,
                        scratch);
        depthwise = new DepthwiseConv(kernels.functions(), kernels.outputs(), team, scratch);
        attention =
                new Attention(
                        kernels.gemm(), kernels.norms(), kernels.outputs(), team, scratch, arena);
        cachedAttention =
                new CachedAttention(
                        kernels.gemm(), kernels.norms(), kernels.outputs(), team, scratch);
        rows = new RowLoops(team);
    }

    // ---- memory

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public void threads(int most) {
        team.alone(most == 1);
    }

    @Override
    public Tensor tensor(int batch, int rows, int cols) {
        return arena.tensor(batch, rows, cols);
    }

    @Override
    public int rowsAtOnce(long bytes) {
        return (int) Math.clamp(ACTIVATIONS / Math.max(1, bytes), 1, Integer.MAX_VALUE);
    }

    @Override
    public int rowsInCache(long bytes) {
        return (int) Math.clamp(CORE_CACHE / Math.max(1, bytes), 1, Integer.MAX_VALUE);
    }

    @Override
    public Scope scope() {
        return arena.scope();
    }

    @Override
    public void write(float[] from, int offset, Tensor to) {
        CpuTensor t = cpu(to);
        check(offset >= 0 && from.length - offset >= t.size(), "write", "too few values", to);
        int at = offset;
        for (int b = 0; b < t.batch(); b++) {
            for (int r = 0; r < t.rows(); r++, at += t.cols()) {
                System.arraycopy(from, at, t.data, t.at(b, r), t.cols());
            }
        }
    }

    @Override
    public void read(Tensor from, float[] to, int offset) {
        CpuTensor t = cpu(from);
        check(offset >= 0 && to.length - offset >= t.size(), "read", "too little room", from);
        int at = offset;
        for (int b = 0; b < t.batch(); b++) {
            for (int r = 0; r < t.rows(); r++, at += t.cols()) {
                System.arraycopy(t.data, t.at(b, r), to, at, t.cols());
            }
        }
    }

    /** Integers [from, from + count) of an array. */
    private record CpuInts(int[] values, int from, int count) implements Ints {
        @Override
        public Ints slice(int at, int n) {
            if (at < 0 || n < 0 || at + n > count) {
                throw new IndexOutOfBoundsException(n + " integers at " + at + " of " + count);
            }
            return new CpuInts(values, from + at, n);
        }
    }

    @Override
    public Ints ints(int count) {
        return new CpuInts(new int[count], 0, count);
    }

    @Override
    public void write(int[] from, Ints to) {
        CpuInts t = cpu(to);
        System.arraycopy(from, 0, t.values, t.from, t.count);
    }

    @Override
    public void read(Ints from, int[] to) {
        CpuInts f = cpu(from);
        System.arraycopy(f.values, f.from, to, 0, f.count);
    }

    @Override
    public void copy(Ints from, Ints to) {
        CpuInts f = cpu(from);
        CpuInts t = cpu(to);
        System.arraycopy(f.values, f.from, t.values, t.from, t.count);
    }

    @Override
    public void increment(Ints counter, int by) {
        CpuInts c = cpu(counter);
        for (int i = 0; i < c.count; i++) {
            c.values[c.from + i] += by;
        }
    }

    @Override
    public Ints lengths(Ints of, int factor, int offset, int divisor) {
        int[] n = read(of);
        for (int i = 0; i < n.length; i++) {
            n[i] = Math.max(0, Math.floorDiv(n[i] * factor + offset, divisor));
        }
        return new CpuInts(n, 0, n.length);
    }

    private static CpuInts cpu(Ints ints) {
        if (ints instanceof CpuInts c) {
            return c;
        }
        throw new IllegalArgumentException("integers of another backend");
    }

    /** How many rows of a batch are valid. */
    private static int valid(Tensor x, int batch) {
        Ints lengths = x.lengths();
        if (lengths == null) {
            return x.rows();
        }
        CpuInts n = cpu(lengths);
        return Math.clamp(n.values[n.from + batch], 0, x.rows());
    }

    /** The valid rows of one batch, as a tensor without padding. */
    private static CpuTensor validRows(Tensor x, int batch) {
        Tensor one = x.batch(batch);
        return cpu(one.unpadded(valid(x, batch)));
    }

    private static Epilogue validRows(Epilogue e, int batch, int rows) {
        Tensor r = e.residual();
        return r == null
                ? e
                : new Epilogue(e.activation(), e.scale(), r.batch(batch).unpadded(rows));
    }

    // ---- matrix products

    /** Activations packed as weights, in the arena. */
    private final class Products implements UnfusedAttention.Products {
        private PackedMatrix space(int k, int n) {
            int width = kernels.gemm().panel();
            CpuTensor t = arena.tensor(1, 1, PackedMatrix.length(k, n, width));
            return new PackedMatrix(t.data, t.offset, k, n, width);
        }

        @Override
        public Linear byRows(Tensor m) {
            CpuTensor t = cpu(m);
            PackedMatrix packed = space(t.cols(), t.rows());
            packed.packColumns(t.data, t.offset, t.rowStride);
            return new CpuLinear(t.cols(), t.rows(), packed, null);
        }

        @Override
        public Linear byColumns(Tensor m) {
            CpuTensor t = cpu(m);
            PackedMatrix packed = space(t.rows(), t.cols());
            packed.packRows(t.data, t.offset, t.rowStride);
            return new CpuLinear(t.rows(), t.cols(), packed, null);
        }
    }

    @Override
    public void linear(Tensor x, Linear w, Epilogue epilogue, Tensor out) {
        CpuLinear l = (CpuLinear) w;
        check(x.cols() == l.in(), "linear", "in is " + l.in(), x);
        shape(out, "linear", x.batch(), x.rows(), l.out());
        residual(epilogue, "linear", out);
        if (!fused && Unfused.has(epilogue)) {
            Unfused.linear(this, x, w, epilogue, out);
            return;
        }
        if (x.rows() == 1 && x.batch() > 1) {
            // Read the weights once for all batches.
            linear(
                    cpu(x).batchesAsRows(),
                    w,
                    epilogue.residual() instanceof CpuTensor r
                            ? new Epilogue(
                                    epilogue.activation(), epilogue.scale(), r.batchesAsRows())
                            : epilogue,
                    cpu(out).batchesAsRows());
            return;
        }
        gemm.run(Windows.of(cpu(x)), l.matrix(), new Output(l.bias(), epilogue, cpu(out)));
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
        CpuConv1d c = (CpuConv1d) w;
        check(x.cols() == c.in(), "conv1d", "in is " + c.in(), x);
        check(padLeft >= 0 && padRight >= 0, "conv1d", "negative padding", x);
        int count = Math.max(0, w.rows(x.rows(), padLeft, padRight));
        shape(out, "conv1d", x.batch(), count, c.out());
        residual(epilogue, "conv1d", out);
        if (count == 0) {
            return;
        }
        if (x.lengths() != null) {
            for (int b = 0; b < x.batch(); b++) {
                CpuTensor from = validRows(x, b);
                int rows = Math.max(0, w.rows(from.rows(), padLeft, padRight));
                conv1d(
                        from,
                        w,
                        padLeft,
                        padRight,
                        before,
                        validRows(epilogue, b, rows),
                        out.batch(b).unpadded(rows));
            }
            return;
        }
        if (!fused && (Unfused.has(before) || Unfused.has(epilogue))) {
            Unfused.conv1d(this, x, w, padLeft, padRight, before, epilogue, out);
            return;
        }
        Windows windows =
                new Windows(cpu(x), -padLeft, c.stride(), c.kernel(), c.dilation(), before);
        Output output = new Output(c.bias(), epilogue, cpu(out));
        float[] taps = c.taps();
        if (taps != null) {
            depthwise.run(windows, taps, output);
            return;
        }
        if (c.filter() != null) {
            winograd.run(windows, c.filter(), output);
            return;
        }
        if (c.groups().length == 1) {
            gemm.run(windows, c.groups()[0], output);
            return;
        }
        int groups = c.groups().length;
        int in = c.in() / groups;
        int n = c.out() / groups;
        for (int g = 0; g < groups; g++) {
            gemm.run(
                    new Windows(
                            cpu(x.cols(g * in, g * in + in)),
                            -padLeft,
                            c.stride(),
                            c.kernel(),
                            c.dilation(),
                            part(before, g * in, in)),
                    c.groups()[g],
                    new Output(
                            c.bias(),
                            g * n,
                            part(epilogue, g * n, n),
                            cpu(out.cols(g * n, g * n + n))));
        }
    }

    private static Activation part(Activation a, int from, int n) {
        Tensor alpha = a.alpha();
        return alpha == null ? a : Activation.snake(alpha.cols(from, from + n));
    }

    private static Epilogue part(Epilogue e, int from, int n) {
        Tensor r = e.residual();
        return new Epilogue(
                part(e.activation(), from, n),
                e.scale(),
                r == null ? null : r.cols(from, from + n));
    }

    @Override
    public Tensor convTranspose1d(Tensor x, ConvTranspose1d w, Activation before) {
        CpuConvTranspose1d c = (CpuConvTranspose1d) w;
        int total = Math.max(0, w.rows(x.rows()));
        int pad = c.steps().kernel() - 1;
        Tensor all = conv1d(x, c.steps(), pad, pad, before, Epilogue.NONE);
        Tensor out =
                all.reshape(x.batch(), all.rows() * c.stride(), c.out())
                        .rows(c.padding(), c.padding() + total);
        Ints lengths = x.lengths();
        int more = w.kernel() - w.stride() - 2 * w.padding();
        return lengths == null ? out : out.valid(lengths(lengths, w.stride(), more, 1));
    }

    @Override
    public Tensor conv2d(Tensor x, Conv2d w, Epilogue epilogue) {
        CpuConv2d c = (CpuConv2d) w;
        check(x.cols() == c.in(), "conv2d", "in is " + c.in(), x);
        Im2col im = c.windows();
        int h = (x.batch() + 2 * im.paddingH() - im.kernelH()) / im.strideH() + 1;
        int v = (x.rows() + 2 * im.paddingW() - im.kernelW()) / im.strideW() + 1;
        check(h > 0 && v > 0, "conv2d", "the image is smaller than the kernel", x);
        Tensor out = tensor(h, v, c.out());
        residual(epilogue, "conv2d", out);
        CpuTensor from = cpu(x);
        try (Scope scope = scope()) {
            CpuTensor windows = arena.tensor(h, v, im.kernelH() * im.kernelW() * im.in());
            im.run(team, from, windows);
            gemm.run(Windows.of(windows), c.matrix(), new Output(c.bias(), epilogue, cpu(out)));
        }
        return out;
    }

    @Override
    public Tensor lstm(Tensor x, Lstm w) {
        CpuLstm l = (CpuLstm) w;
        check(x.cols() == l.in(), "lstm", "in is " + l.in(), x);
        int n = l.hidden();
        CpuTensor out = arena.tensor(x.batch(), x.rows(), n);
        try (Scope scope = scope()) {
            CpuTensor gates = arena.tensor(x.batch(), x.rows(), 4 * n);
            linear(x, l.input(), Epilogue.NONE, gates);
            CpuTensor cells = arena.tensor(x.batch(), 1, n);
            fill(cells, 0);
            for (int t = 0; t < x.rows(); t++) {
                CpuTensor g = cpu(gates.rows(t, t + 1));
                if (t > 0) {
                    gemm.run(
                            Windows.of(cpu(out.rows(t - 1, t))),
                            l.recurrent(),
                            new Output(null, Epilogue.plus(g), g));
                }
                for (int b = 0; b < x.batch(); b++) {
                    kernels.functions()
                            .lstmCell(
                                    g.data,
                                    g.at(b, 0),
                                    cells.data,
                                    cells.at(b, 0),
                                    out.data,
                                    out.at(b, t),
                                    n);
                }
            }
        }
        return out;
    }

    // ---- attention

    @Override
    public void attention(
            Tensor q, Tensor k, Tensor v, int heads, float scale, boolean causal, Tensor out) {
        heads("attention", q, k, v, heads, out);
        if (k.lengths() != null || q.lengths() != null) {
            for (int b = 0; b < q.batch(); b++) {
                int rows = valid(q, b);
                attention(
                        q.batch(b).unpadded(rows),
                        validRows(k, b),
                        v.batch(b).unpadded(valid(k, b)),
                        heads,
                        scale,
                        causal,
                        out.batch(b).unpadded(rows));
            }
            return;
        }
        if (unfusedAttention != null) {
            unfusedAttention.plain(q, k, v, heads, scale, causal, out);
            return;
        }
        attention.run(cpu(q), cpu(k), cpu(v), heads, scale, causal, null, null, cpu(out));
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
        if (q.lengths() != null) {
            for (int b = 0; b < q.batch(); b++) {
                int rows = valid(q, b);
                attentionShaw(
                        q.batch(b).unpadded(rows),
                        k.batch(b).unpadded(rows),
                        v.batch(b).unpadded(rows),
                        heads,
                        scale,
                        relK,
                        relV,
                        out.batch(b).unpadded(rows));
            }
            return;
        }
        if (unfusedAttention != null) {
            unfusedAttention.shaw(q, k, v, heads, scale, relK, relV, out);
            return;
        }
        attention.run(
                cpu(q),
                cpu(k),
                cpu(v),
                heads,
                scale,
                false,
                new Attention.RelativeWindow(cpu(relK), cpu(relV)),
                null,
                cpu(out));
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
        if (q.lengths() != null) {
            int middle = q.rows() - 1;
            for (int b = 0; b < q.batch(); b++) {
                int rows = valid(q, b);
                if (rows == 0) {
                    continue;
                }
                attentionTransformerXl(
                        q.batch(b).unpadded(rows),
                        k.batch(b).unpadded(rows),
                        v.batch(b).unpadded(rows),
                        p.rows(middle - rows + 1, middle + rows),
                        biasU,
                        biasV,
                        heads,
                        scale,
                        out.batch(b).unpadded(rows));
            }
            return;
        }
        if (unfusedAttention != null) {
            unfusedAttention.transformerXl(q, k, v, p, biasU, biasV, heads, scale, out);
            return;
        }
        attention.run(
                cpu(q),
                cpu(k),
                cpu(v),
                heads,
                scale,
                false,
                null,
                new Attention.RelativePositions(cpu(p), cpu(biasU), cpu(biasV)),
                cpu(out));
    }

    private static void heads(String op, Tensor q, Tensor k, Tensor v, int heads, Tensor out) {
        check(heads > 0 && q.cols() % heads == 0, op, "no whole " + heads + " heads", q);
        check(k.batch() == q.batch() && k.cols() == q.cols(), op, "keys for " + q, k);
        shape(v, op, k.batch(), k.rows(), k.cols());
        shape(out, op, q.batch(), q.rows(), q.cols());
    }

    @Override
    public void rotary(Tensor x, int heads, Tensor cos, Tensor sin, Ints first) {
        CpuTensor t = cpu(x);
        CpuTensor c = cpu(cos);
        CpuTensor s = cpu(sin);
        int[] from = eachBatch("rotary", first, x);
        int half = cos.cols();
        check(x.cols() == 2 * half * heads, "rotary", "cosines " + cos, x);
        shape(sin, "rotary", 1, cos.rows(), half);
        for (int b = 0; b < x.batch(); b++) {
            int at = from[b];
            check(at >= 0 && at + x.rows() <= cos.rows(), "rotary", "from position " + at, cos);
            Rotary.run(t, b, heads, c, s, at);
        }
    }

    private int[] eachBatch(String op, Ints ints, Tensor x) {
        check(ints.count() == x.batch(), op, ints.count() + " integers for the batches", x);
        return read(ints);
    }

    @Override
    public Cache cache(int heads, int dim, int capacity, Precision precision) {
        if (heads < 1
                || dim < 1
                || capacity < 0
                || (precision != Precision.FP32 && precision != Precision.BF16)) {
            throw new IllegalArgumentException(
                    "no cache of "
                            + precision
                            + " for "
                            + heads
                            + " heads of "
                            + dim
                            + " at "
                            + capacity
                            + " positions");
        }
        return new KeyValueCache(
                heads,
                dim,
                capacity,
                kernels.gemm().panel(),
                precision == Precision.BF16 ? Format.BF16 : Format.F32);
    }

    @Override
    public Cache fork(Cache of, int positions, int capacity) {
        KeyValueCache c = (KeyValueCache) of;
        if (positions < 0 || positions > c.filled() || positions > capacity) {
            throw new IllegalArgumentException(
                    positions + " positions of a cache of " + c.filled() + ", for " + capacity);
        }
        return c.fork(positions, capacity);
    }

    @Override
    public void append(Tensor k, Tensor v, List<Cache> caches, Ints first) {
        KeyValueCache[] each = caches("append", k, caches);
        int[] from = eachBatch("append", first, k);
        same("append", k, v);
        for (int b = 0; b < each.length; b++) {
            check(
                    from[b] >= 0 && from[b] + k.rows() <= each[b].capacity(),
                    "append",
                    "positions from " + from[b] + " of " + each[b].capacity(),
                    k);
        }
        cachedAttention.append(cpu(k), cpu(v), each, from);
    }

    @Override
    public void attentionCached(
            Tensor q, List<Cache> caches, Ints lengths, float scale, Tensor out) {
        KeyValueCache[] each = caches("attentionCached", q, caches);
        int[] n = eachBatch("attentionCached", lengths, q);
        same("attentionCached", q, out);
        for (int b = 0; b < each.length; b++) {
            check(
                    n[b] >= q.rows() && n[b] <= each[b].filled(),
                    "attentionCached",
                    n[b] + " positions of " + each[b].filled(),
                    q);
        }
        cachedAttention.run(cpu(q), each, n, scale, cpu(out));
    }

    private static KeyValueCache[] caches(String op, Tensor x, List<Cache> caches) {
        check(caches.size() == x.batch(), op, caches.size() + " caches for the batches", x);
        KeyValueCache[] each = new KeyValueCache[caches.size()];
        for (int b = 0; b < each.length; b++) {
            each[b] = (KeyValueCache) caches.get(b);
            check(x.cols() == each[b].heads * each[b].dim, op, "another cache's heads", x);
        }
        return each;
    }

    // ---- norms

    @Override
    public void layerNorm(
            Tensor x, Tensor gamma, Tensor beta, float eps, Activation after, Tensor out) {
        same("layerNorm", x, out);
        CpuTensor g = vector("layerNorm", gamma, x);
        CpuTensor o = vector("layerNorm", beta, x);
        rows.each(
                cpu(x),
                cpu(out),
                8,
                (from, at, to, b, r) -> {
                    float[] y = cpu(out).data;
                    kernels.norms().layerNorm(g, o, eps, from, at, y, to, x.cols());
                    kernels.functions().activate(after, 0, y, to, y, to, x.cols());
                });
    }

    @Override
    public void rmsNorm(Tensor x, Tensor gamma, float eps, Tensor out) {
        same("rmsNorm", x, out);
        CpuTensor g = vector("rmsNorm", gamma, x);
        rows.each(
                cpu(x),
                cpu(out),
                4,
                (from, at, to, b, r) ->
                        kernels.norms().rmsNorm(g, eps, from, at, cpu(out).data, to, x.cols()));
    }

    // ---- value by value

    @Override
    public void activate(Tensor x, Activation activation, Tensor out) {
        same("activate", x, out);
        float[] y = cpu(out).data;
        if (activation.alpha() != null) {
            vector("activate", activation.alpha(), x);
            rows.each(
                    cpu(x),
                    cpu(out),
                    8,
                    (from, at, to, b, r) ->
                            kernels.functions().activate(activation, 0, from, at, y, to, x.cols()));
        } else {
            rows.flat(
                    cpu(x),
                    cpu(out),
                    8,
                    (from, at, to, n) ->
                            kernels.functions().activate(activation, 0, from, at, y, to, n));
        }
    }

    @Override
    public void add(Tensor a, Tensor b, Tensor out) {
        rows.pair("add", cpu(a), cpu(b), cpu(out), Arithmetic::add);
    }

    @Override
    public void mul(Tensor a, Tensor b, Tensor out) {
        rows.pair("mul", cpu(a), cpu(b), cpu(out), Arithmetic::mul);
    }

    @Override
    public void addScaled(Tensor a, Tensor b, float factor, Tensor out) {
        rows.pair(
                "addScaled",
                cpu(a),
                cpu(b),
                cpu(out),
                (x, xo, y, yo, z, zo, n) -> Arithmetic.addScaled(x, xo, y, yo, factor, z, zo, n));
    }

    @Override
    public void scale(Tensor a, float factor, float offset, Tensor out) {
        same("scale", a, out);
        rows.flat(
                cpu(a),
                cpu(out),
                1,
                (x, at, to, n) -> Arithmetic.scale(x, at, factor, offset, cpu(out).data, to, n));
    }

    @Override
    public void affine(Tensor x, Tensor scale, Tensor shift, Activation after, Tensor out) {
        same("affine", x, out);
        CpuTensor g = vector("affine", scale, x);
        CpuTensor s = vector("affine", shift, x);
        float[] y = cpu(out).data;
        rows.each(
                cpu(x),
                cpu(out),
                4,
                (from, at, to, b, r) -> {
                    Arithmetic.affine(
                            from, at, g.data, g.offset, s.data, s.offset, y, to, x.cols());
                    kernels.functions().activate(after, 0, y, to, y, to, x.cols());
                });
    }

    @Override
    public void gateTanh(Tensor x, Tensor out) {
        int n = x.cols() / 2;
        shape(out, "gateTanh", x.batch(), x.rows(), n);
        check(x.cols() == 2 * n, "gateTanh", "odd columns", x);
        rows.each(
                cpu(x),
                cpu(out),
                16,
                (from, at, to, b, r) ->
                        kernels.functions().gateTanh(from, at, from, at + n, cpu(out).data, to, n));
    }

    @Override
    public void gateSilu(Tensor x, Tensor out) {
        int n = x.cols() / 2;
        shape(out, "gateSilu", x.batch(), x.rows(), n);
        check(x.cols() == 2 * n, "gateSilu", "odd columns", x);
        rows.each(
                cpu(x),
                cpu(out),
                16,
                (from, at, to, b, r) ->
                        kernels.functions().gateSilu(from, at, from, at + n, cpu(out).data, to, n));
    }

    @Override
    public void clamp(Tensor x, float low, float high, Tensor out) {
        same("clamp", x, out);
        rows.flat(
                cpu(x),
                cpu(out),
                1,
                (from, at, to, n) -> Arithmetic.clamp(from, at, low, high, cpu(out).data, to, n));
    }

    // ---- shape

    @Override
    public void fill(Tensor x, float value) {
        CpuTensor t = cpu(x);
        rows.flat(t, t, 1, (from, at, to, n) -> Arrays.fill(from, at, at + n, value));
    }

    @Override
    public void copy(Tensor from, Tensor to) {
        same("copy", from, to);
        float[] y = cpu(to).data;
        rows.flat(cpu(from), cpu(to), 1, (x, at, o, n) -> System.arraycopy(x, at, y, o, n));
    }

    @Override
    public void gather(Tensor x, Ints indices, Tensor out) {
        check(x.batch() == 1, "gather", "more than one batch", x);
        shape(out, "gather", 1, indices.count(), x.cols());
        CpuTensor t = cpu(x);
        Layouts.gather("gather", t.data, t.offset, t.rowStride, x.rows(), read(indices), cpu(out));
    }

    @Override
    public void embed(Embedding table, Ints ids, Tensor out) {
        CpuEmbedding e = (CpuEmbedding) table;
        shape(out, "embed", 1, ids.count(), e.dim());
        Layouts.gather("embed", e.table(), 0, e.dim(), e.entries(), read(ids), cpu(out));
    }

    @Override
    public void repeat(Tensor x, int times, Tensor out) {
        shape(out, "repeat", x.batch(), x.rows() * times, x.cols());
        Layouts.repeat(cpu(x), times, cpu(out));
    }

    @Override
    public void overlapAdd(Tensor windows, int hop, Tensor out) {
        check(windows.batch() == 1 && windows.rows() > 0, "overlapAdd", "one batch", windows);
        int n = windows.cols();
        shape(out, "overlapAdd", 1, 1, (windows.rows() - 1) * hop + n);
        fill(out, 0);
        CpuTensor w = cpu(windows);
        CpuTensor o = cpu(out);
        for (int r = 0; r < windows.rows(); r++) {
            int to = o.offset + r * hop;
            Arithmetic.add(o.data, to, w.data, w.at(0, r), o.data, to, n);
        }
    }

    // ---- over rows

    @Override
    public void meanRows(Tensor x, Tensor out) {
        shape(out, "meanRows", x.batch(), 1, x.cols());
        if (x.lengths() != null) {
            for (int b = 0; b < x.batch(); b++) {
                meanRows(validRows(x, b), out.batch(b));
            }
            return;
        }
        Moments.mean(cpu(x), cpu(out));
    }

    @Override
    public void meanStdRows(Tensor x, Tensor out) {
        shape(out, "meanStdRows", x.batch(), 1, 2 * x.cols());
        if (x.lengths() != null) {
            for (int b = 0; b < x.batch(); b++) {
                meanStdRows(validRows(x, b), out.batch(b));
            }
            return;
        }
        check(x.rows() > 1, "meanStdRows", "fewer than two rows", x);
        int n = x.cols();
        CpuTensor mean = cpu(out.cols(0, n));
        Moments.mean(cpu(x), mean);
        Moments.deviation(cpu(x), mean, cpu(out.cols(n, 2 * n)));
    }

    // ---- randomness

    @Override
    public void noise(long seed, int stream, long first, Tensor out) {
        CpuTensor t = cpu(out);
        int n = t.cols();
        rows.each(
                t,
                t,
                64,
                (from, at, to, b, r) ->
                        Philox.normal(
                                seed, stream, first + ((long) b * t.rows() + r) * n, from, at, n));
    }

    @Override
    public void close() {
        arena.clear();
    }

    // ---- checks

    static CpuTensor cpu(Tensor t) {
        if (t instanceof CpuTensor c) {
            return c;
        }
        throw new IllegalArgumentException("a tensor of another backend");
    }

    private static CpuTensor vector(String op, Tensor v, Tensor x) {
        shape(v, op, 1, 1, x.cols());
        return cpu(v);
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
