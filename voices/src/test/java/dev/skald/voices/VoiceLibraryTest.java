package dev.skald.voices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.Mode;
import dev.skald.SkaldException;
import dev.skald.VoiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VoiceLibraryTest {
    @TempDir Path home;
    @TempDir Path elsewhere;
    private VoiceLibrary library;

    @BeforeEach
    void open() {
        library = VoiceLibrary.at(home);
    }

    private static VoiceInfo clone(String id) {
        return new VoiceInfo(id, VoiceKind.CLONE, "en", "a clone", 24000, List.of(), "own");
    }

    @Test
    void anEmptyHomeHasNoVoices() {
        assertThat(library.list()).isEmpty();
        assertThat(library.find("x")).isEmpty();
        assertThatThrownBy(() -> library.get("en_US-joe-medium"))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("skald voices install en_US-joe-medium");
    }

    @Test
    void aLocalPiperVoiceIsCopiedRecordedAndRemoved() throws IOException {
        Path onnx = Samples.piper(elsewhere, "joe");
        Files.writeString(elsewhere.resolve("MODEL_CARD"), "# Model\n\n* License: CC0\n");
        InstalledVoice added = library.addPiper("mine", onnx);
        assertThat(library.list()).containsExactly(added);
        InstalledVoice read = library.get("mine");
        assertThat(read).isEqualTo(added);
        assertThat(read.info().sampleRate()).isEqualTo(22050);
        assertThat(read.info().licence()).isEqualTo("CC0");
        assertThat(read.info().toVoice().mode()).isEqualTo(Mode.FAST);
        assertThat(read.onnx()).hasSameBinaryContentAs(onnx);
        assertThat(read.config()).exists();
        library.verify(read);
        Path computed = Files.createDirectories(library.derived()).resolve("a.safetensors");
        Files.writeString(computed, "of a cloned voice");
        library.remove("mine");
        assertThat(computed).as("nothing is computed of a voice of Piper's").exists();
        assertThat(library.list()).isEmpty();
        assertThat(home.resolve("voices/mine")).doesNotExist();
        assertThatThrownBy(() -> library.remove("mine"))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("not installed: skald voices list --installed");
    }

    @Test
    void aLicenceIsReadOffTheModelCard() {
        assertThat(PiperFiles.licence("# Card\n\n* URL: https://a.b/c\n* License: CC BY 4.0\n"))
                .contains("CC BY 4.0");
        assertThat(PiperFiles.licence("* URL: https://a.b/c\n* License:  See URL\n"))
                .contains("see https://a.b/c");
        assertThat(PiperFiles.licence("* License: See URL")).contains("See URL");
        assertThat(PiperFiles.licence("* License:\nno more")).isEmpty();
        assertThat(PiperFiles.licence("")).isEmpty();
    }

    @Test
    void whatIsNotAPiperVoiceIsRefusedAndLeavesNothing() throws IOException {
        Path onnx = Samples.piper(elsewhere, "joe");
        Files.writeString(elsewhere.resolve("joe.onnx.json"), "{\"audio\": {}}");
        assertThatThrownBy(() -> library.addPiper("mine", onnx))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("sample_rate");
        Files.writeString(elsewhere.resolve("joe.onnx.json"), Samples.CONFIG);
        Files.writeString(onnx, "<html>".repeat(1000));
        assertThatThrownBy(() -> library.addPiper("mine", onnx))
                .hasMessageContaining("not an ONNX network");
        assertThatThrownBy(() -> library.addPiper("mine", elsewhere.resolve("no.onnx")))
                .hasMessageContaining("there is no file");
        Files.delete(elsewhere.resolve("joe.onnx.json"));
        assertThatThrownBy(() -> library.addPiper("mine", onnx))
                .hasMessageContaining("configuration");
        assertThat(library.list()).isEmpty();
    }

    @Test
    void namesThatLeaveTheFolderAreRefused() throws IOException {
        Path onnx = Samples.piper(elsewhere, "joe");
        for (String id :
                List.of("../evil", "a/b", "", ".hidden", "a\\b", "x:y", "-x", "a\nb", "x.")) {
            assertThatThrownBy(() -> library.addPiper(id, onnx)).isInstanceOf(VoiceException.class);
            assertThat(library.find(id)).isEmpty();
        }
        assertThat(library.addPiper("pt_PT-tugão-medium", onnx).id())
                .isEqualTo("pt_PT-tugão-medium");
    }

    @Test
    void aTakenNameIsRefusedUnlessReplacingWasAsked() {
        library.add(clone("me"), "a clip", false, f -> Files.writeString(f.resolve("v"), "1"));
        assertThatThrownBy(
                        () ->
                                library.add(
                                        clone("me"),
                                        "a clip",
                                        false,
                                        f -> Files.writeString(f.resolve("v"), "2")))
                .hasMessageContaining("already");
        library.add(clone("me"), "a clip", true, f -> Files.writeString(f.resolve("v"), "3"));
        assertThat(library.get("me").file("v")).hasContent("3");
        assertThat(home.resolve("voices/.parts")).isEmptyDirectory();
    }

    @Test
    void aFailureWhileWritingLeavesNothingVisible() {
        assertThatThrownBy(
                        () ->
                                library.add(
                                        clone("me"),
                                        "a clip",
                                        false,
                                        f -> {
                                            Files.writeString(f.resolve("v"), "half");
                                            throw new IOException("No space left on device");
                                        }))
                .isInstanceOf(SkaldException.class)
                .hasMessageContaining("No space left on device");
        assertThat(library.list()).isEmpty();
        assertThat(home.resolve("voices/.parts/me")).doesNotExist();
    }

    @Test
    void changedFilesAreFoundByVerify() throws IOException {
        InstalledVoice voice =
                library.add(
                        clone("me"), "clip", false, f -> Files.writeString(f.resolve("v"), "one"));
        Files.writeString(voice.file("v"), "two");
        assertThatThrownBy(() -> library.verify(voice)).hasMessageContaining("v has changed");
        Files.writeString(voice.file("v"), "longer");
        assertThatThrownBy(() -> library.verify(voice)).hasMessageContaining("size");
        Files.delete(voice.file("v"));
        assertThatThrownBy(() -> library.verify(voice)).hasMessageContaining("cannot be read");
    }

    @Test
    void damagedRecordsAreLeftOutOfTheListAndToldWhenAskedFor() throws IOException {
        library.add(clone("good"), "clip", false, f -> Files.writeString(f.resolve("v"), "1"));
        for (String text :
                List.of(
                        "",
                        "{",
                        "[]",
                        "{\"version\": 99}",
                        "{\"version\":1,\"id\":\"other\",\"kind\":\"piper\",\"sample_rate\":1}",
                        "{\"version\":1,\"id\":\"bad\",\"kind\":\"opera\",\"sample_rate\":1}",
                        "{\"version\":1,\"id\":\"bad\",\"kind\":\"piper\",\"sample_rate\":1,"
                                + "\"files\":[{\"name\":\"../x\",\"bytes\":1,\"sha256\":\"\"}]}")) {
            Path folder = Files.createDirectories(home.resolve("voices/bad"));
            Files.writeString(folder.resolve("voice.json"), text);
            assertThat(library.list()).extracting(InstalledVoice::id).containsExactly("good");
            assertThatThrownBy(() -> library.get("bad")).isInstanceOf(VoiceException.class);
        }
        library.remove("bad");
        assertThat(home.resolve("voices/bad")).doesNotExist();
        Files.createDirectories(home.resolve("voices/unfinished"));
        assertThat(library.find("unfinished")).isEmpty();
    }

    @Test
    void manyAtOnceMakeOneVoiceAndTheOthersAreTold() {
        AtomicInteger refused = new AtomicInteger();
        List<CompletableFuture<Void>> all =
                IntStream.range(0, 8)
                        .mapToObj(
                                i ->
                                        CompletableFuture.runAsync(
                                                () -> {
                                                    try {
                                                        library.add(
                                                                clone("one"),
                                                                "clip",
                                                                false,
                                                                f ->
                                                                        Files.writeString(
                                                                                f.resolve("v"),
                                                                                "x".repeat(9999)));
                                                    } catch (VoiceException e) {
                                                        refused.incrementAndGet();
                                                    }
                                                }))
                        .toList();
        all.forEach(CompletableFuture::join);
        assertThat(refused).hasValue(7);
        library.verify(library.get("one"));
    }

    @Test
    void oldLeftoversAreCleanedAndFreshOnesKept() throws IOException {
        Path old = Files.createDirectories(home.resolve("voices/.parts/old"));
        Files.writeString(old.resolve("x.part"), "half");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(3))));
        Path fresh = Files.createDirectories(home.resolve("voices/.parts/fresh"));
        library.clean();
        assertThat(old).doesNotExist();
        assertThat(fresh).exists();
    }

    /** Between the two renames of a replacement a kill leaves the old voice in .old alone. */
    @Test
    void aKilledReplacementLosesNothing() throws IOException {
        library.add(clone("me"), "a clip", false, f -> Files.writeString(f.resolve("v"), "1"));
        Path old = home.resolve("voices/.old/me");
        Path folder = home.resolve("voices/me");

        Files.createDirectories(home.resolve("voices/.old"));
        Files.move(folder, old);
        assertThat(library.list()).extracting(InstalledVoice::id).containsExactly("me");
        assertThat(library.get("me").file("v")).hasContent("1");
        library.verify(library.get("me"));
        library.clean();
        assertThat(old).doesNotExist();
        assertThat(folder.resolve("v")).hasContent("1");

        Files.move(folder, old);
        library.add(clone("me"), "a clip", true, f -> Files.writeString(f.resolve("v"), "2"));
        assertThat(library.get("me").file("v")).hasContent("2");
        assertThat(old).doesNotExist();

        Files.move(folder, old);
        Files.createDirectories(library.derived());
        Files.writeString(library.derived().resolve("a.safetensors"), "of me or of another");
        library.remove("me");
        assertThat(library.derived()).doesNotExist();
        assertThat(library.list()).isEmpty();
        library.clean();
        assertThat(library.list()).isEmpty();
    }
}
