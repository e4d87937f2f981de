package dev.skald.piper.vits;

import dev.skald.nn.Conv1d;
import dev.skald.nn.Loader;
import dev.skald.nn.Rows;
import dev.skald.nn.WeightEdits;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.WeightException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The normalizing flow from prior to latent, run backwards: couplings that take a mean off one half
 * of the channels, computed from the other half by a WaveNet (VITS, section 2.2.3; {@code
 * ResidualCouplingBlock} of jaywalnut310/vits).
 *
 * <p>Between couplings the order of all channels is reversed. Nothing is moved for it: every second
 * coupling reads the upper half and changes the lower one, with its channels' order reversed in its
 * weights. The sign of the mean is folded too.
 *
 * @param channels of the latent, which comes out in reverse if the number of couplings is odd
 */
record ResidualCouplingFlow(List<Coupling> couplings, int channels) {

    /**
     * @param upper whether it reads the upper half of the channels
     * @param pre half the channels to hidden ones
     * @param condition the speaker to biases of all layers, or null
     * @param post hidden channels to minus the mean
     */
    record Coupling(
            boolean upper,
            Linear pre,
            @Nullable Linear condition,
            List<Layer> layers,
            Linear post) {

        int hidden() {
            return pre.out();
        }
    }

    /**
     * A gated layer.
     *
     * @param in hidden channels to twice as many
     * @param out to what is added to the hidden channels and, beside it, to the sum of all layers;
     *     the last layer has the sum alone
     */
    record Layer(Conv1d in, Linear out) {}

    /** How many couplings there are; between them lie flips. */
    static int count(Parts all) {
        int count = 0;
        while (all.has("flow.flows." + 2 * count + ".pre")) {
            count++;
        }
        return count;
    }

    static ResidualCouplingFlow load(Parts all, int latent, int speakerChannels) {
        List<Coupling> couplings = new ArrayList<>();
        boolean upper = false;
        for (int i = count(all) - 1; i >= 0; i--) {
            upper = !upper;
            Parts flow = all.under("flow.flows", 2 * i);
            couplings.add(coupling(flow, latent / 2, speakerChannels, upper));
        }
        if (couplings.isEmpty()) {
            throw new WeightException("not a Piper network: it has no flow");
        }
        return new ResidualCouplingFlow(List.copyOf(couplings), latent);
    }

