package dev.skald.nn;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Tensor;

/** A transformer's feed-forward layer with the norm before it. */
public record FeedForward(LayerNorm norm, Linear up, Activation activation, Linear down) {
    /** {@code h += down(activation(up(norm(h))))}. */
    public void addTo(Ops ops, Tensor h) {
        add(ops, h, h);
    }

    /** {@code out = h + down(activation(up(norm(h))))}. */
    public void add(Ops ops, Tensor h, Tensor out) {
        try (var scope = ops.scope()) {
            Tensor wide = norm.linear(ops, h, up, Epilogue.of(activation));
            ops.linear(wide, down, Epilogue.plus(h), out);
        }
    }
}
