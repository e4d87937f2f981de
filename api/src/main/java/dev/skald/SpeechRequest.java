package dev.skald;

import java.io.Reader;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What to say and how. Immutable. Whatever is left out takes the voice's or the model's own
 * default.
 *
 * <p>A request made from a {@link Reader} can be spoken once, in memory that does not grow with the
 * text; one made from a string any number of times.
 */
public final class SpeechRequest {
    private final @Nullable String text;
    private final @Nullable Reader reader;
    private final Mode mode;
    private final boolean strict;
    private final @Nullable String voice;
    private final @Nullable String model;
    private final @Nullable String language;
    private final @Nullable String speaker;
    private final @Nullable Long seed;
    private final @Nullable Path lexicon;
    private final double speed;
    private final double volume;
    private final double sentenceSilence;
    private final @Nullable Double noiseScale;
    private final @Nullable Double noiseWidth;
    private final @Nullable Double exaggeration;
    private final @Nullable Double cfgWeight;
    private final @Nullable Double temperature;
    private final @Nullable Double minP;
    private final @Nullable Double topP;
    private final @Nullable Integer topK;
    private final @Nullable Double repetitionPenalty;

    private SpeechRequest(Builder b) {
        text = b.text;
        reader = b.reader;
        mode = b.mode;
        strict = b.strict;
        voice = b.voice;
        model = b.model;
        language = b.language;
        speaker = b.speaker;
        seed = b.seed;
        lexicon = b.lexicon;
        speed = b.speed;
        volume = b.volume;
        sentenceSilence = b.sentenceSilence;
        noiseScale = b.noiseScale;
        noiseWidth = b.noiseWidth;
        exaggeration = b.exaggeration;
        cfgWeight = b.cfgWeight;
        temperature = b.temperature;
        minP = b.minP;
        topP = b.topP;
        topK = b.topK;
        repetitionPenalty = b.repetitionPenalty;
    }

    /** A request for {@code text} with every default. */
    public static SpeechRequest of(String text) {
        return builder(text).build();
    }

    public static Builder builder(String text) {
        return new Builder(text, null);
    }

    /** A request whose text is read as it is spoken; the caller closes the reader. */
    public static Builder builder(Reader text) {
        return new Builder(null, text);
    }

    /**
     * The text from its beginning; the same reader each time where the request was made from one.
     */
    public Reader openText() {
        if (reader != null) {
            return reader;
        }
        return new StringReader(text == null ? "" : text);
    }

    public Mode mode() {
        return mode;
    }

    /** Whether a missing engine is an error instead of a fallback to another mode. */
    public boolean strict() {
        return strict;
    }

    /** A voice's id, a cloned voice's name, or the path of a clip to clone. */
    public Optional<String> voice() {
        return Optional.ofNullable(voice);
    }

    /** The model of the family: {@code chatterbox}, {@code chatterbox-turbo} ... */
    public Optional<String> model() {
        return Optional.ofNullable(model);
    }

    /** The language of the text, {@code en} or {@code en_US}; the voice's own if absent. */
    public Optional<String> language() {
        return Optional.ofNullable(language);
    }

    /** The speaker of a multi-speaker voice: its name or its number. */
    public Optional<String> speaker() {
        return Optional.ofNullable(speaker);
    }

    /** The same seed gives the same speech; a fresh one is drawn if absent. */
    public OptionalLong seed() {
        return seed == null ? OptionalLong.empty() : OptionalLong.of(seed);
    }

    /** A file of words and how to say them. */
    public Optional<Path> lexicon() {
        return Optional.ofNullable(lexicon);
    }

    /** How fast to speak: 1 is the voice's own pace, 2 twice as fast; [0.1, 10]. */
    public double speed() {
        return speed;
    }

    /** Linear gain: 1 leaves the audio as it is; [0, 10]. */
    public double volume() {
        return volume;
    }

    /** Seconds of silence between sentences; [0, 60]. */
    public double sentenceSilence() {
        return sentenceSilence;
    }

    /** Piper: how much the sound varies; [0, 2]. */
    public OptionalDouble noiseScale() {
        return optional(noiseScale);
    }

    /** Piper: how much the durations vary; [0, 2]. */
    public OptionalDouble noiseWidth() {
        return optional(noiseWidth);
    }

    /** Chatterbox: the strength of the emotion; [0, 2]. */
    public OptionalDouble exaggeration() {
        return optional(exaggeration);
    }

    /** Chatterbox: the weight of classifier-free guidance; [0, 1]. */
    public OptionalDouble cfgWeight() {
        return optional(cfgWeight);
    }

    /** Chatterbox: sampling temperature; (0, 5]. */
    public OptionalDouble temperature() {
        return optional(temperature);
    }

