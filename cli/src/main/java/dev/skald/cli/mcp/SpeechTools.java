package dev.skald.cli.mcp;

import dev.skald.AudioChunk;
import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.Skald;
import dev.skald.SkaldException;
import dev.skald.Speech;
import dev.skald.SpeechReport;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.cli.speak.Player;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema.AudioContent;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.io.ByteArrayOutputStream;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The tools that an assistant may call. Failures are results that say what to do. */
final class SpeechTools {
    /** Longer texts make audio that no assistant's context takes. */
    private static final int MOST_CHARACTERS = 5_000;

    private final Skald skald;

    SpeechTools(Skald skald) {
        this.skald = skald;
    }

    List<SyncToolSpecification> all() {
        return List.of(
                tool(
                        "speak",
                        "Speaks a text with a local voice. Gives the audio as MP3, or plays it on"
                                + " this machine's loudspeaker if 'play' is true.",
                        List.of("text"),
                        speakProperties(),
                        this::speak),
                tool(
                        "list_voices",
                        "Lists the voices that speak can use: id, language, mode, speakers.",
                        List.of(),
                        Map.of(),
                        arguments -> listVoices()));
    }

    private static Map<String, Object> speakProperties() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put(
                "text",
                Map.of(
                        "type",
                        "string",
                        "description",
                        "What to say.",
                        "minLength",
                        1,
                        "maxLength",
                        MOST_CHARACTERS));
        all.put(
                "voice",
                Map.of("type", "string", "description", "A voice's id, as list_voices has it."));
        all.put("mode", Map.of("type", "string", "enum", List.of("auto", "fast", "cinematic")));
        all.put("language", Map.of("type", "string", "description", "Of the text: en, de ..."));
        all.put("speed", Map.of("type", "number", "minimum", 0.25, "maximum", 4));
        all.put(
                "play",
                Map.of("type", "boolean", "description", "Play it here; no audio is given."));
        return all;
    }

    private static SyncToolSpecification tool(
            String name,
            String description,
            List<String> required,
            Map<String, Object> properties,
            Function<Map<String, Object>, CallToolResult> work) {
        Map<String, Object> schema =
                Map.of(
                        "type",
                        "object",
                        "properties",
                        properties,
                        "required",
                        required,
                        "additionalProperties",
                        false);
        return SyncToolSpecification.builder()
                .tool(Tool.builder(name, schema).description(description).build())
                .callHandler(
                        (exchange, request) -> {
                            try {
                                Map<String, Object> given = request.arguments();
                                return work.apply(given == null ? Map.of() : given);
                            } catch (SkaldException e) {
                                return CallToolResult.builder()
                                        .addTextContent(String.valueOf(e.getMessage()))
                                        .isError(true)
                                        .build();
                            }
                        })
                .build();
    }

    private CallToolResult speak(Map<String, Object> given) {
        SpeechRequest request = request(given);
        boolean play = Boolean.TRUE.equals(given.get("play"));
        ByteArrayOutputStream audio = new ByteArrayOutputStream();
        try (Speech speech = skald.speak(request)) {
            SpeechReport report = play ? play(speech) : speech.writeTo(audio, "mp3");
            CallToolResult.Builder result =
                    CallToolResult.builder()
                            .addTextContent(
                                    String.format(
                                            Locale.ROOT,
                                            "%s %.2f s of speech, voice %s",
                                            play ? "played" : "made",
                                            report.seconds(),
                                            speech.voice().id()));
            if (!play) {
                String data = Base64.getEncoder().encodeToString(audio.toByteArray());
                result.addContent(AudioContent.builder(data, "audio/mpeg").build());
            }
            return result.build();
        }
    }

    private static SpeechReport play(Speech speech) {
        try (Player player = new Player(speech.sampleRate())) {
            for (AudioChunk chunk : speech) {
                player.play(chunk.samples());
            }
            player.drain();
        }
        SpeechReport report = speech.report();
        report.check();
        return report;
    }

    private SpeechRequest request(Map<String, Object> given) {
        String text = String.valueOf(given.getOrDefault("text", ""));
        if (text.length() > MOST_CHARACTERS) {
            throw new InvalidRequestException(
                    "the text is longer than "
                            + MOST_CHARACTERS
                            + " characters: speak it in parts");
        }
        SpeechRequest.Builder request = SpeechRequest.builder(text);
        if (given.get("voice") instanceof String voice) {
            // A request's voice may be a path too, which is not for an assistant to name.
            if (skald.voices().stream().noneMatch(v -> v.id().equals(voice))) {
                throw new InvalidRequestException(
                        "there is no voice of that id: list_voices lists those there are");
            }
            request.voice(voice);
        }
        if (given.get("mode") instanceof String mode) {
            request.mode(Mode.of(mode));
        }
        if (given.get("language") instanceof String language) {
            request.language(language);
        }
        if (given.get("speed") instanceof Number speed) {
            request.speed(speed.doubleValue());
        }
        return request.build();
    }

    private CallToolResult listVoices() {
        String lines =
                skald.voices().stream().map(SpeechTools::line).collect(Collectors.joining("\n"));
        return CallToolResult.builder()
                .addTextContent(lines.isEmpty() ? "no voice is installed" : lines)
                .build();
    }

    private static String line(Voice voice) {
        String speakers =
                voice.speakers().isEmpty()
                        ? ""
                        : ", speakers: " + String.join(" ", voice.speakers());
        return voice.id()
                + ": "
                + voice.language()
                + ", mode "
                + voice.mode()
                + ", "
                + voice.description()
                + speakers;
    }
}
