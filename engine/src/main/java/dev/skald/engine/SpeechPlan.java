package dev.skald.engine;

import dev.skald.SpeechRequest;
import dev.skald.StageWork;
import dev.skald.Voice;
import dev.skald.audio.SampleFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How a request is going to be spoken: what an engine gives to the {@link Scheduler}.
 *
 * @param voice who speaks
 * @param sampleRate hertz
 * @param script the pieces of the request
 * @param ahead how many pieces may be begun before the first of them was heard in full
 * @param silence seconds between pieces
 * @param paragraphSilence seconds before a piece that begins a paragraph
 * @param gain makes the gain of a piece; called where it is made
 * @param filters make what each piece's audio goes through before the gain, in order
 * @param tempo by how much the filters make it faster: what times of words are divided by
 * @param stages where the time went so far
 * @param ended called once, when nothing of it runs any more
 */
public record SpeechPlan(
        Voice voice,
        int sampleRate,
        Script script,
        int ahead,
        double silence,
        double paragraphSilence,
        Supplier<OutputGain> gain,
        List<Supplier<SampleFilter>> filters,
        double tempo,
        Supplier<List<StageWork>> stages,
        Runnable ended) {
    public SpeechPlan {
        filters = List.copyOf(filters);
    }

    /** The pieces of a request in order. Read by one thread, which may wait for text. */
    @FunctionalInterface
    public interface Script {
        /** The next piece; {@code null} at the end. */
        @Nullable Piece next();
    }

    /** Opens the job of a piece. */
    @FunctionalInterface
    public interface Opener {
        /**
         * @param whole whether nobody listens before the end of the speech: larger steps are fine
         */
        SpeechJob open(boolean whole);
    }

    /**
     * A piece of text.
     *
     * @param text the sentence, as normalised
     * @param sentence its index
     * @param lastOfSentence whether the sentence ends with this piece
     * @param paragraph whether a paragraph begins with it
     */
    public record Piece(
            String text, int sentence, boolean lastOfSentence, boolean paragraph, Opener opener) {}

    /** A plan of what a request says, and of what an engine adds by the builder. */
    public static Builder builder(SpeechRequest request, Voice voice, int sampleRate) {
        return new Builder(request, voice, sampleRate);
    }

    /** Builds a {@link SpeechPlan}. */
    public static final class Builder {
        private final Voice voice;
        private final int sampleRate;
        private final double silence;
        private final double paragraphSilence;
        private final List<Supplier<SampleFilter>> filters = new ArrayList<>();
        private Supplier<OutputGain> gain;
        private Supplier<List<StageWork>> stages = List::of;
        private Runnable ended = () -> {};
        private int ahead = 1;
        private double tempo = 1;

        private Builder(SpeechRequest request, Voice voice, int sampleRate) {
            this.voice = voice;
            this.sampleRate = sampleRate;
            silence = request.sentenceSilence();
            paragraphSilence = Math.max(silence, request.paragraphSilence());
            float volume = (float) request.volume();
            gain = () -> OutputGain.fixed(volume);
        }

        /** Instead of the request's volume alone. */
        public Builder gain(Supplier<OutputGain> gain) {
            this.gain = gain;
            return this;
        }

        /** Adds what each piece's audio goes through. */
        public Builder filter(Supplier<SampleFilter> filter) {
            filters.add(filter);
            return this;
        }

        /** By how much the filters make it faster. */
        public Builder tempo(double tempo) {
            this.tempo = tempo;
            return this;
        }

        public Builder ahead(int pieces) {
            ahead = pieces;
            return this;
        }

        public Builder stages(Supplier<List<StageWork>> stages) {
            this.stages = stages;
            return this;
        }

        public Builder ended(Runnable ended) {
            this.ended = ended;
            return this;
        }

        public SpeechPlan build(Script script) {
            return new SpeechPlan(
                    voice,
                    sampleRate,
                    script,
                    ahead,
                    silence,
                    paragraphSilence,
                    gain,
                    filters,
                    tempo,
                    stages,
                    ended);
        }
    }
}
