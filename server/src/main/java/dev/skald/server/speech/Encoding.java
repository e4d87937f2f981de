package dev.skald.server.speech;

import dev.skald.AudioChunk;
import dev.skald.Speech;
import dev.skald.audio.resample.StreamResampler;
import dev.skald.spi.AudioEncoder;
import dev.skald.spi.AudioEncoderProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Iterator;

/**
 * How audio is sent.
 *
 * @param mediaType as the response names it
 * @param rate hertz; 0 for the voice's own
 */
public record Encoding(String mediaType, AudioEncoderProvider encoder, int rate) {
    /** Is shown each chunk before its audio is encoded. */
    @FunctionalInterface
    public interface Watcher {
        void see(AudioChunk chunk) throws IOException;
    }

    /** Encodes a speech as it is made; the stream below is flushed after each chunk. */
    public void encode(Speech speech, Iterator<AudioChunk> chunks, OutputStream to)
            throws IOException {
        encode(speech, chunks, to, chunk -> {});
    }

    /** The same, for one who wants more of the chunks than their audio. */
    public void encode(Speech speech, Iterator<AudioChunk> chunks, OutputStream to, Watcher watcher)
            throws IOException {
        int hertz = rate == 0 ? speech.sampleRate() : rate;
        try (AudioEncoder audio = encoder.open(to, hertz)) {
            encode(speech, chunks, hertz, audio, to, watcher);
        }
    }

    /** Encodes all of it, with its true length in the head where the format has one. */
    public byte[] whole(Speech speech, Iterator<AudioChunk> chunks) throws IOException {
        int hertz = rate == 0 ? speech.sampleRate() : rate;
        MemoryChannel file = new MemoryChannel();
        try (AudioEncoder audio = encoder.open(file, hertz)) {
            encode(speech, chunks, hertz, audio, OutputStream.nullOutputStream(), chunk -> {});
        }
        return file.bytes();
    }

    private static void encode(
            Speech speech,
            Iterator<AudioChunk> chunks,
            int hertz,
            AudioEncoder audio,
            OutputStream below,
            Watcher watcher)
            throws IOException {
        StreamResampler resampler = new StreamResampler(speech.sampleRate(), hertz);
        while (chunks.hasNext()) {
            AudioChunk chunk = chunks.next();
            watcher.see(chunk);
            // In pieces, for a slow reader holds what is being encoded.
            float[] samples = chunk.samples();
            int piece = speech.sampleRate() / 4;
            for (int i = 0; i < samples.length; i += piece) {
                int length = Math.min(piece, samples.length - i);
                float[] resampled = resampler.push(samples, i, length);
                audio.write(resampled, 0, resampled.length);
            }
            below.flush();
        }
        float[] rest = resampler.finish();
        audio.write(rest, 0, rest.length);
    }
}
