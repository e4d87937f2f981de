package dev.skald.chatterbox.voice;

import dev.skald.audio.resample.Resampler;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.chatterbox.s3gen.VoiceReference;
import dev.skald.tensor.Ops;

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
     * Speaks a mono clip in a voice: all at once, as the official code does, up to 25 s; a longer
     * one in pieces that look back.
     *
     * @param rate the clip's samples a second
     * @param check runs now and then and may throw, to stop the work
     * @return 24 kHz samples
     */
    public float[] convert(
            Ops ops, float[] clip, int rate, VoiceReference voice, long seed, Runnable check) {
        VoiceCloner.check(clip, rate, 0);
        float[] clip16 = Resampler.soxrHq(rate, SpeechTokenizer.SAMPLE_RATE).resample(clip);
        return s3gen.stream(voice, seed, ops.backend().quick(), check)
                .finish(ops, tokenizer.tokens(ops, clip16));
    }
}
