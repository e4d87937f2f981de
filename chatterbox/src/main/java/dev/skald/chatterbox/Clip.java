package dev.skald.chatterbox;

import dev.skald.InvalidAudioException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;

/**
 * A sound file as mono samples.
 *
 * @param samples in [-1, 1]
 * @param rate samples a second
 */
record Clip(float[] samples, int rate) {
    private static final int LONGEST_SECONDS = 600;

    /**
     * Reads what Java reads: WAV, AIFF and AU of any width and rate, and more with a plug-in of
     * {@code javax.sound.sampled} on the class path.
     *
     * @throws InvalidAudioException if the file is none of these, or too long
     */
    static Clip read(Path file) {
        try (AudioInputStream in = AudioSystem.getAudioInputStream(file.toFile())) {
            AudioFormat from = in.getFormat();
            int channels = from.getChannels();
            int rate = Math.round(from.getSampleRate());
            if (channels < 1 || channels > 32 || rate < 4000 || rate > 768_000) {
                throw new InvalidAudioException(
                        file + " has " + channels + " channels at " + rate + " Hz");
            }
            AudioFormat pcm =
                    new AudioFormat(
                            AudioFormat.Encoding.PCM_FLOAT,
                            from.getSampleRate(),
                            32,
                            channels,
                            4 * channels,
                            from.getSampleRate(),
                            false);
            try (AudioInputStream floats = AudioSystem.getAudioInputStream(pcm, in)) {
                long most = 4L * channels * rate * LONGEST_SECONDS;
                byte[] bytes =
                        floats.readNBytes(Math.toIntExact(Math.min(most + 4L * channels, 1 << 30)));
                if (bytes.length > most) {
                    throw new InvalidAudioException(
                            file + " is longer than 10 minutes: give 5 to 30 s of one speaker");
                }
                return new Clip(mono(bytes, channels), rate);
            }
        } catch (UnsupportedAudioFileException | IllegalArgumentException e) {
            throw new InvalidAudioException(
                    file + " is no sound file that can be read: convert it to WAV", e);
        } catch (IOException e) {
            throw new InvalidAudioException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static float[] mono(byte[] bytes, int channels) {
        FloatBuffer values = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        float[] samples = new float[values.remaining() / channels];
        for (int i = 0; i < samples.length; i++) {
            float sum = 0;
            for (int c = 0; c < channels; c++) {
                sum += values.get(i * channels + c);
            }
            samples[i] = sum / channels;
        }
        return samples;
    }
}
