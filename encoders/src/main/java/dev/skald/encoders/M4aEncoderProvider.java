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
 * AAC in an MPEG-4 file, mono, by the {@code ffmpeg} on the path; no format at all where there is
 * none. The file tells where the audio begins, and ends with a whole frame; nothing leaves before
 * it is whole.
 */
public final class M4aEncoderProvider implements AudioEncoderProvider {
    private final Optional<Path> ffmpeg;

    public M4aEncoderProvider() {
        this(Ffmpeg.PROGRAM);
    }

    M4aEncoderProvider(Optional<Path> ffmpeg) {
        this.ffmpeg = ffmpeg;
    }

    @Override
    public List<String> formats() {
        return ffmpeg.isPresent() ? List.of("m4a") : List.of();
    }

    @Override
    public String mediaType() {
        return "audio/mp4";
    }

    @Override
    public AudioEncoder open(SeekableByteChannel file, int sampleRate) throws IOException {
        return open(Channels.newOutputStream(file), sampleRate);
    }

    @Override
    public AudioEncoder open(OutputStream pipe, int sampleRate) throws IOException {
        return new M4aEncoder(ffmpeg.orElseThrow(), pipe, sampleRate);
    }
}
