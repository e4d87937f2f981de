package dev.skald.cli.speak;

import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.Speech;
import dev.skald.cli.console.Messages;
import java.util.List;
import java.util.Locale;

/**
 * What was asked for and what speaks does not know: told once, and under {@code --strict} an error.
 */
final class Wishes {
    /** What a voice of 22,050 Hz comes to, whatever more is asked for. */
    private static final double FASTEST = 2.2;

    private Wishes() {}

    /**
     * @throws InvalidRequestException under {@code --strict}
     */
    static void check(SpeechOptions options, Speech speech, Messages messages) {
        Mode mode = speech.choice().mode();
        List<String> dropped = options.foreignTo(mode);
        if (!dropped.isEmpty()) {
            tell(
                    options,
                    messages,
                    String.join(", ", dropped)
                            + (dropped.size() == 1 ? " has" : " have")
                            + " no effect: mode "
                            + mode
                            + " speaks ("
                            + speech.choice().reason()
                            + ")");
        }
        if (mode == Mode.FAST && options.speed != null && options.speed > FASTEST) {
            tell(
                    options,
                    messages,
                    "--speed "
                            + options.speed
                            + " is more than mode fast reaches: about "
                            + FASTEST
                            + " times a voice's own pace, for a sound lasts at least 12 ms");
        }
        String voice = speech.voice().language();
        if (options.language != null
                && !voice.isEmpty()
                && !voice.equals("mul")
                && !primary(options.language).equals(primary(voice))) {
            tell(
                    options,
                    messages,
                    "voice "
                            + speech.voice().id()
                            + " speaks "
                            + voice
                            + ", not "
                            + options.language
                            + " (skald voices list --language "
                            + primary(options.language)
                            + ")");
        }
    }

    private static void tell(SpeechOptions options, Messages messages, String line) {
        if (options.strict) {
            throw new InvalidRequestException(line);
        }
        messages.warn(line);
    }

    private static String primary(String language) {
        return language.split("[-_]", 2)[0].toLowerCase(Locale.ROOT);
    }
}
