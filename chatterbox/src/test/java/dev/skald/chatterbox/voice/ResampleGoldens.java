package dev.skald.chatterbox.voice;

import dev.skald.audio.resample.Resampler;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;

/** Stage {@code resample}. */
public final class ResampleGoldens implements GoldenStage {
    @Override
    public String stage() {
        return "resample";
    }

    @Override
    public void run(GoldenCase golden, Taps taps) {
        int from = golden.params().path("orig").asInt();
        int to = golden.params().path("target").asInt();
        float[] clip = golden.floats("in.wav");
        taps.add("out.sinc_hann", Resampler.sincHann(from, to).resample(clip));
        Resampler soxr = Resampler.soxrHq(from, to);
        taps.add("out.soxr_hq", soxr.resample(clip));
        if (taps.wants("tap.soxr_fir")) {
            taps.add("tap.soxr_fir", responses(soxr, golden.shape("tap.soxr_fir")[1]));
        }
    }

    /** The two filters of 3 samples to 2, from what each does to a unit impulse. */
    private static float[] responses(Resampler soxr, int taps) {
        int half = taps / 2;
        int centre = 3 * taps;
        float[] filters = new float[2 * taps];
        for (int residue = 0; residue < 3; residue++) {
            float[] impulse = new float[6 * taps];
            int at = centre + residue;
            impulse[at] = 1;
            float[] y = soxr.resample(impulse);
            for (int o = 0; o < y.length; o++) {
                int d = at - o / 2 * 3; // y[2q + r] = sum over d of fir[r][d] x[3q + d]
                if (Math.abs(d) <= half) {
                    filters[o % 2 * taps + d + half] = y[o];
                }
            }
        }
        return filters;
    }
}
