package dev.skald.server.speech;

import dev.skald.Mode;
import dev.skald.Skald;
import dev.skald.Voice;
import dev.skald.server.http.ApiError;
import java.util.List;
import java.util.Optional;

/** The voices that callers may name. */
public final class Voices {
    private final Skald skald;
    private final VoiceStore store;

    public Voices(Skald skald, VoiceStore store) {
        this.skald = skald;
        this.store = store;
    }

    /** The installed and the uploaded ones. */
    public List<Voice> list() {
        return skald.voices();
    }

    /** One of them. */
    public Optional<Voice> find(String id) {
        return list().stream().filter(v -> v.id().equals(id)).findFirst();
    }

    /** What is known of an uploaded one. */
    public Optional<VoiceStore.Uploaded> uploaded(Voice voice) {
        return store.voice(voice.id());
    }

    /** What people call it. */
    public String name(Voice voice) {
        return uploaded(voice).map(VoiceStore.Uploaded::name).orElse(voice.id());
    }

    /**
     * What a name means: a voice's id, {@code id#speaker}, what an uploaded voice is called, or one
     * of OpenAI's names.
     *
     * @param mode voices of this mode, unless it is AUTO
     * @return nothing if the caller named no voice, or one of OpenAI's and no voice is installed:
     *     the mode's own
     * @throws ApiError 400 if there is no such voice
     */
    public Optional<VoiceNames.Choice> choose(Optional<String> name, Mode mode) {
        List<Voice> all = list();
        if (name.isPresent()) {
            Optional<Voice> called =
                    all.stream()
                            .filter(v -> uploaded(v).isPresent())
                            .filter(v -> name(v).equals(name.get().strip()))
                            .findFirst();
            if (called.isPresent()) {
                return called.map(VoiceNames.Choice::of);
            }
        }
        return VoiceNames.choose(name, mode, all);
    }
}
