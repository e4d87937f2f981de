package dev.skald.server.speech;

import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.server.http.ApiError;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The voices a caller may name: each installed one by its id, a speaker of one as {@code
 * id#speaker}, and OpenAI's thirteen names, which mean voices that differ as long as there are
 * enough.
 */
public final class VoiceNames {
    /** OpenAI's voices. */
    public static final List<String> OPENAI =
            List.of(
                    "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage",
                    "shimmer", "verse", "marin", "cedar");

    /** Speakers of one voice that are given to OpenAI's names at most. */
    private static final int MOST_SPEAKERS = OPENAI.size();

    private static final char SPEAKER = '#';

    /** A voice and one of its speakers. */
    public record Choice(String voice, Optional<String> speaker) {
        static Choice of(Voice voice) {
            return new Choice(voice.id(), Optional.empty());
        }

        /** Has a request speak with it. */
        public void on(SpeechRequest.Builder request) {
            request.voice(voice);
            speaker.ifPresent(request::speaker);
        }
    }

    private VoiceNames() {}

    /**
     * What a name means among the installed voices.
     *
     * @param mode voices of this mode, unless it is AUTO
     * @return nothing if the caller named no voice, or one of OpenAI's and no voice is installed:
     *     the mode's own
     * @throws ApiError 400 if there is no such voice
     */
    static Optional<Choice> choose(Optional<String> name, Mode mode, List<Voice> installed) {
        if (name.isEmpty()) {
            return Optional.empty();
        }
        String wanted = name.get().strip();
        int hash = wanted.indexOf(SPEAKER);
        String id = hash < 0 ? wanted : wanted.substring(0, hash);
        for (Voice voice : installed) {
            if (voice.id().equals(id)) {
                return Optional.of(
                        new Choice(
                                id,
                                hash < 0
                                        ? Optional.empty()
                                        : Optional.of(wanted.substring(hash + 1))));
            }
        }
        int openai = OPENAI.indexOf(wanted.toLowerCase(Locale.ROOT));
        if (openai >= 0) {
            List<Choice> choices = distinct(mode, installed);
            return choices.isEmpty()
                    ? Optional.empty()
                    : Optional.of(choices.get(openai % choices.size()));
        }
        throw ApiError.invalid(
                "voice",
                "voice_not_found",
                "there is no voice '"
                        + shortened(wanted)
                        + "': GET /v1/audio/voices lists those there are");
    }

    private static String shortened(String name) {
        return name.length() <= 60 ? name : name.substring(0, 60) + "...";
    }

    /** English first, in the order of their names; speakers of one voice after all other voices. */
    private static List<Choice> distinct(Mode mode, List<Voice> installed) {
        List<Voice> voices =
                installed.stream()
                        .filter(v -> mode == Mode.AUTO || v.mode() == mode)
                        .sorted(
                                Comparator.comparing((Voice v) -> !v.language().startsWith("en"))
                                        .thenComparing(Voice::id))
                        .toList();
        List<Voice> english = voices.stream().filter(v -> v.language().startsWith("en")).toList();
        List<Choice> choices = new ArrayList<>();
        for (Voice voice : english.isEmpty() ? voices : english) {
            choices.add(Choice.of(voice));
        }
        for (Voice voice : english) {
            voice.speakers().stream()
                    .skip(1)
                    .limit(MOST_SPEAKERS)
                    .forEach(s -> choices.add(new Choice(voice.id(), Optional.of(s))));
        }
        return choices;
    }
}
