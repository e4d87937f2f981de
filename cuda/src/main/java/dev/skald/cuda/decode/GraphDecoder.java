package dev.skald.cuda.decode;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.skald.cuda.driver.Block;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.CudaException;
import dev.skald.cuda.driver.Stream;
import dev.skald.cuda.driver.Use;
import dev.skald.tensor.DeviceMemory;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.tensor.decode.TokenDecoder;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A {@link TokenDecoder} whose steps run on the device, sampler included: each is one launch of a
 * graph (several, where there are more rows than the kernels take), up to {@value #AHEAD} ahead of
 * the host. Drawn tokens come through page-locked memory.
 */
public final class GraphDecoder implements TokenDecoder {
    /**
     * How many steps may be enqueued whose tokens have not come: enough to hide the host, and no
     * more, for they delay what is made of the tokens that have.
     */
    private static final int AHEAD = 4;

    private static final long WAIT_NANOS = 50_000;

    /** How often it is looked for a token before the driver is asked what is wrong. */
    private static final int LOOKS = 20_000;

    /** Positions that the keys and values of a slot are rounded up to, so that the next fit. */
    private static final int POSITIONS = 128;

    /** Of the device's memory, the part that sequences leave to others, and the most of it. */
    private static final int LEFT_PART = 8;

    private static final long LEFT = 1L << 30;

    private static final VarHandle INT = JAVA_INT.varHandle();

    private final Context context;
    private final Stream stream;
    private final DeviceModel model;
    private final Ops ops;
    private final ToLongFunction<Tensor> address;
    private final StepKernels kernels;
    private final @Nullable Sequence[] slots;

    /** Keys and values of each slot's two branches, kept for the next sequence. */
    private final SlotMemory[] own;

    private final MemorySegment ring;

    /** Those whose rows the device has in its lists; what else was listed empties it. */
    private List<Sequence> listed = List.of();

    /** Rows of each pass of the next step, rounded up to a power of two. */
    private List<Integer> passes = List.of();

    /** The slot whose memory is being taken, or -1. */
    private int joining = -1;

    private boolean closed;

    /** Where the keys and values of a slot's branches lie. */
    private static final class SlotMemory {
        final @Nullable Block[] branches = new Block[2];
    }

    /**
     * @param stream on which {@code ops} computes
     * @param slots how many sequences it can hold, where their keys and values fit the memory
     * @param address of a dense tensor of {@code ops}
     */
    public GraphDecoder(
            Context context,
            Stream stream,
            DeviceModel model,
            Ops ops,
            int slots,
            ToLongFunction<Tensor> address) {
        this.context = context;
        this.stream = stream;
        this.model = model;
        this.ops = ops;
        this.address = address;
        int count = slots;
        this.slots = new Sequence[count];
        own = new SlotMemory[count];
        for (int i = 0; i < count; i++) {
            own[i] = new SlotMemory();
        }
        ring = context.allocateHost((long) (count + 1) * Sequence.RING * Integer.BYTES);
        try {
            int rows = count * (model.llama() ? 2 : 1); // each may be guided in a Llama
            kernels = new StepKernels(context, stream, model, count + 1, rows);
        } catch (CudaException e) {
            context.freeHost(ring);
            throw e;
        }
    }

    @Override
    public int slots() {
        return slots.length;
    }

    @Override
    public int active() {
        int n = 0;
        for (Sequence s : slots) {
            n += s == null ? 0 : 1;
        }
        return n;
    }

    @Override
    public Ops ops() {
        return ops;
    }

    // ---- prefixes

    /** Keys and values (L, 2, H, rows, 64) in bfloat16. */
    private final class DevicePrefix implements Prefix {
        private final int rows;
        private final Block memory;
        private boolean freed;

        DevicePrefix(int rows) {
            this.rows = rows;
            memory = context.borrow(model.cacheBytes(rows), Use.DECODER);
        }

        @Override
        public int rows() {
            return rows;
        }

        /** Of a layer, in integers of two values each. */
        private int words() {
            return model.cached() * rows / 2;
        }

        private long layer(int index) {
            return memory.address() + (long) index * words() * Integer.BYTES;
        }

        /** Where value {@code i} of a layer lies in what is read: (2, rows, H*D). */
        private int place(int i) {
            int d = i % DeviceModel.HEAD_DIM;
            int row = i / DeviceModel.HEAD_DIM % rows;
            int head = i / DeviceModel.HEAD_DIM / rows % model.heads();
            int part = i / DeviceModel.HEAD_DIM / rows / model.heads();
            return ((part * rows + row) * model.heads() + head) * DeviceModel.HEAD_DIM + d;
        }

        @Override
        public void read(int layer, float[] to) {
            int[] all = new int[words()];
            stream.download(layer(layer), all);
            for (int i = 0; i < all.length; i++) {
                to[place(2 * i)] = Float.intBitsToFloat(all[i] << 16);
                to[place(2 * i + 1)] = Float.intBitsToFloat(all[i] & 0xffff0000);
            }
        }

        void write(int layer, float[] from) {
            int[] all = new int[words()];
            for (int i = 0; i < all.length; i++) {
                all[i] = bfloat16(from[place(2 * i)]) | bfloat16(from[place(2 * i + 1)]) << 16;
            }
            stream.upload(all, layer(layer));
        }

        @Override
        public void close() {
            if (!freed) {
                freed = true;
                if (!closed) {
                    stream.finish();
                }
                context.giveBack(memory);
            }
        }
    }

    /** Rounded to the nearest, ties to even. */
    private static int bfloat16(float v) {
        int bits = Float.floatToRawIntBits(v);
        return (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
    }

    @Override
    public Prefix prefix(Tensor embeddings) {
        checkPositions(embeddings.rows(), 0);
        DevicePrefix prefix = new DevicePrefix(embeddings.rows());
        int slot = slots.length; // one that no sequence has
        try {
            new SlotWriter()
                    .cache(prefix.memory.address(), 0, prefix.rows)
                    .spoken(kernels.spoken(slot), ring(slot))
                    .draws(0, model.stopToken(), false, false)
                    .write(stream, kernels.slot(slot));
            prefill(slot, embeddings, false);
            return prefix;
        } catch (RuntimeException | Error e) {
            prefix.close();
            throw e;
        }
    }

    @Override
    public Prefix restore(Stored prefix) {
        DevicePrefix to = new DevicePrefix(prefix.rows());
        try {
            float[] values = new float[model.cached() * prefix.rows()];
            for (int i = 0; i < model.layers(); i++) {
                prefix.read(i, values);
                to.write(i, values);
            }
            return to;
        } catch (RuntimeException | Error e) {
            to.close();
            throw e;
        }
    }

    private void checkPositions(int prefix, int text) {
        if (prefix + text >= model.maxPositions()) {
            throw new IllegalArgumentException(
                    "a prefix of "
                            + prefix
                            + " and a text of "
                            + text
                            + " positions; this model holds "
                            + model.maxPositions());
        }
    }

    // ---- sequences

    private long ring(int slot) {
        return ring.address() + (long) slot * Sequence.RING * Integer.BYTES;
    }

    @Override
    public int join(
            Prefix prefix,
            Tensor text,
            SamplerSettings settings,
            long seed,
            int stream,
            int limit) {
        if (!(prefix instanceof DevicePrefix known)) {
            throw new IllegalArgumentException("a prefix of another decoder");
        }
        checkPositions(known.rows, text.rows());
        int draws = draws(limit);
        int capacity = capacity(known, text.rows(), draws);
        int slot = free(capacity, text.batch());
        joining = slot;
        try {
            return join(slot, known, text, settings, seed, stream, draws, capacity);
        } finally {
            joining = -1;
        }
    }

    private int draws(int limit) {
        return Math.clamp(limit, 1, Math.min(model.maxTokens(), model.maxPositions()));
    }

    /** Positions after a prefix. */
    private int capacity(DevicePrefix prefix, int text, int draws) {
        return Math.min(text + draws, model.maxPositions() - prefix.rows);
    }

    private int join(
            int slot,
            DevicePrefix known,
            Tensor text,
            SamplerSettings settings,
            long seed,
            int stream,
            int draws,
            int capacity) {
        boolean guided = text.batch() == 2;
        int[] history = new int[kernels.words()];
        history[model.startToken() >> 5] |= 1 << model.startToken();
        this.stream.upload(history, kernels.spoken(slot));
        ring.asSlice((long) slot * Sequence.RING * Integer.BYTES, Sequence.RING * Integer.BYTES)
                .fill((byte) 0);
        new SlotWriter()
                .cache(cache(slot, 0, capacity), guided ? cache(slot, 1, capacity) : 0, capacity)
                .prefix(known.memory.address(), known.rows)
                .spoken(kernels.spoken(slot), ring(slot))
                .random(seed, stream)
                .draws(draws, model.stopToken(), guided, !model.llama())
                .settings(settings, model.llama())
                .write(this.stream, kernels.slot(slot));
        Sequence s =
                new Sequence(
                        slot,
                        text.batch(),
                        known.memory.address(),
                        known.rows + text.rows(),
                        Math.min(draws, capacity - text.rows() + 1),
                        model.stopToken());
        s.row = prefill(slot, text, true);
        slots[slot] = s;
        return slot;
    }

    @Override
    public boolean hasRoom(Prefix prefix, int text, boolean guided, int limit) {
        if (active() == slots.length) {
            return false;
        }
        if (active() == 0 || !(prefix instanceof DevicePrefix known)) {
            return true; // if it does not fit now, it never will: join says so
        }
        int capacity = capacity(known, text, draws(limit));
        long missing = missing(free(capacity, guided ? 2 : 1), capacity, guided ? 2 : 1);
        if (missing == 0) {
            return true;
        }
        DeviceMemory memory = context.memory();
        long left = Math.min(LEFT, memory.total() / LEFT_PART);
        return missing <= memory.free() + memory.idle() - left;
    }

    /** Bytes that a slot's branch takes. */
    private long bytes(int capacity) {
        return model.cacheBytes(Math.ceilDiv(capacity, POSITIONS) * POSITIONS);
    }

    /** Bytes to be allocated before a slot can hold so many positions of so many branches. */
    private long missing(int slot, int capacity, int branches) {
        long missing = 0;
        for (int b = 0; b < branches; b++) {
            Block known = own[slot].branches[b];
            missing += known == null || known.bytes() < bytes(capacity) ? bytes(capacity) : 0;
        }
        return missing;
    }

    /** Memory for so many positions of a slot's branch, which was not in use. */
    private long cache(int slot, int branch, int positions) {
        @Nullable Block[] branches = own[slot].branches;
        Block known = branches[branch];
        if (known == null || known.bytes() < bytes(positions)) {
            if (known != null) {
                stream.synchronize();
                branches[branch] = null;
                context.giveBack(known);
            }
            known = context.borrow(bytes(positions), Use.DECODER);
            branches[branch] = known;
        }
        return known.address();
    }

    @Override
    public void trim() {
        boolean waited = false;
        for (int i = 0; i < slots.length; i++) {
            for (int b = 0; b < 2; b++) {
                Block block = own[i].branches[b];
                if (block != null && slots[i] == null && i != joining) {
                    if (!waited) {
                        stream.finish(); // what a slot that was left still does
                        waited = true;
                    }
                    own[i].branches[b] = null;
                    context.giveBack(block);
                }
            }
        }
    }

    /**
     * A free slot: with the least memory missing, and of those the smallest, for others are longer.
     */
    private int free(int capacity, int branches) {
        int best = -1;
        long least = Long.MAX_VALUE;
        for (int i = 0; i < slots.length; i++) {
            if (slots[i] == null) {
                long missing = missing(i, capacity, branches);
                Block first = own[i].branches[0];
                // Bytes of a branch are far below 2^40.
                long cost = (missing << 20) + (first == null ? 0 : first.bytes() >> 20);
                if (cost < least) {
                    best = i;
                    least = cost;
                }
            }
        }
        if (best < 0) {
            throw new IllegalStateException("all " + slots.length + " slots are taken");
        }
        return best;
    }

    /**
     * Computes the positions of a slot from their embeddings (B,T,C), some at a time.
     *
     * @param draws whether the next token is drawn
     * @return the row from which it is
     */
    private int prefill(int slot, Tensor embeddings, boolean draws) {
        listed = List.of();
        int branches = embeddings.batch();
        int c = model.width();
        if (embeddings.cols() != c || branches > 2) {
            throw new IllegalArgumentException(embeddings + " are no embeddings of this model");
        }
        int each = kernels.rowsOfPrompt() / branches;
        int row = 0;
        for (int first = 0; first < embeddings.rows(); first += each) {
            int n = Math.min(each, embeddings.rows() - first);
            boolean last = first + n == embeddings.rows();
            RowList rows = new RowList();
            // The last positions of both branches are neighbours, as the sampler wants them.
            for (int[] part : new int[][] {{first, n - 1}, {first + n - 1, 1}}) {
                for (int b = 0; b < branches; b++) {
                    Tensor from = embeddings.batch(b).rows(part[0], part[0] + part[1]);
                    long bytes = (long) part[1] * c * Float.BYTES;
                    if (bytes > 0) {
                        stream.copy(address.applyAsLong(from), kernels.input(rows.count()), bytes);
                    }
                    for (int i = part[0]; i < part[0] + part[1]; i++) {
                        boolean draw = draws && b == 0 && i == embeddings.rows() - 1;
                        if (draw) {
                            row = rows.count();
                        }
                        rows.add(2 * slot + b, i, first, draw);
                    }
                }
            }
            int bucket = StepKernels.bucket(rows.count());
            kernels.list(0, rows.padded(bucket));
            kernels.prefill(bucket, draws && last);
        }
        return row;
    }

    @Override
    public void step() {
        List<Sequence> running = new ArrayList<>();
        boolean unfinished = false;
        for (Sequence s : slots) {
            if (s != null) {
                await(s, AHEAD - 1);
                if (!s.ended()) {
                    running.add(s);
                    unfinished |= s.unfinished();
                }
            }
        }
        if (running.isEmpty()) {
            return;
        }
        if (!unfinished) { // the last tokens are on their way
            await(running.getFirst(), running.getFirst().ahead() - 1);
            return;
        }
        if (!running.equals(listed)) {
            list(running);
        }
        for (int pass = 0; pass < passes.size(); pass++) {
            kernels.step(pass, passes.get(pass));
        }
        running.forEach(Sequence::ask);
    }

    /**
     * Tells the device whose rows the next steps compute; those of a pair stay together, and those
     * of one voice and about one length are neighbours, for attention reads them together.
     */
    private void list(List<Sequence> running) {
        List<RowList> lists = new ArrayList<>();
        RowList list = new RowList();
        lists.add(list);
        List<Sequence> sorted = new ArrayList<>(running);
        sorted.sort(
                Comparator.comparingLong((Sequence s) -> s.prefix)
                        .thenComparingInt(Sequence::positions));
        for (Sequence s : sorted) {
            if (list.count() + s.branches > kernels.rowsOfPass()) {
                list = new RowList();
                lists.add(list);
            }
            s.row = list.count();
            for (int b = 0; b < s.branches; b++) {
                list.add(2 * s.slot + b, 0, 0, b == 0);
            }
        }
        // Only the first pass is not full, so that the others need a graph each.
        List<Integer> sizes = new ArrayList<>();
        for (RowList rows : lists.reversed()) {
            int bucket = StepKernels.bucket(rows.count());
            kernels.list(sizes.size(), rows.padded(bucket));
            sizes.add(bucket);
        }
        passes = sizes;
        listed = running;
    }

    /** Takes the tokens that have come. */
    private void drain(Sequence s) {
        long base = (long) s.slot * Sequence.RING;
        while (s.take(
                (int) INT.getAcquire(ring, (base + s.count() % Sequence.RING) * Integer.BYTES))) {}
    }

    /** Waits until at most so many draws of a sequence are on their way. */
    private void await(Sequence s, int most) {
        drain(s);
        for (int i = 0; s.ahead() > most; i++) {
            if (i < LOOKS) {
                context.pause(WAIT_NANOS);
            } else {
                stream.synchronize();
            }
            drain(s);
            if (i >= LOOKS && s.ahead() > most) {
                throw new IllegalStateException("the device drew no token of slot " + s.slot);
            }
        }
    }

    private Sequence sequence(int slot) {
        Sequence s = slots[slot];
        if (s == null) {
            throw new IllegalStateException("no sequence is in slot " + slot);
        }
        return s;
    }

    @Override
    public int[] poll(int slot) {
        Sequence s = sequence(slot);
        drain(s);
        return s.poll();
    }

    @Override
    public boolean ended(int slot) {
        return sequence(slot).polledAll();
    }

    @Override
    public void leave(int slot) {
        Sequence s = sequence(slot);
        slots[slot] = null;
        // What is on its way would be taken for the next sequence's.
        if (!context.lost()) {
            await(s, 0);
        }
    }

    /** Of the last step, if that was one pass. */
    @Override
    public float[] logits(int slot) {
        Sequence s = sequence(slot);
        float[] all = new float[s.branches * model.vocabulary()];
        for (int b = 0; b < s.branches; b++) {
            int v = model.vocabulary();
            stream.download(kernels.logits(s.row + b), all, b * v, v);
        }
        return all;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        stream.finish();
        closed = true;
        kernels.close();
        context.freeHost(ring);
        for (SlotMemory m : own) {
            for (Block branch : m.branches) {
                if (branch != null) {
                    context.giveBack(branch);
                }
            }
        }
    }
}
