package dev.skald;

/**
 * A word or a sentence of a request's text, and when it is heard. Those of a {@link Speech} are in
 * the order of the text; neither their places in it nor their times overlap.
 *
 * <p>A word that is said as several ("$5") is one, with the time of all of them. One that is said
 * as nothing takes no time.
 *
 * @param level whether it is a {@linkplain Timestamps#WORD word} or a {@linkplain
 *     Timestamps#SENTENCE sentence}
 * @param text as it stands in the request's own text: {@code length} UTF-16 code units from {@code
 *     offset} on, without the punctuation around it
 * @param shown as it is shown to a reader: without mark-up, with the punctuation around it, and
 *     with a space behind it where one follows. Those of a sentence make up the sentence
 * @param offset where it begins in the request's text, in UTF-16 code units
 * @param length how many UTF-16 code units of the request's text it takes
 * @param start the first sample of it, counted from the first sample of the speech
 * @param end the sample behind its last
 * @param sampleRate samples a second, in hertz
 * @param sentence the index of its sentence: {@link AudioChunk#sentence}
 */
public record TimedText(
        Timestamps level,
        String text,
        String shown,
        int offset,
        int length,
        long start,
        long end,
        int sampleRate,
        int sentence) {

    /** When it begins, in seconds from the first sample of the speech. */
    public double startSeconds() {
        return start / (double) sampleRate;
    }

    /** When it ends, in seconds from the first sample of the speech. */
    public double endSeconds() {
        return end / (double) sampleRate;
    }

    /** The same at other times. */
    public TimedText at(long start, long end) {
        return new TimedText(level, text, shown, offset, length, start, end, sampleRate, sentence);
    }
}
