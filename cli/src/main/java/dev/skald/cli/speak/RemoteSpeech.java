package dev.skald.cli.speak;

import dev.skald.EngineUnavailableException;
import dev.skald.InvalidRequestException;
import dev.skald.SkaldException;
import dev.skald.cli.console.Console;
import dev.skald.cli.console.Interrupts;
import dev.skald.cli.console.Io;
import dev.skald.cli.launch.Launch;
import dev.skald.spi.WholeFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Reader;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A running server speaks. Nothing of an engine is loaded here, and as little as can be of all
 * else: who types a sentence should hear it at once.
 */
public final class RemoteSpeech {
    private static final int HERTZ = 24_000; // of plain samples, by the contract
    private static final int BLOCK = 8_192;
    private static final int WAV_HEAD = 44;
    private static final long UNKNOWN_SIZE = 0xFFFF_FFFFL; // until the stream ends
    private static final int MOST_ERROR_BYTES = 65_536;
    private static final int MOST_CHARACTERS = 100_000_000;

    private final Console console;
    private final URI url;
    private double firstAudio;
    private long bytes;

    private RemoteSpeech(Console console, URI url) {
        this.console = console;
        this.url = url;
    }

    /**
     * Speaks.
     *
     * @param output a file, {@code -}, or null
     * @throws EngineUnavailableException if there is no server
     */
    public static void speak(
            Console console,
            String server,
            TextSource source,
            SpeechOptions options,
            @Nullable String output,
            boolean play,
            boolean raw)
            throws IOException {
        if (play && output != null) {
            throw new InvalidRequestException("with --server, give either -o or --play");
        }
        List<String> foreign = options.foreignToServers();
        if (!foreign.isEmpty()) {
            throw new InvalidRequestException(
                    "a server takes no "
                            + String.join(", ", foreign)
                            + ": leave it out, or --server");
        }
        String to = output == null ? "-" : output;
        String format = play || raw ? "pcm" : format(to);
        // A WAV comes as samples, and its head from here: the server may wait for its true sizes.
        boolean wav = format.equals("wav");
        String body = body(text(source, console.io()), options, wav ? "pcm" : format);
        RemoteSpeech speech = new RemoteSpeech(console, url(server));
        try (HttpCall call = speech.call(body)) {
            Interrupts.onInterrupt(call::abort);
            InputStream audio = call.body();
            if (play) {
                speech.play(audio);
            } else if (to.equals("-")) {
                speech.copy(audio, console.io().raw(), wav);
            } else {
                speech.write(audio, Path.of(to), wav);
            }
        }
        speech.told(play ? "played" : to.equals("-") ? "standard output" : to);
    }

    private void told(String target) {
        console.messages()
                .info(
                        String.format(
                                Locale.ROOT,
                                "%s: %d bytes from %s, first audio %.2f s and all %.2f s after the"
                                        + " start",
                                target,
                                bytes,
                                url.getAuthority(),
                                firstAudio,
                                Launch.secondsSinceStart()));
    }

    private static URI url(String server) {
        String text = server.contains("://") ? server : "http://" + server;
        try {
            URI url = URI.create(text.endsWith("/") ? text : text + "/");
            if (url.getHost() != null && List.of("http", "https").contains(url.getScheme())) {
                return url;
            }
        } catch (IllegalArgumentException e) {
            // Told below.
        }
        throw new InvalidRequestException(
                "'" + server + "' is no address of a server: say http://127.0.0.1:8880");
    }

