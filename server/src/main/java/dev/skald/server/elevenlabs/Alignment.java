package dev.skald.server.elevenlabs;

import dev.skald.AudioChunk;
import dev.skald.SpeechRequest;
import dev.skald.TimedText;
import dev.skald.Timestamps;
import dev.skald.server.http.Exchange;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * When which character is heard: those of a word, or of a sentence where a model tells no words,
 * share its time evenly, and the space behind it takes none.
 */
final class Alignment {
    private final List<TimedText> fresh = new ArrayList<>();
    private long toldMillis;
    private double offset;
    private boolean spaced = true;

    /** Asks for the times. */
    static void ask(SpeechRequest.Builder request) {
        request.timestamps(Timestamps.WORD);
    }

    /** A speech of so many seconds has ended: the times of the next one begin there. */
    void ended(double seconds) {
        offset += seconds;
    }

    /** Takes the times out of a chunk. */
    void add(AudioChunk chunk) {
        fresh.addAll(chunk.words());
    }

    /** Takes a character and its time. */
    private interface Sink {
        void add(String character, double start, double end);
    }

    /** Hands on what is new, once. */
    private void take(Sink to) {
        for (TimedText one : fresh) {
            if (!spaced) {
                to.add(" ", offset + one.startSeconds(), offset + one.startSeconds());
            }
            String shown = one.shown();
            int[] characters = shown.codePoints().toArray();
            int heard = shown.stripTrailing().codePointCount(0, shown.stripTrailing().length());
            double start = offset + one.startSeconds();
            double each = heard == 0 ? 0 : (offset + one.endSeconds() - start) / heard;
            for (int i = 0; i < characters.length; i++) {
                to.add(
                        Character.toString(characters[i]),
                        start + each * Math.min(i, heard),
                        start + each * Math.min(i + 1, heard));
            }
            spaced = heard < characters.length;
        }
        fresh.clear();
    }

    /** What is new, as HTTP tells it: in seconds from the begin; null if nothing is. */
    JsonNode seconds() {
        if (fresh.isEmpty()) {
            return NullNode.getInstance();
        }
        ObjectNode node = Exchange.object();
        ArrayNode characters = node.putArray("characters");
        ArrayNode starts = node.putArray("character_start_times_seconds");
        ArrayNode ends = node.putArray("character_end_times_seconds");
        take(
                (character, start, end) -> {
                    characters.add(character);
                    starts.add(Math.round(start * 1e3) / 1e3);
                    ends.add(Math.round(end * 1e3) / 1e3);
                });
        return node;
    }

    /**
     * What is new, as a WebSocket tells it: in milliseconds from the end of what was told before.
     */
    JsonNode millis() {
        if (fresh.isEmpty()) {
            return NullNode.getInstance();
        }
        ObjectNode node = Exchange.object();
        ArrayNode characters = node.putArray("chars");
        ArrayNode starts = node.putArray("charStartTimesMs");
        ArrayNode durations = node.putArray("charDurationsMs");
        long base = toldMillis;
        take(
                (character, start, end) -> {
                    long from = Math.round(start * 1e3);
                    toldMillis = Math.round(end * 1e3);
                    characters.add(character);
                    starts.add(from - base);
                    durations.add(toldMillis - from);
                });
        return node;
    }
}
