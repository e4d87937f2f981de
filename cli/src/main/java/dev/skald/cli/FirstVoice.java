package dev.skald.cli;

import dev.skald.Skald;
import dev.skald.SpeechRequest;
import dev.skald.spi.Availability;
import dev.skald.voices.VoiceInstaller;
import dev.skald.voices.VoiceLibrary;

/** The set-up of a fresh machine: a voice for a request that names none. */
final class FirstVoice {
    private FirstVoice() {}

    /** Installs the default voice if nothing can speak a request that leaves the voice open. */
    static void ensure(Main main, Skald skald, SpeechRequest request) {
        if (request.voice().isPresent() || request.model().isPresent()) {
            return;
        }
        if (skald.engines(request).values().stream().anyMatch(Availability::ready)) {
            return;
        }
        String id = VoiceLibrary.DEFAULT_VOICE;
        main.messages().info("skald: no voice is installed yet: installing " + id);
        InstallProgress progress = new InstallProgress(main.io, main.globals, main.messages());
        try {
            VoiceInstaller.of(main.globals.home(), main.globals.offline()).install(id, progress);
        } finally {
            progress.done();
        }
    }
}
