package dev.skald.chatterbox.voice;

import dev.skald.audio.Resampler;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.chatterbox.s3gen.S3GenStream;
import dev.skald.chatterbox.s3gen.VoiceReference;
import dev.skald.tensor.Ops;
import java.util.function.Consumer;

/**
 * The same words in another voice: speech tokens of a clip, spoken by S3Gen ({@code vc.py} of
 * resemble-ai/chatterbox).
 */
public final class VoiceConverter {
    private final SpeechTokenizer tokenizer;
    private final S3Gen s3gen;

    public VoiceConverter(SpeechTokenizer tokenizer, S3Gen s3gen) {
        this.tokenizer = tokenizer;
        this.s3gen = s3gen;
    }

    /**
     * Speaks a mono clip in a voice, piece by piece; {@code audio} gets 24 kHz samples in order.
     *
     * @param rate the clip's samples a second
     */
    public void convert(
            Ops ops,
            float[] clip,
            int rate,
            VoiceReference voice,
            long seed,
            Consumer<float[]> audio) {
        S3GenStream stream = s3gen.stream(ops, voice, seed);
        give(stream.push(tokens(ops, clip, rate)), audio);
        give(stream.finish(), audio);
    }

    /** Speaks a mono clip in a voice, all at once as the official code does. */
    public float[] convert(Ops ops, float[] clip, int rate, VoiceReference voice, long seed) {
        return s3gen.speak(ops, voice, tokens(ops, clip, rate), seed);
    }

    private int[] tokens(Ops ops, float[] clip, int rate) {
        VoiceCloner.check(clip, rate, 0);
        float[] clip16 = Resampler.soxrHq(rate, SpeechTokenizer.SAMPLE_RATE).resample(clip);
        return tokenizer.tokens(ops, clip16);
    }

    private static void give(float[] samples, Consumer<float[]> audio) {
        if (samples.length > 0) {
            audio.accept(samples);
        }
    }
}
