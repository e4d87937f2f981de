package dev.skald.server.wyoming;

import dev.skald.AudioChunk;
import dev.skald.InvalidRequestException;
import dev.skald.Skald;
import dev.skald.SkaldException;
import dev.skald.Speech;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.server.http.ApiError;
import dev.skald.server.http.Budget;
import dev.skald.server.http.Departure;
import dev.skald.server.speech.Caller;
import dev.skald.server.speech.Encoding;
import dev.skald.server.speech.PieceStream;
import dev.skald.server.speech.SpeechService;
import dev.skald.server.speech.TextPipe;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One client. Its events are read on one thread and spoken on another, one text after the other, so
 * that a client that leaves is noticed while it listens.
 *
 * <p>Text that streams ({@code synthesize-start}, {@code -chunk}, {@code -stop}) is spoken sentence
 * by sentence as it comes; the {@code synthesize} with the whole text that older servers need is
 * passed over.
 */
final class WyomingConnection {
    private static final int PIPE_CHARACTERS = 1_000_000;

    /** What a text that waits takes, beside its characters. */
    private static final long EVENT_BYTES = 1_024;

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final SpeechService speech;
    private final Encoding pcm;
    private final InputStream in;
    private final OutputStream out;
    private final Budget.Share share;
    private final ExecutorService threads;
    private final Departure departure = new Departure();
    private @Nullable TextPipe streaming;
    private @Nullable Future<?> speaking;

    /**
     * @param pcm at the voice's own rate
     * @param share of the memory for what the client sends
     */
    WyomingConnection(
            SpeechService speech,
            Encoding pcm,
            Socket socket,
            Budget.Share share,
            ExecutorService threads)
            throws IOException {
        this.speech = speech;
        this.share = share;
        this.pcm = pcm;
        this.threads = threads;
        in = new BufferedInputStream(socket.getInputStream());
        out = new BufferedOutputStream(socket.getOutputStream());
    }

    void run() throws IOException {
        try {
            for (WyomingEvent event = WyomingEvent.read(in, share);
                    event != null;
                    event = WyomingEvent.read(in, share)) {
                serve(event);
            }
        } catch (IOException e) {
            fail(e.getMessage(), "protocol-error");
            throw e;
        } finally {
            endStream();
            departure.leave();
        }
    }

    private void serve(WyomingEvent event) throws IOException {
        switch (event.type()) {
            case "describe" -> send(info());
            case "ping" -> send(WyomingEvent.of("pong", event.data()));
            case "synthesize" -> {
                if (streaming == null) {
                    String text = event.text("text");
                    speak(event, () -> SpeechRequest.builder(text), null);
                }
            }
            case "synthesize-start" -> {
                endStream();
                TextPipe pipe = new TextPipe(PIPE_CHARACTERS, PATIENCE, share);
                streaming = pipe;
                speak(event, () -> SpeechRequest.builder(pipe), pipe);
            }
            case "synthesize-chunk" -> {
                if (streaming != null) {
                    append(streaming, event.text("text"));
                }
            }
            case "synthesize-stop" -> endStream();
            default -> {
                // Events of later versions are not for us.
            }
        }
    }

    private void append(TextPipe pipe, String text) throws IOException {
        try {
            pipe.append(text);
        } catch (ApiError e) {
            fail(e.getMessage(), "bad-request");
            pipe.end();
        }
    }

    private void endStream() {
        TextPipe pipe = streaming;
        streaming = null;
        if (pipe != null) {
            pipe.end();
        }
    }

    /** Builds the request where an error can be told. */
    private interface Text {
        SpeechRequest.Builder request();
    }

    /**
     * @param stream where the text comes from piece by piece; null if it is there
     */
    private void speak(WyomingEvent event, Text text, @Nullable TextPipe stream)
            throws IOException {
        long held = EVENT_BYTES + 2L * event.text("text").length();
        if (!share.take(held)) {
            fail(Budget.spent().message(), "failed");
            if (stream != null) {
                streaming = null;
                send(WyomingEvent.of("synthesize-stopped", WyomingEvent.object()));
            }
            return;
        }
        Future<?> before = speaking;
        speaking =
                threads.submit(
                        () -> {
                            if (before != null) {
                                before.get();
                            }
                            speakNow(event, text);
                            share.give(held);
                            if (stream != null) {
                                stream.close();
                                send(WyomingEvent.of("synthesize-stopped", WyomingEvent.object()));
                            }
                            return null;
                        });
    }

