package dev.skald.piper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.espeak.EspeakNg;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Ids are those of piper1-gpl over the same eSpeak NG. The expected file is made by {@code
 * tools/reference/piper_ids.py}.
 */
class PiperIdsTest {
    private static final EspeakNg ESPEAK = new EspeakNg();

    @Test
    void idsAreThoseOfPiper() throws IOException {
        Map<String, PiperVoiceConfig> configs = new HashMap<>();
        for (String kind : List.of("plain", "clusters", "text")) {
            configs.put(kind, config(kind));
        }
        List<String> lines = resource("expected-ids.tsv").lines().toList();
        assertThat(lines).hasSizeGreaterThan(300);
        List<String> wrong = new ArrayList<>();
        for (String line : lines) {
            String[] fields = line.split("\t", -1);
            PiperVoiceConfig config = Objects.requireNonNull(configs.get(fields[0]));
            String text = fields[2].replace("\\n", "\n").replace("\\t", "\t");
            String ids =
                    new PiperPhonemizer(config, ESPEAK, fields[1])
                            .phonemes(text).stream()
                                    .map(p -> shown(PhonemeIds.of(p, config).ids()))
                                    .collect(Collectors.joining(" | "));
            if (!ids.equals(fields[3])) {
                wrong.add(fields[1] + ": " + fields[2] + "\n  " + ids + "\n  " + fields[3]);
            }
        }
        assertThat(wrong)
                .as("texts whose ids differ (tools/reference/piper_ids.py makes them again)")
                .isEmpty();
    }

    @Test
    void unknownPhonemesAreLeftOutAndCounted() throws IOException {
        PhonemeIds ids = PhonemeIds.of(List.of("a", "Ж", "b", "Ж", "Щ"), config("plain"));
        assertThat(ids.ids()).containsExactly(1, 0, 14, 0, 15, 0, 2);
        assertThat(ids.unknown()).isEqualTo(Map.of("Ж", 2, "Щ", 1));
    }

    @ParameterizedTest
    @CsvSource({
        "'a(en)b(fr)', ab",
        "'(en)', ''",
        "'a()b', 'a()b'",
        "'a()b)c', 'a()b)c'",
        "'a(b', 'a(b'",
        "'((a)b', b",
        "'()(x)', '()'"
    })
    void languageSwitchesAreLeftOut(String phonemes, String expected) {
        assertThat(PiperPhonemizer.withoutLanguageSwitches(phonemes)).isEqualTo(expected);
    }

    static PiperVoiceConfig config(String kind) throws IOException {
        return PiperVoiceConfigReader.parse(
                Path.of(kind + ".onnx.json"),
                resource(kind + ".onnx.json").getBytes(StandardCharsets.UTF_8));
    }

    static String resource(String name) throws IOException {
        try (InputStream in = PiperIdsTest.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String shown(int[] ids) {
        return java.util.Arrays.stream(ids)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(" "));
    }
}
