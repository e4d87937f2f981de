package dev.skald.voices;

import dev.skald.VoiceException;
import dev.skald.voices.io.Digest;
import dev.skald.voices.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The file {@code voice.json}. */
final class VoiceRecord {
    private static final int VERSION = 1;

    private VoiceRecord() {}

    static byte[] write(InstalledVoice voice) {
        VoiceInfo info = voice.info();
        return Json.write(
                json -> {
                    json.writeNumberProperty("version", VERSION);
                    json.writeStringProperty("id", info.id());
                    json.writeStringProperty("kind", info.kind().toString());
                    json.writeStringProperty("language", info.language());
                    json.writeStringProperty("description", info.description());
                    json.writeNumberProperty("sample_rate", info.sampleRate());
                    json.writeArrayPropertyStart("speakers");
                    info.speakers().forEach(json::writeString);
                    json.writeEndArray();
                    json.writeStringProperty("licence", info.licence());
                    json.writeStringProperty("source", voice.source());
                    json.writeStringProperty("installed", voice.installed());
                    json.writeArrayPropertyStart("files");
                    for (VoiceFile file : voice.files()) {
                        json.writeStartObject();
                        json.writeStringProperty("name", file.name());
                        json.writeNumberProperty("bytes", file.bytes());
                        json.writeStringProperty("sha256", file.sha256());
                        json.writeEndObject();
                    }
                    json.writeEndArray();
                });
    }

    static InstalledVoice read(Path record) throws IOException {
        Json json = Json.read(record, record.toString());
        if (json.requiredWhole("version", 0, Integer.MAX_VALUE) > VERSION) {
            throw new VoiceException(record + " was written by a newer Skald: update this one");
        }
        Path folder = java.util.Objects.requireNonNull(record.getParent());
        VoiceInfo info =
                new VoiceInfo(
                        json.requiredText("id"),
                        VoiceKind.of(json.requiredText("kind")),
                        json.text("language").orElse(""),
                        json.text("description").orElse(""),
                        (int) json.requiredWhole("sample_rate", 0, 768_000),
                        json.texts("speakers"),
                        json.text("licence").orElse(VoiceInfo.UNKNOWN_LICENCE));
        if (!folder.endsWith(info.id())) {
            throw new VoiceException(record + " tells of another voice, " + info.id());
        }
        List<VoiceFile> files =
                json.objects("files").stream()
                        .map(
                                f ->
                                        new VoiceFile(
                                                plainName(f.requiredText("name"), record),
                                                f.requiredWhole("bytes", 0, 1L << 50),
                                                sha256(f.requiredText("sha256"), record)))
                        .toList();
        return new InstalledVoice(
                info,
                folder,
                files,
                json.text("source").orElse(""),
                json.text("installed").orElse(""));
    }

    private static String sha256(String hex, Path record) {
        try {
            return new Digest(Digest.Algorithm.SHA256, hex).hex();
        } catch (IllegalArgumentException e) {
            throw new VoiceException(record + " has a bad digest", e);
        }
    }

    private static String plainName(String name, Path record) {
        if (name.isEmpty()
                || name.startsWith(".")
                || name.chars().anyMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ')) {
            throw new VoiceException(record + " names a file outside its folder");
        }
        return name;
    }
}
