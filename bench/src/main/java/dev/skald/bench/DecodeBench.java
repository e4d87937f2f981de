package dev.skald.bench;

import dev.skald.Precision;
import dev.skald.chatterbox.t3.T3;
import dev.skald.chatterbox.t3.T3Config;
import dev.skald.chatterbox.t3.T3Prompt;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.tensor.decode.TokenDecoder;
import dev.skald.tensor.io.Safetensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Decoding of several sequences in one step against the first count (one alone, say), by turns:
 * {@code FILE PRECISION THREADS STEPS ROUNDS COUNT...}. One JSON line a count, as soon as it is
 * measured: tokens a second (the median of the rounds, the smallest, the largest), how many times
 * that of the first count, the least processor time of a step (for a machine that has other work;
 * with one thread), and whether each sequence drew the tokens that it draws alone.
 */
public final class DecodeBench {
    private static final int TEXT = 40;

    private final T3 model;
    private final TokenDecoder decoder;
    private final TokenDecoder.Prefix prefix;
    private final boolean guided;
    private final int steps;

    /** Seeds whose sequences do not end before the last step, and what each draws alone. */
    private final List<Integer> seeds = new ArrayList<>();

    private final List<int[]> alone = new ArrayList<>();
    private int nextSeed = 1;

    private DecodeBench(T3 model, TokenDecoder decoder, TokenDecoder.Prefix prefix, int steps) {
        this.model = model;
        this.decoder = decoder;
        this.prefix = prefix;
        this.steps = steps;
        guided = model.config().kind() == DecoderModel.Kind.LLAMA;
    }

    public static void main(String[] args) {
        Precision precision = Precision.of(args[1]);
        int threads = Integer.parseInt(args[2]);
        int steps = Integer.parseInt(args[3]);
        int rounds = Integer.parseInt(args[4]);
        int[] counts = Arrays.stream(args).skip(5).mapToInt(Integer::parseInt).toArray();
        int most = Arrays.stream(counts).max().orElse(1);
        try (Safetensors file = Safetensors.open(Path.of(args[0]));
                Devices.Lease device = Devices.open(System.getProperty("device", "cpu"), threads);
                Parameters parameters = device.backend().parameters(precision);
                Ops ops = device.backend().open()) {
            T3 model = T3.load(parameters, file);
            try (TokenDecoder decoder = model.decoder(ops, most);
                    TokenDecoder.Prefix prefix =
                            decoder.restore(model.prefix(ops, prompt(model)))) {
                DecodeBench bench = new DecodeBench(model, decoder, prefix, steps);
                String name = Path.of(args[0]).getFileName().toString();
                for (int count : counts) {
                    bench.chooseSeeds(Math.max(count, counts[0]));
                    bench.measure(
                            counts[0], count, rounds, name + "\", \"weights\": \"" + precision);
                }
            }
        }
    }

    private static T3Prompt prompt(T3 model) {
        int[] tokens = new int[model.config().kind() == DecoderModel.Kind.LLAMA ? 150 : 375];
        Arrays.setAll(tokens, i -> i * 37 % 6561);
        float[] speaker = new float[256];
        for (int i = 0; i < speaker.length; i++) {
            speaker[i] = (float) Math.sin(i) * 0.06f;
        }
        return new T3Prompt(speaker, tokens, 0.5f);
    }

    private void chooseSeeds(int count) {
        while (seeds.size() < count) {
            seeds.add(nextSeed++);
            alone.add(new int[0]);
            int[] drawn = run(seeds.size() - 1, 1).tokens.getFirst();
            if (drawn.length == steps + 1) {
                alone.set(seeds.size() - 1, drawn);
            } else {
                seeds.removeLast();
                alone.removeLast();
            }
        }
    }

