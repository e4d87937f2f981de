package dev.skald.audio.codec;

import dev.skald.InvalidRequestException;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import org.kc7bfi.jflac.ChannelData;
import org.kc7bfi.jflac.FLACDecoder;
import org.kc7bfi.jflac.frame.Frame;
import org.kc7bfi.jflac.metadata.StreamInfo;

/** FLAC, decoded by jFLAC. */
final class FlacReader {
    private static final int STREAM_INFO = 34;

    private FlacReader() {}

    static AudioClip read(String name, InputStream file) throws IOException {
        FLACDecoder decoder = new FLACDecoder(bare(name, file));
        StreamInfo info = decoder.readStreamInfo();
        decoder.readMetadata(info);
        int channels = info.getChannels();
        int bits = info.getBitsPerSample();
        MonoBuffer mono = new MonoBuffer(name, info.getSampleRate(), channels);
        if (bits < 4 || bits > 32) {
            throw new InvalidRequestException(name + " has samples of " + bits + " bits");
        }
        double scale = 1.0 / (1L << (bits - 1));
        for (Frame frame = decoder.readNextFrame();
                frame != null;
                frame = decoder.readNextFrame()) {
            ChannelData[] data = decoder.getChannelData();
            for (int i = 0; i < frame.header.blockSize; i++) {
                double sum = 0;
                for (int c = 0; c < channels; c++) {
                    sum += data[c].getOutput()[i];
                }
                mono.add(sum * scale);
            }
        }
        return mono.clip();
    }

    /**
     * The stream without any metadata but the first block: jFLAC would allocate what comments and
     * pictures claim to need.
     */
    private static InputStream bare(String name, InputStream file) throws IOException {
        DataInputStream in = new DataInputStream(file);
        byte[] head = new byte[8 + STREAM_INFO];
        try {
            in.readFully(head);
            boolean streamInfoFirst = (head[4] & 0x7f) == 0 && length(head, 5) == STREAM_INFO;
            if (!streamInfoFirst) {
                throw new InvalidRequestException(name + " has a damaged FLAC header");
            }
            boolean last = head[4] < 0;
            byte[] block = new byte[4];
            while (!last) {
                in.readFully(block);
                last = block[0] < 0;
                in.skipNBytes(length(block, 1));
            }
        } catch (EOFException e) {
            throw new InvalidRequestException(
                    name + " is cut off before its audio begins: copy it again", e);
        }
        head[4] = (byte) 0x80; // now it is the last block
        return new SequenceInputStream(new ByteArrayInputStream(head), in);
    }

    private static int length(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 16 | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff);
    }
}
