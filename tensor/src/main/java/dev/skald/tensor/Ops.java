package dev.skald.tensor;

import dev.skald.tensor.Backend.Conv1d;
import dev.skald.tensor.Backend.Conv2d;
import dev.skald.tensor.Backend.ConvTranspose1d;
import dev.skald.tensor.Backend.Embedding;
import dev.skald.tensor.Backend.Linear;
import dev.skald.tensor.Backend.Lstm;
import dev.skald.tensor.Backend.Precision;

/**
 * The op set the models are written over, with the arena their activations live in. Used by one
 * thread at a time.
 *
 * <p>Every op has a form that writes into a tensor given last. The short forms make that tensor in
 * the arena. Inputs may be views; an output may be a view too. An output may be an input only where
 * the op says "in place". Results do not depend on the number of threads.
 *
 * <p>Legend: B batch, T rows (time), C channels, H heads, D head dimension.
 */
public interface Ops extends AutoCloseable {

    // ---- memory

    /** An uninitialised (B,T,C) tensor in the current frame. */
    Tensor tensor(int batch, int rows, int cols);

    /** The same, of zeros. */
    default Tensor zeros(int batch, int rows, int cols) {
        Tensor t = tensor(batch, rows, cols);
        fill(t, 0);
        return t;
    }

    /** Opens a frame: what is made inside is given back when it is closed. Frames nest. */
    Frame frame();

    /** A stretch of the arena. */
    interface Frame extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Runs {@code body}, which must do the same ops on the same tensors each time for the same key.
     * A CPU simply runs it; a device records it the first time and replays it afterwards. Inside it
     * no value is read back and no Java branch depends on data.
     */
    default void stage(String name, int bucket, Runnable body) {
        body.run();
    }

    /** Copies host values into a tensor, row by row: {@code rows * cols} a batch. */
    void write(float[] from, int offset, Tensor to);

    /** Copies a tensor's values to the host, without gaps. */
    void read(Tensor from, float[] to, int offset);

    default float[] read(Tensor from) {
        float[] to = new float[from.batch() * from.rows() * from.cols()];
        read(from, to, 0);
        return to;
    }

    /**
     * A few integers where the ops run (positions, token ids), so that recorded stages can use
     * them.
     */
    Ints ints(int count);

    void write(int[] from, Ints to);

    void read(Ints from, int[] to);

    /** Integers of a backend. */
    interface Ints {
        int count();
    }

    // ---- matrix products

    /** x (B,T,in) → (B,T,out): {@code x W^T + b}. */
    void linear(Tensor x, Linear w, Epilogue epilogue, Tensor out);

    default Tensor linear(Tensor x, Linear w, Epilogue epilogue) {
        Tensor out = tensor(x.batch(), x.rows(), w.out());
        linear(x, w, epilogue, out);
        return out;
    }

    default Tensor linear(Tensor x, Linear w) {
        return linear(x, w, Epilogue.NONE);
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
        conv1d(x, w, padLeft, padRight, before, epilogue, out);
        return out;
    }

    default Tensor conv1d(Tensor x, Conv1d w, int padLeft, int padRight, Epilogue epilogue) {
        return conv1d(x, w, padLeft, padRight, Activation.NONE, epilogue);
    }

    /** x (B,T,in) → (B,T',out), {@code before} applied to the input first. */
    Tensor convTranspose1d(Tensor x, ConvTranspose1d w, Activation before);

    /** x (H,W,in) → (H',W',out). */
    Tensor conv2d(Tensor x, Conv2d w, Epilogue epilogue);

    /** x (B,T,in) → (B,T,H), from a state of zeros. */
    Tensor lstm(Tensor x, Lstm w);

    /** a (B,M,K) times b (B,K,N), or b (B,N,K) transposed; for products of two activations. */
    void matmul(Tensor a, Tensor b, boolean transposeB, float scale, Tensor out);

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
     * Self-attention with learned embeddings of the distances -window..window (Shaw et al. 2018, as
     * VITS uses it): scores gain {@code scale q relK[j-i]}, outputs gain {@code p relV[j-i]};
     * farther pairs gain nothing.
     *
     * @param relK (1, 2*window+1, D), shared by the heads
     * @param relV the same shape
     */
    void attentionWindowed(
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
    void attentionRelative(
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
     * @param cos (1, positions, D/2)
     * @param sin the same
     * @param first one integer: the position of row 0
     */
    void rotary(Tensor x, int heads, Tensor cos, Tensor sin, Ints first);

    /**
     * Room for keys and values of at most {@code capacity} positions of one layer. It takes memory
     * as positions come, and lives as long as a tensor made now.
     *
     * @param dim D
     * @param precision how they are kept: exactly, or as {@link Precision#BF16}
     */
    Cache cache(int batch, int heads, int dim, int capacity, Precision precision);

    /** Keys and values that a decoder's later positions attend to. */
    interface Cache {
        int capacity();
    }

    /** Keeps keys and values (B,T,H*D) of positions {@code at...}. */
    void append(Tensor k, Tensor v, Cache cache, Ints at);

    /**
     * Causal attention over the first positions of a cache: query i of the Tq sees {@code length -
     * Tq + 1 + i} of them.
     *
     * @param length one integer: how many positions are filled, the queries' own included
     */
    void attentionCached(Tensor q, Cache cache, Ints length, float scale, Tensor out);

    // ---- norms

    /** Over the columns of each row; gamma, beta (1,1,C). In place allowed. */
    void layerNorm(Tensor x, Tensor gamma, Tensor beta, float eps, Activation after, Tensor out);

    default Tensor layerNorm(Tensor x, Tensor gamma, Tensor beta, float eps) {
        Tensor out = tensor(x.batch(), x.rows(), x.cols());
        layerNorm(x, gamma, beta, eps, Activation.NONE, out);
        return out;
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

    /** x * gain + shift, a value a channel each, then the activation: a folded batch norm. */
    void affine(Tensor x, Tensor gain, Tensor shift, Activation after, Tensor out);

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

    /** (B,T,C) → (B,C,T). */
    void transpose(Tensor x, Tensor out);

    /** (1,T,n) windows laid over each other every hop samples and summed: (1,1,(T-1)*hop+n). */
    void overlapAdd(Tensor windows, int hop, Tensor out);

    // ---- over rows

    /** (B,T,C) → (B,1,C). */
    void meanRows(Tensor x, Tensor out);

    /** (B,T,C) → (B,1,2C): mean, then the standard deviation (unbiased). */
    void meanStdRows(Tensor x, Tensor out);

    /** softmax over the columns. In place allowed. */
    void softmax(Tensor x, Tensor out);

    // ---- randomness

    /**
     * Normal noise from {@link Philox}: value i of the tensor depends on (seed, stream, first + i)
     * alone, so that a longer run begins like a shorter one.
     */
    void noise(long seed, int stream, long first, Tensor out);

    @Override
    void close();
}
