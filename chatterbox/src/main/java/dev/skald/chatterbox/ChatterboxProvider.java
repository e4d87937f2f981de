package dev.skald.chatterbox;

import dev.skald.EngineUnavailableException;
import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.chatterbox.Installed.Speaker;
import dev.skald.spi.Availability;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.spi.SpeechEngineProvider;

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
    public Availability availability(EngineContext context, SpeechRequest request) {
        try {
            Speaker speaker = Installed.find(context, request);
            boolean asked = request.voice().isPresent() || request.model().isPresent();
            return new Availability(
                    true,
                    asked,
                    speaker.model().realTime(),
                    speaker.model().id()
                            + (asked ? " was asked for" : " is installed")
                            + (speaker.model().realTime() ? "" : ", slower than real time here"));
        } catch (EngineUnavailableException e) {
            return Availability.no(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public SpeechEngine open(EngineContext context) {
        return new ChatterboxEngine(context);
    }
}
