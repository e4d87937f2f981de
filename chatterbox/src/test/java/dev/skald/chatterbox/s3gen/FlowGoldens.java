package dev.skald.chatterbox.s3gen;

import dev.skald.chatterbox.GoldenTaps;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Backend.Precision;
import dev.skald.tensor.Backends;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Tensor;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Pattern;

/** Stage {@code flow}. */
public class FlowGoldens implements GoldenStage {
    private static final Pattern CHANNELS_FIRST =
            Pattern.compile("mel|enc_up|est_(out|final|x\\d+|in_(x|mu|cond)|.*_(resnet|conv))");

    /** What the guided and the unguided row share is computed once. */
    private static final Set<String> SHARED = Set.of("est_time", "est_in_t");

    private static boolean guided(GoldenCase golden) {
        return !golden.file().config().at("/estimator/meanflow").asBoolean();
    }

    /** Stage {@code flow_meanflow}. */
    public static final class Meanflow extends FlowGoldens {
        @Override
        public String stage() {
            return "flow_meanflow";
        }
    }

    @Override
    public String stage() {
        return "flow";
    }

    @Override
    public void run(GoldenCase golden, Taps taps) {
        try (Backend backend = Backends.cpu(0);
                Ops ops = backend.open()) {
            int headDim = golden.file().config().at("/estimator/attention_head_dim").asInt();
            Flow flow =
                    Flow.load(golden.file().weightsUnderPrefix(), backend, headDim, Precision.F32);
            GoldenTaps model =
                    new GoldenTaps(golden, taps, n -> CHANNELS_FIRST.matcher(n).matches()) {
                        @Override
                        public void tap(String name, float[] value, int... shape) {
                            super.tap(name, value, shape);
                            if (SHARED.contains(name) && guided(golden)) {
                                super.tap(name, value, shape);
                            }
                        }
                    };
            int batch = golden.shape("in.token")[0];
            for (int b = 0; b < batch; b++) {
                row(golden, flow, ops, b, model);
            }
            model.compare();
        }
    }

    /** One utterance of the batch. */
    private static void row(GoldenCase golden, Flow flow, Ops ops, int b, GoldenTaps taps) {
        int[] prompt = row(golden.ints("in.prompt_token"), golden.shape("in.prompt_token"), b);
        int[] token = row(golden.ints("in.token"), golden.shape("in.token"), b);
        int length = golden.ints("in.token_len")[b];
        float[] mel = row(golden.floats("in.prompt_feat"), golden.shape("in.prompt_feat"), b);
        float[] xvector = row(golden.floats("in.embedding"), golden.shape("in.embedding"), b);
        VoiceReference voice =
                new VoiceReference(prompt, mel, golden.shape("in.prompt_feat")[1], xvector);
        float[] z = start(golden, b, flow.bands());
        boolean last = golden.params().path("finalize").asBoolean();
        int steps = golden.params().path("n_timesteps").asInt();
        Flow.Options how =
                new Flow.Options(
                        steps,
                        last,
                        token.length - length,
                        golden.params().path("est_call").asInt(-1),
                        0,
                        () -> {});
        NoiseSource noise = rows(z, flow.bands());
        try (var frame = ops.frame()) {
            Tensor out = flow.mel(ops, voice, Arrays.copyOf(token, length), noise, how, taps);
            float[] found = ops.read(out);
            // frames after a row's own length keep their noise
            float[] all = Arrays.copyOfRange(z, mel.length, z.length);
            System.arraycopy(found, 0, all, 0, found.length);
            taps.tap("mel", all, 1, all.length / flow.bands(), flow.bands());
        }
        taps.tap("est_in_mask", ones(golden, "tap.est_in_mask"), 1);
    }

    /** Given noise, (rows, cols). */
    static NoiseSource rows(float[] values, int cols) {
        return (ops, row, out) -> ops.write(values, Math.toIntExact(row * cols), out);
    }

    /** The noise of one row, (T,M). */
    private static float[] start(GoldenCase golden, int b, int bands) {
        int[] shape = golden.shape("in.z");
        float[] z = GoldenTaps.turn(row(golden.floats("in.z"), shape, b), 1, bands, shape[2]);
        if (golden.has("in.noised_mels")) {
            int[] s = golden.shape("in.noised_mels");
            float[] own =
                    GoldenTaps.turn(row(golden.floats("in.noised_mels"), s, b), 1, bands, s[2]);
            System.arraycopy(own, 0, z, z.length - own.length, own.length);
        }
        return z;
    }

    /** Rows of equal length have nothing to mask. */
    private static float[] ones(GoldenCase golden, String name) {
        if (!golden.has(name)) {
            return new float[0];
        }
        float[] ones = new float[Arrays.stream(golden.shape(name)).reduce(1, (x, y) -> x * y)];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static int[] row(int[] values, int[] shape, int b) {
        int each = values.length / shape[0];
        int at = shape[0] == 1 ? 0 : b;
        return Arrays.copyOfRange(values, at * each, (at + 1) * each);
    }

    private static float[] row(float[] values, int[] shape, int b) {
        int each = values.length / shape[0];
        int at = shape[0] == 1 ? 0 : b;
        return Arrays.copyOfRange(values, at * each, (at + 1) * each);
    }
}
