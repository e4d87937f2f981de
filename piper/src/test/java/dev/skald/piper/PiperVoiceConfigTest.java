package dev.skald.piper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.VoiceException;
import dev.skald.piper.PiperVoiceConfig.Inference;
import dev.skald.piper.PiperVoiceConfig.PhonemeType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PiperVoiceConfigTest {
    private static final Path NAME = Path.of("voice.onnx.json");

    /** Everything a configuration can say; single quotes stand for double ones. */
    private static final String FULL =
            """
            {'audio': {'sample_rate': 16000, 'quality': 'low'}, 'espeak': {'voice': 'de'},
             'inference': {'noise_scale': 0.3, 'length_scale': 1.5, 'noise_w': 0.25},
             'phoneme_type': 'espeak', 'phoneme_map': {}, 'num_symbols': 20, 'num_speakers': 3,
             'phoneme_id_map': {'_': [0], '^': [1], '$': [2], 'a': [3, 4], 'b': []},
             'speaker_id_map': {'ann': 0, 'bob': 2}, 'default_speaker_id': 2, 'hop_length': 512,
             'vowel_clusters': [['a', 'b']], 'piper_version': '1.0.0',
             'language': {'code': 'de_DE', 'family': 'de'}, 'dataset': 'x', 'extra': [null, true]}
            """;

    /** The least that is allowed, as the first voices were. */
    private static final String LEAST =
            """
            {'audio': {'sample_rate': 22050}, 'espeak': {'voice': 'en-us'},
             'num_symbols': 256, 'num_speakers': 0, 'phoneme_id_map': {'_': [0], '^': [1], '$': [2]}}
            """;

    private static PiperVoiceConfig parse(String json) {
        return PiperVoiceConfigReader.parse(
                NAME, json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void everyFieldIsRead() {
        PiperVoiceConfig config = parse(FULL);
        assertThat(config.numSymbols()).isEqualTo(20);
        assertThat(config.numSpeakers()).isEqualTo(3);
        assertThat(config.sampleRate()).isEqualTo(16000);
        assertThat(config.espeakVoice()).isEqualTo("de");
        assertThat(config.phonemeType()).isEqualTo(PhonemeType.ESPEAK);
        assertThat(config.phonemeIds())
                .containsEntry("a", List.of(3, 4))
                .containsEntry("b", List.of());
        assertThat(config.speakerIds()).containsEntry("ann", 0).containsEntry("bob", 2);
        assertThat(config.defaultSpeaker()).isEqualTo(2);
        assertThat(config.inference()).isEqualTo(new Inference(0.3f, 1.5f, 0.25f, Map.of()));
        assertThat(config.hopLength()).isEqualTo(512);
        assertThat(config.vowelClusters()).isEqualTo(Set.of(List.of("a", "b")));
        assertThat(config.language()).isEqualTo("de_DE");
        assertThat(config.quality()).isEqualTo("low");
    }

    @Test
    void whatIsLeftOutTakesPipersDefaults() {
        PiperVoiceConfig config = parse(LEAST);
        assertThat(config.numSpeakers()).isEqualTo(1);
        assertThat(config.phonemeType()).isEqualTo(PhonemeType.ESPEAK);
        assertThat(config.inference()).isEqualTo(Inference.DEFAULT);
        assertThat(config.hopLength()).isEqualTo(256);
        assertThat(config.vowelClusters()).isEmpty();
        assertThat(config.speakerIds()).isEmpty();
        assertThat(config.language()).isEqualTo("en-us");
    }

    @Test
    void aVoiceOfTextNeedsNoEspeakVoice() {
        assertThat(
                        parse(
                                        LEAST.replace(
                                                "'espeak': {'voice': 'en-us'}",
                                                "'phoneme_type': 'text'"))
                                .phonemeType())
                .isEqualTo(PhonemeType.TEXT);
    }

    @Test
    void theNameOfPythonsEnumIsATypeToo() {
        assertThat(parse(FULL.replace("'espeak', 'ph", "'PhonemeType.ESPEAK', 'ph")))
                .isEqualTo(parse(FULL));
        assertThat(FULL).contains("'espeak', 'ph");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            delimiter = '|',
            value = {
                "'audio'| 'x'| 'audio' is missing",
                "'sample_rate'| 'x'| 'audio.sample_rate' is missing",
                "16000| '16000'| 'audio.sample_rate' must be a whole number",
                "16000| 0| 'audio.sample_rate' must be a whole number",
                "16000| 1e99| 'audio.sample_rate' must be a whole number",
                "16000| 16000.5| 'audio.sample_rate' must be a whole number",
                "'low'| 7| 'audio.quality' must be a string",
                "'espeak': {| 'x': {| 'espeak' is missing",
                "{'voice': 'de'}| []| 'espeak' must be an object, not a list",
                "'voice': 'de'| 'voice': null| 'espeak.voice' is missing",
                "'num_symbols': 20| 'num_symbols': 2| 'phoneme_id_map.$' must be a whole number from 0 to 1",
                "'num_symbols': 20| 'num_symbols': true| 'num_symbols' must be",
                "'num_symbols': 20| 'num_symbols': 99999999| 'num_symbols' must be",
                "'num_speakers': 3| 'num_speakers': -1| 'num_speakers' must be",
                "'num_speakers': 3| 'num_speakers': 2| 'speaker_id_map.bob' must be",
                "'default_speaker_id': 2| 'default_speaker_id': 3| 'default_speaker_id' must be",
                "[3, 4]| [3, 20]| 'phoneme_id_map.a' must be a whole number from 0 to 19, not 20",
                "[3, 4]| [-1]| 'phoneme_id_map.a' must be",
                "[3, 4]| 3| 'phoneme_id_map.a' must be a list of ids, not 3",
                "[3, 4]| [[3]]| 'phoneme_id_map.a' must be a whole number from 0 to 19, not a list",
                "'^': [1]| '>': [1]| 'phoneme_id_map.^' is missing",
                "1.5| 0| 'inference.length_scale' must be",
                "1.5| 'NaN'| 'inference.length_scale' must be",
                "0.25| 11| 'inference.noise_w' must be",
                "'hop_length': 512| 'hop_length': 0| 'hop_length' must be",
                "[['a', 'b']]| [[1]]| 'vowel_clusters' must be",
                "[['a', 'b']]| 'ab'| 'vowel_clusters' must be",
                "'phoneme_type': 'espeak'| 'phoneme_type': 'pinyin'| 'phoneme_type' is pinyin",
                "'phoneme_type': 'espeak'| 'phoneme_type': 1| 'phoneme_type' must be a string",
            })
    void whatIsWrongIsNamedWithItsKey(String from, String to, String message) {
        assertThat(FULL).contains(from);
        assertThatThrownBy(() -> parse(FULL.replace(from, to)))
                .isInstanceOf(VoiceException.class)
                .hasMessageStartingWith("voice.onnx.json: " + message)
                .message()
                .hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "null",
                "1",
                "{}{}",
                "{} x",
                "{'a'",
                "{'audio': nul}",
                "\0",
                "<html>",
                "{'a': 1e}",
                "{\u0001}"
            })
    void whatIsNoConfigurationIsOneLine(String json) {
        assertThatThrownBy(() -> parse(json))
                .isInstanceOf(VoiceException.class)
                .message()
                .startsWith("voice.onnx.json")
                .hasLineCount(1);
    }

    @Test
    void deepNestingIsRefused() {
        assertThatThrownBy(() -> parse("{'a':".repeat(100_000)))
                .isInstanceOf(VoiceException.class)
                .message()
                .hasLineCount(1);
    }

    @Test
    void anIdPerSymbolIsNoProblemAndAHugeFileIsRefused(@TempDir Path folder) throws IOException {
        StringBuilder many = new StringBuilder("'z0': [5]");
        for (int i = 1; i < 50_000; i++) {
            many.append(", 'z").append(i).append("': [5]");
        }
        assertThat(parse(FULL.replace("'b': []", many)).phonemeIds()).hasSize(50_004);
        Path huge = folder.resolve("voice.onnx.json");
        Files.write(huge, new byte[5 << 20]);
        assertThatThrownBy(() -> PiperVoiceConfig.read(huge))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("5242880 bytes");
    }

    @Test
    void aMissingFileSaysWhatAVoiceIs(@TempDir Path folder) {
        assertThatThrownBy(() -> PiperVoiceConfig.read(folder.resolve("x.onnx.json")))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("x.onnx.json is missing")
                .message()
                .hasLineCount(1);
    }

    /** Whatever the bytes: a configuration whose every id lies in range, or one line. */
    @Property(tries = 2000)
    void mutatedFilesDoNoHarm(@ForAll("mutations") byte[] json) {
        PiperVoiceConfig config;
        try {
            config = PiperVoiceConfigReader.parse(NAME, json);
        } catch (VoiceException e) {
            assertThat(e).message().startsWith("voice.onnx.json").hasLineCount(1);
            assertThat(e).message().hasSizeLessThan(600);
            return;
        }
        assertThat(config.numSymbols()).isPositive();
        assertThat(config.phonemeIds().values())
                .allSatisfy(
                        ids -> assertThat(ids).allMatch(id -> id >= 0 && id < config.numSymbols()));
        assertThat(config.speakerIds().values())
                .allMatch(id -> id >= 0 && id < config.numSpeakers());
        assertThat(config.defaultSpeaker()).isBetween(0, config.numSpeakers() - 1);
        assertThat(config.sampleRate()).isPositive();
    }

    @Provide
    Arbitrary<byte[]> mutations() {
        byte[] seed = FULL.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        Arbitrary<Integer> place = Arbitraries.integers().between(0, seed.length - 1);
        Arbitrary<byte[]> truncated = place.map(n -> java.util.Arrays.copyOf(seed, n));
        Arbitrary<byte[]> flipped =
                place.list()
                        .ofMinSize(1)
                        .ofMaxSize(6)
                        .flatMap(
                                places ->
                                        Arbitraries.bytes()
                                                .map(
                                                        b -> {
                                                            byte[] copy = seed.clone();
                                                            places.forEach(p -> copy[p] = b);
                                                            return copy;
                                                        }));
        Arbitrary<byte[]> replaced =
                Arbitraries.of("16000", "20", "3", "\"de\"", "[3, 4]", "[0]", "0.3", "{}", "2")
                        .flatMap(
                                from ->
                                        Arbitraries.of(
                                                        "-1",
                                                        "1e400",
                                                        "null",
                                                        "true",
                                                        "[]",
                                                        "{}",
                                                        "\"\\u0000\"",
                                                        "99999999999999999999",
                                                        "[[[[]]]]",
                                                        "0.0000001",
                                                        "\"\ud83d\"",
                                                        "NaN")
                                                .map(
                                                        to ->
                                                                new String(
                                                                                seed,
                                                                                StandardCharsets
                                                                                        .UTF_8)
                                                                        .replaceFirst(
                                                                                java.util.regex
                                                                                        .Pattern
                                                                                        .quote(
                                                                                                from),
                                                                                java.util.regex
                                                                                        .Matcher
                                                                                        .quoteReplacement(
                                                                                                to))
                                                                        .getBytes(
                                                                                StandardCharsets
                                                                                        .UTF_8)));
        return Arbitraries.oneOf(truncated, flipped, replaced);
    }

    @Property(tries = 500)
    void anyTextDoesNoHarm(@ForAll String json) {
        assertThatThrownBy(() -> parse(json))
                .isInstanceOf(VoiceException.class)
                .message()
                .hasLineCount(1);
    }

    @Test
    void shippedConfigurationsAreGood() throws IOException {
        for (String kind : List.of("plain", "clusters", "text")) {
            assertThat(PiperIdsTest.config(kind).phonemeIds()).hasSize(166);
        }
        assertThat(PiperIdsTest.config("clusters").vowelClusters()).hasSize(5);
    }
}