    private void measure(int first, int count, int rounds, String name) {
        Series base = new Series(first, rounds);
        Series many = new Series(count, rounds);
        for (int round = -1; round < rounds; round++) {
            base.add(round);
            if (count != first) {
                many.add(round);
            }
        }
        Series shown = count == first ? base : many;
        System.out.printf(
                Locale.ROOT,
                "{\"model\": \"%s\", \"sequences\": %d, \"tokens_a_second\": %.1f,"
                        + " \"smallest\": %.1f, \"largest\": %.1f, \"step_ms\": %.2f,"
                        + " \"gain\": %.2f, \"processor_ms\": %.2f,"
                        + " \"processor_gain\": %.2f, \"same\": %b}%n",
                name,
                count,
                shown.rate(0.5),
                shown.rate(0),
                shown.rate(1),
                1e3 * count / shown.rate(0.5),
                shown.rate(0.5) / base.rate(0.5),
                1e3 * shown.least,
                count * base.least / (first * shown.least),
                shown.same);
        System.out.flush();
    }

    /** The rounds of so many sequences at once. */
    private final class Series {
        private final int count;
        private final double[] rates;
        private double least = Double.POSITIVE_INFINITY;
        private boolean same = true;

        Series(int count, int rounds) {
            this.count = count;
            rates = new double[rounds];
        }

        /** The round before the first warms up. */
        void add(int round) {
            Run run = run(0, count);
            if (round >= 0) {
                rates[round] = count * steps / run.seconds;
                least = Math.min(least, run.processor / steps);
            }
            for (int i = 0; i < count; i++) {
                same &= Arrays.equals(run.tokens.get(i), alone.get(i));
            }
        }

        double rate(double share) {
            double[] sorted = rates.clone();
            Arrays.sort(sorted);
            return sorted[(int) Math.min(sorted.length - 1, share * sorted.length)];
        }
    }

    /** Seconds of the steps after the first token, and of processor time, and all tokens. */
    private record Run(double seconds, double processor, List<int[]> tokens) {}

    private Run run(int first, int count) {
        int[] slots = new int[count];
        int[][] tokens = new int[count][0];
        for (int i = 0; i < count; i++) {
            slots[i] = join(seeds.get(first + i));
            while (tokens[i].length == 0) { // A device has not read the text yet.
                Thread.onSpinWait();
                tokens[i] = decoder.poll(slots[i]);
            }
        }
        double processor = S3GenBench.processor();
        double begin = S3GenBench.clock();
        boolean running = true;
        while (running) { // A device's tokens come some steps later.
            decoder.step();
            running = false;
            for (int i = 0; i < count; i++) {
                tokens[i] = joined(tokens[i], decoder.poll(slots[i]));
                running |= !decoder.ended(slots[i]);
            }
        }
        double seconds = S3GenBench.clock() - begin;
        processor = S3GenBench.processor() - processor;
        for (int slot : slots) {
            decoder.leave(slot);
        }
        return new Run(seconds, processor, List.of(tokens));
    }

    private static int[] joined(int[] tokens, int[] more) {
        int[] all = Arrays.copyOf(tokens, tokens.length + more.length);
        System.arraycopy(more, 0, all, tokens.length, more.length);
        return all;
    }

    /** Each seed has a text of its own. */
    private int join(int seed) {
        int[] text = new int[TEXT];
        Arrays.setAll(text, i -> 3 + (seed + i * 7) % 90);
        if (guided) {
            text[0] = T3Config.START_TEXT;
            text[TEXT - 1] = T3Config.STOP_TEXT;
        }
        Ops ops = decoder.ops();
        try (Ops.Scope ignored = ops.scope()) {
            int rows = model.textRows(text);
            Tensor x = ops.tensor(guided ? 2 : 1, rows, model.config().hidden());
            model.embedText(ops, text, guided, x);
            SamplerSettings settings = guided ? SamplerSettings.ORIGINAL : SamplerSettings.TURBO;
            return decoder.join(prefix, x, settings, seed, 0, steps + 1);
        }
    }
}
