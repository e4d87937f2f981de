package dev.skald.engine;

import dev.skald.InvalidAudioException;
import dev.skald.audio.SampleFilter;
import java.util.Arrays;
import java.util.List;

/** The way of one piece's audio out: filters (speed, watermark), gain, a check. For one thread. */
final class OutputChain {
    private final List<SampleFilter> filters;
    private final OutputGain gain;

    OutputChain(List<SampleFilter> filters, OutputGain gain) {
        this.filters = filters;
        this.gain = gain;
    }

    static OutputChain of(SpeechPlan plan) {
        return new OutputChain(
                plan.filters().stream().map(f -> f.get()).toList(), plan.gain().get());
    }

    /** Takes raw samples; gives those that are ready, all that is left after the last ones. */
    float[] push(float[] samples, boolean last) {
        float[] out = samples;
        for (SampleFilter filter : filters) {
            out = filter.push(out);
            if (last) {
                out = join(out, filter.finish());
            }
        }
        gain.apply(out);
        for (float v : out) {
            // A listener must not get noise that only the end of the file would tell of.
            if (!Float.isFinite(v)) {
                throw new InvalidAudioException(
                        "the audio is not finite: the voice may be damaged, install it again");
            }
        }
        return out;
    }

    private static float[] join(float[] a, float[] b) {
        float[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
