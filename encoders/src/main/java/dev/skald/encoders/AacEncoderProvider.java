package dev.skald.encoders;

import dev.skald.spi.AudioEncoder;
import dev.skald.spi.AudioEncoderProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * AAC in ADTS, mono, by the {@code ffmpeg} on the path; no format at all where there is none. A
 * decoder gives 1,024 samples of silence before the audio, which ADTS cannot tell it to leave out.
 */
public final class AacEncoderProvider implements AudioEncoderProvider {
    private final Optional<Path> ffmpeg;

    public AacEncoderProvider() {
        this(Ffmpeg.PROGRAM);
    }

    AacEncoderProvider(Optional<Path> ffmpeg) {
        this.ffmpeg = ffmpeg;
    }

    @Override
    public List<String> formats() {
        return ffmpeg.isPresent() ? List.of("aac") : List.of();
    }

    @Override
    public String mediaType() {
        return "audio/aac";
    }

    @Override
    public AudioEncoder open(SeekableByteChannel file, int sampleRate) throws IOException {
        return open(Channels.newOutputStream(file), sampleRate);
    }

    @Override
    public AudioEncoder open(OutputStream pipe, int sampleRate) throws IOException {
        return new AacEncoder(ffmpeg.orElseThrow(), pipe, sampleRate);
    }
}
