package dev.skald.chatterbox.t3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.Precision;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.SamplerSettings;
import dev.skald.tensor.decode.TokenDecoder;
import dev.skald.testkit.GoldenFile;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.TestDevice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A sequence's tokens are its own, whoever else is in the batch. */
class T3DecoderTest {
    private static final int LIMIT = 40;

    /** One of the requests that come and go. */
    private record Request(int voice, int[] text, boolean guided, long seed) {}

    @ParameterizedTest
    @CsvSource({
        "t3_original, FP32",
        "t3_original, BF16",
        "t3_original, INT8",
        "t3_turbo, FP32",
        "t3_turbo, BF16",
        "t3_turbo, INT8",
        "t3_multilingual, BF16"
    })
    void aloneAndAmongOthersTheTokensAreTheSame(String stage, Precision precision) {
        try (GoldenSet set = GoldenSet.open(Path.of("src/test/resources/goldens"));
                TestDevice device = TestDevice.open(2);
                Parameters parameters = device.backend().parameters(precision);
                Ops ops = device.ops()) {
            GoldenFile file = set.stage(stage);
            T3 model = T3.load(parameters, file.weightsUnderPrefix(), T3GoldenStage.config(file));
            boolean llama = model.config().kind() == DecoderModel.Kind.LLAMA;
            List<Request> requests = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                int[] text = new int[5 + 3 * i];
                for (int k = 0; k < text.length; k++) {
                    text[k] = (7 * i + 3 * k) % 50;
                }
                requests.add(new Request(i % 2, text, llama && i % 3 != 1, 100 + i));
            }
            try (TokenDecoder decoder = model.decoder(ops, 8);
                    TokenDecoder.Prefix voice0 = prefix(model, decoder, 0);
                    TokenDecoder.Prefix voice1 = prefix(model, decoder, 1)) {
                List<TokenDecoder.Prefix> voices = List.of(voice0, voice1);
                List<int[]> alone = new ArrayList<>();
                for (Request r : requests) {
                    int slot = join(model, decoder, voices, r);
                    alone.add(rest(decoder, slot, new int[0]));
                }
                assertThat(decoder.active()).isZero();
                // They join one after the other, some leave half-way and come again.
                int[] slots = new int[8];
                int[][] among = new int[8][0];
                for (int i = 0; i < 8; i++) {
                    slots[i] = join(model, decoder, voices, requests.get(i));
                    for (int k = 0; k <= i % 3; k++) {
                        decoder.step();
                    }
                    if (i == 5) {
                        decoder.leave(slots[2]);
                        slots[2] = join(model, decoder, voices, requests.get(2));
                    }
                }
                assertThatThrownBy(() -> join(model, decoder, voices, requests.get(0)))
                        .isInstanceOf(IllegalStateException.class);
                for (int step = 0; step < LIMIT; step++) {
                    for (int i = 0; i < 8; i++) {
                        among[i] = joined(among[i], decoder.poll(slots[i]));
                    }
                    decoder.step();
                }
                for (int i = 0; i < 8; i++) {
                    assertThat(rest(decoder, slots[i], among[i])).containsExactly(alone.get(i));
                }
                assertThat(alone.stream().mapToInt(t -> t.length).max().orElse(0))
                        .isGreaterThan(20);
            }
        }
    }

    /** More rows than a device's kernels take at once. */
    @ParameterizedTest
    @CsvSource({"t3_original, 40, BF16", "t3_turbo, 64, BF16", "t3_turbo, 40, INT8"})
    void manySequencesSayWhatEachSaysAlone(String stage, int count, Precision precision) {
        try (GoldenSet set = GoldenSet.open(Path.of("src/test/resources/goldens"));
                TestDevice device = TestDevice.open(2);
                Parameters parameters = device.backend().parameters(precision);
                Ops ops = device.ops()) {
            GoldenFile file = set.stage(stage);
            T3 model = T3.load(parameters, file.weightsUnderPrefix(), T3GoldenStage.config(file));
            boolean llama = model.config().kind() == DecoderModel.Kind.LLAMA;
            try (TokenDecoder decoder = model.decoder(ops, count);
                    TokenDecoder.Prefix voice0 = prefix(model, decoder, 0);
                    TokenDecoder.Prefix voice1 = prefix(model, decoder, 1)) {
                assertThat(decoder.slots()).isEqualTo(count);
                List<TokenDecoder.Prefix> voices = List.of(voice0, voice1);
                List<Request> requests = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    // A pair in the midst of single rows.
                    boolean guided = llama && i != 3;
                    requests.add(new Request(i % 2, new int[] {3, i % 50, 5}, guided, i));
                }
                int[] slots = new int[count];
                for (int i = 0; i < count; i++) {
                    slots[i] = join(model, decoder, voices, requests.get(i), 8);
                }
                List<int[]> among = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    among.add(rest(decoder, slots[i], new int[0]));
                }
                for (int i : new int[] {0, 3, 15, 16, 17, 31, 32, count - 1}) {
                    int slot = join(model, decoder, voices, requests.get(i), 8);
                    assertThat(rest(decoder, slot, new int[0]))
                            .as("sequence %s", i)
                            .containsExactly(among.get(i));
                }
                assertThat(among.stream().map(Arrays::hashCode).distinct().count())
                        .isGreaterThan(count / 2);
            }
        }
    }

    private static TokenDecoder.Prefix prefix(T3 model, TokenDecoder decoder, int voice) {
        Ops ops = decoder.ops();
        float[] speaker = new float[model.speakerSize()];
        for (int i = 0; i < speaker.length; i++) {
            speaker[i] = (float) Math.sin(i + voice) / 16;
        }
        int[] heard = new int[30 + 70 * voice];
        for (int i = 0; i < heard.length; i++) {
            heard[i] = i * 97 % 6000 % model.config().speechVocabulary();
        }
        try (Ops.Scope ignored = ops.scope()) {
            return decoder.prefix(
                    model.condition(
                            ops, new T3Prompt(speaker, heard, 0.5f), dev.skald.tensor.Taps.NONE));
        }
    }

    private static int join(
            T3 model, TokenDecoder decoder, List<TokenDecoder.Prefix> voices, Request r) {
        return join(model, decoder, voices, r, LIMIT);
    }

    private static int join(
            T3 model,
            TokenDecoder decoder,
            List<TokenDecoder.Prefix> voices,
            Request r,
            int limit) {
        Ops ops = decoder.ops();
        SamplerSettings settings =
                model.config().kind() == DecoderModel.Kind.LLAMA
                        ? SamplerSettings.ORIGINAL
                        : SamplerSettings.TURBO;
        try (Ops.Scope ignored = ops.scope()) {
            Tensor x =
                    ops.tensor(r.guided ? 2 : 1, model.textRows(r.text), model.config().hidden());
            model.embedText(ops, r.text, r.guided, x);
            return decoder.join(voices.get(r.voice), x, settings, r.seed, 3, limit);
        }
    }

    private static int[] rest(TokenDecoder decoder, int slot, int[] before) {
        int[] all = joined(before, decoder.poll(slot));
        while (!decoder.ended(slot)) {
            decoder.step();
            all = joined(all, decoder.poll(slot));
        }
        decoder.leave(slot);
        return all;
    }

    static int[] joined(int[] a, int[] b) {
        int[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }
}
