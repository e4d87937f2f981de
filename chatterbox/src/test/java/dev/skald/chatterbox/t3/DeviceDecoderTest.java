package dev.skald.chatterbox.t3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.skald.Precision;
import dev.skald.cuda.decode.GraphDecoder;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Philox;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.Sampler;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.tensor.decode.TokenDecoder;
import dev.skald.testkit.GoldenFile;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.TestDevice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A device's own decoder in bfloat16, or in 8 bits, against the ops of the CPU in fp32, token by
 * token.
 */
class DeviceDecoderTest {
    private static final int LIMIT = 24;
    private static final int STREAM = 3;

    /** Of the logits, relative to their norm: weights, keys and values are rounded to 8 bits. */
    private static final double LOGITS = 0.02;

    /** How far a draw may be from the token's share of [0, 1) where the CPU draws another. */
    private static final double EDGE = 0.02;

    /** How many times that much weights in 8 bits are allowed. */
    private int allowed = 1;

    private int draws;
    private int others;
    private double worst;
    private double farthest;

    @ParameterizedTest
    @CsvSource({
        "t3_original, true, BF16",
        "t3_original, false, BF16",
        "t3_turbo, false, BF16",
        "t3_original, true, INT8",
        "t3_turbo, false, INT8"
    })
    void logitsAndDrawsAreThoseOfTheOracle(String stage, boolean guided, Precision precision) {
        allowed = precision == Precision.INT8 ? 3 : 1;
        try (GoldenSet set = GoldenSet.open(Path.of("src/test/resources/goldens"));
                TestDevice device = TestDevice.open(2);
                Devices.Lease cpu = Devices.open("cpu", 1)) {
            GoldenFile file = set.stage(stage);
            try (Parameters here = device.backend().parameters(precision);
                    Parameters there = cpu.backend().parameters(Precision.FP32);
                    Ops ops = device.ops()) {
                T3 model = load(file, here);
                T3 oracle = load(file, there);
                try (TokenDecoder decoder = model.decoder(ops, 2)) {
                    assumeTrue(decoder instanceof GraphDecoder, "a decoder of the device's own");
                    for (int seed = 0; seed < 4; seed++) {
                        compare((GraphDecoder) decoder, model, oracle, cpu.backend(), seed, guided);
                    }
                    assertThat(decoder.active()).isZero();
                }
            }
        }
        System.out.printf(
                "%s guided %s %s: logits within %.4f, %d of %d draws differ, at most %.5f from an edge%n",
                stage, guided, precision, worst, others, draws, farthest);
        assertThat(draws).isGreaterThan(40);
        // Turbo's small random model spreads a draw over some 1,000 tokens: edges are everywhere.
        assertThat(others).isLessThan(allowed * draws / 4);
    }

    static T3 load(GoldenFile file, Parameters parameters) {
        return T3.load(parameters, file.weightsUnderPrefix(), T3GoldenStage.config(file));
    }

    private void compare(
            GraphDecoder decoder, T3 model, T3 oracle, Backend cpu, int seed, boolean guided) {
        boolean llama = model.config().kind() == DecoderModel.Kind.LLAMA;
        SamplerSettings settings = llama ? SamplerSettings.ORIGINAL : SamplerSettings.TURBO;
        float[] speaker = new float[model.speakerSize()];
        for (int i = 0; i < speaker.length; i++) {
            speaker[i] = (float) Math.sin(i + seed) / 16;
        }
        int[] heard = new int[30 + 10 * seed];
        Arrays.setAll(heard, i -> i * 97 % 6000 % model.config().speechVocabulary());
        T3Prompt prompt = new T3Prompt(speaker, heard, 0.5f);
        int[] text = new int[5 + 11 * seed];
        Arrays.setAll(text, i -> (7 * seed + 3 * i) % 50);

        List<float[]> logits = new ArrayList<>();
        int[] tokens = new int[0];
        Ops ops = decoder.ops();
        try (Ops.Scope ignored = ops.scope();
                TokenDecoder.Prefix prefix =
                        decoder.prefix(model.condition(ops, prompt, Taps.NONE))) {
            Tensor x = ops.tensor(guided ? 2 : 1, model.textRows(text), model.config().hidden());
            model.embedText(ops, text, guided, x);
            int slot = decoder.join(prefix, x, settings, seed, STREAM, LIMIT);
            logits.add(decoder.logits(slot));
            tokens = T3DecoderTest.joined(tokens, decoder.poll(slot));
            while (!decoder.ended(slot)) {
                decoder.step();
                logits.add(decoder.logits(slot));
                tokens = T3DecoderTest.joined(tokens, decoder.poll(slot));
            }
            decoder.leave(slot);
        }
        Sampler sampler =
                new Sampler(model.config().kind(), settings, model.config().speechVocabulary());
        BitSet history = new BitSet();
        history.set(T3Config.START_SPEECH);
        try (Ops there = cpu.open();
                T3State state = new T3State(oracle, there, guided ? 2 : 1, 600)) {
            Tensor out = state.prefill(prompt, text, guided, Taps.NONE);
            for (int i = 0; i < tokens.length; i++) {
                float[] wanted = there.read(out);
                worst = Math.max(worst, difference(logits.get(i), wanted));
                assertThat(worst).as("logits of step %s", i).isLessThan(allowed * LOGITS);
                float[] p = sampler.distribution(wanted, history, Taps.NONE);
                double u = Philox.uniform(seed, STREAM, i);
                draws++;
                if (sampler.pick(u) != tokens[i]) {
                    others++;
                    farthest = Math.max(farthest, distance(p, tokens[i], u));
                    assertThat(farthest).as("draw %s", i).isLessThan(allowed * EDGE);
                }
                if (i == 0 && !llama) {
                    history.clear();
                }
                history.set(tokens[i]);
                if (i < tokens.length - 1) {
                    out = state.step(tokens[i], Taps.NONE);
                }
            }
        }
    }

