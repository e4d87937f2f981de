package dev.skald.nn;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Conv2d;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Makes layers of a checkpoint's weights, each by the name its module has in the official code and
 * by its shape: {@code load.linear("self_attn.q_proj", in, out)}. A dimension of -1 is taken from
 * the file. Weight norm is folded wherever it is found, and a convolution of kernel 1 may be loaded
 * as the linear map it is.
 *
 * <p>Every method throws {@link WeightException} in one line that names the tensor, if it is
 * missing, of another shape or not finite. Immutable; as safe for many threads as its weights are.
 */
public final class Loader {
    private final Weights weights;
    private final Parameters parameters;
    private final Role role;

    private Loader(Weights weights, Parameters parameters, Role role) {
        this.weights = weights;
        this.parameters = parameters;
        this.role = role;
    }

    /** A loader at the root of these weights, of {@link Role#WORKING} layers. */
    public static Loader of(Weights weights, Parameters parameters) {
        return new Loader(weights, parameters, Role.WORKING);
    }

    /** The loader of a module below this one: {@code under("layers", 3)} is {@code layers.3}. */
    public Loader under(Object... path) {
        StringBuilder prefix = new StringBuilder();
        for (Object step : path) {
            prefix.append(step).append('.');
        }
        return new Loader(weights.under(prefix.toString()), parameters, role);
    }

    /** The same, of layers that need this of the arithmetic. */
    public Loader role(Role other) {
        return new Loader(weights, parameters, other);
    }

    /** The same with one tensor changed: for what is folded into a weight at load. */
    public Loader edited(String tensor, UnaryOperator<Weight> edit) {
        return new Loader(new Edited(weights, tensor, edit), parameters, role);
    }

    private record Edited(Weights weights, String tensor, UnaryOperator<Weight> edit)
            implements Weights {
        @Override
        public Set<String> names() {
            return weights.names();
        }

        @Override
        public boolean has(String name) {
            return weights.has(name);
        }

        @Override
        public Weight get(String name) {
            Weight weight = weights.get(name);
            return name.equals(tensor) ? edit.apply(weight) : weight;
        }

        /** Its shape is checked before it is changed. */
        @Override
        public Weight get(String name, int... shape) {
            Weight weight = weights.get(name, shape);
            return name.equals(tensor) ? edit.apply(weight) : weight;
        }
    }

    /** What the weights become part of. */
    public Parameters parameters() {
        return parameters;
    }

    // ---- what there is

    /** Whether there is a tensor of that name. */
    public boolean has(String tensor) {
        return weights.has(tensor);
    }

    /** Whether there is a module of that name that has a weight, under weight norm or not. */
    public boolean hasModule(String name) {
        return has(WeightNorm.direction(weights, name));
    }

    /** A tensor of that shape. */
    public Weight get(String tensor, int... shape) {
        return weights.get(tensor, shape);
    }

    /** A dimension of a tensor of that shape, in which it is -1. */
    public int size(String tensor, int... shape) {
        int[] found = weights.get(tensor, shape).shape();
        for (int i = 0; i < shape.length; i++) {
            if (shape[i] == -1) {
                return found[i];
            }
        }
        throw new IllegalArgumentException("no dimension of " + tensor + " is asked for");
    }

    /** Taps of a convolution, transposed or not. */
    public int kernel(String name) {
        return get(WeightNorm.direction(weights, name), -1, -1, -1).shape()[2];
    }

    /**
     * Layers {@code name.0, name.1, ...}, at least one, as long as they have {@code tensor}: {@code
     * list("encoders", "norm_mha.weight", Layer::new)}.
     */
    public <T> List<T> list(String name, String tensor, Function<Loader, T> layer) {
        List<T> layers = new ArrayList<>();
        for (int i = 0; i == 0 || has(name + "." + i + "." + tensor); i++) {
            layers.add(layer.apply(under(name, i)));
        }
        return List.copyOf(layers);
    }

    // ---- linear maps

    /** A linear map with a bias. */
    public Linear linear(String name, int in, int out) {
        Weight weight = matrix(name, in, out);
        return parameters.linear(weight, bias(name, weight.shape()[0]), role);
    }

    /** A linear map without a bias. */
    public Linear linearNoBias(String name, int in, int out) {
        return parameters.linear(matrix(name, in, out), null, role);
    }

    /** Linear maps of one input as one, outputs side by side, all with a bias. */
    public Linear linears(int in, int out, String... names) {
        return linears(in, out, List.of(names), true);
    }

    /** The same without biases. */
    public Linear linearsNoBias(int in, int out, String... names) {
        return linears(in, out, List.of(names), false);
    }

    private Linear linears(int in, int out, List<String> names, boolean bias) {
        Weight[] matrices = new Weight[names.size()];
        @Nullable Weight[] biases = new @Nullable Weight[matrices.length];
        for (int i = 0; i < matrices.length; i++) {
            String name = names.get(i);
            matrices[i] = matrix(name, in, out);
            biases[i] = bias ? bias(name, matrices[i].shape()[0]) : null;
        }
        return parameters.linear(matrices, biases, role);
    }

    /** A linear map with a bias whose weight is (in, out): GPT-2's Conv1D. */
    public Linear linearTransposed(String name, int in, int out) {
        Weight weight = get(name + ".weight", in, out);
        return parameters.linearTransposed(weight, bias(name, weight.shape()[1]), role);
    }

