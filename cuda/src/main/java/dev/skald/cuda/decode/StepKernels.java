package dev.skald.cuda.decode;

import dev.skald.Optimisation;
import dev.skald.cuda.driver.Block;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.CudaException;
import dev.skald.cuda.driver.Graph;
import dev.skald.cuda.driver.Kernel;
import dev.skald.cuda.driver.Stream;
import dev.skald.cuda.driver.Use;
import java.util.HashMap;
import java.util.Map;

/**
 * The launches of a step, and the activations they share. The kernels take up to {@link #ROWS}
 * rows, a <i>pass</i>; more rows are several passes, one after the other, each with a list of its
 * own. A pass is a graph, made once for each list and number of rows.
 */
final class StepKernels implements AutoCloseable {
    /** Most rows of a pass; {@code -Dskald.cuda.rows=32} for kernels of few rows alone. */
    static final int ROWS =
            Math.clamp(Integer.highestOneBit(Integer.getInteger("skald.cuda.rows", 128)), 32, 128);

    /**
     * Up to so many rows a pass has the kernels for few, which take at most 32, else those for
     * many; the values are the same.
     */
    static final int FEW = 32;

    /** Bytes of {@code T3Slot}, {@code T3Entry} and {@code T3Row}. */
    static final int SLOT = 128;

    private static final int ENTRY = 16;
    private static final int ROW = 64;

    private static final int PRODUCT_THREADS = 512;

    /** Rows of a block of {@code t3_attention_many}. */
    private static final int TOGETHER = 16;

    private static final System.Logger LOG = System.getLogger(StepKernels.class.getName());

    private final Context context;
    private final Stream stream;
    private final DeviceModel model;
    private final boolean early;
    private final int splits;
    private final Block memory;

    /** Most rows of a pass of this model. */
    private final int rowsOfPass;

    private final int rowsOfPrompt;

    private final int words;
    private final long slots;
    private final long entries;
    private final long rows;
    private final long alive;
    private final long live;
    private final long input;
    private final long x;
    private final long q;
    private final long partial;
    private final long partialWeight;
    private final long hidden;
    private final long logits;
    private final long scratch;
    private final long spoken;
    private final Map<Way, Graph> graphs = new HashMap<>();
    private boolean direct;
    private long size;

    /** What a graph holds: the rows of a list through the model. */
    private record Way(int pass, int count, boolean prefill, boolean draws) {}

    /** The number of rows of the smallest graph for so many. */
    static int bucket(int rows) {
        return rows == 1 ? 1 : Integer.highestOneBit(rows - 1) << 1;
    }

    /**
     * @param most rows that there are at once
     */
    StepKernels(Context context, Stream stream, DeviceModel model, int slotCount, int most) {
        this.context = context;
        this.stream = stream;
        this.model = model;
        early = context.launchesEarly();
        direct = !context.uses(Optimisation.GRAPHS);
        splits = model.llama() ? 4 : 8;
        int c = model.width();
        int h = model.heads();
        int a = h * DeviceModel.HEAD_DIM;
        int v = model.padded();
        words = v / 32 + 1;
        rowsOfPass = model.int8() ? FEW : ROWS;
        int prompt = Integer.highestOneBit(Integer.getInteger("skald.cuda.prompt", ROWS));
        rowsOfPrompt = Math.clamp(prompt, FEW, rowsOfPass);
        int passes = Math.max(1, Math.ceilDiv(most, rowsOfPass));
        int r = Math.max(rowsOfPrompt, Math.min(rowsOfPass, bucket(most)));
        long[] offsets = {
            place((long) slotCount * SLOT),
            place((long) passes * rowsOfPass * ENTRY),
            place((long) passes * rowsOfPass * ROW),
            place((long) passes * rowsOfPass * Integer.BYTES),
            place((long) passes * Integer.BYTES),
            place((long) r * c * Float.BYTES),
            place((long) r * c * Float.BYTES),
            place((long) r * a * Float.BYTES),
            place((long) r * h * splits * DeviceModel.HEAD_DIM * Float.BYTES),
            place((long) r * h * splits * 2 * Float.BYTES),
            place((long) r * Math.max(model.ffn(), a) * Short.BYTES),
            place((long) r * v * Float.BYTES),
            place((long) r * 2 * v * Long.BYTES),
            place((long) slotCount * words * Integer.BYTES)
        };
        memory = context.borrow(size, Use.DECODER);
        long at = memory.address();
        int i = 0;
        slots = at + offsets[i++];
        entries = at + offsets[i++];
        rows = at + offsets[i++];
        alive = at + offsets[i++];
        live = at + offsets[i++];
        input = at + offsets[i++];
        x = at + offsets[i++];
        q = at + offsets[i++];
        partial = at + offsets[i++];
        partialWeight = at + offsets[i++];
        hidden = at + offsets[i++];
        logits = at + offsets[i++];
        scratch = at + offsets[i++];
        spoken = at + offsets[i];
        try {
            stream.clear(at, size);
        } catch (CudaException e) {
            close();
            throw e;
        }
    }

