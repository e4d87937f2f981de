package dev.skald.chatterbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.skald.Precision;
import dev.skald.chatterbox.t3.T3;
import dev.skald.chatterbox.t3.T3Prefix;
import dev.skald.chatterbox.t3.T3Prompt;
import dev.skald.chatterbox.t3.T3State;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Taps;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.io.Safetensors;
import dev.skald.testkit.TestDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrefixStoreTest {
    private static final int[] TEXT = {3, 14, 15, 9, 2, 6, 5};

    @TempDir Path dir;
    private final TestDevice device = TestDevice.open(2);
    private final Ops ops = device.ops();

    @AfterEach
    void close() {
        ops.close();
        device.close();
    }

    private record Loaded(Safetensors file, Path weights, T3 model) implements AutoCloseable {
        @Override
        public void close() {
            file.close();
        }
    }

    private Loaded load(ChatterboxModel model, Precision precision) throws IOException {
        Path weights =
                TinyCheckpoint.write(model, dir.resolve(model.id()))
                        .resolve(model.t3File() + ".safetensors");
        Safetensors file = Safetensors.open(weights);
        return new Loaded(file, weights, T3.load(device.backend().parameters(precision), file));
    }

    private static T3Prompt prompt(T3 model, float emotion) {
        float[] speaker = new float[256];
        for (int i = 0; i < speaker.length; i++) {
            speaker[i] = (float) Math.sin(i) / 16;
        }
        int[] heard = new int[40];
        for (int i = 0; i < heard.length; i++) {
            heard[i] = i * 97 % model.config().speechVocabulary();
        }
        return new T3Prompt(speaker, heard, emotion);
    }

    private float[][] layers(T3 model, T3Prefix prefix) {
        float[][] all = new float[model.config().layers()][];
        for (int i = 0; i < all.length; i++) {
            all[i] = new float[2 * prefix.rows() * model.cacheWidth()];
            prefix.read(i, all[i]);
        }
        return all;
    }

    private List<Path> kept() throws IOException {
        try (Stream<Path> files = Files.list(dir.resolve("kept"))) {
            return files.toList();
        }
    }

    private PrefixStore store(Loaded loaded) {
        return new PrefixStore(loaded.model, loaded.weights, dir.resolve("kept"));
    }

    @ParameterizedTest
    @CsvSource({
        "TURBO, FP32, 1e-5",
        "ORIGINAL, FP32, 1e-5",
        "MULTILINGUAL_V2, FP32, 1e-5",
        "TURBO, BF16, 1e-5",
        "ORIGINAL, INT8, 1e-5"
    })
    void theTextAfterAKnownPrefixGivesTheLogitsOfOneGo(
            ChatterboxModel which, Precision precision, double most) throws IOException {
        try (Loaded loaded = load(which, precision)) {
            T3 model = loaded.model;
            T3Prompt prompt = prompt(model, 0.7f);
            boolean guided = model.config().kind() == DecoderModel.Kind.LLAMA;
            float[] once;
            try (T3State state = new T3State(model, ops, guided ? 2 : 1, 200)) {
                once = ops.read(state.prefill(prompt, TEXT, guided, Taps.NONE));
            }
            for (int computed : new int[] {model.prefixRows(prompt), 0}) {
                try (T3State state = new T3State(model, ops, guided ? 2 : 1, 200);
                        T3Prefix prefix = store(loaded).of(ops, prompt)) {
                    assertThat(prefix.computed()).isEqualTo(computed);
                    float[] logits = ops.read(state.prefill(prefix, TEXT, guided));
                    assertThat(logits).hasSameSizeAs(once);
                    for (int i = 0; i < logits.length; i++) {
                        assertThat((double) logits[i]).isCloseTo(once[i], within(most));
                    }
                }
            }
        }
    }

    @Test
    void whatIsKeptIsReadAgainBitForBit() throws IOException {
        Precision[] all = {Precision.FP32, Precision.BF16, Precision.INT8};
        for (Precision precision : all) {
            try (Loaded loaded = load(ChatterboxModel.TURBO, precision);
                    T3Prefix made = store(loaded).of(ops, prompt(loaded.model, 0));
                    T3Prefix again = store(loaded).of(ops, prompt(loaded.model, 0))) {
                assertThat(made.computed()).isEqualTo(41);
                assertThat(again.computed()).isZero();
                assertThat(layers(loaded.model, again)).isDeepEqualTo(layers(loaded.model, made));
            }
            deleteCheckpoint(ChatterboxModel.TURBO);
        }
        assertThat(kept()).hasSize(all.length);
    }

    private void deleteCheckpoint(ChatterboxModel model) throws IOException {
        try (Stream<Path> files = Files.walk(dir.resolve(model.id()))) {
            for (Path f : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(f);
            }
        }
    }

    @Test
    void anotherVoiceMannerOrCheckpointIsAnother() throws IOException {
        try (Loaded loaded = load(ChatterboxModel.ORIGINAL, Precision.BF16)) {
            store(loaded).of(ops, prompt(loaded.model, 0.5f)).close();
            store(loaded).of(ops, prompt(loaded.model, 0.6f)).close();
            float[] speaker = prompt(loaded.model, 0.5f).speaker().clone();
            speaker[100] += 0.1f;
            int[] heard = prompt(loaded.model, 0.5f).speechTokens();
            store(loaded).of(ops, new T3Prompt(speaker, heard, 0.5f)).close();
            assertThat(kept()).hasSize(3);
            Files.setLastModifiedTime(loaded.weights, FileTime.fromMillis(1000));
            store(loaded).of(ops, prompt(loaded.model, 0.5f)).close();
            assertThat(kept()).hasSize(4);
        }
    }

    @Test
    void aDamagedFileIsMadeAnewAndTheOldestAreForgotten() throws IOException {
        try (Loaded loaded = load(ChatterboxModel.TURBO, Precision.BF16)) {
            for (int i = 0; i < PrefixStore.MOST + 3; i++) {
                int[] heard = {i, 5};
                T3Prompt prompt = new T3Prompt(new float[256], heard, 0);
                store(loaded).of(ops, prompt).close();
            }
            assertThat(kept()).hasSize(PrefixStore.MOST);
            T3Prompt last = new T3Prompt(new float[256], new int[] {PrefixStore.MOST + 2, 5}, 0);
            for (Path file : kept()) {
                byte[] bytes = Files.readAllBytes(file);
                Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 8));
            }
            try (T3Prefix anew = store(loaded).of(ops, last);
                    T3Prefix again = store(loaded).of(ops, last)) {
                assertThat(anew.computed()).isEqualTo(3);
                assertThat(again.computed()).isZero();
            }
        }
    }

    @Test
    void whereNothingCanBeKeptItIsComputed() throws IOException {
        Files.writeString(dir.resolve("kept"), "a file where the folder should be");
        try (Loaded loaded = load(ChatterboxModel.TURBO, Precision.BF16);
                T3Prefix made = store(loaded).of(ops, prompt(loaded.model, 0))) {
            assertThat(made.computed()).isEqualTo(41);
        }
        assertThat(dir.resolve("kept")).isRegularFile();
    }
}
