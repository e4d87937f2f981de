package dev.skald.nn;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;

/**
 * A 1-D convolution with its padding: (B,T,in) → (B,T',out).
 *
 * @param left zeros before the first row
 * @param right zeros behind the last
 */
public record Conv1d(Parameters.Conv1d weight, int left, int right) {
    public int in() {
        return weight.in();
    }

    public int out() {
        return weight.out();
    }

    public int kernel() {
        return weight.kernel();
    }

    /** Rows to each side that a row depends on, of one that keeps the length. */
    public int reach() {
        return weight.dilation() * (weight.kernel() - 1) / 2;
    }

    public Tensor forward(Ops ops, Tensor x) {
        return forward(ops, x, Epilogue.NONE);
    }

    public Tensor forward(Ops ops, Tensor x, Epilogue epilogue) {
        return forward(ops, x, Activation.NONE, epilogue);
    }

    public Tensor forward(Ops ops, Tensor x, Activation before, Epilogue epilogue) {
        return ops.conv1d(x, weight, left, right, before, epilogue);
    }

    /** {@code before} is applied to the input. */
    public void forward(Ops ops, Tensor x, Activation before, Epilogue epilogue, Tensor out) {
        ops.conv1d(x, weight, left, right, before, epilogue, out);
    }

    public void forward(Ops ops, Tensor x, Epilogue epilogue, Tensor out) {
        forward(ops, x, Activation.NONE, epilogue, out);
    }

    /** With other padding than its own. */
    public Conv1d padded(int before, int behind) {
        return new Conv1d(weight, before, behind);
    }
}
