package dev.skald.chatterbox.s3gen;

import dev.skald.nn.HarmonicSource;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What is vocoded of a piece and not read yet.
 *
 * @param values (1,n,1): waveform, then mel and source that are kept, see {@link S3GenStream}
 * @param turns see {@link S3GenStream}; null after the last piece
 */
record Vocoded(Cut cut, Tensor values, Ops.@Nullable Ints turns) {
    private static final int FRAME = HiftVocoder.SAMPLES_A_FRAME;

    /**
     * What of a piece is vocoded, in frames of the stream.
     *
     * @param from its first
     * @param end after its last
     * @param speakTo up to which it can be spoken
     * @param fixed up to which the source stays as it is
     * @param keptFrom the first that the next piece needs
     * @param kept how many mel frames it needs
     * @param skip samples before the first that is spoken
     * @param waves samples of the waveform: those that can be spoken, then the tail
     */
    record Cut(
            long from,
            long end,
            long speakTo,
            long fixed,
            long keptFrom,
            int kept,
            int skip,
            int waves) {
        int frames() {
            return Math.toIntExact(end - from);
        }

        /** Samples of the source that the next piece needs. */
        int sources() {
            return Math.toIntExact((fixed - keptFrom) * FRAME);
        }
    }

    /** Room for it, in the caller's scope. */
    static Vocoded of(Ops ops, Cut cut, int bands, int harmonics, boolean last) {
        return new Vocoded(
                cut,
                ops.tensor(1, cut.waves + cut.kept * bands + cut.sources(), 1),
                last ? null : ops.ints(2 * harmonics));
    }

    /**
     * Fills it.
     *
     * @param x (1,F,M)
     * @param s (1,480 F,1)
     * @param wave (1,1,480 F)
     */
    void keep(Ops ops, Tensor x, Tensor s, Tensor wave, HarmonicSource.Phase phase) {
        int waves = cut.waves;
        ops.copy(wave.cols(cut.skip, cut.skip + waves), values.rows(0, waves).reshape(1, 1, waves));
        if (turns != null) {
            int mel = cut.kept * x.cols();
            ops.copy(
                    S3GenStream.part(x, cut.from, cut.keptFrom, cut.keptFrom + cut.kept),
                    values.rows(waves, waves + mel).reshape(1, cut.kept, x.cols()));
            ops.copy(
                    S3GenStream.part(s, cut.from * FRAME, cut.keptFrom * FRAME, cut.fixed * FRAME),
                    values.rows(waves + mel, values.rows()));
            ops.copy(phase.turns(), turns);
        }
    }
}
