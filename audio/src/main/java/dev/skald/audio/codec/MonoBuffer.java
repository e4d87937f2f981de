package dev.skald.audio.codec;

import dev.skald.InvalidRequestException;
import java.util.Arrays;

/** Collects frames as one channel, up to the longest clip; grows with what really comes. */
final class MonoBuffer {
    private static final int MIN_RATE = 4000;
    private static final int MAX_RATE = 768_000;
    private static final int MAX_CHANNELS = 64;

    /** No more samples than {@link AudioClip#LONGEST_SECONDS} at this rate, whatever the clip's. */
    private static final int MEMORY_RATE = 48_000;

    private final String name;
    private final int rate;
    private final int channels;
    private final int longest;
    private float[] samples = new float[1 << 14];
    private int size;

    MonoBuffer(String name, int rate, int channels) {
        if (rate < MIN_RATE || rate > MAX_RATE) {
            throw new InvalidRequestException(
                    name + " has " + rate + " samples a second: convert it to 24000 or 48000");
        }
        if (channels < 1 || channels > MAX_CHANNELS) {
            throw new InvalidRequestException(
                    name + " has " + channels + " channels: convert it to one");
        }
        this.name = name;
        this.rate = rate;
        this.channels = channels;
        this.longest = AudioClip.LONGEST_SECONDS * Math.min(rate, MEMORY_RATE);
    }

    int channels() {
        return channels;
    }

    /** Refuses a clip that is said to have so many frames, before it is read. */
    void expect(long frames) {
        if (frames > longest) {
            throw tooLong();
        }
    }

    private InvalidRequestException tooLong() {
        return new InvalidRequestException(
                name
                        + " is longer than "
                        + longest / rate / 60
                        + " minutes: cut the part with the voice out of it");
    }

    /** The mean of one frame's channels. */
    void add(double sum) {
        double mean = sum / channels;
        if (!(Math.abs(mean) <= Float.MAX_VALUE)) {
            throw new InvalidRequestException(
                    name + " has samples that are not numbers: write it again");
        }
        if (size == samples.length) {
            if (size >= longest) {
                throw tooLong();
            }
            samples = Arrays.copyOf(samples, (int) Math.min(longest, 2L * size));
        }
        samples[size++] = (float) mean;
    }

    AudioClip clip() {
        if (size == 0) {
            throw new InvalidRequestException(name + " has no audio in it");
        }
        return new AudioClip(size == samples.length ? samples : Arrays.copyOf(samples, size), rate);
    }
}
