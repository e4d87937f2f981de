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
final class RemoteSpeech {
    private static final int HERTZ = 24_000; // of plain samples, by the contract
    private static final int BLOCK = 8_192;
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
    static void speak(
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
        String format = play || raw ? "pcm" : format(output == null ? "-" : output);
        String body = body(text(source, console.io()), options, format);
        RemoteSpeech speech = new RemoteSpeech(console, url(server));
        try (HttpCall call = speech.call(body)) {
            Interrupts.onInterrupt(call::abort);
            InputStream audio = call.body();
            if (play) {
                speech.play(audio);
            } else if (output == null || output.equals("-")) {
                speech.copy(audio, console.io().raw());
            } else {
                speech.write(audio, Path.of(output), format.equals("wav"));
            }
        }
        speech.told(
                play
                        ? "played"
                        : output == null || output.equals("-") ? "standard output" : output);
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

    private void copy(InputStream audio, OutputStream to) throws IOException {
        byte[] block = new byte[BLOCK];
        for (int n = audio.read(block); n >= 0; n = audio.read(block)) {
            to.write(block, 0, n);
            to.flush();
            heard(n);
        }
    }

    private void write(InputStream audio, Path file, boolean wav) throws IOException {
        try (WholeFile whole = WholeFile.beside(file)) {
            SeekableByteChannel channel = whole.channel();
            copy(audio, Channels.newOutputStream(channel));
            if (wav) {
                completeHead(channel);
            }
            whole.keep();
        }
    }

    /** The server did not know the length yet when it sent the head. */
    private static void completeHead(SeekableByteChannel wav) throws IOException {
        long size = Math.min(wav.size(), 0xFFFF_FFFFL);
        for (int[] at : new int[][] {{4, 8}, {40, 44}}) {
            ByteBuffer field = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
            field.putInt((int) (size - at[1])).flip();
            wav.position(at[0]).write(field);
        }
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
