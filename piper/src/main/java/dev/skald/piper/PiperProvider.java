package dev.skald.piper;

import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.engine.SteadyEngine;
import dev.skald.piper.vits.VitsNetwork;
import dev.skald.spi.Availability;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.spi.SpeechEngineProvider;
import dev.skald.voices.VoiceLibrary;
import java.util.Optional;

/** Piper voices: mode {@code fast}. */
public final class PiperProvider implements SpeechEngineProvider {
    @Override
    public String name() {
        return "piper";
    }

    @Override
    public Mode mode() {
        return Mode.FAST;
    }

    @Override
    public Availability availability(EngineContext context, SpeechRequest request) {
        Optional<VoiceFiles> files = VoiceFiles.find(context, request);
        if (files.isEmpty()) {
            return Availability.no(missing(request));
        }
        if (!PiperText.readable(files.get())) {
            return Availability.no(PiperText.NO_ESPEAK);
        }
        String id = files.get().id();
        return request.voice().isPresent()
                ? Availability.yes("'" + id + "' is a Piper voice").claiming().found(files.get())
                : Availability.yes(
                                "voice "
                                        + id
                                        + (files.get() instanceof VoiceFiles.Bundled
                                                ? " comes with Skald"
                                                : " is installed"))
                        .found(files.get());
    }

    @Override
    public SpeechEngine open(EngineContext context) {
        return SteadyEngine.open(context, c -> new PiperEngine(c, VitsNetwork::load));
    }

    /** Why there is no voice for a request. */
    static String missing(SpeechRequest request) {
        if (request.voice().isEmpty()) {
            return "no voice is installed (skald voices install "
                    + VoiceLibrary.DEFAULT_VOICE
                    + ")";
        }
        String name = printable(request.voice().get());
        return name.endsWith(".onnx")
                ? "there is no file " + name
                : "'" + name + "' is not an installed Piper voice (skald voices list)";
    }

    private static String printable(String name) {
        StringBuilder out = new StringBuilder();
        name.chars()
                .limit(200)
                .forEach(c -> out.append(Character.isISOControl(c) ? '?' : (char) c));
        return out.toString();
    }
}
