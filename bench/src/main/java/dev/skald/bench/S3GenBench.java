package dev.skald.bench;

import dev.skald.Precision;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.chatterbox.s3gen.S3GenBatch;
import dev.skald.chatterbox.s3gen.S3GenStream;
import dev.skald.chatterbox.s3gen.VoiceReference;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.io.Safetensors;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;

/**
 * Measures S3Gen as {@code bench/peers/chatterbox_s3gen.py} does the official one, on the same
 * file: {@code FILE TOKENS PROMPT REPETITIONS [THREADS]}. One JSON line: median seconds of the flow
 * and of the vocoder, by the clock and of processor time, and of the flow's parts: an Euler step,
 * and the rest, which is the encoder, the upload and the reading of the result; with {@code
 * -Dparity=true} one more: how far mel and waveform are from those of fp32 on the same device; with
 * {@code -Dbatches=1,4,16} one for each number of pieces that are computed together: milliseconds a
 * piece.
 */
public final class S3GenBench {
    private S3GenBench() {}

    public static void main(String[] args) {
        int tokens = Integer.parseInt(args[1]);
        int prompt = Integer.parseInt(args[2]);
        int repetitions = Integer.parseInt(args[3]);
        int threads = args.length > 4 ? Integer.parseInt(args[4]) : 0;
        try (Safetensors file = Safetensors.open(Path.of(args[0]));
                Devices.Lease device = Devices.open(System.getProperty("device", "cpu"), threads);
                Parameters parameters = device.backend().parameters()) {
            S3Gen model = S3Gen.load(file, parameters, S3Gen.HEAD_DIM);
            Random random = new Random(1);
            float[] mel = new float[2 * prompt * model.flow().bands()];
            float[] xvector = new float[model.flow().xvectorDim()];
            for (int i = 0; i < mel.length; i++) {
                mel[i] = (float) random.nextGaussian();
            }
            for (int i = 0; i < xvector.length; i++) {
                xvector[i] = (float) random.nextGaussian();
            }
            VoiceReference voice =
                    new VoiceReference(
                            random.ints(prompt, 0, 6561).toArray(), mel, 2 * prompt, xvector);
            int[] speech = random.ints(tokens, 0, 6561).toArray();
            int steps = model.flow().defaultSteps();
            double[] flow = new double[repetitions];
            double[] oneStep = new double[repetitions];
            double[] oneMore = new double[repetitions];
            double[] vocoder = new double[repetitions];
            double[] flowCpu = new double[repetitions];
            double[] vocoderCpu = new double[repetitions];
            for (int i = -1; i < repetitions; i++) {
                try (Ops ops = device.backend().open()) {
                    double begin = clock();
                    double cpu = processor();
                    float[] made = model.mel(ops, voice, speech, 1);
                    double middle = clock();
                    double middleCpu = processor();
                    model.vocode(ops, made, 1);
                    double end = clock();
                    double endCpu = processor();
                    if (i >= 0) {
                        flow[i] = middle - begin;
                        flowCpu[i] = middleCpu - cpu;
                        vocoder[i] = end - middle;
                        vocoderCpu[i] = endCpu - middleCpu;
                    }
                }
            }
            // Time vectors are kept for the default number of steps alone. Neither flow here has
            // that number, so both compute theirs.
            for (int i = -2; i < repetitions; i++) {
                try (Ops ops = device.backend().open()) {
                    double begin = clock();
                    model.mel(ops, voice, speech, 1, 1);
                    double middle = clock();
                    model.mel(ops, voice, speech, steps + 1, 1);
                    if (i >= 0) {
                        oneStep[i] = middle - begin;
                        oneMore[i] = clock() - middle;
                    }
                }
            }
            double step = (median(oneMore) - median(oneStep)) / steps;
            System.out.printf(
                    Locale.ROOT,
                    "{\"program\": \"skald\", \"threads\": %d, \"tokens\": %d,"
                            + " \"prompt_tokens\": %d, \"flow_s\": %.5f, \"flow_cpu_s\": %.5f,"
                            + " \"flow_step_s\": %.5f, \"flow_rest_s\": %.5f,"
                            + " \"vocoder_s\": %.5f, \"vocoder_cpu_s\": %.5f}%n",
                    threads,
                    tokens,
                    prompt,
                    median(flow),
                    median(flowCpu),
                    step,
                    median(flow) - steps * step,
                    median(vocoder),
                    median(vocoderCpu));
            String batches = System.getProperty("batches", "");
            for (String count : batches.isEmpty() ? new String[0] : batches.split(",")) {
                batch(model, device, voice, speech, Integer.parseInt(count), repetitions);
            }
            if (Boolean.getBoolean("parity")) {
                try (Parameters exact = device.backend().parameters(Precision.FP32);
                        Ops ops = device.backend().open()) {
                    S3Gen reference = S3Gen.load(file, exact, S3Gen.HEAD_DIM);
                    float[] expected = reference.mel(ops, voice, speech, 1);
                    float[] made = model.mel(ops, voice, speech, 1);
                    System.out.printf(
                            Locale.ROOT,
                            "{\"parity\": \"fp32\", \"mel\": \"%s\", \"wave_of_one_mel\": \"%s\"}%n",
                            distance(expected, made),
                            distance(
                                    reference.vocode(ops, expected, 1),
                                    model.vocode(ops, expected, 1)));
                }
            }
        }
    }

