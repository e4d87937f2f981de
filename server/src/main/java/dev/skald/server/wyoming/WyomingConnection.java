package dev.skald.server.wyoming;

import dev.skald.AudioChunk;
import dev.skald.InvalidRequestException;
import dev.skald.Skald;
import dev.skald.SkaldException;
import dev.skald.Speech;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.server.admission.Admission;
import dev.skald.server.http.ApiError;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.Reader;
import java.io.Writer;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
    private static final System.Logger LOG = System.getLogger(WyomingConnection.class.getName());
    private static final int PIPE_CHARACTERS = 65_536;

    private final Skald skald;
    private final Admission admission;
    private final InputStream in;
    private final OutputStream out;
    private final ExecutorService threads;
    private final List<Runnable> leavers = new ArrayList<>();
    private boolean gone;
    private @Nullable Writer streaming;
    private @Nullable Future<?> speaking;

    WyomingConnection(Skald skald, Admission admission, Socket socket, ExecutorService threads)
            throws IOException {
        this.skald = skald;
        this.admission = admission;
        this.threads = threads;
        in = new BufferedInputStream(socket.getInputStream());
        out = new BufferedOutputStream(socket.getOutputStream());
    }

    void run() throws IOException {
        try {
            for (WyomingEvent event = WyomingEvent.read(in);
                    event != null;
                    event = WyomingEvent.read(in)) {
                serve(event);
            }
        } catch (IOException e) {
            fail(e.getMessage(), "protocol-error");
            throw e;
        } finally {
            leave();
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
                PipedWriter writer = new PipedWriter();
                Reader reader = new PipedReader(writer, PIPE_CHARACTERS);
                streaming = writer;
                speak(event, () -> SpeechRequest.builder(reader), reader);
            }
            case "synthesize-chunk" -> {
                Writer writer = streaming;
                if (writer != null) {
                    try {
                        writer.write(event.text("text"));
                        writer.flush();
                    } catch (IOException e) {
                        // The speech has failed and was told of: the rest is for nobody.
                        LOG.log(System.Logger.Level.DEBUG, "Wyoming: " + e.getMessage());
                    }
                }
            }
            case "synthesize-stop" -> endStream();
            default -> {
                // Events of later versions are not for us.
            }
        }
    }

    private void endStream() throws IOException {
        Writer writer = streaming;
        streaming = null;
        if (writer != null) {
            writer.close();
        }
    }

    /** Builds the request where an error can be told. */
    private interface Text {
        SpeechRequest.Builder request();
    }

    /**
     * @param stream where the text comes from piece by piece; null if it is there
     */
    private void speak(WyomingEvent event, Text text, @Nullable Reader stream) {
        Future<?> before = speaking;
        speaking =
                threads.submit(
                        () -> {
                            if (before != null) {
                                before.get();
                            }
                            speakNow(event, text);
                            if (stream != null) {
                                stream.close();
                                send(WyomingEvent.of("synthesize-stopped", WyomingEvent.object()));
                            }
                            return null;
                        });
    }

    private void speakNow(WyomingEvent event, Text text) throws IOException {
        try (Admission.Place place = admission.enter(this::onLeave);
                Speech speech = skald.speak(request(event, text))) {
            onLeave(speech::cancel);
            ObjectNode format =
                    WyomingEvent.object()
                            .put("rate", speech.sampleRate())
                            .put("width", 2)
                            .put("channels", 1);
            boolean started = false;
            for (AudioChunk chunk : speech) {
                if (!started) {
                    send(WyomingEvent.of("audio-start", format));
                    started = true;
                }
                if (chunk.samples().length > 0) {
                    send(new WyomingEvent("audio-chunk", format, pcm(chunk.samples())));
                }
            }
            if (!started) {
                fail("there is no word and no number in the text", "nothing-to-say");
                return;
            }
            send(WyomingEvent.of("audio-stop", WyomingEvent.object()));
        } catch (ApiError | SkaldException e) {
            fail(e.getMessage(), e instanceof InvalidRequestException ? "bad-request" : "failed");
        } finally {
            synchronized (leavers) {
                leavers.clear();
            }
        }
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
        List<Voice> voices = skald.voices();
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
        for (Voice voice : skald.voices()) {
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

    private static byte[] pcm(float[] samples) {
        byte[] bytes = new byte[2 * samples.length];
        for (int i = 0; i < samples.length; i++) {
            int v = (int) (Math.clamp(samples[i], -1f, 1f) * 32767f);
            bytes[2 * i] = (byte) v;
            bytes[2 * i + 1] = (byte) (v >> 8);
        }
        return bytes;
    }

    private void onLeave(Runnable then) {
        synchronized (leavers) {
            if (!gone) {
                leavers.add(then);
                return;
            }
        }
        then.run();
    }

    private void leave() throws IOException {
        List<Runnable> all;
        synchronized (leavers) {
            gone = true;
            all = List.copyOf(leavers);
        }
        endStream();
        all.forEach(Runnable::run);
    }
}