    private static double difference(float[] a, float[] b) {
        double error = 0;
        double norm = 0;
        for (int i = 0; i < b.length; i++) {
            error += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
            norm += (double) b[i] * b[i];
        }
        return Math.sqrt(error / norm);
    }

    /** From u to the token's part of the cumulative distribution. */
    private static double distance(float[] p, int token, double u) {
        double low = 0;
        double total = 0;
        for (int i = 0; i < p.length; i++) {
            low += i < token ? p[i] : 0;
            total += p[i];
        }
        return Math.max(low / total - u, u - (low + p[token]) / total);
    }

    /** A prefix that was read and restored speaks as the one it was read from. */
    @ParameterizedTest
    @CsvSource({"t3_original", "t3_turbo"})
    void aPrefixIsRestoredAsItWas(String stage) {
        try (GoldenSet set = GoldenSet.open(Path.of("src/test/resources/goldens"));
                TestDevice device = TestDevice.open(2);
                Parameters here = device.backend().parameters(Precision.BF16);
                Ops ops = device.ops()) {
            T3 model = load(set.stage(stage), here);
            T3Prompt prompt = new T3Prompt(new float[model.speakerSize()], new int[37], 0.5f);
            try (TokenDecoder decoder = model.decoder(ops, 1);
                    T3Prefix stored = model.prefix(ops, prompt);
                    TokenDecoder.Prefix restored = decoder.restore(stored)) {
                float[] before = new float[2 * stored.rows() * model.cacheWidth()];
                float[] after = new float[before.length];
                for (int i = 0; i < model.config().layers(); i++) {
                    stored.read(i, before);
                    restored.read(i, after);
                    assertThat(after).isEqualTo(before);
                    assertThat(after).isNotEqualTo(new float[after.length]);
                }
            }
        }
    }

    /** A prompt that is read 128 rows at a time speaks as one read 32 at a time. */
    @ParameterizedTest
    @CsvSource({"t3_original, true", "t3_turbo, false"})
    void aPromptIsTheSameInPassesOfManyRows(String stage, boolean guided) {
        try (GoldenSet set = GoldenSet.open(Path.of("src/test/resources/goldens"));
                TestDevice device = TestDevice.open(2);
                Parameters here = device.backend().parameters(Precision.BF16);
                Ops ops = device.ops()) {
            T3 model = load(set.stage(stage), here);
            List<float[]> many = spoken(model, ops, guided);
            System.setProperty("skald.cuda.prompt", "32");
            try {
                List<float[]> few = spoken(model, ops, guided);
                assertThat(many).hasSameSizeAs(few);
                for (int i = 0; i < few.size(); i++) {
                    assertThat(many.get(i)).as("logits of step %s", i).isEqualTo(few.get(i));
                }
            } finally {
                System.clearProperty("skald.cuda.prompt");
            }
        }
    }

    /** Logits of the first tokens after a prefix and a text of which one has more than 128 rows. */
    private static List<float[]> spoken(T3 model, Ops ops, boolean guided) {
        int[] text = new int[90];
        Arrays.setAll(text, i -> 3 * i % 50);
        T3Prompt prompt = new T3Prompt(new float[model.speakerSize()], new int[140], 0.5f);
        SamplerSettings settings = guided ? SamplerSettings.ORIGINAL : SamplerSettings.TURBO;
        List<float[]> logits = new ArrayList<>();
        try (TokenDecoder decoder = model.decoder(ops, 1);
                Ops.Scope ignored = ops.scope();
                TokenDecoder.Prefix prefix =
                        decoder.prefix(model.condition(ops, prompt, Taps.NONE))) {
            assumeTrue(decoder instanceof GraphDecoder, "a decoder of the device's own");
            Tensor x = ops.tensor(guided ? 2 : 1, model.textRows(text), model.config().hidden());
            model.embedText(ops, text, guided, x);
            int slot = decoder.join(prefix, x, settings, 1, STREAM, 3);
            logits.add(((GraphDecoder) decoder).logits(slot));
            while (!decoder.ended(slot)) {
                decoder.step();
                logits.add(((GraphDecoder) decoder).logits(slot));
                decoder.poll(slot);
            }
            decoder.leave(slot);
        }
        return logits;
    }
}
