package dev.skald.voices;

import dev.skald.Mode;
import dev.skald.Voice;
import dev.skald.VoiceException;
import java.util.List;

/**
 * What is told of a voice or model, installed or not.
 *
 * @param id what a person calls it, also the name of its folder: {@code en_US-joe-medium}
 * @param kind what it is
 * @param language the voice's own form: {@code en_US}; empty if it has none
 * @param description one line
 * @param sampleRate hertz of its audio; 0 if it makes none
 * @param speakers the names of its speakers, in id order; empty for a single speaker
 * @param licence as its publisher states it; {@link #UNKNOWN_LICENCE} if it does not
 */
public record VoiceInfo(
        String id,
        VoiceKind kind,
        String language,
        String description,
        int sampleRate,
        List<String> speakers,
        String licence) {

    public static final String UNKNOWN_LICENCE = "unknown";

    private static final int MAX_ID = 100;

    public VoiceInfo {
        checkId(id);
        speakers = List.copyOf(speakers);
    }

    public VoiceInfo withLicence(String stated) {
        return new VoiceInfo(id, kind, language, description, sampleRate, speakers, stated);
    }

    /** As engines tell of it. */
    public Voice toVoice() {
        return new Voice(
                id,
                kind.mode().orElse(Mode.AUTO),
                language,
                description,
                sampleRate,
                speakers,
                licence);
    }

    /**
     * Checks that {@code id} can name a voice: letters, digits, {@code _ - .}, first a letter or a
     * digit, at most 100 characters. So it is one path element on every system.
     *
     * @throws VoiceException if it cannot
     */
    public static void checkId(String id) {
        boolean good =
                !id.isEmpty() && id.length() <= MAX_ID && Character.isLetterOrDigit(id.charAt(0));
        for (int i = 0; good && i < id.length(); i++) {
            char c = id.charAt(i);
            good = Character.isLetterOrDigit(c) || c == '_' || c == '-' || c == '.';
        }
        if (!good || id.endsWith(".")) {
            throw new VoiceException(
                    "'"
                            + printable(id)
                            + "' cannot name a voice: use letters, digits, '_', '-' and '.'");
        }
    }

    /** Cut to a line's length, control characters replaced, for messages. */
    public static String printable(String text) {
        String cut = text.length() > MAX_ID ? text.substring(0, MAX_ID) + "..." : text;
        StringBuilder out = new StringBuilder(cut.length());
        cut.chars().forEach(c -> out.append(Character.isISOControl(c) ? '?' : (char) c));
        return out.toString();
    }
}
