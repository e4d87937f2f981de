package dev.skald.tensor;

import dev.skald.Precision;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Conv2d;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Layer;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Parameters.Lstm;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An op stream: the op set the models are written over, with the arena their activations live in.
 * Used by one thread at a time. Ops run in the order they are called.
 *
 * <p>Every op has a form that writes into a tensor given last. The short forms make that tensor in
 * the arena. Inputs may be views; an output may be a view too. An output may be an input only where
 * the op says "in place". Results do not depend on the number of threads.
 *
 * <p><b>Padded tensors.</b> A tensor may have more rows than are valid: {@link Tensor#valid} gives
 * it the number of valid rows of each batch, as integers on the device. Rows beyond them may hold
 * anything. Ops that mix rows (convolutions, attention, means, short-time transforms) take a row
 * beyond the valid ones for what lies beyond the edge of an unpadded tensor, so that a valid row of
 * the output is the same in every bucket. The short forms give the output its own valid rows; who
 * passes an output gives them ({@link #lengths}).
 *
 * <p><b>Between the beginning and the end of a network</b> nothing is read back and no Java branch
 * depends on a value, so that it can be recorded ({@link #record}). Ops with a default body are
 * fused forms of simpler ones; a new backend comes up without them and overrides them later.
 *
 * <p>Legend: B batch, T rows (time), C channels, H heads, D head dimension.
 */
public interface Ops extends AutoCloseable {

    // ---- memory

    /** The device this runs on. */
    Backend backend();

    /**
     * Says how many threads should compute what follows, the caller among them: 1 where streams run
     * side by side and should not wait for each other. At first all that the device has; a device
     * that computes elsewhere ignores it.
     */
    default void threads(int most) {}

    /** An uninitialised (B,T,C) tensor in the current scope. */
    Tensor tensor(int batch, int rows, int cols);

    /** An uninitialised tensor of x's batch and rows, padded or not as x is. */
    default Tensor like(Tensor x, int cols) {
        Ints lengths = x.lengths();
        Tensor t = tensor(x.batch(), x.rows(), cols);
        return lengths == null ? t : t.valid(lengths);
    }

    /**
     * The same as {@link #like}, for values that only matrix products, convolutions and attention
     * read: in the number format that {@code reader} multiplies in (fp16 beside weights of 16 bits
     * on a GPU). They are rounded when they are made instead of when they are read.
     *
     * @param reader a layer that reads them, or that makes what only attention reads
     */
    default Tensor operand(Tensor x, int cols, Layer reader) {
        return like(x, cols);
    }

    /** The same as {@link #tensor}, of zeros. */
    default Tensor zeros(int batch, int rows, int cols) {
        Tensor t = tensor(batch, rows, cols);
        fill(t, 0);
        return t;
    }

    /** Opens a scope: what is made inside is given back when it is closed. Scopes nest. */
    Scope scope();

    /** A stretch of the arena. */
    interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * The rows a tensor should have so that few different shapes occur: at least {@code rows}. A
     * device that replays recordings rounds up to a bucket; a CPU takes the number itself.
     */
    default int bucket(int rows) {
        return rows;
    }

    /**
     * How many rows of a long sequence a network should compute at once, so that its activations
     * stay within what the device has for them.
     *
     * @param bytes of activations that a row takes
     */
    int rowsAtOnce(long bytes);

    /**
     * How many rows several layers in a row should compute at once, so that what one hands to the
     * next is still in a cache: all of them where that makes no difference.
     *
     * @param bytes of activations that a row takes
     */
    default int rowsInCache(long bytes) {
        return Integer.MAX_VALUE;
    }

    /**
     * Ops over tensors of their own, to be done many times. A CPU makes the tensors in the current
     * scope and does the ops. A device may record the ops, launch the recording as one, and keep it
     * with its tensors for the next who asks with the same key.
     *
     * @param key equal where the same ops are done over tensors of the same shapes
     * @param make makes the tensors; what they hold at first means nothing
     * @param body the ops; nothing in it may come from the host, nor go there
     */
    default <T> Recording<T> record(Object key, Function<Ops, T> make, BiConsumer<Ops, T> body) {
        return unrecorded(this, make, body);
    }

    /** The same done op by op, over tensors in the current scope. */
    static <T> Recording<T> unrecorded(Ops ops, Function<Ops, T> make, BiConsumer<Ops, T> body) {
        T tensors = make.apply(ops);
        return new Recording<>() {
            @Override
            public T tensors() {
                return tensors;
            }

            @Override
            public void replay() {
                body.accept(ops, tensors);
            }

            @Override
            public void close() {}
        };
    }

    /** Ops that are launched as one. Closed by who asked for it, who then forgets the tensors. */
    interface Recording<T> extends AutoCloseable {
        T tensors();

        /** Does the ops once more, over what the tensors and integers hold now. */
        void replay();

        @Override
        void close();
    }

    /**
     * Waits until what was asked for before the last call of this is done. So who calls it after
     * each of several long stretches of work is one ahead of the device, and can still choose what
     * comes next. Where ops are done when they are called there is nothing to wait for.
     */
    default void pace() {}

    /** Copies host values into a tensor, row by row: {@code rows * cols} a batch. */
    void write(float[] from, int offset, Tensor to);

    /** Copies a tensor's values to the host, without gaps, padding included. */
    void read(Tensor from, float[] to, int offset);

    default float[] read(Tensor from) {
        float[] to = new float[from.batch() * from.rows() * from.cols()];
        read(from, to, 0);
        return to;
    }

    /**
     * A few integers where the ops run (positions, token ids, lengths, counters), so that what
     * changes from one replay of a recording to the next need not be a constant of it.
     */
    Ints ints(int count);

    /** The same, with values. */
    default Ints ints(int... values) {
        Ints ints = ints(values.length);
        write(values, ints);
        return ints;
    }

    void write(int[] from, Ints to);

    void read(Ints from, int[] to);

    default int[] read(Ints from) {
        int[] to = new int[from.count()];
        read(from, to);
        return to;
    }

    /** Integers of a backend. */
    interface Ints {
        int count();

        /** Integers [from, from + count) of these. */
        Ints slice(int from, int count);
    }

    /** Copies integers where the ops run. */
    void copy(Ints from, Ints to);

    /** Adds {@code by} to each integer: moves a position or a step on, also in a recording. */
    void increment(Ints counter, int by);

    /**
     * {@code floor((n * factor + offset) / divisor)} for each of the integers, never below 0, as
     * new integers: how many rows are valid behind an op that changes their number.
     */
    Ints lengths(Ints of, int factor, int offset, int divisor);

    /** The valid rows of what a convolution makes of x; null if x is not padded. */
    default @Nullable Ints lengths(Tensor x, Conv1d w, int padLeft, int padRight) {
        Ints n = x.lengths();
        int shrink = w.dilation() * (w.kernel() - 1) - padLeft - padRight;
        if (n == null || (shrink == 0 && w.stride() == 1)) {
            return n;
        }
        return lengths(n, 1, w.stride() - 1 - shrink, w.stride());
    }

    // ---- matrix products

    /** x (B,T,in) → (B,T,out): {@code x W^T + b}. */
    void linear(Tensor x, Linear w, Epilogue epilogue, Tensor out);

    default Tensor linear(Tensor x, Linear w, Epilogue epilogue) {
        Tensor out = like(x, w.out());
        linear(x, w, epilogue, out);
        return out;
    }

    default Tensor linear(Tensor x, Linear w) {
        return linear(x, w, Epilogue.NONE);
    }

    /** {@link #layerNorm}, then {@link #linear}. */
    default void layerNormLinear(
            Tensor x,
            Tensor gamma,
            Tensor beta,
            float eps,
            Linear w,
            Epilogue epilogue,
            Tensor out) {
        try (Scope scope = scope()) {
            Tensor norm = operand(x, x.cols(), w);
            layerNorm(x, gamma, beta, eps, Activation.NONE, norm);
            linear(norm, w, epilogue, out);
        }
    }

    /** A linear map to 2C columns, then {@link #gateSilu}: (B,T,in) → (B,T,C). */
    default void linearGateSilu(Tensor x, Linear w, Tensor out) {
        try (Scope scope = scope()) {
            Tensor both = linear(x, w);
            gateSilu(both, out);
        }
    }

    /**
     * x (B,T,in) → (B,T',out), zeros beyond the edges, {@code before} applied to the input first
     * (as HiFi-GAN's blocks do). Padding is counted in rows.
     */
    void conv1d(
            Tensor x,
            Conv1d w,
            int padLeft,
            int padRight,
            Activation before,
            Epilogue epilogue,
            Tensor out);

    default Tensor conv1d(
            Tensor x, Conv1d w, int padLeft, int padRight, Activation before, Epilogue epilogue) {
        Tensor out = tensor(x.batch(), w.rows(x.rows(), padLeft, padRight), w.out());
        Ints lengths = lengths(x, w, padLeft, padRight);
        if (lengths != null) {
            out = out.valid(lengths);
        }
        conv1d(x, w, padLeft, padRight, before, epilogue, out);
        return out;
    }

    default Tensor conv1d(Tensor x, Conv1d w, int padLeft, int padRight, Epilogue epilogue) {
        return conv1d(x, w, padLeft, padRight, Activation.NONE, epilogue);
    }

    /**
     * Two convolutions, each after an activation and with as much padding at both ends, as the
     * residual blocks of vocoders have them. {@code out} may be x.
     */
    default void conv1dPair(
            Tensor x,
            Activation before1,
            Conv1d w1,
            int pad1,
            Activation before2,
            Conv1d w2,
            int pad2,
            Epilogue epilogue,
            Tensor out) {
        try (Scope scope = scope()) {
            Tensor between = conv1d(x, w1, pad1, pad1, before1, Epilogue.NONE);
            conv1d(between, w2, pad2, pad2, before2, epilogue, out);
        }
    }

    /** x (B,T,in) → (B,T',out), {@code before} applied to the input first. */
    Tensor convTranspose1d(Tensor x, ConvTranspose1d w, Activation before);

    /** x (H,W,in) → (H',W',out). */
    Tensor conv2d(Tensor x, Conv2d w, Epilogue epilogue);

    /** x (B,T,in) → (B,T,H), from a state of zeros. */
    Tensor lstm(Tensor x, Lstm w);

    // ---- attention

    /**
     * softmax(scale q k^T) v for each of H heads that lie side by side in the columns.
     *
     * @param q (B,Tq,H*D)
     * @param k (B,Tk,H*D)
     * @param v (B,Tk,H*D)
     * @param causal whether query i sees keys up to {@code Tk - Tq + i} only
     * @param out (B,Tq,H*D)
     */
    void attention(
            Tensor q, Tensor k, Tensor v, int heads, float scale, boolean causal, Tensor out);

    /**
     * A transformer layer from its queries, keys and values on, up to those of the next: {@code h
     * += out(attention)}, {@code to = h + down(activation(up(norm(h))))}, {@code nextQkv =
     * next.qkv(next.norm(to))}.
     *
     * @param qkv (B,T,3*H*D), an operand
     * @param h (B,T,C); changes
     * @param to (B,T,C), which may be h
     * @param next null: the last layer
     * @param nextQkv (B,T,3*H*D), an operand that is not {@code qkv}; null as {@code next} is
     */
    default void transformerLayer(
            Tensor qkv,
            TransformerLayer w,
            Tensor h,
            Tensor to,
            TransformerLayer.@Nullable Next next,
            @Nullable Tensor nextQkv) {
        int inner = qkv.cols() / 3;
        try (Scope scope = scope()) {
            Tensor mixed = operand(h, inner, w.out());
            attention(
                    qkv.cols(0, inner),
                    qkv.cols(inner, 2 * inner),
                    qkv.cols(2 * inner, 3 * inner),
                    w.heads(),
                    w.scale(),
                    false,
                    mixed);
            linear(mixed, w.out(), Epilogue.plus(h), h);
            Tensor wide = operand(h, w.up().out(), w.up());
            TransformerLayer.Norm norm = w.norm();
            layerNormLinear(
                    h,
                    norm.gamma(),
                    norm.beta(),
                    norm.eps(),
                    w.up(),
                    Epilogue.of(w.activation()),
                    wide);
            linear(wide, w.down(), Epilogue.plus(h), to);
        }
        if (next != null && nextQkv != null) {
            TransformerLayer.Norm norm = next.norm();
            layerNormLinear(
                    to, norm.gamma(), norm.beta(), norm.eps(), next.qkv(), Epilogue.NONE, nextQkv);
        }
    }

    /**
     * A convolution that sees no later rows, then {@link #layerNorm}: {@code out =
     * activation(norm(w(x))) + more}.
     *
     * @param more (1,1,C) or (B,1,C); null: nothing
     * @param out (B,T,C), not x
     */
    default void causalConv1dNorm(
            Tensor x,
            Conv1d w,
            TransformerLayer.Norm norm,
            Activation activation,
            @Nullable Tensor more,
            Tensor out) {
        try (Scope scope = scope()) {
            Tensor a = conv1d(x, w, w.dilation() * (w.kernel() - 1), 0, Epilogue.NONE);
            if (more == null) {
                layerNorm(a, norm.gamma(), norm.beta(), norm.eps(), activation, out);
            } else {
                layerNormAdd(a, norm.gamma(), norm.beta(), norm.eps(), activation, more, out);
            }
        }
    }

    /**
     * A residual block whose convolutions see no later rows, and what a transformer layer behind it
     * begins with: {@code h = activation(norm1(conv1(x))) + more}, {@code out =
     * activation(norm2(conv2(h))) + map(x)}, {@code nextQkv = next.qkv(next.norm(out))}.
     *
     * @param x (B,T,Cin), an operand
     * @param more (1,1,C) or (B,1,C)
     * @param out (B,T,C), not x
     * @param next null: no transformer layer follows
     * @param nextQkv (B,T,3*H*D), an operand; null as {@code next} is
     */
    default void residualBlock(
            Tensor x,
            ResidualBlock w,
            Tensor more,
            Tensor out,
            TransformerLayer.@Nullable Next next,
            @Nullable Tensor nextQkv) {
        try (Scope scope = scope()) {
            Tensor h = operand(x, w.conv1().out(), w.conv2());
            causalConv1dNorm(x, w.conv1(), w.norm1(), w.activation(), more, h);
            Tensor a = like(x, w.conv2().out());
            causalConv1dNorm(h, w.conv2(), w.norm2(), w.activation(), null, a);
            linear(x, w.map(), Epilogue.plus(a), out);
        }
        if (next != null && nextQkv != null) {
            TransformerLayer.Norm norm = next.norm();
            layerNormLinear(
                    out, norm.gamma(), norm.beta(), norm.eps(), next.qkv(), Epilogue.NONE, nextQkv);
        }
    }

    /**
     * Self-attention with learned embeddings of the distances -window..window (Shaw et al. 2018, as
     * VITS uses it): scores gain {@code scale q relK[j-i]}, outputs gain {@code p relV[j-i]};
     * farther pairs gain nothing.
     *
     * @param relK (1, 2*window+1, D), shared by the heads
     * @param relV the same shape
     */
    void attentionShaw(
            Tensor q,
            Tensor k,
            Tensor v,
            int heads,
            float scale,
            Tensor relK,
            Tensor relV,
            Tensor out);

    /**
     * Self-attention with sinusoidal relative positions (Transformer-XL, as ESPnet's conformer):
     * scores are {@code scale ((q + u) k^T + (q + v) p[T-1-i+j])}.
     *
     * @param p (1, 2T-1, H*D), position embeddings through their linear map, from distance T-1 down
     *     to -(T-1)
     * @param biasU (1,1,H*D)
     * @param biasV (1,1,H*D)
     */
    void attentionTransformerXl(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor p,
            Tensor biasU,
            Tensor biasV,
            int heads,
            float scale,
            Tensor out);

    /**
     * Rotates pairs of each head's columns by {@code angle = position * frequency}, in place.
     * Halves: column d pairs with d + D/2 (Llama).
     *
     * @param x (B,T,H*D)
     * @param cos (1, positions, D/2)
     * @param sin the same
     * @param first B integers: the position of row 0 of each batch
     */
    void rotary(Tensor x, int heads, Tensor cos, Tensor sin, Ints first);

    /**
     * Room for keys and values of at most {@code capacity} positions of one layer of one sequence.
     * It takes memory as positions come.
     *
     * @param dim D
     * @param precision how they are kept: as FP32 or BF16
     */
    Cache cache(int heads, int dim, int capacity, Precision precision);

    /**
     * A cache that begins with the first {@code positions} of another one, whose memory it shares
     * where it can. The other one must not be written at those positions any more, and must stay
     * open for as long as this.
     */
    Cache fork(Cache of, int positions, int capacity);

    /** Keys and values that a decoder's later positions attend to. Closed by who made it. */
    interface Cache extends AutoCloseable {
        int capacity();

        @Override
        void close();
    }

    /**
     * Keeps keys and values.
     *
     * @param k (B,T,H*D)
     * @param v the same
     * @param caches of each batch
     * @param first B integers: the position of row 0 of each batch
     */
    void append(Tensor k, Tensor v, List<Cache> caches, Ints first);

    /**
     * Causal attention over the first positions of a cache: query i of the T sees {@code length - T
     * + 1 + i} of them.
     *
     * @param q (B,T,H*D)
     * @param caches of each batch
     * @param lengths B integers: how many positions are filled, the queries' own included
     */
    void attentionCached(Tensor q, List<Cache> caches, Ints lengths, float scale, Tensor out);

    // ---- norms

    /** Over the columns of each row; gamma, beta (1,1,C). In place allowed. */
    void layerNorm(Tensor x, Tensor gamma, Tensor beta, float eps, Activation after, Tensor out);

    default Tensor layerNorm(Tensor x, Tensor gamma, Tensor beta, float eps) {
        Tensor out = tensor(x.batch(), x.rows(), x.cols());
        layerNorm(x, gamma, beta, eps, Activation.NONE, out);
        return out;
    }

    /** The same, plus {@code more}, (1,1,C) or (B,1,C), after the activation. In place allowed. */
    default void layerNormAdd(
            Tensor x,
            Tensor gamma,
            Tensor beta,
            float eps,
            Activation after,
            Tensor more,
            Tensor out) {
        layerNorm(x, gamma, beta, eps, after, out);
        add(out, more, out);
    }

    /** x / sqrt(mean(x^2) + eps) * gamma, over the columns of each row. In place allowed. */
    void rmsNorm(Tensor x, Tensor gamma, float eps, Tensor out);

    // ---- element by element; in place allowed; b may be (1,1,C), (B,1,C) or (1,T,C) and is
    // repeated

    void activate(Tensor x, Activation activation, Tensor out);

    void add(Tensor a, Tensor b, Tensor out);

    void mul(Tensor a, Tensor b, Tensor out);

    /** a + factor * b. */
    void addScaled(Tensor a, Tensor b, float factor, Tensor out);

    /** factor * a + offset. */
    void scale(Tensor a, float factor, float offset, Tensor out);

    /** x * scale + shift, (1,1,C) each, then the activation: a folded batch norm. */
    void affine(Tensor x, Tensor scale, Tensor shift, Activation after, Tensor out);

    /** a + weight * (b - a); weight as b may be. */
    default void lerp(Tensor a, Tensor b, Tensor weight, Tensor out) {
        try (Scope scope = scope()) {
            Tensor step = like(a, a.cols());
            addScaled(b, a, -1, step);
            mul(step, weight, step);
            add(a, step, out);
        }
    }

    /**
     * One step of Euler's method on each x (B,T,C), in place: {@code x += steps[step] * v}.
     *
     * @param field (B,T,C): v; or (2B,T,C), the conditional ones, then the unconditional: then v of
     *     b is {@code (1 + guidance) field[b] - guidance field[B + b]}
     * @param steps (1,S,1): how long each step is
     * @param step which step it is: one integer for all, or B
     */
    default void eulerStep(Tensor x, Tensor field, Tensor steps, Ints step, float guidance) {
        float[] all = read(steps);
        int[] at = read(step);
        int n = x.batch();
        for (int b = 0; b < n; b++) {
            float dt = all[at[at.length == 1 ? 0 : b]];
            Tensor own = x.batch(b);
            if (field.batch() == 2 * n) {
                addScaled(own, field.batch(b), dt * (1 + guidance), own);
                addScaled(own, field.batch(n + b), -dt * guidance, own);
            } else {
                addScaled(own, field.batch(b), dt, own);
            }
        }
    }

    /** (B,T,2C) → (B,T,C): tanh of the first half times sigmoid of the second (WaveNet's gate). */
    void gateTanh(Tensor x, Tensor out);

    /** (B,T,2C) → (B,T,C): silu of the first half times the second (SwiGLU). */
    void gateSilu(Tensor x, Tensor out);

    void clamp(Tensor x, float low, float high, Tensor out);

    // ---- shape

    void fill(Tensor x, float value);

    void copy(Tensor from, Tensor to);

    /** Row i of the output is row {@code indices[i]} of the one batch of x. */
    void gather(Tensor x, Ints indices, Tensor out);

    /** Rows of a table: (1, ids, dim). Throws {@link IllegalArgumentException} on a bad id. */
    void embed(Embedding table, Ints ids, Tensor out);

    /** Each row {@code times} times in turn (nearest upsampling): (B,T,C) → (B,T*times,C). */
    void repeat(Tensor x, int times, Tensor out);

    /** (1,T,n) windows laid over each other every hop samples and summed: (1,1,(T-1)*hop+n). */
    void overlapAdd(Tensor windows, int hop, Tensor out);

    // ---- over rows

    /** (B,T,C) → (B,1,C). */
    void meanRows(Tensor x, Tensor out);

    /** (B,T,C) → (B,1,2C): mean, then the standard deviation (unbiased). */
    void meanStdRows(Tensor x, Tensor out);

    // ---- randomness

    /**
     * Normal noise from {@link Philox}: value i of the tensor depends on (seed, stream, first + i)
     * alone, so that a longer run begins like a shorter one.
     */
    void noise(long seed, int stream, long first, Tensor out);

    /**
     * The same, recordable.
     *
     * @param state four integers: the seed's low and high word, the low and high word of {@code
     *     first}
     */
    default void noise(Ints state, int stream, Tensor out) {
        int[] s = read(state);
        noise(
                Integer.toUnsignedLong(s[0]) | (long) s[1] << 32,
                stream,
                Integer.toUnsignedLong(s[2]) | (long) s[3] << 32,
                out);
    }

    // ---- what speech models need beyond layers

    /** See {@link Harmonics}. */
    default void harmonics(Tensor f0, Harmonics how, Ints phase, Tensor noise, Tensor out) {
        Harmonics.compute(this, f0, how, phase, noise, out);
    }

    /**
     * Short-time spectra of waveforms whose edges are mirrored: (B,1,n) → (B, n / hop + 1, 2 bins),
     * real parts, then imaginary ones.
     */
    default void stft(Tensor wave, Stft how, Tensor out) {
        Stft.forward(this, wave, how, out);
    }

    /**
     * Log magnitudes and phases before their sine (B,N,2 bins) → waveforms (B,1,(N-1) hop),
     * overwriting the input: magnitudes are {@code exp} of the first half, at most {@code
     * maxMagnitude}; phases are {@code sin} of the second; the waveform is clamped to {@code
     * limit}.
     */
    default void inverseStft(
            Tensor logPolar, Stft how, float maxMagnitude, float limit, Tensor wave) {
        Stft.inverse(this, logPolar, how, maxMagnitude, limit, wave);
    }

    /**
     * The inverse of a rational-quadratic spline with linear tails (Durkan et al. 2019, "Neural
     * Spline Flows"), on each value of x (1,T,1), in place: see {@link Splines}.
     *
     * @param parameters (1,T,3 bins - 1): widths, heights, inner slopes, before softmax and
     *     softplus
     * @param shrink what widths and heights are divided by
     */
    default void inverseSpline(Tensor x, Tensor parameters, float shrink) {
        float[] values = read(x);
        Splines.invert(values, read(parameters), shrink);
        write(values, 0, x);
    }

    @Override
    void close();
}
