package dev.skald.piper.vits;

import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Splines;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.WeightException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Log durations drawn from a flow run backwards: noise of two channels goes through spline
 * couplings that swap places, conditioned on the text, and one affine map (VITS, section 2.2.2 and
 * appendix B.3; {@code StochasticDurationPredictor} of jaywalnut310/vits).
 *
 * <p>The forward order of the flows is affine 0, coupling 1, flip, coupling 3, flip ... ; backwards
 * the coupling next to the affine map is left out, as the reference does, for it changes only the
 * channel that is thrown away.
 *
 * @param couplings in the order they run backwards
 * @param mean of the affine map, of the channel that is kept
 * @param scale exp(-log deviation) of the same
 */
record StochasticDurations(
        Linear pre,
        @Nullable Linear condition,
        SeparableConvs convs,
        Linear projection,
        List<Coupling> couplings,
        float mean,
        float scale)
        implements DurationPredictor {

    /** A spline of one channel, whose parameters come from the x1 channel and the text. */
    record Coupling(Linear pre, SeparableConvs convs, Linear projection) {}

    static StochasticDurations load(Parts all, int hidden, int speakerChannels) {
        Parts dp = all.under("dp");
        int channels = dp.shape("pre.weight", -1, hidden, 1)[0];
        int last = 1;
        while (dp.has("flows." + (last + 2) + ".pre")) {
            last += 2;
        }
        List<Coupling> couplings = new ArrayList<>();
        for (int i = last; i > 1; i -= 2) {
            Parts flow = dp.under("flows", i);
            couplings.add(
                    new Coupling(
                            flow.linear("pre", 1, channels),
                            SeparableConvs.load(flow.under("convs"), channels),
                            flow.linear("proj", channels, Splines.PARAMETERS)));
        }
        if (couplings.isEmpty()) {
            throw new WeightException("not a Piper network: its duration predictor is not VITS's");
        }
        return new StochasticDurations(
                dp.linear("pre", hidden, channels),
                speakerChannels > 0 ? dp.linear("cond", speakerChannels, channels) : null,
                SeparableConvs.load(dp.under("convs"), channels),
                dp.linear("proj", channels, channels),
                List.copyOf(couplings),
                all.load().get("dp.flows.0.m", 2, 1).floats()[0],
                all.load().get(Checkpoint.AFFINE_SCALE, 2, 1).floats()[0]);
    }

    @Override
    public long operations() {
        long channels = pre.out();
        long sum = 2 * channels * (pre.in() + projection.in()) + convs.operations();
        for (Coupling coupling : couplings) {
            sum += coupling.convs.operations() + 2 * channels * (1 + coupling.projection.out());
        }
        return sum;
    }

    @Override
    public void logDurations(
            Ops ops, Tensor hidden, @Nullable Tensor speaker, Tensor noise, Tensor log) {
        try (Ops.Scope scope = ops.scope()) {
            Tensor x = ops.linear(hidden, pre); // (1,T,C)
            if (condition != null && speaker != null) {
                ops.add(x, ops.linear(speaker, condition), x);
            }
            convs.apply(ops, x);
            Tensor text = ops.linear(x, projection); // (1,T,C)

            Tensor x0 = ops.like(hidden, 1);
            Tensor x1 = ops.like(hidden, 1);
            ops.copy(noise.cols(0, 1), x0);
            ops.copy(noise.cols(1, 2), x1);
            Tensor h = ops.like(hidden, pre.out());
            Tensor parameters = ops.like(hidden, Splines.PARAMETERS);
            float shrink = (float) Math.sqrt(pre.out());
            for (Coupling coupling : couplings) {
                // A flip, then x1 <- spline(x1 | x0, text).
                Tensor flipped = x0;
                x0 = x1;
                x1 = flipped;
                ops.linear(x0, coupling.pre, Epilogue.plus(text), h);
                coupling.convs.apply(ops, h);
                ops.linear(h, coupling.projection, Epilogue.NONE, parameters);
                ops.inverseSpline(inARow(x1), inARow(parameters), shrink);
            }
            // The last flip, then the affine map.
            ops.scale(x1, 1, -mean, log);
            ops.scale(log, scale, 0, log);
        }
    }

    /** All batches as one, for an op that looks at each row by itself. */
    private static Tensor inARow(Tensor x) {
        return x.batch() == 1 ? x : x.reshape(1, x.batch() * x.rows(), x.cols());
    }
}
