package dev.skald.chatterbox;

import dev.skald.SpeechRequest;
import dev.skald.chatterbox.Installed.Speaker;
import dev.skald.chatterbox.text.TextTokenizer;
import dev.skald.spi.EngineContext;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request's text on its way to a Chatterbox model, piece by piece: what {@code skald text --mode
 * cinematic} shows. Loads no network. Used by one thread.
 */
public final class ChatterboxText {
    private final ChatterboxModel model;
    private final TextTokenizer tokenizer;
    private final Optional<String> language;
    private final SentenceGroups groups;

    /**
     * What the model is given in one go.
     *
     * @param text with the punctuation it was trained on
     * @param ids that enter T3
     */
    public record Piece(String text, int[] ids) {}

    private ChatterboxText(
            ChatterboxModel model,
            TextTokenizer tokenizer,
            Optional<String> language,
            SentenceGroups groups) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.language = language;
        this.groups = groups;
    }

    /**
     * The text of a request as the model it means would get it.
     *
     * @throws dev.skald.EngineUnavailableException if no model is installed
     * @throws dev.skald.VoiceException if the files of the tokenizer are missing or damaged
     */
    public static ChatterboxText open(EngineContext context, SpeechRequest request) {
        Speaker speaker = Installed.find(context, request);
        ChatterboxModel model = speaker.model();
        String spoken = ChatterboxEngine.language(model, request).orElse("en");
        try {
            return new ChatterboxText(
                    model,
                    model.tokenizer(speaker.folder()),
                    model.multilingual() ? Optional.of(spoken) : Optional.empty(),
                    SentenceGroups.of(request, spoken, false));
        } catch (RuntimeException e) {
            throw CheckpointFiles.failure(e);
        }
    }

    /** The next piece; {@code null} at the end. */
    public @Nullable Piece next() {
        if (!groups.hasNext()) {
            return null;
        }
        String text = groups.next().text();
        return new Piece(
                model.punctuation().apply(text), Utterance.ids(model, tokenizer, text, language));
    }
}
