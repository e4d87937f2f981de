package dev.skald.server.elevenlabs;

import dev.skald.AudioChunk;
import dev.skald.Speech;
import dev.skald.SpeechRequest;
import dev.skald.server.http.Exchange;
import dev.skald.server.speech.Caller;
import dev.skald.server.speech.Encoding;
import dev.skald.server.speech.Json;
import dev.skald.server.speech.Models;
import dev.skald.server.speech.PieceStream;
import dev.skald.server.speech.SpeechService;
import dev.skald.server.speech.Voices;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Iterator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/text-to-speech/{voice}} and its kin. */
final class TextToSpeech {
    private final SpeechService speech;
    private final Models models;
    private final Voices voices;
    private final OutputFormats formats;
    private final int maxCharacters;

    TextToSpeech(
            SpeechService speech,
            Models models,
            Voices voices,
            OutputFormats formats,
            int maxCharacters) {
        this.speech = speech;
        this.models = models;
        this.voices = voices;
        this.formats = formats;
        this.maxCharacters = maxCharacters;
    }

    /** Sends the audio of a speech. */
    private interface Sender {
        void send(Encoding encoding, Speech spoken, Iterator<AudioChunk> chunks) throws IOException;
    }

    private void speak(Exchange exchange, boolean times, Sender sender) throws IOException {
        JsonNode body = exchange.json();
        String text = Json.text(body, "text", maxCharacters);
        SpeechSettings settings = SpeechSettings.of(exchange, body, models, voices, formats);
        SpeechRequest.Builder request = SpeechRequest.builder(text);
        if (times) {
            Alignment.ask(request);
        }
        speech.speak(
                Caller.of(exchange, "elevenlabs"),
                settings.request(request),
                (spoken, chunks) -> sender.send(settings.encoding(), spoken, chunks));
    }

    /** {@code /v1/text-to-speech/{voice}} and {@code .../stream}: audio as it is made. */
    void audio(Exchange exchange) throws IOException {
        speak(
                exchange,
                false,
                (encoding, spoken, chunks) -> {
                    exchange.head(encoding.mediaType());
                    OutputStream body = exchange.body();
                    encoding.encode(spoken, chunks, body);
                    spoken.report().check();
                    body.close(); // only what is whole is ended
                });
    }

    /** {@code .../stream/with-timestamps}: a line of JSON a chunk. */
    void lines(Exchange exchange) throws IOException {
        speak(
                exchange,
                true,
                (encoding, spoken, chunks) -> {
                    exchange.head("application/x-ndjson");
                    OutputStream body = exchange.body();
                    Alignment alignment = new Alignment();
                    PieceStream pieces =
                            new PieceStream(audio -> body.write(line(audio, alignment.seconds())));
                    encoding.encode(spoken, chunks, pieces, alignment::add);
                    pieces.flush();
                    spoken.report().check();
                    body.close();
                });
    }

    private static byte[] line(byte[] audio, JsonNode alignment) {
        ObjectNode line = Exchange.object();
        line.put("audio_base64", Base64.getEncoder().encodeToString(audio));
        line.set("alignment", alignment);
        line.set("normalized_alignment", alignment);
        return (line + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** {@code .../with-timestamps}: one object, its audio written as it is made. */
    void whole(Exchange exchange) throws IOException {
        speak(
                exchange,
                true,
                (encoding, spoken, chunks) -> {
                    exchange.head("application/json");
                    OutputStream body = exchange.body();
                    body.write(ascii("{\"audio_base64\":\""));
                    PieceStream pieces = new PieceStream(body::write);
                    OutputStream audio = Base64.getEncoder().wrap(pieces);
                    Alignment alignment = new Alignment();
                    encoding.encode(spoken, chunks, audio, alignment::add);
                    audio.close(); // its last letters
                    pieces.flush();
                    JsonNode times = alignment.seconds();
                    body.write(
                            ("\",\"alignment\":"
                                            + times
                                            + ",\"normalized_alignment\":"
                                            + times
                                            + "}\n")
                                    .getBytes(StandardCharsets.UTF_8));
                    spoken.report().check();
                    body.close();
                });
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
