package dev.skald.cuda;

import dev.skald.cuda.CudaWeights.CudaEmbedding;
import dev.skald.cuda.WeightLoader.Raw;
import dev.skald.cuda.decode.DeviceModel;
import dev.skald.cuda.driver.Stream;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import org.jspecify.annotations.Nullable;

/**
 * Packs a decoder's weights into the tiles and vectors of {@code decode.cuh}, or in 8 bits into the
 * tiles and scales of {@code decode_int8.cu}.
 *
 * <p>Legend: C hidden size, A heads * 64, F feed-forward size, U 2F of Llama, F of GPT-2.
 */
final class DecoderTiles {
    /** What the kernels hold, which split the inputs over 16 warps. */
    private static final int MOST_WIDTH = 1024;

    /** Of 8-bit weights, the bytes to a byte of scales. */
    private static final int SCALED = 32;

    private static final int MOST_FFN = 4096;
    private static final int MOST_VOCABULARY = 8320;

    /** Where an output row goes: {@code T3_PLAIN} and so on. */
    private static final int PLAIN = 0;

    private static final int ROTARY = 1;
    private static final int EVEN = 2;
    private static final int ODD = 3;

    private final Stream stream;
    private final WeightLoader loader;
    private final CudaParameters parameters;
    private final DecoderModel model;
    private final boolean int8;
    private final boolean llama;
    private final int c;
    private final int a;
    private final int f;
    private final int u;
    private final int v8;
    private long tile;
    private long scale;
    private long vector;

    DecoderTiles(
            Stream stream,
            WeightLoader loader,
            CudaParameters parameters,
            DecoderModel model,
            boolean int8) {
        this.stream = stream;
        this.loader = loader;
        this.parameters = parameters;
        this.model = model;
        this.int8 = int8;
        llama = model.kind() == DecoderModel.Kind.LLAMA;
        c = model.hidden();
        a = model.heads() * model.headDim();
        f = model.layers().getFirst().down().in();
        u = llama ? 2 * f : f;
        v8 = (model.vocabulary() + 7) / 8 * 8;
    }

    /** Why the kernels cannot compute this model; null if they can. */
    @Nullable String unfit() {
        if (model.headDim() != DeviceModel.HEAD_DIM) {
            return "its heads have " + model.headDim() + " columns";
        }
        int tile = int8 ? 64 : 32;
        if (c > MOST_WIDTH || a > MOST_WIDTH || c % tile != 0) {
            return "its width is " + c + ", of attention " + a;
        }
        if (f > MOST_FFN || f % tile != 0) {
            return "its feed-forward width is " + f;
        }
        if (model.vocabulary() > MOST_VOCABULARY) {
            return "its vocabulary is " + model.vocabulary();
        }
        if (llama ? model.cos() == null : model.tokenPositions() != null) {
            return "its positions are of another kind";
        }
        for (DecoderModel.Layer l : model.layers()) {
            for (Linear w : new Linear[] {l.qkv(), l.output(), l.up(), l.down()}) {
                if (!(w instanceof StreamedLinear s) || (llama && s.maps().isBiased())) {
                    return "a layer of it has a bias or is not in bfloat16";
                }
            }
        }
        return null;
    }

    /** Packs them; the memory is that of the parameters. */
    DeviceModel pack() {
        int layers = model.layers().size();
        long perLayer = 4L * a * c + (long) u * c + (long) c * f;
        long tiles = (layers * perLayer + (long) v8 * c) * weightBytes();
        long scales = int8 ? tiles / SCALED : 0;
        long vectors = (layers * (6L * c + 3L * a + u) + 2L * c + v8) * Float.BYTES;
        long weights = parameters.allocate(tiles + scales);
        long all = parameters.allocate(vectors);
        stream.clear(all, vectors);
        tile = weights;
        scale = weights + tiles;
        vector = all;
        for (DecoderModel.Layer l : model.layers()) {
            layer(l);
        }
        norm(model.norm());
        matrix(model.head(), v8);
        Embedding places = llama ? model.tokenPositions() : model.positions();
        return new DeviceModel(
                weights,
                all,
                ((CudaEmbedding) model.tokens()).table(),
                places == null ? 0 : ((CudaEmbedding) places).table(),
                rotary(),
                llama,
                int8,
                layers,
                c,
                model.heads(),
                f,
                model.vocabulary(),
                model.eps(),
                model.maxPositions(),
                llama && places != null ? places.entries() : Integer.MAX_VALUE,
                model.startToken(),
                model.stopToken());
    }