    private void speakNow(WyomingEvent event, Text text) throws IOException {
        String id = "wyo_" + UUID.randomUUID().toString().replace("-", "");
        try (Departure caller = new Departure(departure)) {
            speech.speak(
                    new Caller(id, "-", "-", "wyoming", System.nanoTime(), caller),
                    request(event, text),
                    this::send);
        } catch (ApiError e) {
            fail(e.getMessage(), e.status() < 500 ? "bad-request" : "failed");
        } catch (SkaldException e) {
            fail(e.getMessage(), "bad-request");
        }
    }

    private void send(Speech spoken, Iterator<AudioChunk> chunks) throws IOException {
        ObjectNode format =
                WyomingEvent.object()
                        .put("rate", spoken.sampleRate())
                        .put("width", 2)
                        .put("channels", 1);
        send(WyomingEvent.of("audio-start", format));
        pcm.encode(
                spoken,
                chunks,
                new PieceStream(bytes -> send(new WyomingEvent("audio-chunk", format, bytes))));
        send(WyomingEvent.of("audio-stop", WyomingEvent.object()));
    }

    private SpeechRequest request(WyomingEvent event, Text text) {
        SpeechRequest.Builder request = text.request();
        String name = event.data().path("voice").path("name").asString("");
        String speaker = event.data().path("voice").path("speaker").asString("");
        String language = event.data().path("voice").path("language").asString("");
        String voice = voice(name, language);
        if (voice != null) {
            request.voice(voice);
        }
        if (!speaker.isEmpty()) {
            request.speaker(speaker);
        }
        return request.build();
    }

    /** The voice of that name, or the first of that language; null for the one of the house. */
    private @Nullable String voice(String name, String language) {
        List<Voice> voices = speech.skald().voices();
        if (!name.isEmpty()) {
            return voices.stream()
                    .map(Voice::id)
                    .filter(name::equals)
                    .findFirst()
                    .orElseThrow(
                            () ->
                                    new InvalidRequestException(
                                            "there is no voice of that name: 'describe' lists"
                                                    + " those there are"));
        }
        String wanted = tag(language);
        if (wanted.isEmpty()) {
            return null;
        }
        return voices.stream()
                .filter(v -> tag(v.language()).startsWith(wanted))
                .map(Voice::id)
                .findFirst()
                .orElse(null);
    }

    private static String tag(String language) {
        return language.replace('_', '-').toLowerCase(Locale.ROOT);
    }

    private WyomingEvent info() {
        ObjectNode data = WyomingEvent.object();
        for (String kind : List.of("asr", "handle", "intent", "wake", "mic", "snd")) {
            data.putArray(kind);
        }
        ObjectNode program =
                data.putArray("tts")
                        .addObject()
                        .put("name", "skald")
                        .put("description", "Local neural speech")
                        .put("installed", true)
                        .put("version", version())
                        .put("supports_synthesize_streaming", true);
        attribution(program, "Skald");
        ArrayNode voices = program.putArray("voices");
        for (Voice voice : speech.skald().voices()) {
            ObjectNode node =
                    voices.addObject()
                            .put("name", voice.id())
                            .put("description", voice.description())
                            .put("installed", true)
                            .putNull("version");
            attribution(node, voice.licence());
            node.putArray("languages").add(voice.language());
            if (!voice.speakers().isEmpty()) {
                ArrayNode speakers = node.putArray("speakers");
                voice.speakers().forEach(s -> speakers.addObject().put("name", s));
            }
        }
        return WyomingEvent.of("info", data);
    }

    private static String version() {
        String version = Skald.class.getPackage().getImplementationVersion();
        return version == null ? "0" : version;
    }

    private static void attribution(ObjectNode node, String name) {
        node.putObject("attribution").put("name", name).put("url", "");
    }

    private void fail(@Nullable String message, String code) throws IOException {
        send(
                WyomingEvent.of(
                        "error", WyomingEvent.object().put("text", message).put("code", code)));
    }

    private void send(WyomingEvent event) throws IOException {
        synchronized (out) {
            event.write(out);
        }
    }
}
