package dev.skald.piper;

import dev.skald.SkaldHome;
import dev.skald.VoiceException;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.install.InstallListener;
import dev.skald.voices.install.VoiceInstaller;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/**
 * The default voice for tests: the one in the Skald home, or else one that is installed into the
 * build's own folder, once.
 */
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
        try {
            return VoiceInstaller.of(HOME, SkaldHome.offline())
                    .install(VoiceLibrary.DEFAULT_VOICE, InstallListener.NONE);
        } catch (VoiceException e) {
            return Assumptions.abort(e.getMessage());
        }
    }
}
