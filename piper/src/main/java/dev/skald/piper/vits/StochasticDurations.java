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

    /** The stream of the noise among those of one seed. */
    private static final int NOISE = 0;

    /** A spline of one channel, whose parameters come from the x1 channel and the text. */
    record Coupling(Linear pre, SeparableConvs convs, Linear projection) {}

    static StochasticDurations load(Parts parts, int hidden, int speakerChannels) {
        int channels = parts.dimension("dp.pre.weight", 3, 0);
        int last = 1;
        while (parts.has("dp.flows." + (last + 2) + ".pre")) {
            last += 2;
        }
        List<Coupling> couplings = new ArrayList<>();
        for (int flow = last; flow > 1; flow -= 2) {
            String module = "dp.flows." + flow;
            couplings.add(
                    new Coupling(
                            parts.linear(module + ".pre", channels, 1),
                            SeparableConvs.load(parts, module + ".convs", channels),
                            parts.linear(module + ".proj", Splines.PARAMETERS, channels)));
        }
        if (couplings.isEmpty()) {
            throw new WeightException("not a Piper network: its duration predictor is not VITS's");
        }
        float[] mean = parts.weight("dp.flows.0.m", 2, 1).floats();
        float[] scale = parts.weight(Checkpoint.AFFINE_SCALE, 2, 1).floats();
        return new StochasticDurations(
                parts.linear("dp.pre", channels, hidden),
                speakerChannels > 0 ? parts.linear("dp.cond", channels, speakerChannels) : null,
                SeparableConvs.load(parts, "dp.convs", channels),
                parts.linear("dp.proj", channels, channels),
                List.copyOf(couplings),
                mean[0],
                scale[0]);
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
    public float[] logDurations(
            Ops ops,
            Tensor hidden,
            @Nullable Tensor speaker,
            float noiseWidth,
            long seed,
            long first) {
        int t = hidden.rows();
        try (Ops.Scope scope = ops.scope()) {
            Tensor x = ops.linear(hidden, pre); // (1,T,C)
            if (condition != null && speaker != null) {
                ops.add(x, ops.linear(speaker, condition), x);
            }
            convs.apply(ops, x);
            Tensor text = ops.linear(x, projection); // (1,T,C)

            Tensor x0 = ops.zeros(1, t, 1);
            Tensor x1 = ops.zeros(1, t, 1);
            if (noiseWidth != 0) {
                Tensor noise = ops.tensor(1, t, 2);
                ops.noise(seed, NOISE, 2 * first, noise);
                ops.scale(noise.cols(0, 1), noiseWidth, 0, x0);
                ops.scale(noise.cols(1, 2), noiseWidth, 0, x1);
            }
            Tensor h = ops.tensor(1, t, pre.out());
            Tensor parameters = ops.tensor(1, t, Splines.PARAMETERS);
            float shrink = (float) Math.sqrt(pre.out());
            for (Coupling coupling : couplings) {
                // A flip, then x1 <- spline(x1 | x0, text).
                Tensor flipped = x0;
                x0 = x1;
                x1 = flipped;
                ops.linear(x0, coupling.pre, Epilogue.plus(text), h);
                coupling.convs.apply(ops, h);
                ops.linear(h, coupling.projection, Epilogue.NONE, parameters);
                ops.inverseSpline(x1, parameters, shrink);
            }
            // The last flip, then the affine map.
            float[] log = ops.read(x1);
            for (int i = 0; i < t; i++) {
                log[i] = (log[i] - mean) * scale;
            }
            return log;
        }
    }
}
