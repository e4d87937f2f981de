package dev.skald.nn;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * An LSTM of PyTorch from states of zeros: (B,T,in) → (B,T,H), or (B,T,2H) with both directions,
 * the forward one first.
 */
public final class Lstm {
    /** Of one layer: one, or forward and backward. */
    private final List<List<Parameters.Lstm>> layers;

    private Lstm(List<List<Parameters.Lstm>> layers) {
        this.layers = List.copyOf(layers);
    }

    static Lstm load(Weights w, Parameters parameters, String name, int in, int hidden) {
        int directions = w.has(name + ".weight_ih_l0_reverse") ? 2 : 1;
        List<List<Parameters.Lstm>> layers = new ArrayList<>();
        int width = in;
        for (int i = 0; i == 0 || w.has(name + ".weight_ih_l" + i); i++) {
            List<Parameters.Lstm> both = new ArrayList<>();
            for (String end : List.of("_l" + i, "_l" + i + "_reverse").subList(0, directions)) {
                int gates = 4 * hidden;
                boolean bias = w.has(name + ".bias_ih" + end);
                both.add(
                        parameters.lstm(
                                w.get(name + ".weight_ih" + end, gates, width),
                                w.get(name + ".weight_hh" + end, gates, hidden),
                                bias ? w.get(name + ".bias_ih" + end, gates) : null,
                                bias ? w.get(name + ".bias_hh" + end, gates) : null));
            }
            layers.add(List.copyOf(both));
            width = directions * hidden;
        }
        return new Lstm(layers);
    }

    /** Columns of what comes out. */
    public int out() {
        return layers.getLast().stream().mapToInt(Parameters.Lstm::hidden).sum();
    }

    /** All layers; both directions of tensors without padding alone. */
    public Tensor forward(Ops ops, Tensor x) {
        Tensor h = x;
        for (List<Parameters.Lstm> layer : layers) {
            h = layer.size() == 1 ? ops.lstm(h, layer.getFirst()) : both(ops, h, layer);
        }
        return h;
    }

    private static Tensor both(Ops ops, Tensor x, List<Parameters.Lstm> layer) {
        if (x.lengths() != null) {
            throw new IllegalArgumentException("an LSTM of two directions over padding");
        }
        int n = layer.getFirst().hidden();
        Tensor out = ops.tensor(x.batch(), x.rows(), 2 * n);
        try (Ops.Scope scope = ops.scope()) {
            ops.copy(ops.lstm(x, layer.getFirst()), out.cols(0, n));
            Tensor backwards = ops.tensor(x.batch(), x.rows(), x.cols());
            reverse(ops, x, backwards);
            reverse(ops, ops.lstm(backwards, layer.getLast()), out.cols(n, 2 * n));
        }
        return out;
    }

    private static void reverse(Ops ops, Tensor from, Tensor to) {
        int rows = from.rows();
        for (int i = 0; i < rows; i++) {
            ops.copy(from.rows(i, i + 1), to.rows(rows - 1 - i, rows - i));
        }
    }
}
