package dev.skald.chatterbox.s3gen;

import dev.skald.chatterbox.GoldenTaps;
import dev.skald.chatterbox.voice.VoiceReferences;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenFile;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;
import dev.skald.testkit.TestDevice;

/** Stage {@code s3gen}. */
public class S3GenGoldens implements GoldenStage {
    /** Stage {@code s3gen_meanflow}. */
    public static final class Meanflow extends S3GenGoldens {
        @Override
        public String stage() {
            return "s3gen_meanflow";
        }
    }

    @Override
    public String stage() {
        return "s3gen";
    }

    @Override
    public void run(GoldenCase golden, Taps taps) {
        try (TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            S3Gen model = load(golden.file(), parameters);
            VoiceReference voice =
                    golden.has("in.ref_wav")
                            ? listen(golden, parameters, ops, taps)
                            : given(golden);
            GoldenTaps tapped = new GoldenTaps(golden, taps, name -> name.equals("mels"));
            float[] wave =
                    model.speak(
                            ops,
                            voice,
                            golden.ints("in.speech_tokens"),
                            randomness(golden, model.vocoder().harmonics()),
                            tapped);
            tapped.compare();
            taps.add("out.wav", wave);
        }
    }

    /** The model of a golden file. */
    public static S3Gen load(GoldenFile file, Parameters parameters) {
        int headDim = file.config().at("/estimator/attention_head_dim").asInt();
        return S3Gen.load(file.weights(), parameters, headDim);
    }

    private static VoiceReference listen(
            GoldenCase golden, Parameters parameters, Ops ops, Taps taps) {
        VoiceReference voice =
                VoiceReferences.of(
                        golden.file().weights(),
                        parameters,
                        ops,
                        golden.floats("in.ref_wav"),
                        golden.params().path("ref_sr").asInt());
        taps.add("out.prompt_token", voice.tokens());
        taps.add("out.prompt_token_len", new int[] {voice.tokens().length});
        taps.add("out.prompt_feat", voice.mel());
        taps.add("out.embedding", voice.xvector());
        return voice;
    }

    /** The voice that a case brings along. */
    public static VoiceReference given(GoldenCase golden) {
        return new VoiceReference(
                golden.ints("in.prompt_token"),
                golden.floats("in.prompt_feat"),
                golden.shape("in.prompt_feat")[1],
                golden.floats("in.embedding"));
    }

    /** Stored noise in place of drawn noise. */
    public static S3Gen.Randomness randomness(GoldenCase golden, int harmonics) {
        int[] shape = golden.shape("in.z");
        float[] z = GoldenTaps.turn(golden.floats("in.z"), 1, shape[1], shape[2]);
        if (golden.has("in.noise")) {
            int[] own = golden.shape("in.noise");
            float[] noise = GoldenTaps.turn(golden.floats("in.noise"), 1, own[1], own[2]);
            System.arraycopy(noise, 0, z, z.length - noise.length, noise.length);
        }
        float[] sines =
                GoldenTaps.turn(
                        golden.floats("in.sine_noise"),
                        1,
                        harmonics,
                        golden.shape("in.sine_noise")[2]);
        return new S3Gen.Randomness(
                FlowGoldens.rows(z, shape[1]),
                golden.floats("in.phase"),
                FlowGoldens.rows(sines, harmonics));
    }
}
