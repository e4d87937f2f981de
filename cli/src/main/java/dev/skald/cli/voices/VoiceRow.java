package dev.skald.cli.voices;

import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceFile;
import dev.skald.voices.VoiceInfo;
import java.util.Optional;
import tools.jackson.core.JsonGenerator;

/**
 * What is known of one id.
 *
 * @param bytes of its files; 0 for a voice that comes with Skald
 * @param bundled whether it comes with Skald, and that one is meant
 */
record VoiceRow(VoiceInfo info, long bytes, Optional<InstalledVoice> installed, boolean bundled) {

    static VoiceRow of(InstalledVoice voice) {
        return new VoiceRow(voice.info(), voice.bytes(), Optional.of(voice), false);
    }

    static VoiceRow bundled(VoiceInfo voice) {
        return new VoiceRow(voice, 0, Optional.empty(), true);
    }

    static VoiceRow available(VoiceInfo voice, long bytes) {
        return new VoiceRow(voice, bytes, Optional.empty(), false);
    }

    String mark() {
        return installed.isPresent() ? "*" : bundled ? "+" : " ";
    }

    String size() {
        return bundled ? "" : megabytes(bytes);
    }

    /** Piper's list has none; each voice's model card does. */
    String licence() {
        return installed.isEmpty() && !bundled && info.licence().equals(VoiceInfo.UNKNOWN_LICENCE)
                ? "told when installed"
                : info.licence();
    }

    /** A voice in a few words. */
    static String sentence(InstalledVoice voice) {
        return voice.id()
                + " ("
                + megabytes(voice.bytes())
                + (voice.info().sampleRate() > 0 ? ", " + voice.info().sampleRate() + " Hz" : "")
                + ", licence "
                + voice.info().licence()
                + ") from "
                + voice.source();
    }

    /** One object. */
    void write(JsonGenerator out) {
        out.writeStartObject();
        out.writeStringProperty("id", info.id());
        out.writeStringProperty("kind", info.kind().toString());
        out.writeStringProperty("language", info.language());
        out.writeStringProperty("description", info.description());
        out.writeNumberProperty("sample_rate", info.sampleRate());
        out.writeStringProperty("licence", info.licence());
        out.writeArrayPropertyStart("speakers");
        info.speakers().forEach(out::writeString);
        out.writeEndArray();
        out.writeNumberProperty("bytes", bytes);
        out.writeBooleanProperty("installed", installed.isPresent());
        out.writeBooleanProperty("bundled", bundled);
        if (installed.isPresent()) {
            InstalledVoice voice = installed.get();
            out.writeStringProperty("source", voice.source());
            out.writeStringProperty("installed_at", voice.installed());
            out.writeStringProperty("folder", voice.folder().toString());
            out.writeArrayPropertyStart("files");
            for (VoiceFile file : voice.files()) {
                out.writeStartObject();
                out.writeStringProperty("name", file.name());
                out.writeNumberProperty("bytes", file.bytes());
                out.writeStringProperty("sha256", file.sha256());
                out.writeEndObject();
            }
            out.writeEndArray();
        }
        out.writeEndObject();
    }

    private static String megabytes(long bytes) {
        return bytes < 1_000_000
                ? Math.ceilDiv(bytes, 1000) + " kB"
                : Math.round(bytes / 1e6) + " MB";
    }
}
