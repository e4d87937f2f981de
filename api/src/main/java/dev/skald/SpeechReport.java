package dev.skald;

import java.util.Locale;

/**
 * What came out of a {@link Speech}, measured while it passed.
 *
 * @param sampleRate hertz
 * @param samples how many samples
 * @param chunks how many chunks
 * @param sentences how many sentences were spoken
 * @param characters characters of normalised text spoken
 * @param peak the largest magnitude
 * @param rms the root mean square
 * @param clipped how many samples lie at or beyond full scale, where a limiter leaves them
 * @param notFinite how many samples are NaN or infinite
 * @param firstAudioSeconds from when the voice was loaded and the request taken to the first chunk
 * @param elapsedSeconds from when the voice was loaded and the request taken to the end, or to now
 */
public record SpeechReport(
        int sampleRate,
        long samples,
        int chunks,
        int sentences,
        long characters,
        double peak,
        double rms,
        long clipped,
        long notFinite,
        double firstAudioSeconds,
        double elapsedSeconds) {

    /** Below this peak, audio counts as silent: -60 dBFS. */
    private static final double SILENCE = 1e-3;

    /** No speaker is faster than this many characters a second, nor slower than the next one. */
    private static final double FASTEST = 400;

    private static final double SLOWEST = 0.2;

    /** Seconds of audio. */
    public double seconds() {
        return samples / (double) sampleRate;
    }

    /** Seconds of work for a second of audio. */
    public double realTimeFactor() {
        return samples == 0 ? 0 : elapsedSeconds / seconds();
    }

    /**
     * Whether this can be speech: finite, not clipped away, of a length the text can have.
     *
     * @throws InvalidAudioException if it cannot
     */
    public void check() {
        if (samples == 0) {
            throw new InvalidAudioException(
                    "no audio came out: speak it again with another seed, or change the text");
        }
        if (notFinite > 0) {
            throw new InvalidAudioException(
                    notFinite
                            + " samples are not finite: the voice may be damaged, install it again");
        }
        if (clipped * 10 > samples) {
            throw new InvalidAudioException("the audio is clipped: lower the volume");
        }
        if (characters >= 4) {
            double rate = characters / seconds();
            if (rate > FASTEST || rate < SLOWEST) {
                throw new InvalidAudioException(
                        String.format(
                                Locale.ROOT,
                                "%.2f s of audio cannot be %d characters of speech: speak it again with"
                                        + " another seed; if that does not help, the voice is"
                                        + " damaged",
                                seconds(),
                                characters));
            }
        }
    }

    /** Whether nothing can be heard. A volume of 0 makes it so on purpose. */
    public boolean silent() {
        return peak < SILENCE;
    }

    static final class Builder {
        private final int sampleRate;
        private final long start = System.nanoTime();
        private long samples;
        private int chunks;
        private int sentences;
        private long characters;
        private double peak;
        private double squares;
        private long clipped;
        private long notFinite;
        private long first;
        private long end;

        Builder(int sampleRate) {
            this.sampleRate = sampleRate;
        }

        void add(AudioChunk chunk) {
            if (chunks++ == 0) {
                first = System.nanoTime();
            }
            if (chunk.lastOfSentence()) {
                sentences++;
                characters += chunk.text().length();
            }
            samples += chunk.samples().length;
            for (float v : chunk.samples()) {
                float a = Math.abs(v);
                if (!(a <= Float.MAX_VALUE)) {
                    notFinite++;
                    continue;
                }
                peak = Math.max(peak, a);
                squares += (double) v * v;
                if (a >= 1f) {
                    clipped++;
                }
            }
        }

        void end() {
            end = System.nanoTime();
        }

        SpeechReport build() {
            long now = end == 0 ? System.nanoTime() : end;
            return new SpeechReport(
                    sampleRate,
                    samples,
                    chunks,
                    sentences,
                    characters,
                    peak,
                    samples == 0 ? 0 : Math.sqrt(squares / samples),
                    clipped,
                    notFinite,
                    (first == 0 ? 0 : first - start) * 1e-9,
                    (now - start) * 1e-9);
        }
    }
}
