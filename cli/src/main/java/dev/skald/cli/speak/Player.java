package dev.skald.cli.speak;

import dev.skald.SkaldException;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.LineUnavailableException;
import javax.sound.sampled.SourceDataLine;

/** Plays mono PCM on the default sound device as it arrives. Used by one thread. */
public final class Player implements AutoCloseable {
    private final SourceDataLine line;

    public Player(int sampleRate) {
        AudioFormat format = new AudioFormat(sampleRate, 16, 1, true, false);
        try {
            line = AudioSystem.getSourceDataLine(format);
            line.open(format);
        } catch (LineUnavailableException | IllegalArgumentException e) {
            throw new SkaldException("no sound device to play on: write a file with -o FILE", e);
        }
        line.start();
    }

    public void play(float[] samples) {
        byte[] bytes = new byte[samples.length * 2];
        for (int i = 0; i < samples.length; i++) {
            int v = (int) (Math.clamp(samples[i], -1f, 1f) * 32767f);
            bytes[2 * i] = (byte) v;
            bytes[2 * i + 1] = (byte) (v >> 8);
        }
        play(bytes, bytes.length);
    }

    /** 16-bit little-endian samples, whole ones. */
    void play(byte[] bytes, int length) {
        line.write(bytes, 0, length);
    }

    /** Waits for the last sample to be heard. */
    public void drain() {
        line.drain();
    }

    @Override
    public void close() {
        line.close();
    }
}