    private void layer(DecoderModel.Layer l) {
        norm(l.attentionNorm());
        norm(l.mlpNorm());
        if (llama) {
            Raw qkv = raw(l.qkv());
            for (int i = 0; i < 3; i++) {
                tiles(qkv, i * a, a, c, false, i < 2 ? ROTARY : PLAIN, i * a, a);
            }
            advance(3 * a, c);
            vector += 3L * a * Float.BYTES;
        } else {
            matrix(l.qkv(), 3 * a);
        }
        matrix(l.output(), c);
        if (llama) {
            Raw up = raw(l.up());
            tiles(up, 0, f, c, false, EVEN, 0, u);
            tiles(up, f, f, c, false, ODD, 0, u);
            advance(u, c);
            vector += (long) u * Float.BYTES;
        } else {
            matrix(l.up(), u);
        }
        matrix(l.down(), c);
    }

    /** Gain, then shift, which an RMS norm does not have. */
    private void norm(DecoderModel.Norm n) {
        long bytes = (long) c * Float.BYTES;
        loader.copy(CudaTensor.of(n.gamma()).address(), vector, bytes);
        if (n.beta() != null) {
            loader.copy(CudaTensor.of(n.beta()).address(), vector + bytes, bytes);
        }
        vector += 2 * bytes;
    }

    /** Pairs of cosine and sine; 0 without them. */
    private long rotary() {
        if (model.cos() == null || model.sin() == null) {
            return 0;
        }
        loader.flush();
        float[] cos = values(model.cos());
        float[] sin = values(model.sin());
        float[] pairs = new float[2 * cos.length];
        for (int i = 0; i < cos.length; i++) {
            pairs[2 * i] = cos[i];
            pairs[2 * i + 1] = sin[i];
        }
        return parameters.upload(pairs);
    }

    private float[] values(Tensor t) {
        CudaTensor from = CudaTensor.of(t);
        float[] to = new float[Math.toIntExact(from.size())];
        stream.download(from.address(), to, 0, to.length);
        return to;
    }

    private void advance(int rows, int inputs) {
        tile += (long) rows * inputs * weightBytes();
        scale += (long) rows * inputs / SCALED;
    }

    private int weightBytes() {
        return int8 ? Byte.BYTES : Short.BYTES;
    }

    /** A matrix of {@code packed} rows, then its bias. */
    private void matrix(Linear w, int packed) {
        StreamedLinear s = (StreamedLinear) w;
        tiles(raw(w), 0, s.out(), s.in(), s.transposed(), PLAIN, 0, packed);
        advance(packed, s.in());
        if (s.maps().isBiased()) {
            loader.vectors(s.maps(), vector);
        }
        vector += (long) packed * Float.BYTES;
    }

    private Raw raw(Linear w) {
        return loader.raw(((StreamedLinear) w).maps().weights());
    }

    /** Launches {@code t3_pack}, or {@code t3_pack_int8}, over rows of what was uploaded. */
    private void tiles(
            Raw raw,
            int from,
            int rows,
            int inputs,
            boolean turned,
            int map,
            int first,
            int packed) {
        long to = tile;
        long scales = scale;
        loader.launch(
                int8 ? "t3_pack_int8" : "t3_pack",
                256,
                s ->
                        (int8 ? s.add(to).add(scales) : s.add(to))
                                .add(raw.at((long) from * inputs))
                                .add(loader.found())
                                .add(raw.type().ordinal())
                                .add(rows)
                                .add(inputs)
                                .add(turned ? 1 : 0)
                                .add(map)
                                .add(first)
                                .add(packed));
    }
}
