package dev.skald.voices;

import dev.skald.VoiceException;
import dev.skald.voices.io.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What can be told of a Piper voice from its files, without loading it. */
public final class PiperFiles {
    private static final int MIN_ONNX = 1024;
    private static final int MAX_CARD = 1 << 16;
    public static final String CARD = "MODEL_CARD";

    private PiperFiles() {}

    /**
     * Reads a voice's configuration, and checks that its network can be one.
     *
     * @param licence as published, if that is known; else the model card's
     */
    public static VoiceInfo info(
            String id, Path onnx, Path config, Path card, Optional<String> licence)
            throws IOException {
        checkOnnx(onnx);
        Json json = Json.read(config, name(config));
        Json audio =
                json.object("audio")
                        .orElseThrow(() -> new VoiceException(name(config) + " has no 'audio'"));
        int rate = (int) audio.requiredWhole("sample_rate", 1000, 192_000);
        if (json.object("phoneme_id_map").isEmpty()) {
            throw new VoiceException(
                    name(config) + " has no 'phoneme_id_map': it is not a Piper voice's");
        }
        String language =
                json.object("language")
                        .flatMap(l -> l.text("code"))
                        .or(() -> json.object("espeak").flatMap(e -> e.text("voice")))
                        .orElse("");
        String quality = audio.text("quality").or(() -> json.text("quality")).orElse("");
        String dataset = json.text("dataset").orElse(id);
        String stated =
                licence.filter(l -> !l.equals(VoiceInfo.UNKNOWN_LICENCE))
                        .orElseGet(() -> licence(card).orElse(VoiceInfo.UNKNOWN_LICENCE));
        return new VoiceInfo(
                id,
                VoiceKind.PIPER,
                VoiceInfo.printable(language),
                VoiceInfo.printable((dataset + " " + quality).strip()),
                rate,
                speakers(json.object("speaker_id_map")),
                stated);
    }

    /** The names of a speaker map, in id order. */
    public static List<String> speakers(Optional<Json> map) {
        return map.map(
                        m ->
                                m.values().entrySet().stream()
                                        .filter(e -> e.getValue() instanceof Double)
                                        .sorted(Comparator.comparingDouble(PiperFiles::speakerId))
                                        .map(Map.Entry::getKey)
                                        .toList())
                .orElse(List.of());
    }

    private static double speakerId(Map.Entry<String, Object> entry) {
        return (Double) entry.getValue();
    }

    /** The line {@code * License: ...} of a model card. */
    public static Optional<String> licence(Path card) {
        if (!Files.isRegularFile(card)) {
            return Optional.empty();
        }
        try (InputStream in = Files.newInputStream(card)) {
            String text = new String(in.readNBytes(MAX_CARD), StandardCharsets.UTF_8);
            return licence(text);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    public static Optional<String> licence(String card) {
        Optional<String> stated = field(card, "licen");
        return stated.filter(l -> l.equalsIgnoreCase("see url"))
                .flatMap(l -> field(card, "url"))
                .map(url -> "see " + url)
                .or(() -> stated);
    }

    /** The value of the first line {@code * Name...: value}. */
    private static Optional<String> field(String card, String name) {
        return card.lines()
                .map(l -> l.replaceFirst("^[\\s*-]+", ""))
                .filter(l -> l.regionMatches(true, 0, name, 0, name.length()) && l.indexOf(':') > 0)
                .map(l -> VoiceInfo.printable(l.substring(l.indexOf(':') + 1).strip()))
                .filter(l -> !l.isEmpty())
                .findFirst();
    }

    /** An ONNX file is a protobuf message whose first field is the IR version, a varint. */
    private static void checkOnnx(Path onnx) throws IOException {
        try (InputStream in = Files.newInputStream(onnx)) {
            if (Files.size(onnx) < MIN_ONNX || in.read() != 0x08) {
                throw new VoiceException(name(onnx) + " is not an ONNX network");
            }
        }
    }

    private static String name(Path file) {
        Path name = file.getFileName();
        return name == null ? file.toString() : name.toString();
    }
}
