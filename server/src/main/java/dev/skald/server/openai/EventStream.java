package dev.skald.server.openai;

import dev.skald.TimedText;
import dev.skald.server.http.ApiError;
import dev.skald.server.http.Exchange;
import dev.skald.server.speech.PieceStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Encoded audio as server-sent events: {@code speech.audio.delta} with base64, then {@code
 * speech.audio.done} with the usage. Before the audio of words whose times were asked for comes
 * {@code speech.audio.alignment}.
 */
final class EventStream {
    /** What OpenAI counts as a token of text, roughly, and of audio: 50 ms. */
    private static final int CHARACTERS_A_TOKEN = 4;

    private static final int TOKENS_A_SECOND = 20;

    private final OutputStream to;
    private final PieceStream audio = new PieceStream(this::delta);

    EventStream(OutputStream to) {
        this.to = to;
    }

    /** Where the audio goes: an event a chunk. */
    OutputStream audio() {
        return audio;
    }

    private void delta(byte[] piece) throws IOException {
        event(
                Exchange.object()
                        .put("type", "speech.audio.delta")
                        .put("audio", Base64.getEncoder().encodeToString(piece)));
    }

    /** The times of words whose audio has not left yet, before it. */
    void words(List<TimedText> words) throws IOException {
        if (words.isEmpty()) {
            return;
        }
        audio.flush();
        ObjectNode alignment = Exchange.object().put("type", "speech.audio.alignment");
        ArrayNode all = alignment.putArray("words");
        for (TimedText word : words) {
            all.addObject()
                    .put("text", word.text())
                    .put("start", word.startSeconds())
                    .put("end", word.endSeconds())
                    .put("offset", word.offset())
                    .put("length", word.length());
        }
        event(alignment);
    }

    void done(String input, double seconds) throws IOException {
        audio.flush();
        int in = Math.ceilDiv(input.length(), CHARACTERS_A_TOKEN);
        int out = (int) Math.ceil(seconds * TOKENS_A_SECOND);
        ObjectNode done = Exchange.object().put("type", "speech.audio.done");
        done.putObject("usage")
                .put("input_tokens", in)
                .put("output_tokens", out)
                .put("total_tokens", in + out);
        event(done);
    }

    void failed(ApiError error) throws IOException {
        event(Exchange.error(error).put("type", "error"));
    }

    private void event(ObjectNode data) throws IOException {
        to.write(("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
    }
}
