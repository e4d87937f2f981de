package dev.skald.piper;

import dev.skald.SkaldHome;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceLibrary;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** The default voice for tests: installed in the Skald home, or in the build's own folder. */
final class RealVoice {
    /** Below the build's folder, shared by the modules. */
    static final Path HOME = Path.of("..", "target", "skald-home").toAbsolutePath().normalize();

    private RealVoice() {}

    /** The voice; where it cannot be had the test is skipped, and the reason told. */
    static InstalledVoice joe() {
        for (Path home : new Path[] {SkaldHome.folder(), HOME}) {
            Optional<InstalledVoice> voice = VoiceLibrary.at(home).find(VoiceLibrary.DEFAULT_VOICE);
            if (voice.isPresent()) {
                return voice.get();
            }
        }
        return Assumptions.abort(VoiceLibrary.DEFAULT_VOICE + " is not installed");
    }
}
