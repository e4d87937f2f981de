package dev.skald;

import java.io.Reader;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
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
    private final Map<String, String> words;
    private final TextFormat format;
    private final Timestamps timestamps;
    private final double speed;
    private final double volume;
    private final double sentenceSilence;
    private final double paragraphSilence;
    private final Map<Class<? extends EngineOptions>, EngineOptions> options;

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
        words = Map.copyOf(b.words);
        format = b.format;
        timestamps = b.timestamps;
        speed = b.speed;
        volume = b.volume;
        sentenceSilence = b.sentenceSilence;
        paragraphSilence = b.paragraphSilence;
        options = Map.copyOf(b.options);
    }

    /**
     * A request for {@code text} with every default.
     *
     * @throws InvalidRequestException if the text is null or blank
     */
    public static SpeechRequest of(String text) {
        return builder(text).build();
    }

    @SuppressWarnings("NullAway") // callers without a null checker get a message all the same
    public static Builder builder(String text) {
        if (text == null || text.isBlank()) {
            throw new InvalidRequestException(
                    "there is nothing to say: the text is " + (text == null ? "null" : "empty"));
        }
        return new Builder(text, null);
    }

    /** A request whose text is read as it is spoken; the caller closes the reader. */
    @SuppressWarnings("NullAway")
    public static Builder builder(Reader text) {
        if (text == null) {
            throw new InvalidRequestException("there is nothing to say: the reader is null");
        }
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

    /** The same request with its text from a reader, which the caller closes. */
    public SpeechRequest withText(Reader other) {
        Builder b = new Builder(null, other);
        b.mode = mode;
        b.strict = strict;
        b.voice = voice;
        b.model = model;
        b.language = language;
        b.speaker = speaker;
        b.seed = seed;
        b.lexicon = lexicon;
        b.words.putAll(words);
        b.format = format;
        b.timestamps = timestamps;
        b.speed = speed;
        b.volume = volume;
        b.sentenceSilence = sentenceSilence;
        b.paragraphSilence = paragraphSilence;
        b.options.putAll(options);
        return b.build();
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

    /** A family or one of its models: {@code piper}, {@code turbo}, a checkpoint's folder. */
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

    /**
     * The same seed gives the same speech, and on the same kind of processor the same samples; a
     * fresh one is drawn if absent.
     */
    public OptionalLong seed() {
        return seed == null ? OptionalLong.empty() : OptionalLong.of(seed);
    }

    /** How the text is marked up. */
    public TextFormat format() {
        return format;
    }

    /** Whether the speech tells when which word, or sentence, is heard: {@link Speech#words}. */
    public Timestamps timestamps() {
        return timestamps;
    }

    /** A file of words and how to say them. */
    public Optional<Path> lexicon() {
        return Optional.ofNullable(lexicon);
    }

    /** Words and how to say them; they win over those of {@link #lexicon}. */
    public Map<String, String> words() {
        return words;
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

    /**
     * Seconds of silence after a paragraph, heading or list item, where it is more than {@link
     * #sentenceSilence}; [0, 60].
     */
    public double paragraphSilence() {
        return paragraphSilence;
    }

    /**
     * The settings of one family, if any were given.
     *
     * @param family the class of its options: {@code PiperOptions.class}
     */
    public <T extends EngineOptions> Optional<T> options(Class<T> family) {
        return Optional.ofNullable(options.get(family)).map(family::cast);
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
        private final Map<String, String> words = new HashMap<>();
        private TextFormat format = TextFormat.AUTO;
        private Timestamps timestamps = Timestamps.NONE;
        private double speed = 1;
        private double volume = 1;
        private double sentenceSilence;
        private double paragraphSilence = 0.4;
        private final Map<Class<? extends EngineOptions>, EngineOptions> options = new HashMap<>();

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

        /** Words and how to say them, each as a line of a lexicon's file has it. */
        public Builder words(Map<String, String> words) {
            this.words.putAll(words);
            return this;
        }

        public Builder format(TextFormat format) {
            this.format = format;
            return this;
        }

        /** Asks for the times of words or sentences; {@link Timestamps#NONE} if not set. */
        public Builder timestamps(Timestamps timestamps) {
            this.timestamps = timestamps;
            return this;
        }

        public Builder speed(double speed) {
            this.speed = Ranges.check("speed", speed, 0.1, 10);
            return this;
        }

        public Builder volume(double volume) {
            this.volume = Ranges.check("volume", volume, 0, 10);
            return this;
        }

        public Builder paragraphSilence(double seconds) {
            this.paragraphSilence = Ranges.check("paragraph silence", seconds, 0, 60);
            return this;
        }

        public Builder sentenceSilence(double seconds) {
            this.sentenceSilence = Ranges.check("sentence silence", seconds, 0, 60);
            return this;
        }

        /**
         * Sets what one family knows; options of several families may be given, and the one that
         * speaks takes its own.
         */
        public Builder options(EngineOptions options) {
            this.options.put(options.getClass(), options);
            return this;
        }

        public SpeechRequest build() {
            return new SpeechRequest(this);
        }
    }
}
