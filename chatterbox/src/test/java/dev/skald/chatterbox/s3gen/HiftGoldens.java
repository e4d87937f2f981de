package dev.skald.chatterbox.s3gen;

import dev.skald.chatterbox.GoldenTaps;
import dev.skald.nn.HarmonicSource;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;
import dev.skald.testkit.TestDevice;
import java.util.Arrays;
import java.util.Set;

/** Stage {@code hift}. */
public final class HiftGoldens implements GoldenStage {
    private static final Set<String> FLAT = Set.of("f0", "wav", "source");

    @Override
    public String stage() {
        return "hift";
    }

    @Override
    public void run(GoldenCase golden, Taps taps) {
        try (TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            HiftVocoder vocoder = HiftVocoder.load(golden.file().weightsUnderPrefix(), parameters);
            GoldenTaps model = new GoldenTaps(golden, taps, name -> !FLAT.contains(name));
            int[] shape = golden.shape("in.mel");
            for (int b = 0; b < shape[0]; b++) {
                float[] mel =
                        Arrays.copyOfRange(
                                golden.floats("in.mel"),
                                b * shape[1] * shape[2],
                                (b + 1) * shape[1] * shape[2]);
                try (var scope = ops.scope()) {
                    Tensor x = ops.tensor(1, shape[2], shape[1]);
                    ops.write(GoldenTaps.turn(mel, 1, shape[1], shape[2]), 0, x);
                    run(golden, vocoder, ops, b, x, model);
                }
            }
            model.compare();
        }
    }

    private static void run(
            GoldenCase golden, HiftVocoder vocoder, Ops ops, int b, Tensor mel, GoldenTaps taps) {
        int samples = mel.rows() * HiftVocoder.SAMPLES_A_FRAME;
        Tensor source = ops.tensor(1, samples, 1);
        if (golden.has("in.source")) {
            ops.write(golden.floats("in.source"), b * samples, source);
        } else {
            Tensor hertz = vocoder.f0(ops, mel);
            float[] f0 = ops.read(hertz);
            taps.tap("f0", f0, 1, f0.length);
            float[] voiced = new float[samples];
            for (int i = 0; i < samples; i++) {
                voiced[i] = f0[i / HiftVocoder.SAMPLES_A_FRAME] > 10 ? 1 : 0;
            }
            taps.tap("uv", voiced, 1, samples, 1);
            generate(golden, vocoder, ops, b, hertz, source, taps);
        }
        taps.tap("source", ops, source);
        taps.tap("wav", ops, vocoder.decode(ops, mel, source, taps));
    }

    private static void generate(
            GoldenCase golden,
            HiftVocoder vocoder,
            Ops ops,
            int b,
            Tensor f0,
            Tensor source,
            GoldenTaps taps) {
        int h = vocoder.harmonics();
        float[] offsets = Arrays.copyOfRange(golden.floats("in.phase"), b * h, (b + 1) * h);
        float[] all = golden.floats("in.sine_noise");
        int samples = source.rows();
        float[] noise =
                GoldenTaps.turn(
                        Arrays.copyOfRange(all, b * h * samples, (b + 1) * h * samples),
                        1,
                        h,
                        samples);
        vocoder.source(
                ops,
                f0,
                HarmonicSource.Phase.begin(ops, offsets),
                0,
                (o, first, out) -> o.write(noise, 0, out),
                taps,
                source);
        if (golden.has("in.cache_source")) {
            int cached = golden.shape("in.cache_source")[2];
            ops.write(golden.floats("in.cache_source"), b * cached, source.rows(0, cached));
        }
    }
}
