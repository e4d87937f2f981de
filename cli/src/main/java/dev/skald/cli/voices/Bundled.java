package dev.skald.cli.voices;

import dev.skald.Voice;
import dev.skald.piper.BundledVoice;
import dev.skald.voices.VoiceInfo;
import dev.skald.voices.VoiceKind;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** The voices that come with Skald. */
public final class Bundled {
    private Bundled() {}

    public static List<VoiceInfo> voices() {
        return ServiceLoader.load(BundledVoice.class, Bundled.class.getClassLoader()).stream()
                .map(found -> info(found.get().about()))
                .toList();
    }

    /** The voice of that id, if it comes with Skald. */
    public static Optional<VoiceInfo> find(String id) {
        return voices().stream().filter(v -> v.id().equals(id)).findFirst();
    }

    private static VoiceInfo info(Voice voice) {
        return new VoiceInfo(
                voice.id(),
                VoiceKind.PIPER,
                voice.language(),
                voice.description(),
                voice.sampleRate(),
                voice.speakers(),
                voice.licence());
    }
}
