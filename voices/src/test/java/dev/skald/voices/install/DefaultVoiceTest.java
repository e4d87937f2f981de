package dev.skald.voices.install;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.SkaldHome;
import dev.skald.VoiceException;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceLibrary;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Installs the default voice for real, from whichever source this machine reaches, into the build's
 * own home; the tests of the modules after this one speak with it.
 */
class DefaultVoiceTest {
    static final Path HOME = Path.of("..", "target", "skald-home").toAbsolutePath().normalize();

    @Test
    void theDefaultVoiceInstallsAndIsWhole() {
        InstalledVoice voice;
        try {
            voice =
                    VoiceInstaller.of(HOME, SkaldHome.offline())
                            .install(VoiceLibrary.DEFAULT_VOICE, InstallListener.NONE);
        } catch (VoiceException e) {
            Assumptions.abort("no source of the default voice is reachable: " + e.getMessage());
            return;
        }
        VoiceLibrary.at(HOME).verify(voice);
        assertThat(voice.info().sampleRate()).isEqualTo(22_050);
        assertThat(voice.info().licence()).isEqualTo("CC0");
        assertThat(voice.bytes()).isGreaterThan(63_000_000);
    }
}
