package dev.skald.server.openai;

import dev.skald.AudioChunk;
import dev.skald.InvalidRequestException;
import dev.skald.SkaldException;
import dev.skald.Speech;
import dev.skald.SpeechCancelledException;
import dev.skald.SpeechRequest;
import dev.skald.server.http.ApiError;
import dev.skald.server.http.Exchange;
import dev.skald.server.speech.AudioFormats;
import dev.skald.server.speech.Caller;
import dev.skald.server.speech.Encoding;
import dev.skald.server.speech.Models;
import dev.skald.server.speech.SpeechService;
import dev.skald.server.speech.Voices;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Iterator;
import tools.jackson.databind.JsonNode;

/** {@code POST /v1/audio/speech}: audio as it is made, or as server-sent events. */
final class SpeechRoute {
    /** Shorter texts are spoken before the first byte of a WAV leaves: its sizes are true then. */
    private static final int WHOLE_CHARACTERS = 60;

    /** Of what is plain samples, whatever the voice's own rate. */
    private static final int PLAIN_HERTZ = 24_000;

    private final SpeechService speech;
    private final AudioFormats formats;
    private final Models models;
    private final Voices voices;
    private final int maxCharacters;

    SpeechRoute(
            SpeechService speech,
            AudioFormats formats,
            Models models,
            Voices voices,
            int maxCharacters) {
        this.speech = speech;
        this.formats = formats;
        this.models = models;
        this.voices = voices;
        this.maxCharacters = maxCharacters;
    }

    void serve(Exchange exchange) throws IOException {
        JsonNode body = exchange.json();
        SpeechCall call = SpeechCall.of(body, maxCharacters);
        Encoding encoding = encoding(call.format());
        speech.speak(
                Caller.of(exchange, "openai"),
                request(call, body),
                (spoken, chunks) -> send(exchange, call, encoding, spoken, chunks));
    }

    private Encoding encoding(String format) {
        boolean plain = format.equals("wav") || format.equals("pcm");
        return formats.encoding(format, plain ? PLAIN_HERTZ : 0)
                .orElseThrow(
                        () ->
                                ApiError.invalid(
                                        "response_format",
                                        "invalid_value",
                                        "'response_format' can be "
                                                + String.join(", ", formats.names())
                                                + " here"));
    }

    /** What a body asks for, checked. */
    SpeechRequest request(JsonNode body) {
        return request(SpeechCall.of(body, maxCharacters), body);
    }

    private SpeechRequest request(SpeechCall call, JsonNode body) {
        Models.Choice model = models.choose(call.model());
        try {
            SpeechRequest.Builder request =
                    SpeechRequest.builder(call.input())
                            .speed(call.speed())
                            .timestamps(call.timestamps());
            model.on(request);
            voices.choose(call.voice(), model.mode()).ifPresent(v -> v.on(request));
            call.language().ifPresent(request::language);
            call.seed().ifPresent(request::seed);
            OwnKeys.apply(body, request);
            return request.build();
        } catch (InvalidRequestException e) {
            throw SpeechService.error(e);
        }
    }

    private static void send(
            Exchange exchange,
            SpeechCall call,
            Encoding encoding,
            Speech spoken,
            Iterator<AudioChunk> chunks)
            throws IOException {
        if (call.events()) {
            events(exchange, call, encoding, spoken, chunks);
        } else if (call.format().equals("wav") && call.input().length() <= WHOLE_CHARACTERS) {
            byte[] wav = encoding.whole(spoken, chunks);
            spoken.report().check();
            exchange.send(200, encoding.mediaType(), wav);
        } else {
            exchange.head(encoding.mediaType());
            OutputStream body = exchange.body();
            encoding.encode(spoken, chunks, body);
            spoken.report().check();
            body.close(); // only what is whole is ended
        }
    }

    private static void events(
            Exchange exchange,
            SpeechCall call,
            Encoding encoding,
            Speech spoken,
            Iterator<AudioChunk> chunks)
            throws IOException {
        exchange.head("text/event-stream");
        OutputStream body = exchange.body();
        EventStream events = new EventStream(body);
        try {
            encoding.encode(spoken, chunks, events.audio(), c -> events.words(c.words()));
            spoken.report().check();
            events.done(call.input(), spoken.report().seconds());
        } catch (SpeechCancelledException e) {
            throw e;
        } catch (SkaldException e) {
            // An event tells it: a stream that merely ended would look complete.
            events.failed(SpeechService.error(e));
        }
        body.close();
    }
}
