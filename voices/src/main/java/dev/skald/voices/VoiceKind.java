package dev.skald.voices;

import dev.skald.Mode;
import dev.skald.VoiceException;
import java.util.Locale;
import java.util.Optional;

/** What an installed thing is, which says who can use it. */
public enum VoiceKind {
    /** A Piper voice: {@code <id>.onnx} and {@code <id>.onnx.json}. */
    PIPER,
    /** A checkpoint of the Chatterbox family, with its built-in voice. */
    CHATTERBOX,
    /** A speaker cloned from a clip, spoken by a Chatterbox checkpoint. */
    CLONE,
    /** The weights that mark speech as synthetic; speaks nothing itself. */
    WATERMARK;

    /** The mode that speaks it; empty if it does not speak. */
    public Optional<Mode> mode() {
        return switch (this) {
            case PIPER -> Optional.of(Mode.FAST);
            case CHATTERBOX, CLONE -> Optional.of(Mode.CINEMATIC);
            case WATERMARK -> Optional.empty();
        };
    }

    /** The kind written as {@code name}. */
    public static VoiceKind of(String name) {
        for (VoiceKind kind : values()) {
            if (kind.toString().equals(name)) {
                return kind;
            }
        }
        throw new VoiceException("unknown kind of voice '" + name + "'");
    }

    /** As it is written in records: {@code piper}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
