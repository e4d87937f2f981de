package dev.skald.bench;

import dev.skald.Precision;
import dev.skald.chatterbox.t3.T3;
import dev.skald.chatterbox.t3.T3Config;
import dev.skald.chatterbox.t3.T3Prompt;
import dev.skald.chatterbox.t3.T3State;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Taps;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.Sampler;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.tensor.io.Safetensors;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Locale;

/**
 * Measures T3 as {@code bench/peers/chatterbox_t3.py} does the official one, on the same file, with
 * the same prompt and the same tokens: {@code FILE STEPS TEXT THREADS PRECISION...}. One JSON line
 * a precision; the error of the first logits is that against the first precision named.
 */
public final class T3Bench {
    /** Steps whose logits are compared. */
    private static final int COMPARED = 20;

    private T3Bench() {}

    public static void main(String[] args) {
        int steps = Integer.parseInt(args[1]);
        int text = Integer.parseInt(args[2]);
        int threads = Integer.parseInt(args[3]);
        float[] reference = new float[0];
        for (String name : Arrays.asList(args).subList(4, args.length)) {
            Precision precision = Precision.of(name);
            try (Safetensors file = Safetensors.open(Path.of(args[0]));
                    Devices.Lease device =
                            Devices.open(System.getProperty("device", "cpu"), threads);
                    Parameters parameters = device.backend().parameters(precision)) {
                if (precision == Precision.INT8 && device.backend().memory().isPresent()) {
                    throw new IllegalArgumentException(
                            "op by op a GPU has no 8-bit weights: DecodeBench measures its decoder");
                }
                double begin = S3GenBench.clock();
                T3 model = T3.load(parameters, file);
                double load = S3GenBench.clock() - begin;
                Run warm;
                try (Ops ops = device.backend().open()) {
                    warm = run(model, ops, text, Math.max(COMPARED, steps / 2));
                }
                Run run;
                try (Ops ops = device.backend().open()) {
                    run = run(model, ops, text, steps);
                }
                if (reference.length == 0) {
                    reference = warm.logits;
                }
                double[] error = error(warm.logits, reference);
                System.out.printf(
                        Locale.ROOT,
                        "{\"program\": \"skald\", \"model\": \"%s\", \"weights\": \"%s\","
                                + " \"threads\": %d, \"text\": %d, \"tokens\": %d,"
                                + " \"load_s\": %.2f, \"prefill_s\": %.3f,"
                                + " \"tokens_a_second\": %.1f,"
                                + " \"tokens_a_processor_second\": %.1f, \"sampling_ms\": %.3f,"
                                + " \"logit_error_rms\": %.5f, \"logit_error_most\": %.4f}%n",
                        Path.of(args[0]).getFileName(),
                        precision,
                        threads,
                        text,
                        steps,
                        load,
                        run.prefill,
                        steps / run.decode,
                        steps / run.processor,
                        1e3 * run.sampling / steps,
                        error[0],
                        error[1]);
            }
        }
    }

    /** Seconds, and the logits of the first steps. */
    private record Run(
            double prefill, double decode, double processor, double sampling, float[] logits) {}

    private static Run run(T3 model, Ops ops, int textTokens, int steps) {
        T3Config config = model.config();
        boolean llama = config.kind() == DecoderModel.Kind.LLAMA;
        int[] prompt = new int[llama ? 150 : 375];
        Arrays.setAll(prompt, i -> i * 37 % 6561);
        float[] speaker = new float[256];
        for (int i = 0; i < speaker.length; i++) {
            speaker[i] = (float) Math.sin(i) * 0.06f;
        }
        int[] text = new int[textTokens];
        Arrays.setAll(text, i -> 3 + i * 7 % 90);
        if (llama) {
            text[0] = T3Config.START_TEXT;
            text[textTokens - 1] = T3Config.STOP_TEXT;
        }
        int rows = llama ? 2 : 1;
        int n = rows * config.speechVocabulary();
        float[] kept = new float[COMPARED * n];
        float[] logits = new float[n];
        Sampler sampler =
                new Sampler(
                        config.kind(),
                        llama ? SamplerSettings.ORIGINAL : SamplerSettings.TURBO,
                        config.speechVocabulary());
        BitSet spoken = new BitSet();
        double sampling = 0;
        try (T3State state = new T3State(model, ops, rows, config.positions())) {
            double begin = S3GenBench.clock();
            ops.read(state.prefill(new T3Prompt(speaker, prompt, 0.5f), text, llama, Taps.NONE));
            double middle = S3GenBench.clock();
            double cpu = S3GenBench.processor();
            for (int i = 0; i < steps; i++) {
                int token = (i + 1) * 131 % 6561;
                spoken.set(token);
                ops.read(state.step(token, Taps.NONE), logits, 0);
                if (i < COMPARED) {
                    System.arraycopy(logits, 0, kept, i * n, n);
                }
                double before = S3GenBench.clock();
                sampler.distribution(logits, spoken, Taps.NONE);
                sampler.draw(1, 0, i);
                sampling += S3GenBench.clock() - before;
            }
            return new Run(
                    middle - begin,
                    S3GenBench.clock() - middle,
                    S3GenBench.processor() - cpu,
                    sampling,
                    kept);
        }
    }

    /** Root mean square as a share of the values' deviation, and the largest. */
    private static double[] error(float[] found, float[] expected) {
        double mean = 0;
        for (float v : expected) {
            mean += v;
        }
        mean /= expected.length;
        double squares = 0;
        double deviation = 0;
        double most = 0;
        for (int i = 0; i < expected.length; i++) {
            double e = found[i] - expected[i];
            squares += e * e;
            deviation += (expected[i] - mean) * (expected[i] - mean);
            most = Math.max(most, Math.abs(e));
        }
        return new double[] {Math.sqrt(squares / deviation), most};
    }
}
