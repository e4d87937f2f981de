package dev.skald.chatterbox.t3;

import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import dev.skald.tensor.decode.DecoderModel;

/**
 * What the checkpoint's shapes do not say, and what they do.
 *
 * @param kind the backbone
 * @param layers transformer layers
 * @param hidden C
 * @param heads attention heads, of 64 columns each in every published model
 * @param normEps of every norm of the backbone
 * @param rope Llama's rotary frequencies
 * @param textVocabulary text tokens
 * @param speechVocabulary V
 * @param textPositions rows of the learned text positions, 0 if there are none
 * @param speechPositions rows of the learned speech positions, 0 if there are none
 * @param positions the most positions the backbone can hold
 * @param perceiverHeads heads of the prompt resampler, 0 if there is none
 * @param emotion whether the prefix has an emotion
 */
public record T3Config(
        DecoderModel.Kind kind,
        int layers,
        int hidden,
        int heads,
        float normEps,
        Rope rope,
        int textVocabulary,
        int speechVocabulary,
        int textPositions,
        int speechPositions,
        int positions,
        int perceiverHeads,
        boolean emotion) {
    /** The first and last text token of a framed text. */
    public static final int START_TEXT = 255;

    public static final int STOP_TEXT = 0;

    /** The token before the first speech token, and the one after the last. */
    public static final int START_SPEECH = 6561;

    public static final int STOP_SPEECH = 6562;

    private static final int HEAD_DIM = 64;
    private static final int PERCEIVER_HEADS = 4;

    /** Llama 3's scaled rotary embedding. */
    public record Rope(
            double theta,
            double factor,
            double lowFrequencyFactor,
            double highFrequencyFactor,
            double originalPositions) {
        /** What every published checkpoint was trained with. */
        public static final Rope LLAMA3 = new Rope(500_000, 8, 1, 4, 8192);

        /**
         * Angle per position of each pair of columns; long waves are stretched by the factor,
         * middle ones in between.
         */
        public float[] inverseFrequencies(int headDim) {
            float[] f = new float[headDim / 2];
            for (int i = 0; i < f.length; i++) {
                double inverse = 1.0 / Math.pow(theta, 2.0 * i / headDim);
                double wave = 2 * Math.PI / inverse;
                double low = originalPositions / lowFrequencyFactor;
                double high = originalPositions / highFrequencyFactor;
                if (wave > low) {
                    inverse /= factor;
                } else if (wave >= high) {
                    double smooth =
                            (originalPositions / wave - lowFrequencyFactor)
                                    / (highFrequencyFactor - lowFrequencyFactor);
                    inverse = (1 - smooth) * inverse / factor + smooth * inverse;
                }
                f[i] = (float) inverse;
            }
            return f;
        }
    }

    /**
     * Reads every dimension off the weights. Throws {@link WeightException} if they are not those
     * of a T3.
     */
    public static T3Config of(Weights weights) {
        boolean llama = weights.has("tfmr.layers.0.self_attn.q_proj.weight");
        boolean gpt2 = weights.has("tfmr.h.0.attn.c_attn.weight");
        if (llama == gpt2) {
            throw new WeightException(
                    "these weights are not a T3 model's: neither Llama nor GPT-2 layers are in them");
        }
        int[] speech = weights.get("speech_emb.weight", -1, -1).shape();
        int[] text = weights.get("text_emb.weight", -1, speech[1]).shape();
        int layers = 0;
        while (weights.has(
                llama
                        ? "tfmr.layers." + layers + ".self_attn.q_proj.weight"
                        : "tfmr.h." + layers + ".attn.c_attn.weight")) {
            layers++;
        }
        int attention =
                llama
                        ? weights.get("tfmr.layers.0.self_attn.q_proj.weight", -1, speech[1])
                                .shape()[0]
                        : speech[1];
        if (attention % HEAD_DIM != 0 || speech[0] <= STOP_SPEECH) {
            throw new WeightException(
                    "these weights are not a T3 model's: hidden "
                            + attention
                            + ", "
                            + speech[0]
                            + " speech tokens");
        }
        int speechPositions = rows(weights, "speech_pos_emb.emb.weight", speech[1]);
        int textPositions = rows(weights, "text_pos_emb.emb.weight", speech[1]);
        return new T3Config(
                llama ? DecoderModel.Kind.LLAMA : DecoderModel.Kind.GPT2,
                layers,
                speech[1],
                attention / HEAD_DIM,
                1e-5f,
                Rope.LLAMA3,
                text[0],
                speech[0],
                textPositions,
                speechPositions,
                llama
                        ? 2 * (textPositions + speechPositions)
                        : weights.get("tfmr.wpe.weight", -1, speech[1]).shape()[0],
                weights.has("cond_enc.perceiver.pre_attention_query") ? PERCEIVER_HEADS : 0,
                weights.has("cond_enc.emotion_adv_fc.weight"));
    }

    private static int rows(Weights weights, String name, int hidden) {
        return weights.has(name) ? weights.get(name, -1, hidden).shape()[0] : 0;
    }
}
