package dev.skald.server.studio;

import dev.skald.server.http.ApiError;
import dev.skald.server.http.Exchange;
import dev.skald.server.http.Routes;
import dev.skald.server.speech.AudioFormats;
import dev.skald.server.speech.Caller;
import dev.skald.server.speech.Encoding;
import dev.skald.server.speech.SpeechService;
import dev.skald.spi.AudioEncoder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * {@code POST /studio/encode}: the samples that the page has, in a format that it cannot write, so
 * that a file is the very take that was heard. Coded into a file while they arrive; the file is
 * sent once it is whole, with what its head tells of its length.
 */
public final class Transcoding {
    /** What the page asks for and plays. */
    private static final int HERTZ = 24_000;

    private static final long MOST_BYTES = 1L << 30; // six hours
    private static final int BLOCK = 1 << 16;

    private final SpeechService speech;
    private final AudioFormats formats;

    public Transcoding(SpeechService speech, AudioFormats formats) {
        this.speech = speech;
        this.formats = formats;
    }

    public void addTo(Routes routes) {
        routes.add(
                new Routes.Route(
                        "POST",
                        "/studio/encode",
                        Studio.NAME,
                        false,
                        MOST_BYTES,
                        true,
                        Exchange::error,
                        this::encode));
    }

    private void encode(Exchange exchange) throws IOException {
        String format = exchange.query("format");
        Encoding encoding =
                formats.encoding(format == null ? "" : format, HERTZ)
                        .orElseThrow(
                                () ->
                                        ApiError.invalid(
                                                "format",
                                                "invalid_value",
                                                "'format' can be "
                                                        + String.join(", ", formats.files())
                                                        + " here"));
        Path file = Files.createTempFile("skald-take", null);
        try {
            speech.work(
                    Caller.of(exchange, "studio"),
                    () -> {
                        encode(exchange.stream(), encoding, file);
                        return file;
                    });
            exchange.head(encoding.mediaType());
            OutputStream body = exchange.body();
            Files.copy(file, body);
            body.close();
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static void encode(InputStream pcm, Encoding encoding, Path file) throws IOException {
        byte[] bytes = new byte[BLOCK];
        float[] samples = new float[BLOCK / 2];
        try (SeekableByteChannel channel = Files.newByteChannel(file, StandardOpenOption.WRITE);
                AudioEncoder encoder = encoding.encoder().open(channel, HERTZ)) {
            int n = pcm.readNBytes(bytes, 0, BLOCK);
            if (n < 2) {
                throw ApiError.invalid(
                        null, "invalid_audio", "send samples: 16 bits, mono, 24 kHz, no header");
            }
            for (; n > 1; n = pcm.readNBytes(bytes, 0, BLOCK)) {
                ByteBuffer block = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
                for (int i = 0; i < n / 2; i++) {
                    samples[i] = sample(block.getShort());
                }
                encoder.write(samples, 0, n / 2);
            }
        }
    }

    /** What is quantised to exactly this: from the middle of its step. */
    private static float sample(short quantised) {
        return (quantised + 0.5f * Integer.signum(quantised)) / Short.MAX_VALUE;
    }
}
