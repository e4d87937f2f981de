package dev.skald.voices.install;

import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.catalogue.Catalogue;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** An install in a process of its own: {@code HOME ENDPOINT ID}. */
final class InstallProcess {
    private InstallProcess() {}

    public static void main(String[] args) {
        Path home = Path.of(args[0]);
        HubSettings settings = HubSettings.of(Map.of("HF_ENDPOINT", args[1]), false);
        InstalledVoice voice =
                new VoiceInstaller(
                                VoiceLibrary.at(home),
                                Catalogue.of(home),
                                List.of(new HubSource(settings, false)))
                        .install(args[2], InstallListener.NONE);
        VoiceLibrary.at(home).verify(voice);
    }
}
