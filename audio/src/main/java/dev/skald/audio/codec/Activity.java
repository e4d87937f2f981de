package dev.skald.audio.codec;

/**
 * How much of a clip's first ten seconds, which the models listen to, is not quiet, and how much
 * the level changes there.
 *
 * @param seconds in frames louder than quiet
 * @param spread standard deviation of those frames' levels, in decibels
 */
record Activity(double seconds, double spread) {
    private static final int HEARD_SECONDS = 10;
    private static final double FRAME_SECONDS = 0.03;

    /** Of a clip; quiet is what lies {@code decibels} below its loudest frame. */
    static Activity of(AudioClip clip, double decibels) {
        int frame = (int) (FRAME_SECONDS * clip.sampleRate());
        int heard = Math.min(clip.samples().length, HEARD_SECONDS * clip.sampleRate());
        double[] levels = new double[heard / frame];
        double loudest = Double.NEGATIVE_INFINITY;
        for (int t = 0; t < levels.length; t++) {
            double sum = 0;
            for (int i = t * frame; i < (t + 1) * frame; i++) {
                sum += (double) clip.samples()[i] * clip.samples()[i];
            }
            levels[t] = 10 * Math.log10(sum / frame + 1e-20);
            loudest = Math.max(loudest, levels[t]);
        }
        int active = 0;
        double sum = 0;
        double squares = 0;
        for (double level : levels) {
            if (level > loudest - decibels) {
                active++;
                sum += level;
                squares += level * level;
            }
        }
        double mean = sum / Math.max(1, active);
        double variance = squares / Math.max(1, active) - mean * mean;
        return new Activity(active * FRAME_SECONDS, Math.sqrt(Math.max(0, variance)));
    }
}