    /** A linear map without a bias, with the batch norm after it folded in. */
    public Linear linearNorm(String name, String norm, int in, int out) {
        Weight weight = matrix(name, in, out);
        BatchNorm after = BatchNorm.read(weights, norm, weight.shape()[0]);
        return parameters.linear(after.fold(weight), after.bias(norm), role);
    }

    /** (out, in), also of a convolution of kernel 1. */
    private Weight matrix(String name, int in, int out) {
        boolean pointwise = weights.get(WeightNorm.direction(weights, name)).shape().length == 3;
        if (!pointwise) {
            return WeightNorm.fold(weights, name, out, in);
        }
        Weight weight = WeightNorm.fold(weights, name, out, in, 1);
        return weight.reshaped(weight.shape()[0], weight.shape()[1]);
    }

    private Weight bias(String name, int out) {
        return get(name + ".bias", out);
    }

    // ---- convolutions

    /** A 1-D convolution; its weight is (out, in / groups, kernel). */
    public Conv1d conv1d(String name, int in, int out, Conv how) {
        Weight weight = filters(name, in, out, how);
        return conv1d(weight, how.bias() ? bias(name, weight.shape()[0]) : null, how);
    }

    /** A 1-D convolution without a bias, with the batch norm after it folded in. */
    public Conv1d conv1dNorm(String name, String norm, int in, int out, Conv how) {
        Weight weight = filters(name, in, out, how);
        BatchNorm after = BatchNorm.read(weights, norm, weight.shape()[0]);
        return conv1d(after.fold(weight), after.bias(norm), how);
    }

    private Weight filters(String name, int in, int out, Conv how) {
        return WeightNorm.fold(weights, name, out, in == -1 ? -1 : in / how.groups(), how.kernel());
    }

    private Conv1d conv1d(Weight weight, @Nullable Weight bias, Conv how) {
        Parameters.Conv1d packed =
                parameters.conv1d(weight, bias, how.stride(), how.dilation(), how.groups(), role);
        return new Conv1d(packed, how.left(weight), how.right(weight));
    }

    /** A transposed 1-D convolution; its weight is (in, out, kernel). */
    public ConvTranspose1d convTranspose1d(
            String name, int in, int out, int kernel, int stride, int padding) {
        Weight weight = WeightNorm.fold(weights, name, in, out, kernel);
        return parameters.convTranspose1d(
                weight, bias(name, weight.shape()[1]), stride, padding, role);
    }

    /**
     * A square 2-D convolution without a bias that keeps the size, or halves the height by a stride
     * of 2, with the batch norm after it folded in.
     */
    public Conv2d conv2dNorm(String name, String norm, int in, int out, int kernel, int strideH) {
        Weight weight = get(name + ".weight", out, in, kernel, kernel);
        BatchNorm after = BatchNorm.read(weights, norm, weight.shape()[0]);
        return parameters.conv2d(
                after.fold(weight), after.bias(norm), strideH, 1, kernel / 2, kernel / 2);
    }

    // ---- norms, tables, vectors

    /** A layer norm, its parameters called weight and bias or gamma and beta. */
    public LayerNorm layerNorm(String name, int channels, float eps) {
        return layerNorm(name, channels, eps, 1);
    }

    /** The same, what comes out multiplied by {@code factor}. */
    public LayerNorm layerNorm(String name, int channels, float eps, double factor) {
        boolean greek = has(name + ".gamma");
        Weight gamma = get(name + (greek ? ".gamma" : ".weight"), channels);
        Weight beta = get(name + (greek ? ".beta" : ".bias"), channels);
        return new LayerNorm(
                parameters.vector(WeightEdits.scaled(gamma, factor)),
                parameters.vector(WeightEdits.scaled(beta, factor)),
                eps);
    }

    /** A batch norm that stands before an activation and cannot be folded. */
    public BatchNorm.Layer batchNorm(String name, int channels) {
        return BatchNorm.read(weights, name, channels).layer(parameters);
    }

    /** An LSTM of PyTorch, of as many layers and directions as there are. */
    public Lstm lstm(String name, int in, int hidden) {
        return Lstm.load(weights, parameters, name, in, hidden);
    }

    /** A table of rows. */
    public Embedding embedding(String name, int entries, int dim) {
        return parameters.embedding(get(name + ".weight", entries, dim));
    }

    /** A tensor as one row (1, 1, n), whatever its shape is. */
    public Tensor vector(String tensor, int... shape) {
        Weight weight = get(tensor, shape);
        return parameters.vector(weight.reshaped(Math.toIntExact(weight.size())));
    }

    /** A tensor (1, rows, cols) or (rows, cols) as rows (1, rows, cols). */
    public Tensor constant(String tensor, int... shape) {
        Weight weight = get(tensor, shape);
        int[] found = weight.shape();
        int cols = found[found.length - 1];
        return parameters.constant(weight.floats(), Math.toIntExact(weight.size() / cols), cols);
    }

    /** Snake with the alphas of that name (Ziyin et al. 2020). */
    public Activation snake(String tensor, int channels) {
        return Activation.snake(vector(tensor, channels));
    }
}
