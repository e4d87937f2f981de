package dev.skald.chatterbox.t3;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.Sampler;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The sampler over scripted logits, in both official orders. */
public final class SamplerGoldenStage implements GoldenStage {
    @Override
    public String stage() {
        return "sampler";
    }

    @Override
    public void run(GoldenCase golden, Taps taps) {
        int[] shape = golden.shape("in.logits"); // (steps, rows, V)
        float[] logits = golden.floats("in.logits");
        int[] tokens = golden.ints("in.tokens");
        DecoderModel.Kind kind =
                switch (golden.params().path("loop").asString()) {
                    case "original" -> DecoderModel.Kind.LLAMA;
                    case "turbo" -> DecoderModel.Kind.GPT2;
                    default -> throw new AssertionError("an unknown loop: " + golden.params());
                };
        Sampler sampler = new Sampler(kind, T3GoldenStage.settings(golden.params()), shape[2]);
        BitSet spoken = new BitSet();
        spoken.set(golden.params().path("start").asInt());
        Map<String, List<float[]>> values = new LinkedHashMap<>();
        dev.skald.tensor.Taps each =
                new dev.skald.tensor.Taps() {
                    @Override
                    public void tap(String name, Ops ops, Tensor value) {}

                    @Override
                    public void tap(String name, float[] value, int... dims) {
                        values.computeIfAbsent(name, n -> new ArrayList<>()).add(value.clone());
                    }
                };
        List<float[]> probabilities = new ArrayList<>();
        int row = shape[1] * shape[2];
        for (int k = 0; k < shape[0]; k++) {
            float[] l = Arrays.copyOfRange(logits, k * row, (k + 1) * row);
            probabilities.add(sampler.distribution(l, spoken, each).clone());
            if (k == 0 && kind == DecoderModel.Kind.GPT2) {
                spoken.clear();
            }
            spoken.set(tokens[k]);
        }
        values.forEach(
                (name, all) ->
                        taps.add("tap." + name, T3GoldenStage.concat(all), shape[0], shape[2]));
        taps.add("out.probs", T3GoldenStage.concat(probabilities), shape[0], shape[2]);
    }
}
