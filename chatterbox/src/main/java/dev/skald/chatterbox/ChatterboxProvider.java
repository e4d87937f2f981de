package dev.skald.chatterbox;

import dev.skald.EngineUnavailableException;
import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.chatterbox.Installed.Speaker;
import dev.skald.engine.SteadyEngine;
import dev.skald.spi.Availability;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.spi.SpeechEngineProvider;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** The Chatterbox family: mode {@code cinematic}. */
public final class ChatterboxProvider implements SpeechEngineProvider {
    @Override
    public String name() {
        return "chatterbox";
    }

    @Override
    public Mode mode() {
        return Mode.CINEMATIC;
    }

    @Override
    public List<String> models() {
        return List.of("chatterbox", "turbo", "nano", "multilingual");
    }

    @Override
    public boolean hasModel(EngineContext context, String model) {
        return Installed.isModel(context, model);
    }

    @Override
    public Availability availability(EngineContext context, SpeechRequest request) {
        try {
            Speaker speaker = Installed.find(context, request);
            boolean asked = request.voice().isPresent() || request.model().isPresent();
            OptionalDouble pace = Pace.of(context, speaker.model());
            return new Availability(
                    true,
                    asked,
                    pace.isPresent() && pace.getAsDouble() < 1,
                    speaker.model().id()
                            + (asked ? " was asked for, " : " is installed, ")
                            + told(pace),
                    speaker);
        } catch (EngineUnavailableException e) {
            return Availability.no(String.valueOf(e.getMessage()));
        }
    }

    private static String told(OptionalDouble pace) {
        return pace.isPresent()
                ? String.format(Locale.ROOT, "last real-time factor here %.2f", pace.getAsDouble())
                : "its pace not measured here";
    }

    @Override
    public SpeechEngine open(EngineContext context) {
        return SteadyEngine.open(context, ChatterboxEngine::new);
    }
}
