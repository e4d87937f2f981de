package dev.skald.chatterbox.s3gen;

import dev.skald.nn.Conv;
import dev.skald.nn.Conv1d;
import dev.skald.nn.Loader;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The fundamental frequency of each mel frame: five convolutions and a linear map ({@code
 * s3gen/f0_predictor.py} of resemble-ai/chatterbox). Each value is the same bit for bit wherever a
 * window begins, so that streamed pieces stay in phase with the whole.
 */
final class F0Predictor {
    /** Frames to each side that a value depends on. */
    static final int REACH = 5;

    private final List<Conv1d> condnet = new ArrayList<>();
    private final Linear classifier;

    /** Loads the weights under {@code mel2wav.f0_predictor.}. */
    F0Predictor(Loader load) {
        Loader exact = load.role(Role.EXACT); // an error of the pitch adds up in the phase
        int in = -1;
        for (int i = 0; i == 0 || load.has("condnet." + 2 * i + ".bias"); i++) {
            condnet.add(exact.conv1d("condnet." + 2 * i, in, -1, Conv.same(3)));
            in = condnet.getLast().out();
        }
        classifier = exact.linear("classifier", in, 1);
    }

    /** mel (1,F,80) → Hz of each frame (1,F,1), in the caller's scope. */
    Tensor predict(Ops ops, Tensor mel) {
        Tensor hertz = ops.like(mel, 1);
        try (var scope = ops.scope()) {
            Tensor x = mel;
            Epilogue elu = Epilogue.of(Activation.elu(1));
            for (Conv1d conv : condnet) {
                x = conv.forward(ops, x, elu);
            }
            ops.linear(x, classifier, Epilogue.of(ABS), hertz);
        }
        return hertz;
    }

    private static final Activation ABS = new Activation(Activation.Kind.ABS, 0, null);
}
