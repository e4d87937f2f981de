package dev.skald.nn;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.VocoderUnit;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A residual block of HiFi-GAN (Kong et al. 2020, appendix A.1): units one after the other, of type
 * 1 (pairs of convolutions) or 2, with leaky ReLUs or Snake before the convolutions.
 */
public record ResBlock(List<Unit> units) {
    /** {@code x + conv2(activation2(conv1(activation1(x))))}; without conv1 in type 2. */
    public record Unit(
            Activation activation1, @Nullable Conv1d conv1, Activation activation2, Conv1d conv2) {
        /** Both convolutions, of all rows. */
        void pair(Ops ops, Tensor x, Epilogue epilogue, Tensor out) {
            Conv1d first = Objects.requireNonNull(conv1);
            ops.conv1dPair(
                    x,
                    activation1,
                    first.weight(),
                    first.reach(),
                    activation2,
                    conv2.weight(),
                    conv2.reach(),
                    epilogue,
                    out);
        }

        VocoderUnit fused() {
            return new VocoderUnit(
                    activation1,
                    conv1 == null ? null : conv1.weight(),
                    activation2,
                    conv2.weight());
        }

        int reach() {
            return conv2.reach() + (conv1 == null ? 0 : conv1.reach());
        }
    }

    /** Rows to each side that a row depends on. */
    public int reach() {
        return units.stream().mapToInt(Unit::reach).sum();
    }

    /** The same of blocks side by side. */
    public static int reach(List<ResBlock> blocks) {
        return blocks.stream().mapToInt(ResBlock::reach).max().orElse(0);
    }

    /** x (B,T,C) → added to out (B,T,C). */
    public void addTo(Ops ops, Tensor x, Tensor out) {
        Rows all = Rows.all(x.rows());
        sum(ops, List.of(this), x, all, all, all.to(), 1, true, out);
    }

    /** {@code out = scale * (block1(x) + block2(x) + ...)}: a stage's receptive fields, fused. */
    public static void sum(Ops ops, List<ResBlock> blocks, Tensor x, float scale, Tensor out) {
        Rows all = Rows.all(x.rows());
        sum(ops, blocks, x, all, all, all.to(), scale, out);
    }

    private static void sum(
            Ops ops,
            List<ResBlock> blocks,
            Tensor x,
            Rows have,
            Rows want,
            int whole,
            float scale,
            boolean add,
            Tensor out) {
        if (ops.rowsInCache(1) == Integer.MAX_VALUE) { // the rows around are no matter
            ops.vocoderBlocks(
                    x,
                    blocks.stream()
                            .map(block -> block.units.stream().map(Unit::fused).toList())
                            .toList(),
                    scale,
                    add,
                    want.from() - have.from(),
                    out);
            return;
        }
        boolean put = !add;
        for (ResBlock block : blocks) {
            block.run(ops, x, have, want, whole, scale, put, out);
            put = false;
        }
    }

    /**
     * Rows {@code want} of the same.
     *
     * @param x its rows {@code have} of {@code whole}, at least {@code want.grown(reach, whole)}
     */
    public static void sum(
            Ops ops,
            List<ResBlock> blocks,
            Tensor x,
            Rows have,
            Rows want,
            int whole,
            float scale,
            Tensor out) {
        sum(ops, blocks, x, have, want, whole, scale, false, out);
    }

    /** Of so many rows; of as many as x has, padded as x is. */
    private static Tensor like(Ops ops, Tensor x, int rows) {
        return rows == x.rows() ? ops.like(x, x.cols()) : ops.tensor(x.batch(), rows, x.cols());
    }

    /** Puts {@code scale} times its result into {@code out}, or adds it there. */
    private void run(
            Ops ops,
            Tensor x,
            Rows have,
            Rows want,
            int whole,
            float scale,
            boolean put,
            Tensor out) {
        int left = reach() - units.getFirst().reach();
        Rows next = want.grown(left, whole);
        try (Ops.Scope scope = ops.scope()) {
            Rows most = next.grown(units.getFirst().conv2().reach(), whole);
            Tensor inner = like(ops, x, most.count());
            Tensor outer = like(ops, x, next.count());
            Tensor in = x;
            Rows rows = have;
            for (int i = 0; i < units.size(); i++) {
                Unit unit = units.get(i);
                Tensor y = in;
                Rows yRows = rows;
                boolean pair = unit.conv1() != null && rows.equals(next) && next.count() == whole;
                if (unit.conv1() != null && !pair) {
                    yRows = next.grown(unit.conv2().reach(), whole);
                    y = inner.rows(0, yRows.count());
                    yRows.conv(
                            ops,
                            in,
                            rows,
                            whole,
                            unit.conv1(),
                            unit.activation1(),
                            Epilogue.NONE,
                            y);
                }
                Tensor residual = next.of(in, rows);
                if (i == units.size() - 1) {
                    if (!put) {
                        ops.addScaled(out, residual, scale, out);
                    } else if (scale != 1) {
                        ops.scale(residual, scale, 0, out);
                    }
                    Tensor plus = put && scale == 1 ? residual : out;
                    Epilogue epilogue = new Epilogue(Activation.NONE, scale, plus);
                    if (pair) {
                        unit.pair(ops, in, epilogue, out);
                    } else {
                        next.conv(
                                ops,
                                y,
                                yRows,
                                whole,
                                unit.conv2(),
                                unit.activation2(),
                                epilogue,
                                out);
                    }
                    return;
                }
                // In place, where the convolution reads another tensor than it adds to.
                Tensor to = outer.rows(0, next.count());
                if (i > 0) {
                    to =
                            unit.conv1() != null
                                    ? residual
                                    : i % 2 == 0 ? to : inner.rows(0, next.count());
                }
                if (pair) {
                    unit.pair(ops, in, Epilogue.plus(residual), to);
                } else {
                    next.conv(
                            ops,
                            y,
                            yRows,
                            whole,
                            unit.conv2(),
                            unit.activation2(),
                            Epilogue.plus(residual),
                            to);
                }
                in = to;
                rows = next;
                left -= units.get(i + 1).reach();
                next = want.grown(left, whole);
            }
        }
    }
}