    private HttpCall call(String body) throws IOException {
        String key = System.getenv("SKALD_API_KEY");
        if (key != null && key.strip().chars().anyMatch(Character::isISOControl)) {
            throw new InvalidRequestException("SKALD_API_KEY is no key: it has several lines");
        }
        HttpCall call;
        try {
            call =
                    HttpCall.post(
                            url.resolve("v1/audio/speech"),
                            key,
                            body.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new EngineUnavailableException(
                    "there is no server at "
                            + url.getAuthority()
                            + " ("
                            + e.getMessage()
                            + "): start one with 'skald serve', or leave --server and SKALD_SERVER"
                            + " out",
                    e);
        }
        if (call.status() != 200) {
            try (call) {
                String told =
                        new String(
                                call.body().readNBytes(MOST_ERROR_BYTES), StandardCharsets.UTF_8);
                String line = "the server says: " + ErrorText.of(told, call.status());
                throw call.status() < 500
                        ? new InvalidRequestException(line)
                        : new SkaldException(line);
            }
        }
        return call;
    }

    private void play(InputStream audio) throws IOException {
        try (Player player = new Player(HERTZ)) {
            byte[] block = new byte[BLOCK];
            int have = 0;
            for (int n = audio.read(block); n >= 0; n = audio.read(block, have, BLOCK - have)) {
                have += n;
                heard(n);
                int whole = have & ~1;
                player.play(block, whole);
                block[0] = block[have - 1];
                have -= whole;
            }
            player.drain();
        }
    }

    private void copy(InputStream audio, OutputStream to, boolean wav) throws IOException {
        byte[] block = new byte[WAV_HEAD + BLOCK];
        int head = wav ? wavHead(block, UNKNOWN_SIZE) : 0;
        for (int n = audio.read(block, head, BLOCK); n >= 0; n = audio.read(block, 0, BLOCK)) {
            to.write(block, 0, head + n);
            to.flush();
            heard(head + n);
            head = 0;
        }
    }

    private void write(InputStream audio, Path file, boolean wav) throws IOException {
        try (WholeFile whole = WholeFile.beside(file)) {
            SeekableByteChannel channel = whole.channel();
            copy(audio, Channels.newOutputStream(channel), wav);
            if (wav) {
                byte[] head = new byte[WAV_HEAD];
                wavHead(head, Math.min(channel.size() - WAV_HEAD, UNKNOWN_SIZE));
                channel.position(0).write(ByteBuffer.wrap(head));
            }
            whole.keep();
        }
    }

    /** The head of a WAV of 16 bits, mono, with so many bytes of samples; its length. */
    private static int wavHead(byte[] into, long size) {
        ByteBuffer.wrap(into)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF".getBytes(StandardCharsets.US_ASCII))
                .putInt((int) Math.min(size + WAV_HEAD - 8, UNKNOWN_SIZE))
                .put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII))
                .putInt(16)
                .putShort((short) 1)
                .putShort((short) 1)
                .putInt(HERTZ)
                .putInt(2 * HERTZ)
                .putShort((short) 2)
                .putShort((short) 16)
                .put("data".getBytes(StandardCharsets.US_ASCII))
                .putInt((int) size);
        return WAV_HEAD;
    }

    private void heard(int n) {
        if (bytes == 0) {
            firstAudio = Launch.secondsSinceStart();
        }
        bytes += n;
    }

    private static String format(String output) {
        int dot = output.lastIndexOf('.');
        String ending = dot < 0 ? "wav" : output.substring(dot + 1).toLowerCase(Locale.ROOT);
        return ending.equals("raw") ? "pcm" : ending.equals("-") ? "wav" : ending;
    }

    private static String text(TextSource source, Io io) throws IOException {
        StringBuilder text = new StringBuilder();
        try (Reader reader = source.open(io)) {
            char[] block = new char[BLOCK];
            for (int n = reader.read(block); n >= 0; n = reader.read(block)) {
                text.append(block, 0, n);
                if (text.length() > MOST_CHARACTERS) {
                    throw new InvalidRequestException(
                            "the text is too long for a server: leave --server out");
                }
            }
        }
        return text.toString();
    }

    private static String body(String text, SpeechOptions options, String format) {
        StringBuilder json = new StringBuilder(text.length() + 200).append("{\"input\":");
        quote(json, text);
        field(json, "response_format", format);
        field(json, "model", options.model != null ? options.model : options.mode);
        if (options.voice != null) {
            field(
                    json,
                    "voice",
                    options.speaker == null
                            ? options.voice
                            : options.voice + "#" + options.speaker);
        } else if (options.speaker != null) {
            throw new InvalidRequestException("with --server, --speaker needs --voice");
        }
        if (options.language != null) {
            field(json, "language", options.language);
        }
        if (options.speed != null) {
            json.append(",\"speed\":").append(options.speed);
        }
        if (options.seed != null) {
            json.append(",\"seed\":").append(options.seed);
        }
        return json.append('}').toString();
    }

    private static void field(StringBuilder json, String name, String value) {
        json.append(",\"").append(name).append("\":");
        quote(json, value);
    }

    /** A JSON string; no library is loaded for it. */
    private static void quote(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }
}
