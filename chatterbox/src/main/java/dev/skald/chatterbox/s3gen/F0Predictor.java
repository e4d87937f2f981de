package dev.skald.chatterbox.s3gen;

import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weights;
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

    private final List<Conv1d> convolutions;
    private final Linear classifier;

    private F0Predictor(List<Conv1d> convolutions, Linear classifier) {
        this.convolutions = List.copyOf(convolutions);
        this.classifier = classifier;
    }

    /** Loads the weights under {@code mel2wav.f0_predictor.}. */
    static F0Predictor load(Weights w, Parameters parameters) {
        List<Conv1d> convolutions = new ArrayList<>();
        int in = -1;
        for (int i = 0; i == 0 || w.has("condnet." + 2 * i + ".bias"); i++) {
            String name = "condnet." + 2 * i;
            int out = w.get(name + ".bias", -1).shape()[0];
            convolutions.add(
                    parameters.conv1d(
                            WeightNorm.fold(w, name, out, in, 3),
                            w.get(name + ".bias", out),
                            1,
                            1,
                            1,
                            Role.EXACT)); // an error of the pitch adds up in the phase
            in = out;
        }
        return new F0Predictor(
                convolutions,
                parameters.linear(
                        w.get("classifier.weight", 1, in),
                        w.get("classifier.bias", 1),
                        Role.EXACT));
    }

    /** mel (1,F,80) → Hz of each frame (1,F,1), in the caller's scope. */
    Tensor predict(Ops ops, Tensor mel) {
        Tensor hertz = ops.like(mel, 1);
        try (var scope = ops.scope()) {
            Tensor x = mel;
            Epilogue elu = Epilogue.of(Activation.elu(1));
            for (Conv1d conv : convolutions) {
                x = ops.conv1d(x, conv, 1, 1, elu);
            }
            ops.linear(x, classifier, Epilogue.of(ABS), hertz);
        }
        return hertz;
    }

    private static final Activation ABS = new Activation(Activation.Kind.ABS, 0, null);
}
