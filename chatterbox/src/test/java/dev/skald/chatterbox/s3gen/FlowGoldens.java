package dev.skald.chatterbox.s3gen;

import dev.skald.chatterbox.GoldenTaps;
import dev.skald.nn.NoiseSource;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;
import dev.skald.testkit.TestDevice;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Stage {@code flow}. */
public class FlowGoldens implements GoldenStage {
    private static final Pattern CHANNELS_FIRST =
            Pattern.compile("mel|enc_up|est_(out|final|x\\d+|in_(x|mu|cond)|.*_(resnet|conv))");

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
        try (TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            int headDim = golden.file().config().at("/estimator/attention_head_dim").asInt();
            Flow flow = Flow.load(golden.file().weightsUnderPrefix(), parameters, headDim);
            BatchTaps model = new BatchTaps(golden, taps);
            int batch = golden.shape("in.token")[0];
            for (int b = 0; b < batch; b++) {
                model.row = b;
                row(golden, flow, ops, b, model);
            }
            model.compare();
        }
    }

    /** One utterance of the batch. */
    private static void row(GoldenCase golden, Flow flow, Ops ops, int b, BatchTaps taps) {
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
                        token.length - length,
                        golden.params().path("est_call").asInt(-1),
                        () -> {});
        NoiseSource noise = rows(z, flow.bands());
        try (var scope = ops.scope()) {
            Tensor out =
                    flow.mel(
                            ops,
                            new Flow.Piece(
                                    flow.prompt(ops, voice, taps),
                                    Arrays.copyOf(token, length),
                                    last,
                                    0,
                                    noise),
                            how,
                            taps);
            float[] found = ops.read(out);
            // frames after a row's own length keep their noise
            float[] all = Arrays.copyOfRange(z, mel.length, z.length);
            System.arraycopy(found, 0, all, 0, found.length);
            taps.tap("mel", all, 1, all.length / flow.bands(), flow.bands());
        }
        float[] mask = new float[z.length / flow.bands()];
        Arrays.fill(mask, 0, mask.length - 2 * (token.length - length), 1);
        taps.tap("est_in_mask", mask, 1, 1, mask.length);
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

    /**
     * Puts the values of each utterance where the official code has them in its batch: guided rows
     * first, then the unguided. What it computes beyond an utterance's own length is not compared.
     */
    private static final class BatchTaps implements dev.skald.tensor.Taps {
        private final GoldenCase golden;
        private final Taps taps;
        private final Map<String, float[]> values = new LinkedHashMap<>();
        private final Map<String, Integer> given = new HashMap<>();
        private int row;

        BatchTaps(GoldenCase golden, Taps taps) {
            this.golden = golden;
            this.taps = taps;
        }

        private boolean shorter() {
            return golden.ints("in.token_len")[row] < golden.shape("in.token")[1];
        }

        private String full(String name) {
            return golden.has("out." + name) ? "out." + name : "tap." + name;
        }

        @Override
        public void tap(String name, Ops ops, Tensor value) {
            if (taps.wants(full(name))) {
                tap(name, ops.read(value), value.batch(), value.rows(), value.cols());
            }
        }

        @Override
        public void tap(String name, float[] value, int... shape) {
            if (!taps.wants(full(name))) {
                return;
            }
            int[] want = golden.shape(full(name));
            int batch = golden.shape("in.token")[0];
            int each = Arrays.stream(want).reduce(1, (x, y) -> x * y) / want[0];
            float[] all = values.computeIfAbsent(name, n -> golden.floats(full(n)).clone());
            boolean turned = CHANNELS_FIRST.matcher(name).matches();
            float[] laid = turned ? GoldenTaps.turn(value, shape[0], shape[1], shape[2]) : value;
            int parts = shape.length > 1 ? shape[0] : 1;
            int size = laid.length / parts;
            if (size > each || size < each && !shorter()) {
                return; // compare() fails
            }
            if (want[0] == 1) {
                if (size < each) {
                    return; // a longer row has all of it
                }
                given.put(name, 1);
                place(laid, 0, size, all, 0, each, 1);
                return;
            }
            for (int to = row; to < want[0]; to += batch) {
                int from = parts > 1 ? (to / batch) * size : 0;
                place(laid, from, size, all, to * each, each, turned ? want[1] : 1);
                given.merge(name, 1, Integer::sum);
            }
        }

        /** Lines of a row, each the beginning of a line of the batch's. */
        private static void place(
                float[] x, int from, int size, float[] y, int to, int each, int lines) {
            int n = size / lines;
            for (int i = 0; i < lines; i++) {
                System.arraycopy(x, from + i * n, y, to + i * (each / lines), n);
            }
        }

        /** Compares all that every row gave. */
        void compare() {
            values.forEach(
                    (name, all) -> {
                        int rows = golden.shape(full(name))[0];
                        if (given.getOrDefault(name, 0) == rows) {
                            taps.add(full(name), all);
                        } else {
                            taps.fail(full(name), "has other shapes than the official " + rows);
                        }
                    });
        }
    }
}
