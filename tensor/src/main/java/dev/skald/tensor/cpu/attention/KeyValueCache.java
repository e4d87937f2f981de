package dev.skald.tensor.cpu.attention;

import dev.skald.tensor.Ops;
import dev.skald.tensor.cpu.gemm.Format;
import dev.skald.tensor.cpu.gemm.PackedMatrix;
import dev.skald.tensor.cpu.gemm.Quantized;
import dev.skald.tensor.cpu.gemm.Rounding;
import dev.skald.tensor.cpu.memory.CpuTensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Keys and values of one layer, packed as the kernels want the right side of a product: keys as (D,
 * positions), values as (positions, D), a matrix a head. Memory comes in blocks of positions as
 * they are filled.
 */
public final class KeyValueCache implements Ops.Cache {
    /** Positions a block: a multiple of every kernel's panel. */
    static final int BLOCK = 128;

    /** A block: one matrix each for every head. */
    record Block(PackedMatrix[] keys, PackedMatrix[] values) {}

    public final int heads;
    public final int dim;
    private final int capacity;
    private final int panel;
    private final Format format;
    private final List<Block> blocks = new ArrayList<>();
    private int filled;

    public KeyValueCache(int heads, int dim, int capacity, int panel, Format format) {
        this.heads = heads;
        this.dim = dim;
        this.capacity = capacity;
        this.panel = panel;
        this.format = format;
    }

    @Override
    public int capacity() {
        return capacity;
    }

    Block block(int index) {
        return blocks.get(index);
    }

    /** Positions up to the last one set. */
    public int filled() {
        return filled;
    }

    /** Has memory for so many positions. */
    void reserve(int positions) {
        filled = Math.max(filled, positions);
        while (blocks.size() * BLOCK < positions) {
            blocks.add(new Block(matrices(dim, BLOCK), matrices(BLOCK, dim)));
        }
    }

    /** One that begins with the first {@code positions} of this: whole blocks are shared. */
    public KeyValueCache fork(int positions, int longest) {
        KeyValueCache forked = new KeyValueCache(heads, dim, longest, panel, format);
        forked.filled = positions;
        for (int i = 0; i * BLOCK < positions; i++) {
            Block block = blocks.get(i);
            forked.blocks.add(
                    (i + 1) * BLOCK <= positions
                            ? block
                            : new Block(copy(block.keys), copy(block.values)));
        }
        return forked;
    }

    /** The matrices of a block, which share one array, in an array of their own. */
    private static PackedMatrix[] copy(PackedMatrix[] matrices) {
        PackedMatrix any = matrices[0];
        float[] values = any.values().clone();
        Quantized quantized = any.quantized() == null ? null : any.quantized().copy();
        PackedMatrix[] copies = new PackedMatrix[matrices.length];
        for (int i = 0; i < copies.length; i++) {
            PackedMatrix m = matrices[i];
            copies[i] = new PackedMatrix(values, m.base(), m.k(), m.n(), m.width(), quantized);
        }
        return copies;
    }

    @Override
    public void close() {
        blocks.clear();
        filled = 0;
    }

    private PackedMatrix[] matrices(int k, int n) {
        int length = PackedMatrix.length(k, n, panel);
        int count = heads;
        int all = Math.multiplyExact(count, length);
        Quantized quantized =
                format == Format.F32 ? null : Quantized.of(Format.BF16, all, count * n);
        float[] values = quantized == null ? new float[all] : new float[0];
        PackedMatrix[] each = new PackedMatrix[count];
        for (int i = 0; i < count; i++) {
            each[i] = new PackedMatrix(values, i * length, k, n, panel, quantized);
        }
        return each;
    }

    /** Sets one head's keys and values of {@code count} positions from {@code first} on. */
    void set(int b, int h, int first, int count, CpuTensor k, CpuTensor v) {
        for (int i = 0; i < count; i++) {
            Block block = blocks.get((first + i) / BLOCK);
            int at = (first + i) % BLOCK;
            PackedMatrix keys = block.keys[h];
            PackedMatrix values = block.values[h];
            put(keys, keys.at(0, at), panel, k.data, k.at(b, i) + h * dim, dim);
            for (int d = 0; d < dim; d += panel) {
                int from = v.at(b, i) + h * dim + d;
                put(values, values.at(at, d), 1, v.data, from, Math.min(panel, dim - d));
            }
        }
    }

    private static void put(PackedMatrix to, int at, int step, float[] from, int offset, int n) {
        Quantized quantized = to.quantized();
        short[] bf16 = quantized == null ? null : quantized.bf16();
        if (bf16 == null) {
            float[] values = to.values();
            for (int i = 0; i < n; i++) {
                values[at + i * step] = from[offset + i];
            }
        } else {
            for (int i = 0; i < n; i++) {
                bf16[at + i * step] = (short) Rounding.bf16(from[offset + i]);
            }
        }
    }
}
