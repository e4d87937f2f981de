package dev.skald.server.elevenlabs;

import dev.skald.AudioChunk;
import dev.skald.Speech;
import dev.skald.SpeechRequest;
import dev.skald.server.http.ApiError;
import dev.skald.server.http.Departure;
import dev.skald.server.http.Exchange;
import dev.skald.server.http.WebSocketSession;
import dev.skald.server.speech.Caller;
import dev.skald.server.speech.PieceStream;
import dev.skald.server.speech.SpeechService;
import dev.skald.server.speech.TextPipe;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.Iterator;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A text that arrives in pieces over a WebSocket, and its audio. Each stretch up to a flush is one
 * speech, spoken sentence by sentence while it arrives; one follows the other.
 */
final class StreamContext {
    private static final System.Logger LOG = System.getLogger(StreamContext.class.getName());

    private final SpeechService speech;
    private final WebSocketSession session;
    private final @Nullable String id;
    private final SpeechSettings settings;
    private final int maxCharacters;
    private final Duration patience;
    private final Departure departure;
    private final Alignment alignment = new Alignment();
    private final BlockingQueue<TextPipe> stretches = new LinkedBlockingQueue<>();
    private final TextPipe last;
    private final Thread speaker;
    private volatile @Nullable TextPipe spoken;
    private @Nullable TextPipe open;
    private boolean closed;

    /**
     * @param id as the client calls it; null where there is only one
     * @param patience for how long a stretch waits for more text
     */
    StreamContext(
            SpeechService speech,
            WebSocketSession session,
            @Nullable String id,
            SpeechSettings settings,
            int maxCharacters,
            Duration patience) {
        this.speech = speech;
        this.session = session;
        this.id = id;
        this.settings = settings;
        this.maxCharacters = maxCharacters;
        this.patience = patience;
        last = new TextPipe(1, Duration.ZERO, session.share());
        departure = new Departure(session.departure());
        departure.onLeave(this::silence);
        speaker = Thread.ofVirtual().start(this::run);
    }

    /** More text. */
    void append(String text) {
        TextPipe pipe = open;
        if (pipe == null || pipe.ended()) {
            if (text.isBlank()) {
                return; // it only opens the context, or keeps it alive
            }
            if (closed || departure.left()) {
                return;
            }
            TextPipe fresh = new TextPipe(maxCharacters, patience, session.share());
            stretches.add(fresh);
            open = fresh;
            pipe = fresh;
        }
        pipe.append(text);
    }

    /** What was sent is to be spoken now. */
    void flush() {
        if (open != null) {
            open.end();
            open = null;
        }
    }

    /** No more comes; what was flushed is spoken to its end. */
    void finish() {
        flush();
        if (!closed) {
            closed = true;
            stretches.add(last);
        }
    }

    /**
     * The client closes it: what was not flushed is for nobody, nor is anything when it is closed
     * again.
     */
    void close() {
        if (open != null || closed) {
            departure.leave();
        }
        finish();
    }

    /** Nothing of it is wanted. */
    void cancel() {
        departure.leave();
        finish();
    }

    private void silence() {
        stretches.forEach(TextPipe::close);
        TextPipe now = spoken;
        if (now != null) {
            now.close();
        }
    }

    /** Whether it still speaks, or waits to. */
    boolean busy() {
        return open != null || spoken != null || !stretches.isEmpty();
    }

    /** Whether all is said and nothing more comes. */
    boolean done() {
        return !speaker.isAlive();
    }

    /** Whether its client calls it so. */
    boolean is(String name) {
        return name.equals(id);
    }

    /** Waits until all is said. */
    void join() throws InterruptedException {
        speaker.join();
    }

    private void run() {
        ApiError failure = null;
        try {
            for (TextPipe text = stretches.take(); text != last; text = stretches.take()) {
                spoken = text;
                if (failure == null && !departure.left()) {
                    failure = speak(text);
                }
                text.close();
                spoken = null;
            }
            send(last(failure));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, session.opening().id() + ": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, session.opening().id() + " failed", e);
            session.close(WebSocketSession.FAILED, "the server failed");
        } finally {
            departure.close();
        }
    }

    private @Nullable ApiError speak(TextPipe text) throws IOException {
        Exchange opening = session.opening();
        Caller caller =
                new Caller(
                        opening.id(),
                        opening.trace(),
                        opening.key(),
                        "elevenlabs-ws",
                        System.nanoTime(),
                        departure);
        SpeechRequest.Builder request = SpeechRequest.builder(text);
        Alignment.ask(request);
        try {
            speech.speak(caller, settings.request(request), this::send);
            return null;
        } catch (ApiError e) {
            // A stretch of signs alone has nothing to say, which is no fault.
            return "nothing_to_say".equals(e.code()) ? null : e;
        } catch (IOException e) {
            if (departure.left() && !session.departure().left()) {
                return null; // closed by its client, who listens to others
            }
            throw e;
        }
    }

    private void send(Speech said, Iterator<AudioChunk> chunks) throws IOException {
        PieceStream pieces =
                new PieceStream(
                        audio -> {
                            JsonNode times = alignment.millis();
                            ObjectNode message =
                                    Exchange.object()
                                            .put("audio", Base64.getEncoder().encodeToString(audio))
                                            .putNull("isFinal");
                            message.set("alignment", times);
                            message.set("normalizedAlignment", times);
                            send(message);
                        });
        settings.encoding().encode(said, chunks, pieces, alignment::add);
        pieces.flush();
        alignment.ended(said.report().seconds());
        said.report().check();
    }

    private static ObjectNode last(@Nullable ApiError failure) {
        ObjectNode message = Exchange.object().putNull("audio").put("isFinal", true);
        if (failure != null) {
            message.put("error", failure.code()).put("message", failure.message());
        }
        return message;
    }

    private void send(ObjectNode message) throws IOException {
        if (id != null) {
            message.put("contextId", id);
        }
        session.send(message);
    }
}
