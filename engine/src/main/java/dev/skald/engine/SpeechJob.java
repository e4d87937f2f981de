package dev.skald.engine;

import dev.skald.TimedText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One piece of text being made into audio, step by step. {@link #next} is called by one thread at a
 * time, {@link #cancel} by any at any time, {@link #close} once nothing runs.
 */
public interface SpeechJob extends AutoCloseable {
    /**
     * What a step gave.
     *
     * @param samples raw samples that can be heard now, often none; the receiver owns the array
     * @param last whether the piece has ended
     * @param words those whose times are known now, in samples from the begin of the piece
     */
    record Step(float[] samples, boolean last, List<TimedText> words) {
        private static final float[] NOTHING = {};

        /** A step that tells no times. */
        public Step(float[] samples, boolean last) {
            this(samples, last, List.of());
        }

        /** Nothing to hear yet. */
        public static final Step SILENT = new Step(NOTHING, false);
    }

    /**
     * Does the next step, a short one: others wait meanwhile.
     *
     * @param threads how many threads may compute it, the caller among them
     */
    Step next(int threads);

    /**
     * What does the next step together with that of others, such as a decoder with a slot for each
     * of them. {@code null} where the step is this job's alone.
     */
    default @Nullable Batch batch() {
        return null;
    }

    /** It takes part in the run of its batch that begins now, on the thread that calls this. */
    default void joins() {}

    /**
     * The step that is running ends soon, with a {@link dev.skald.SpeechCancelledException} if it
     * likes. Returns at once.
     */
    void cancel();

    /** Frees what it held. */
    @Override
    void close();

    /**
     * Work that steps of several jobs share: one unit of work of the scheduler, which runs it on
     * one thread at a time. Compared by identity.
     */
    interface Batch {
        /**
         * Does the step of all that take part. Afterwards each job that still names this batch gets
         * a {@link SpeechJob#next} on the same thread, such as one that wants to join.
         */
        void run();

        /** How many jobs take part in a run at most: those of the speeches that come first. */
        default int most() {
            return Integer.MAX_VALUE;
        }

        /**
         * Whether what a job does with its share is little. Then every job gets its {@link
         * SpeechJob#next} on the same thread, which costs less than to hand it to another.
         */
        default boolean light() {
            return false;
        }
    }
}
