package dev.skald.tensor;

import dev.skald.tensor.Parameters.Conv1d;
import org.jspecify.annotations.Nullable;

/**
 * A unit of a vocoder's residual blocks: {@code x + conv2(activation2(conv1(activation1(x))))};
 * without conv1 {@code x + conv2(activation2(x))}. Its convolutions keep the length.
 */
public record VocoderUnit(
        Activation activation1, @Nullable Conv1d conv1, Activation activation2, Conv1d conv2) {
    /** The first activation that x goes through. */
    public Activation first() {
        return conv1 == null ? activation2 : activation1;
    }

    /** The padding at both ends with which a convolution keeps the length. */
    public static int padding(Conv1d w) {
        return w.dilation() * (w.kernel() - 1) / 2;
    }

    /** Puts x and what the convolutions make of it into out. */
    void run(Ops ops, Tensor x, Tensor out) {
        Epilogue plus = Epilogue.plus(x);
        int pad = padding(conv2);
        if (conv1 == null) {
            ops.conv1d(x, conv2, pad, pad, activation2, plus, out);
        } else {
            ops.conv1dPair(
                    x, activation1, conv1, padding(conv1), activation2, conv2, pad, plus, out);
        }
    }
}
