package dev.skald.chatterbox.s3gen;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import java.util.Arrays;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Euler's method along the estimator's field, for pieces that go together: all at the same step, or
 * each at its own, so that some begin while others are on their way.
 *
 * <p>Legend as in {@link Flow}: N pieces, B rows of the estimator, T frames, M mel bands; S steps.
 */
final class EulerSteps {
    private static final float GUIDANCE = 0.7f;
    private static final int STEPS = 10;
    private static final int MEANFLOW_STEPS = 2;

    /**
     * Several pieces of no more rows of the estimator in all are recorded; with more, launches take
     * less time than the kernels.
     */
    private static final int RECORDED = 4096;

    private final FlowEstimator estimator;
    private final int bands;

    /** What the estimator is told at each of the default steps: (1,S,N*C). */
    private final Tensor defaultConditions;

    EulerSteps(FlowEstimator estimator, Parameters parameters) {
        this.estimator = estimator;
        bands = estimator.in() / 4;
        try (Ops ops = parameters.backend().open()) {
            ops.threads(1);
            Tensor conditions = conditions(ops, count(), -1, Taps.NONE);
            defaultConditions =
                    parameters.constant(ops.read(conditions), conditions.rows(), conditions.cols());
        }
    }

    /** Steps of the official code. */
    int count() {
        return estimator.meanflow() ? MEANFLOW_STEPS : STEPS;
    }

    /** Rows of the estimator that a piece takes: with guidance the unconditional one, too. */
    int branches() {
        return estimator.meanflow() ? 1 : 2;
    }

    /** Where the ops of a step are the same. */
    private record Shape(
            EulerSteps of, int pieces, int rows, boolean padded, boolean apart, int steps) {}

    /**
     * What the steps work on.
     *
     * @param x (N,T,M): the state
     * @param input (B,T,in): x | mu | speaker | condition
     * @param valid B integers: how many rows are valid; null if all are
     * @param conditions (1,S,N*C): what the estimator is told at each step
     * @param lengths (1,S,1): of the steps
     * @param step which comes next: one integer for all, or B
     * @param time its conditions: (1,1,N*C), or (B,1,N*C)
     * @param field (B,T,M)
     */
    record State(
            Tensor x,
            Tensor input,
            @Nullable Ints valid,
            Tensor conditions,
            Tensor lengths,
            Ints step,
            Tensor time,
            Tensor field) {

        /** Zeros where nothing will be written. */
        void clear(Ops ops) {
            ops.fill(input, 0);
            ops.fill(x, 0);
        }

        /** Says how many rows of each piece are valid. */
        void lengths(Ops ops, int... totals) {
            if (valid != null) {
                int[] all = new int[valid.count()];
                Arrays.setAll(all, b -> totals[b % totals.length]);
                ops.write(all, valid);
            }
        }
    }

    /** A step of pieces that are all at the same one. */
    Ops.Recording<State> open(Ops ops, int pieces, int rows, boolean padded, int steps) {
        return open(ops, new Shape(this, pieces, rows, padded, false, steps), pieces == 1);
    }

    /** A default step of pieces that are each at its own. */
    Ops.Recording<State> openApart(Ops ops, int pieces, int rows, boolean padded) {
        if (pieces == 1) { // as the only one: the same recording
            return open(ops, 1, rows, padded, count());
        }
        return open(
                ops,
                new Shape(this, pieces, rows, padded, true, count()),
                branches() * pieces * rows <= RECORDED);
    }

    private Ops.Recording<State> open(Ops ops, Shape shape, boolean recorded) {
        Function<Ops, State> make = on -> state(on, shape);
        BiConsumer<Ops, State> body = (on, e) -> step(on, e, Taps.NONE);
        return recorded ? ops.record(shape, make, body) : Ops.unrecorded(ops, make, body);
    }

    private State state(Ops ops, Shape shape) {
        int batch = branches() * shape.pieces();
        int told = shape.apart() ? batch : 1;
        Tensor field = ops.tensor(batch, shape.rows(), bands);
        return new State(
                ops.tensor(shape.pieces(), shape.rows(), bands),
                estimator.input(ops, field),
                shape.padded() ? ops.ints(batch) : null,
                ops.tensor(1, shape.steps(), defaultConditions.cols()),
                ops.tensor(1, shape.steps(), 1),
                ops.ints(told),
                ops.tensor(told, 1, defaultConditions.cols()),
                field);
    }

    /**
     * Says which steps there are.
     *
     * @param at which comes next: one for all, or one a piece
     */
    void prepare(Ops ops, State e, int steps, int tapped, Taps taps, int... at) {
        boolean usual = steps == count() && !taps.on();
        ops.copy(usual ? defaultConditions : conditions(ops, steps, tapped, taps), e.conditions());
        float[] times = times(steps);
        float[] lengths = new float[steps];
        for (int s = 0; s < steps; s++) {
            lengths[s] = times[s + 1] - times[s];
        }
        ops.write(lengths, 0, e.lengths());
        int[] all = new int[e.step().count()];
        Arrays.setAll(all, b -> at[b % at.length]);
        ops.write(all, e.step());
    }

    private Tensor conditions(Ops ops, int steps, int tapped, Taps taps) {
        float[] times = times(steps);
        float[] from = Arrays.copyOf(times, steps);
        float[] to = Arrays.copyOfRange(times, 1, steps + 1);
        return estimator.times(ops, from, to, tapped, taps);
    }

    /** Puts the state x into the input of the estimator, in both rows with guidance. */
    void state(Ops ops, State e) {
        for (int b = 0; b < e.input().batch(); b++) {
            ops.copy(e.x().batch(b % e.x().batch()), e.input().batch(b).cols(0, bands));
        }
    }

    /** One step of each; nothing in it comes from the host. */
    void step(Ops ops, State e, Taps taps) {
        state(ops, e);
        int told = e.step().count();
        ops.gather(e.conditions(), e.step(), e.time().reshape(1, told, e.time().cols()));
        Ints valid = e.valid();
        Tensor input = valid == null ? e.input() : e.input().valid(valid);
        Tensor field = valid == null ? e.field() : e.field().valid(valid);
        estimator.run(ops, input, e.time(), taps, field);
        int n = e.x().batch();
        ops.eulerStep(
                valid == null ? e.x() : e.x().valid(valid.slice(0, n)),
                e.field(),
                e.lengths(),
                told == 1 ? e.step() : e.step().slice(0, n),
                GUIDANCE);
        ops.increment(e.step(), 1);
    }

    /**
     * Times 0 to 1, rounded as the official code rounds them: equal steps, or a cosine schedule.
     */
    float[] times(int steps) {
        float[] times = new float[steps + 1];
        float step = 1f / steps;
        for (int k = 0; k <= steps; k++) {
            // torch.linspace counts from both ends
            float t = k < (steps + 1) / 2 ? k * step : 1 - (steps - k) * step;
            times[k] = estimator.meanflow() ? t : 1 - (float) Math.cos(t * 0.5f * (float) Math.PI);
        }
        return times;
    }
}