    private long place(long bytes) {
        long at = size;
        size += (bytes + 255) / 256 * 256;
        return at;
    }

    int rowsOfPass() {
        return rowsOfPass;
    }

    /**
     * Most rows of a pass that reads a prompt; {@code -Dskald.cuda.prompt=32} for kernels of few
     * rows alone, with the same values.
     */
    int rowsOfPrompt() {
        return rowsOfPrompt;
    }

    /** Integers that hold a bit for each token. */
    int words() {
        return words;
    }

    /** The tokens of slot {@code index} that the repetition penalty looks at, a bit each. */
    long spoken(int index) {
        return spoken + (long) index * words * Integer.BYTES;
    }

    /** Where slot {@code index} lies. */
    long slot(int index) {
        return slots + (long) index * SLOT;
    }

    /** Where the embeddings of row {@code row} of a prefill go, (C). */
    long input(int row) {
        return input + (long) row * model.width() * Float.BYTES;
    }

    /** Where the logits of row {@code row} of the last step lie, (V). */
    long logits(int row) {
        return logits + (long) row * model.padded() * Float.BYTES;
    }

    /**
     * Says which rows a pass of the next steps computes.
     *
     * @param list {@code T3Entry}s, four integers each
     */
    void list(int pass, int[] list) {
        long to = entries + (long) pass * rowsOfPass * ENTRY;
        stream.upload(list, to);
        stream.begin()
                .add(to)
                .add(slots)
                .add(rows(pass))
                .add(alive(pass))
                .add(live(pass))
                .add(list.length / 4);
        int threads = Math.ceilDiv(list.length / 4, 32) * 32;
        stream.launch(context.kernel("t3_rows"), 1, 1, 1, threads, 0);
    }

    private long rows(int pass) {
        return rows + (long) pass * rowsOfPass * ROW;
    }

    private long alive(int pass) {
        return alive + (long) pass * rowsOfPass * Integer.BYTES;
    }

    private long live(int pass) {
        return live + (long) pass * Integer.BYTES;
    }

    /**
     * Computes the rows of the first list from their embeddings.
     *
     * @param draws whether tokens are drawn of them
     */
    void prefill(int count, boolean draws) {
        run(new Way(0, count, true, draws));
    }

    /** Draws the next token of the rows of a list. */
    void step(int pass, int count) {
        run(new Way(pass, count, false, true));
    }

    private void run(Way way) {
        Graph graph = direct ? null : graphs.get(way);
        if (graph == null && !direct) {
            try {
                graph = stream.capture(() -> launch(way));
                graphs.put(way, graph);
            } catch (CudaException e) {
                if (e.kind() == CudaException.Kind.LOST) {
                    throw e;
                }
                direct = true;
                LOG.log(
                        System.Logger.Level.WARNING,
                        "steps of the decoder are launched kernel by kernel, for their graph cannot"
                                + " be made: {0}",
                        e.getMessage());
            }
        }
        if (graph == null) {
            launch(way);
            stream.flush();
        } else {
            stream.launch(graph);
        }
    }

    /** Whether so many rows have the kernels for many, which weights in 8 bits do not have. */
    private boolean many(int rows) {
        return rows > FEW && !model.int8();
    }

