package dev.skald.chatterbox.voice;

import dev.skald.InvalidRequestException;
import dev.skald.audio.Loudness;
import dev.skald.audio.resample.Resampler;
import dev.skald.chatterbox.s3gen.VoiceReference;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Weights;
import java.util.Arrays;
import java.util.Locale;

/**
 * A clip → {@link VoiceConditionals}, as {@code prepare_conditionals} of the official code makes
 * them. The resamplers differ on purpose: soxr for what T3 hears, a windowed sinc for S3Gen's
 * tokens and x-vector.
 */
public final class VoiceCloner {
    private static final int REFERENCE_RATE = PromptMel.SAMPLE_RATE;
    private static final int RATE = SpeechTokenizer.SAMPLE_RATE;
    private static final int LONGEST_SECONDS = 600;
    private static final float QUIETEST = 1e-4f;

    /**
     * What a model wants of a clip.
     *
     * @param promptTokens most tokens of T3's prompt; 0 for none
     * @param promptSeconds how much of the clip they are taken from
     * @param referenceSeconds how much of the clip S3Gen hears
     * @param aboveSeconds a clip must be longer than this
     * @param loudness LUFS that the clip is set to; NaN to leave it alone
     */
    public record Rules(
            int promptTokens,
            int promptSeconds,
            int referenceSeconds,
            double aboveSeconds,
            double loudness) {
        /** The original and the multilingual models. */
        public static final Rules ORIGINAL = new Rules(150, 6, 10, 0, Double.NaN);

        /** Turbo and Nano. */
        public static final Rules TURBO = new Rules(375, 15, 10, 5, -27);
    }

    private final VoiceEncoder encoder;
    private final SpeechTokenizer tokenizer;
    private final CamPlus camPlus;

    private VoiceCloner(VoiceEncoder encoder, SpeechTokenizer tokenizer, CamPlus camPlus) {
        this.encoder = encoder;
        this.tokenizer = tokenizer;
        this.camPlus = camPlus;
    }

    /** Loads {@code ve.safetensors} and the parts of {@code s3gen.safetensors} that listen. */
    public static VoiceCloner load(Weights encoder, Weights s3gen, Parameters parameters) {
        return parameters.load(
                () ->
                        new VoiceCloner(
                                VoiceEncoder.load(encoder, parameters),
                                SpeechTokenizer.load(s3gen.under("tokenizer."), parameters),
                                CamPlus.load(s3gen.under("speaker_encoder."), parameters)));
    }

    /** The tokenizer, which voice conversion needs too. */
    public SpeechTokenizer tokenizer() {
        return tokenizer;
    }

    /**
     * The voice of a mono clip. Throws {@link InvalidRequestException} if it cannot be cloned from.
     *
     * @param rate samples a second
     * @param emotion the exaggeration to keep with it
     */
    public VoiceConditionals clone(Ops ops, float[] clip, int rate, Rules rules, float emotion) {
        check(clip, rate, rules.aboveSeconds());
        float[] clip24 = Resampler.soxrHq(rate, REFERENCE_RATE).resample(clip);
        if (!Double.isNaN(rules.loudness())) {
            clip24 = Loudness.normalise(clip24, REFERENCE_RATE, rules.loudness());
        }
        try {
            float[] clip16 = Resampler.soxrHq(REFERENCE_RATE, RATE).resample(clip24);
            int[] prompt =
                    rules.promptTokens() == 0
                            ? new int[0]
                            : tokenizer.tokens(
                                    ops,
                                    begin(clip16, rules.promptSeconds() * RATE),
                                    rules.promptTokens());
            return new VoiceConditionals(
                    encoder.embed(ops, clip16),
                    prompt,
                    emotion,
                    reference(
                            ops,
                            begin(clip24, rules.referenceSeconds() * REFERENCE_RATE),
                            REFERENCE_RATE,
                            tokenizer,
                            camPlus));
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException("the clip cannot be cloned: " + e.getMessage(), e);
        }
    }

    /** What S3Gen hears of a clip, which is not cut: {@code embed_ref}. */
    static VoiceReference reference(
            Ops ops, float[] clip, int rate, SpeechTokenizer tokenizer, CamPlus camPlus) {
        float[] clip24 = Resampler.sincHann(rate, REFERENCE_RATE).resample(clip);
        float[] clip16 = Resampler.sincHann(rate, RATE).resample(clip);
        float[] mel = new PromptMel().mel(clip24);
        int frames = mel.length / PromptMel.BANDS;
        int[] tokens = tokenizer.tokens(ops, clip16);
        return new VoiceReference(
                Arrays.copyOf(tokens, Math.min(tokens.length, frames / 2)),
                mel,
                frames,
                camPlus.xvector(ops, clip16));
    }

    /**
     * Whether a clip can be cloned from, told without any network.
     *
     * @param aboveSeconds {@link Rules#aboveSeconds}
     * @throws InvalidRequestException on a clip that is too short, too long or silent
     */
    public static void check(float[] clip, int rate, double aboveSeconds) {
        double seconds = (double) clip.length / rate;
        if (!(seconds > aboveSeconds)) {
            throw new InvalidRequestException(
                    String.format(
                            Locale.ROOT,
                            "the clip has %.1f s: give one longer than %.0f s",
                            seconds,
                            aboveSeconds));
        }
        if (seconds > LONGEST_SECONDS) {
            throw new InvalidRequestException(
                    String.format(
                            Locale.ROOT,
                            "the clip has %.0f s: give one of 5 to 30 s, at most %d s",
                            seconds,
                            LONGEST_SECONDS));
        }
        float peak = 0;
        for (float v : clip) {
            if (!Float.isFinite(v)) {
                throw new InvalidRequestException("the clip has samples that are no numbers");
            }
            peak = Math.max(peak, Math.abs(v));
        }
        if (peak < QUIETEST) {
            throw new InvalidRequestException("the clip is silent");
        }
    }

    private static float[] begin(float[] clip, int samples) {
        return samples < clip.length ? Arrays.copyOf(clip, samples) : clip;
    }
}
