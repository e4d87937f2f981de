package dev.skald.piper;

import dev.skald.SpeechCancelledException;
import dev.skald.VoiceException;
import dev.skald.engine.OutputGain;
import dev.skald.engine.SpeechJob;
import dev.skald.spi.EngineContext;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The acoustic model of a Piper voice: phoneme ids in, raw audio out. All that the engine knows of
 * VITS.
 *
 * <p>An implementation reads the voice's {@code .onnx}, an untrusted file, and is safe for many
 * threads: several utterances may be open at once. Audio is what the network puts out, before any
 * gain: the engine makes it loud ({@link OutputGain}).
 */
public interface PiperNetwork extends AutoCloseable {

    /** Makes a network from a file. */
    @FunctionalInterface
    interface Loader {
        /**
         * Reads a voice.
         *
         * @param onnx the voice's model
         * @param config its checked configuration: symbols, speakers, sample rate
         * @param context the device and the threads to compute with, and where its cache lies
         * @throws VoiceException in one line that names the file, if it is damaged or of another
         *     architecture, or disagrees with the configuration
         */
        PiperNetwork load(Path onnx, PiperVoiceConfig config, EngineContext context);
    }

    /**
     * What an utterance depends on besides its ids.
     *
     * @param noiseScale standard deviation of the noise of the prior; 0 for none
     * @param lengthScale factor of every duration, above 0
     * @param noiseWidth standard deviation of the noise of the duration predictor; 0 for none
     * @param speaker from 0 to the voice's speakers less 1; 0 for a voice of one speaker
     * @param seed the same seed with the same ids gives the same audio, whatever else is spoken at
     *     the time, but for rounding. A network that cannot be seeded ignores it and says so in its
     *     Javadoc
     * @param awaited whether somebody waits for its first samples: then the first windows are small
     */
    record Settings(
            float noiseScale,
            float lengthScale,
            float noiseWidth,
            int speaker,
            long seed,
            boolean awaited) {}

    /**
     * Begins an utterance. Returns at once or computes what it likes; the audio is made by {@link
     * Utterance#next}.
     *
     * @param ids {@code n} phoneme ids, each from 0 to {@code numSymbols - 1}: {@code ^ _ (p _)* $}
     */
    Utterance begin(int[] ids, Settings settings);

    /**
     * The same, where it may be computed together with those of other speeches ({@link
     * Utterance#batch}).
     *
     * @param speech whose it is, compared by identity
     */
    default Utterance begin(int[] ids, Settings settings, Object speech) {
        return begin(ids, settings);
    }

    /**
     * How an utterance's windows are made loud; a new one for each utterance. A network whose
     * utterances come as one window keeps Piper's rule.
     *
     * @param volume the request's linear gain, at least 0
     */
    default OutputGain outputGain(float volume) {
        return OutputGain.sentencePeak(volume);
    }

    /** Frees the model; utterances still open fail with {@link SpeechCancelledException}. */
    @Override
    void close();

    /**
     * One sentence being made. {@link #hasNext} and {@link #next} are called by one thread at a
     * time, {@link #cancel} and {@link #close} by any.
     */
    interface Utterance extends AutoCloseable {
        /** Whether a window follows. True before the first; known without computing it. */
        boolean hasNext();

        /**
         * The next window of mono samples, raw, at the voice's sample rate. The caller owns the
         * array.
         *
         * @param threads how many threads may compute it, the caller among them
         * @throws SpeechCancelledException soon after {@link #cancel}, also out of a call that was
         *     already computing
         */
        float[] next(int threads);

        /**
         * Where each id's audio ends, in samples from the utterance's begin: of as many ids as are
         * known, which are those of all audio that {@link #next} gave, and mostly many more. None
         * where the network does not tell.
         */
        default int[] ends() {
            return new int[0];
        }

        /**
         * What computes the next samples together with those of others: {@link SpeechJob#batch}.
         */
        default SpeechJob.@Nullable Batch batch() {
            return null;
        }

        /** See {@link SpeechJob#joins}. */
        default void joins() {}

        /** Stops the work at the next opportunity. Returns at once. */
        void cancel();

        /** Frees what the utterance held; implies {@link #cancel}. */
        @Override
        void close();
    }
}