    private static void batch(
            S3Gen model,
            Devices.Lease device,
            VoiceReference voice,
            int[] speech,
            int count,
            int repetitions) {
        double[] seconds = new double[repetitions];
        double[] flow = new double[repetitions];
        try (S3GenBatch batch = new S3GenBatch(model, device.backend())) {
            for (int i = -2; i < repetitions; i++) {
                List<S3GenStream> streams = new ArrayList<>();
                List<S3GenStream.Piece> pieces = new ArrayList<>();
                for (int n = 0; n < count; n++) {
                    S3GenStream stream = model.stream(voice, n, true, () -> {});
                    stream.end(speech);
                    S3GenStream.Piece piece = Objects.requireNonNull(stream.due());
                    batch.add(piece);
                    pieces.add(piece);
                    streams.add(stream);
                }
                double begin = clock();
                for (S3GenStream.Piece piece : pieces) {
                    while (!piece.done()) {
                        batch.run();
                    }
                }
                if (i >= 0) {
                    seconds[i] = clock() - begin;
                    for (S3GenStream stream : streams) {
                        flow[i] += stream.takeWork().flowNanos() * 1e-9;
                    }
                }
            }
        }
        System.out.printf(
                Locale.ROOT,
                "{\"pieces\": %d, \"ms_a_piece\": %.2f, \"flow_ms_a_piece\": %.2f}%n",
                count,
                median(seconds) * 1e3 / count,
                median(flow) * 1e3 / count);
    }

    /** Signal to noise, and the largest difference beside the largest value. */
    private static String distance(float[] expected, float[] found) {
        double signal = 0;
        double noise = 0;
        double largest = 0;
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            double error = found[i] - expected[i];
            signal += (double) expected[i] * expected[i];
            noise += error * error;
            largest = Math.max(largest, Math.abs(expected[i]));
            worst = Math.max(worst, Math.abs(error));
        }
        return String.format(
                Locale.ROOT,
                "%.1f dB, worst %.2g of %.2g",
                10 * Math.log10(signal / noise),
                worst,
                largest);
    }

    static double clock() {
        return System.nanoTime() * 1e-9;
    }

    static double processor() {
        return ManagementFactory.getOperatingSystemMXBean()
                        instanceof com.sun.management.OperatingSystemMXBean os
                ? os.getProcessCpuTime() * 1e-9
                : Double.NaN;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
