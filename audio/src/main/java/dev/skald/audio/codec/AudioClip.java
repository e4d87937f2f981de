package dev.skald.audio.codec;

import dev.skald.InvalidRequestException;
import dev.skald.audio.Silence;
import dev.skald.audio.resample.Resampler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A recording in memory, its channels mixed to one.
 *
 * @param samples mono, nominally in [-1, 1]; the receiver owns the array
 * @param sampleRate hertz
 */
public record AudioClip(float[] samples, int sampleRate) {
    /** The longest recording that is read, in seconds. */
    public static final int LONGEST_SECONDS = 10 * 60;

    private static final long LARGEST_FILE = 2L << 30;
    private static final double SILENT_PEAK = 1e-3; // -60 dBFS
    private static final float FULL_SCALE = 0.9995f;
    private static final double QUIET_DECIBELS = 40;
    private static final double LEAST_VOICE = 1; // seconds
    private static final double STEADY_DECIBELS =
            1.5; // white noise has .3, a tone 0, a voice of Piper 10
    private static final int CLIPPED_RUN = 3;
    private static final double CLIPPED_SHARE = 0.01;

    /**
     * Reads a recording: WAV (PCM of 8 to 32 bits, float of 32 and 64), FLAC, MP3, OGG Vorbis, AIFF
     * or AU, told by its content. Integer samples are divided by their full scale (32,768 for 16
     * bits) and channels averaged, as librosa does.
     *
     * @throws InvalidRequestException in one line, if the file cannot be read, is of no such
     *     format, is damaged, or is longer than {@link #LONGEST_SECONDS}
     */
    public static AudioClip read(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                throw new InvalidRequestException(
                        Files.exists(file) ? file + " is not a file" : "there is no file " + file);
            }
            if (Files.size(file) > LARGEST_FILE) {
                throw new InvalidRequestException(
                        file + " is larger than 2 GB: cut the part with the voice out of it");
            }
            return ClipReader.read(file);
        } catch (java.nio.file.AccessDeniedException e) {
            throw new InvalidRequestException("no permission to read " + file, e);
        } catch (IOException e) {
            throw new InvalidRequestException(file + " cannot be read: " + ClipReader.reason(e), e);
        }
    }

    public double seconds() {
        return samples.length / (double) sampleRate;
    }

    /**
     * Checks that somebody can be heard in it: not silent (peak above -60 dBFS), not clipped (at
     * most one sample in a hundred in runs of three or more at full scale).
     *
     * @param name the clip's, for the message
     * @throws InvalidRequestException if not
     */
    public void requireAudible(String name) {
        float peak = 0;
        long clipped = 0;
        int run = 0;
        for (float sample : samples) {
            float level = Math.abs(sample);
            peak = Math.max(peak, level);
            run = level >= FULL_SCALE ? run + 1 : 0;
            if (run >= CLIPPED_RUN) {
                clipped += run == CLIPPED_RUN ? CLIPPED_RUN : 1;
            }
        }
        if (peak < SILENT_PEAK) {
            throw new InvalidRequestException(name + " is silent: record it again");
        }
        if (clipped > samples.length * CLIPPED_SHARE) {
            throw new InvalidRequestException(
                    name + " is clipped: record it again at a lower level");
        }
    }

    /**
     * The part to clone a voice from: more than half a second of quiet at either end is cut, down
     * to that. Quiet is what lies 40 dB below the loudest.
     *
     * @param name the clip's, for the message
     * @throws InvalidRequestException if nobody can be heard ({@link #requireAudible}), if less
     *     than a second of the first ten is louder than quiet, or if it is one steady sound, noise
     *     or a tone: the level of speech rises and falls with its syllables
     */
    public AudioClip voice(String name) {
        requireAudible(name);
        int[] span = Silence.span(samples, QUIET_DECIBELS);
        int margin = sampleRate / 2;
        int from = Math.max(0, span[0] - margin);
        int to = Math.min(samples.length, span[1] + margin);
        AudioClip voice =
                from == 0 && to == samples.length
                        ? this
                        : new AudioClip(Arrays.copyOfRange(samples, from, to), sampleRate);
        Activity activity = Activity.of(voice, QUIET_DECIBELS);
        if (activity.seconds() < LEAST_VOICE) {
            throw new InvalidRequestException(
                    name
                            + " has less than a second of voice in its first ten: cut the part with"
                            + " the voice out of it");
        }
        if (activity.spread() < STEADY_DECIBELS) {
            throw new InvalidRequestException(
                    name + " is one steady sound, noise or a tone: give a recording of a voice");
        }
        return voice;
    }

    /** The same recording at another rate; this one if it has it already. */
    public AudioClip at(Resampler resampler, int rate) {
        return rate == sampleRate ? this : new AudioClip(resampler.resample(samples), rate);
    }
}