    private static Coupling coupling(Parts parts, int half, int speakerChannels, boolean upper) {
        int hidden = parts.shape("pre.weight", -1, half, 1)[0];
        Parts enc = parts.under("enc");
        int count = enc.count("in_layers.", "");
        if (count == 0) {
            throw new WeightException("not a Piper network: " + parts.prefix() + "enc is missing");
        }
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int out = i < count - 1 ? 2 * hidden : hidden;
            layers.add(
                    new Layer(
                            enc.conv("in_layers." + i, hidden, 2 * hidden),
                            enc.linear("res_skip_layers." + i, hidden, out)));
        }
        Loader load =
                parts.load()
                        .edited("post.weight", w -> WeightEdits.scaled(w, -1))
                        .edited("post.bias", w -> WeightEdits.scaled(w, -1));
        if (upper) {
            load =
                    load.edited("pre.weight", w -> WeightEdits.reversed(w, 1))
                            .edited("post.weight", w -> WeightEdits.reversed(w, 0))
                            .edited("post.bias", w -> WeightEdits.reversed(w, 0));
        }
        return new Coupling(
                upper,
                load.linear("pre", half, hidden),
                speakerChannels > 0
                        ? enc.linear("cond_layer", speakerChannels, 2 * hidden * count)
                        : null,
                List.copyOf(layers),
                load.linear("post", hidden, half));
    }

    /** How many frames on each side one frame of the latent depends on. */
    int reach() {
        int sum = 0;
        for (Coupling coupling : couplings) {
            sum += reach(coupling);
        }
        return sum;
    }

    private static int reach(Coupling coupling) {
        int sum = 0;
        for (Layer layer : coupling.layers) {
            sum += layer.in.reach();
        }
        return sum;
    }

    /** For one frame. */
    long operations() {
        long sum = 0;
        for (Coupling coupling : couplings) {
            long hidden = coupling.hidden();
            sum += 2 * hidden * channels;
            for (Layer layer : coupling.layers) {
                sum += 2 * hidden * (layer.in.out() * (long) layer.in.kernel() + layer.out.out());
            }
        }
        return sum;
    }

    /**
     * The biases that the speaker gives to the layers, to be made once a sentence.
     *
     * @param speaker (B,1,speaker channels)
     * @return a (B,1,2*hidden*layers) for each coupling
     */
    List<Tensor> conditions(Ops ops, Tensor speaker) {
        List<Tensor> conditions = new ArrayList<>();
        for (Coupling coupling : couplings) {
            if (coupling.condition != null) {
                conditions.add(ops.linear(speaker, coupling.condition));
            }
        }
        return conditions;
    }

    /**
     * From the prior to the latent, in place.
     *
     * @param z (B,F',channels), the frames {@code have} of {@code whole}; afterwards those of
     *     {@code want} are the latent, and the others are spoilt
     * @param have {@code want.grown(reach(), whole)}
     * @param conditions of {@link #conditions}; empty without speakers
     */
    void invert(Ops ops, Tensor z, Rows have, Rows want, int whole, List<Tensor> conditions) {
        int left = reach();
        for (int i = 0; i < couplings.size(); i++) {
            Coupling coupling = couplings.get(i);
            Tensor condition = conditions.isEmpty() ? null : conditions.get(i);
            Rows from = want.grown(left, whole);
            left -= reach(coupling);
            Rows to = want.grown(left, whole);
            try (Ops.Scope scope = ops.scope()) {
                invert(ops, coupling, z, have, from, to, whole, condition);
            }
        }
    }

    private void invert(
            Ops ops,
            Coupling coupling,
            Tensor z,
            Rows have,
            Rows from,
            Rows to,
            int whole,
            @Nullable Tensor condition) {
        int half = channels / 2;
        int hidden = coupling.hidden();
        Tensor lower = z.cols(0, half);
        Tensor upper = z.cols(half, channels);
        Tensor known = from.of(coupling.upper ? upper : lower, have);
        Tensor changed = to.of(coupling.upper ? lower : upper, have);

        // Hidden channels and, beside them, the sum of the layers' outputs.
        Tensor state = ops.like(known, 2 * hidden);
        ops.linear(known, coupling.pre, Epilogue.NONE, state.cols(0, hidden));
        Tensor sum = state.cols(hidden, 2 * hidden);
        ops.fill(sum, 0);
        Tensor wide = ops.like(known, 2 * hidden);
        Tensor gated = ops.operand(known, hidden, coupling.layers.getFirst().out);
        Rows rows = from;
        int left = reach(coupling);
        for (int i = 0; i < coupling.layers.size(); i++) {
            Layer layer = coupling.layers.get(i);
            left -= layer.in.reach();
            Rows next = to.grown(left, whole);
            Tensor w = wide.rows(0, next.count());
            Tensor g = gated.rows(0, next.count());
            Tensor x = rows.of(state.cols(0, hidden), from);
            next.conv(ops, x, rows, whole, layer.in, Activation.NONE, Epilogue.NONE, w);
            if (condition != null) {
                ops.add(w, condition.cols(2 * hidden * i, 2 * hidden * (i + 1)), w);
            }
            ops.gateTanh(w, g);
            Tensor into = next.of(layer.out.out() == hidden ? sum : state, from);
            ops.linear(g, layer.out, Epilogue.plus(into), into);
            rows = next;
        }
        ops.linear(to.of(sum, from), coupling.post, Epilogue.plus(changed), changed);
    }
}