    private void launch(Way way) {
        boolean many = many(way.count);
        String kind = model.llama() ? "_llama" : "_gpt2";
        int c = model.width();
        int a = model.heads() * DeviceModel.HEAD_DIM;
        int f = model.ffn();
        for (int layer = 0; layer < model.layers(); layer++) {
            if (many) {
                normalise(layer == 0 ? "first" : "qkv", way, layer);
            }
            String qkv = layer == 0 && !many ? "first" : "qkv";
            product(qkv + kind, way, layer, 3 * a, 3);
            attention(way, layer);
            boolean few = way.count <= 2 && model.heads() < 16 && !model.int8();
            product("output", way, layer, c, few ? 4 : 2);
            if (many) {
                normalise("up", way, layer);
            }
            product("up" + kind, way, layer, model.llama() ? 2 * f : f, many ? 4 : 8);
            product("down", way, layer, c, 2);
        }
        if (way.draws) {
            if (many) {
                normalise("head", way, model.layers());
            }
            product("head" + kind, way, model.layers(), model.padded(), many ? 4 : 8);
            arguments(way, model.layers());
            launch(sharing("t3_sample"), way.count, 1, 1, 1024, 0, true);
        }
    }

    private void attention(Way way, int layer) {
        int count = way.count;
        int heads = model.heads();
        arguments(way, layer);
        if (many(count)) {
            Kernel attention = context.kernel("t3_attention_many");
            launch(attention, splits, heads, Math.ceilDiv(count, TOGETHER), 512, 0, true);
        } else {
            launch(sharing("t3_attention"), splits, heads, count, 256, 0, true);
        }
        if (count > 2) {
            arguments(way, layer);
            launch(sharing("t3_combine"), count, 1, 1, heads * 32, 0, true);
        }
    }

    /** Makes of many rows the operand of a product; that of few rows does so itself. */
    private void normalise(String product, Way way, int layer) {
        arguments(way, layer);
        boolean first = product.equals("first");
        launch(context.kernel("t3_normal_" + product), way.count, 1, 1, 64, 0, !first);
    }

    /** A matrix product, {@code groups} times 8 outputs a block. */
    private void product(String matrix, Way way, int layer, int outputs, int groups) {
        int count = way.count;
        int octets = count <= 8 ? 1 : count <= 16 ? 2 : 4;
        String most =
                many(count)
                        ? "many"
                        : String.valueOf(matrix.equals("output") && count <= 2 ? 2 : octets * 8);
        int shared =
                many(count)
                        ? groups * (16 << 10)
                        : octets * 1024 + octets * Math.min(groups, 16 / octets) * 4096;
        String family = model.int8() ? "t3_int8_" : "t3_";
        String name = family + matrix + "_" + most + "_" + groups;
        Kernel kernel = many(count) ? context.kernel(name) : sharing(name);
        arguments(way, layer);
        boolean first = matrix.startsWith("first");
        int blocks = Math.ceilDiv(outputs / 8, groups);
        launch(kernel, blocks, 1, 1, PRODUCT_THREADS, shared, !first);
    }

    /**
     * A kernel that few rows use. These all ask for the same split of a multiprocessor's memory, so
     * that each can begin before the one ahead has ended. Those that only many rows use ask for
     * none, since attention of many rows needs the first-level cache.
     */
    private Kernel sharing(String name) {
        return context.kernel(name).preferShared();
    }

    private void launch(
            Kernel kernel,
            int gridX,
            int gridY,
            int gridZ,
            int threads,
            int shared,
            boolean after) {
        if (early && after) {
            stream.launchEarly(kernel, gridX, gridY, gridZ, threads, shared);
        } else {
            stream.launch(kernel, gridX, gridY, gridZ, threads, shared);
        }
    }

    /** The struct {@code T3}. */
    private void arguments(Way way, int layer) {
        stream.begin()
                .add(model.weights())
                .add(model.vectors())
                .add(model.speech())
                .add(model.places())
                .add(model.rotary())
                .add(slots)
                .add(rows(way.pass))
                .add(alive(way.pass))
                .add(live(way.pass))
                .add(way.prefill ? input : 0L)
                .add(x)
                .add(q)
                .add(partial)
                .add(partialWeight)
                .add(hidden)
                .add(logits)
                .add(scratch)
                .add(way.count)
                .add(layer)
                .add(model.layers())
                .add(model.width())
                .add(model.heads())
                .add(model.ffn())
                .add(model.vocabulary())
                .add(model.llama() ? 1 : 0)
                .add(splits)
                .add(model.eps());
    }

    /** Nothing may run any more. */
    @Override
    public void close() {
        graphs.values().forEach(Graph::close);
        context.giveBack(memory);
    }
}