    /** Chatterbox: tokens less likely than this share of the likeliest are dropped; [0, 1]. */
    public OptionalDouble minP() {
        return optional(minP);
    }

    /** Chatterbox: the likeliest tokens up to this total probability are kept; (0, 1]. */
    public OptionalDouble topP() {
        return optional(topP);
    }

    /** Chatterbox: that many of the likeliest tokens are kept; at least 1. */
    public OptionalInt topK() {
        return topK == null ? OptionalInt.empty() : OptionalInt.of(topK);
    }

    /** Chatterbox: the divisor for tokens already spoken; [1, 10]. */
    public OptionalDouble repetitionPenalty() {
        return optional(repetitionPenalty);
    }

    private static OptionalDouble optional(@Nullable Double value) {
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
    }

    /** Builds a {@link SpeechRequest}; each setter refuses a value outside its range at once. */
    public static final class Builder {
        private final @Nullable String text;
        private final @Nullable Reader reader;
        private Mode mode = Mode.AUTO;
        private boolean strict;
        private @Nullable String voice;
        private @Nullable String model;
        private @Nullable String language;
        private @Nullable String speaker;
        private @Nullable Long seed;
        private @Nullable Path lexicon;
        private double speed = 1;
        private double volume = 1;
        private double sentenceSilence;
        private @Nullable Double noiseScale;
        private @Nullable Double noiseWidth;
        private @Nullable Double exaggeration;
        private @Nullable Double cfgWeight;
        private @Nullable Double temperature;
        private @Nullable Double minP;
        private @Nullable Double topP;
        private @Nullable Integer topK;
        private @Nullable Double repetitionPenalty;

        private Builder(@Nullable String text, @Nullable Reader reader) {
            this.text = text;
            this.reader = reader;
        }

        public Builder mode(Mode mode) {
            this.mode = mode;
            return this;
        }

        public Builder strict(boolean strict) {
            this.strict = strict;
            return this;
        }

        public Builder voice(String voice) {
            this.voice = voice;
            return this;
        }

        /** A clip to clone. */
        public Builder voice(Path clip) {
            this.voice = clip.toString();
            return this;
        }

        public Builder model(String model) {
            this.model = model;
            return this;
        }

        public Builder language(String language) {
            this.language = language;
            return this;
        }

        public Builder speaker(String speaker) {
            this.speaker = speaker;
            return this;
        }

        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        public Builder lexicon(Path lexicon) {
            this.lexicon = lexicon;
            return this;
        }

        public Builder speed(double speed) {
            this.speed = inRange("speed", speed, 0.1, 10);
            return this;
        }

        public Builder volume(double volume) {
            this.volume = inRange("volume", volume, 0, 10);
            return this;
        }

        public Builder sentenceSilence(double seconds) {
            this.sentenceSilence = inRange("sentence silence", seconds, 0, 60);
            return this;
        }

        public Builder noiseScale(double noiseScale) {
            this.noiseScale = inRange("noise scale", noiseScale, 0, 2);
            return this;
        }

        public Builder noiseWidth(double noiseWidth) {
            this.noiseWidth = inRange("noise width", noiseWidth, 0, 2);
            return this;
        }

        public Builder exaggeration(double exaggeration) {
            this.exaggeration = inRange("exaggeration", exaggeration, 0, 2);
            return this;
        }

        public Builder cfgWeight(double cfgWeight) {
            this.cfgWeight = inRange("cfg weight", cfgWeight, 0, 1);
            return this;
        }

        public Builder temperature(double temperature) {
            this.temperature = inRange("temperature", temperature, 1e-3, 5);
            return this;
        }

        public Builder minP(double minP) {
            this.minP = inRange("min-p", minP, 0, 1);
            return this;
        }

        public Builder topP(double topP) {
            this.topP = inRange("top-p", topP, 1e-6, 1);
            return this;
        }

        public Builder topK(int topK) {
            this.topK = (int) inRange("top-k", topK, 1, 1_000_000);
            return this;
        }

        public Builder repetitionPenalty(double penalty) {
            this.repetitionPenalty = inRange("repetition penalty", penalty, 1, 10);
            return this;
        }

        public SpeechRequest build() {
            return new SpeechRequest(this);
        }

        private static double inRange(String name, double value, double low, double high) {
            if (!(value >= low && value <= high)) {
                throw new InvalidRequestException(
                        String.format(
                                java.util.Locale.ROOT,
                                "%s must lie between %s and %s, not %s",
                                name,
                                plain(low),
                                plain(high),
                                plain(value)));
            }
            return value;
        }

        private static String plain(double value) {
            return value == Math.rint(value) && Math.abs(value) < 1e9
                    ? Long.toString((long) value)
                    : Double.toString(value);
        }
    }
}
