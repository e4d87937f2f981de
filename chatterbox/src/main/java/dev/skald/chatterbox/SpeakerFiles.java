package dev.skald.chatterbox;

import dev.skald.InvalidRequestException;
import dev.skald.SpeechRequest;
import dev.skald.chatterbox.Installed.Speaker;
import dev.skald.spi.EngineContext;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What the speech of a request is made from, for {@code skald bench}: the official code speaks it
 * too.
 *
 * @param model the checkpoint's
 * @param folder of the checkpoint
 * @param clip of the voice; empty for the checkpoint's own
 * @param watermarked whether speech is marked
 */
public record SpeakerFiles(
        ChatterboxModel model, Path folder, Optional<Path> clip, boolean watermarked) {

    /**
     * Of a request.
     *
     * @throws InvalidRequestException if its voice is a cloned one, which only Skald can read
     */
    public static SpeakerFiles of(EngineContext context, SpeechRequest request) {
        Speaker speaker = Installed.find(context, request);
        if (speaker.saved().isPresent()) {
            throw new InvalidRequestException(
                    "only Skald reads the voice '"
                            + speaker.voice().id()
                            + "': name the clip that it was cloned from");
        }
        return new SpeakerFiles(
                speaker.model(),
                speaker.folder(),
                speaker.clip(),
                Installed.watermark(context).isPresent());
    }
}
