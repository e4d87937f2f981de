package dev.skald.encoders;

import dev.skald.spi.AudioEncoder;
import dev.skald.spi.AudioEncoderProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.util.List;

/**
 * MP3 (MPEG-1, 2 and 2.5, layer III), mono, constant bit rate, by LAME. A file's first frame tells
 * players where the audio begins and ends; a pipe has 46 ms of silence at its begin at 24 kHz.
 */
public final class Mp3EncoderProvider implements AudioEncoderProvider {
    @Override
    public List<String> formats() {
        return List.of("mp3");
    }

    @Override
    public String mediaType() {
        return "audio/mpeg";
    }

    @Override
    public AudioEncoder open(SeekableByteChannel file, int sampleRate) throws IOException {
        return new Mp3Encoder(Channels.newOutputStream(file), file, sampleRate);
    }

    @Override
    public AudioEncoder open(OutputStream pipe, int sampleRate) throws IOException {
        return new Mp3Encoder(pipe, null, sampleRate);
    }
}
