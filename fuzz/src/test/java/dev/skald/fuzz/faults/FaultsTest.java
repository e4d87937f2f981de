package dev.skald.fuzz.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.skald.SkaldException;
import dev.skald.audio.codec.WavEncoderProvider;
import dev.skald.spi.AudioEncoder;
import dev.skald.spi.WholeFile;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.VoiceInfo;
import dev.skald.voices.VoiceKind;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.catalogue.Catalogue;
import dev.skald.voices.install.InstallListener;
import dev.skald.voices.install.VoiceInstaller;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** As SQLite is tested: every operation on files fails in turn. */
class FaultsTest {
    private static final VoiceInfo INFO =
            new VoiceInfo("v", VoiceKind.CLONE, "en", "d", 24000, List.of(), "unknown");

    private static final String ID = "xx_XX-test-low";
    private static final Path CONFIG =
            Path.of("../piper/src/test/resources/dev/skald/piper/plain.onnx.json");

    @TempDir Path folder;

    private interface Work {
        void run(FaultyFiles files) throws Exception;
    }

    private interface Check {
        void run(boolean failed, String fault) throws Exception;
    }

    /**
     * Runs the work again and again, each time with the next operation failing, until none does.
     */
    private static void everyFault(boolean kills, Work work, Check check) throws Exception {
        for (int n = 0; ; n++) {
            assertThat(n).as("it ends").isLessThan(1000);
            FaultyFiles files = new FaultyFiles(n, kills);
            Throwable thrown = catchThrowable(() -> work.run(files));
            if (thrown != null) {
                assertThat(thrown)
                        .as(files.failed() ? files.fault() : "no fault")
                        .isInstanceOfAny(SkaldException.class, IOException.class)
                        .hasMessageNotContaining("\n");
            }
            check.run(thrown != null, files.failed() ? files.fault() : "no fault");
            if (!files.failed()) {
                assertThat(n).as("faults").isPositive();
                assertThat(thrown).isNull();
                return;
            }
        }
    }

    @Test
    void aWavIsWholeOrTheOldOneIsThere() throws Exception {
        Path target = folder.resolve("a.wav");
        byte[] old = "old".getBytes(StandardCharsets.US_ASCII);
        everyFault(
                false,
                files -> {
                    Files.write(target, old);
                    try (WholeFile whole = WholeFile.beside(files.path(target))) {
                        try (AudioEncoder wav =
                                new WavEncoderProvider().open(whole.channel(), 24000)) {
                            wav.write(new float[20_000], 0, 20_000);
                        }
                        whole.keep();
                    }
                },
                (failed, fault) -> {
                    byte[] now = Files.readAllBytes(target);
                    if (failed) {
                        assertThat(now).as(fault).isEqualTo(old);
                    } else {
                        assertThat(now).as(fault).hasSize(44 + 40_000);
                    }
                    assertThat(names(folder)).as(fault).containsExactly("a.wav");
                });
    }

    @Test
    void aVoiceThatIsReplacedIsTheOldOrTheNewOne() throws Exception {
        Path home = folder.resolve("home");
        VoiceLibrary library = VoiceLibrary.at(home);
        everyFault(
                false,
                files -> {
                    library.add(INFO, "test", true, part -> Files.writeString(text(part), "old"));
                    VoiceLibrary.at(files.path(home))
                            .add(INFO, "test", true, part -> Files.writeString(text(part), "new"));
                },
                (failed, fault) -> {
                    InstalledVoice voice = library.get("v");
                    library.verify(voice);
                    String now = Files.readString(text(voice.folder()));
                    assertThat(now).as(fault).isEqualTo(failed ? "old" : "new");
                });
    }

    @Test
    void aVoiceThatIsReplacedOutlivesAKill() throws Exception {
        Path home = folder.resolve("home");
        VoiceLibrary library = VoiceLibrary.at(home);
        everyFault(
                true,
                files -> {
                    library.add(INFO, "test", true, part -> Files.writeString(text(part), "old"));
                    VoiceLibrary.at(files.path(home))
                            .add(INFO, "test", true, part -> Files.writeString(text(part), "new"));
                },
                (failed, fault) -> {
                    for (boolean cleaned : new boolean[] {false, true}) {
                        InstalledVoice voice = library.get("v");
                        library.verify(voice);
                        assertThat(library.list()).as(fault).containsExactly(voice);
                        assertThat(Files.readString(text(voice.folder())))
                                .as(fault)
                                .isIn("new", failed ? "old" : "new");
                        if (!cleaned) {
                            library.clean();
                        }
                    }
                });
    }

    @Test
    void anInstallIsWholeOrNotThereAndCanBeRunAgain() throws Exception {
        Path source = Files.createDirectory(folder.resolve("source"));
        byte[] onnx = new byte[5000];
        onnx[0] = 8; // a field of ModelProto
        Files.write(source.resolve(ID + ".onnx"), onnx);
        Files.copy(CONFIG, source.resolve(ID + ".onnx.json"));
        Path home = Files.createDirectory(folder.resolve("home"));
        Path list = Catalogue.refreshedList(home);
        Files.createDirectories(list.getParent());
        Files.writeString(list, listOf(source));
        Catalogue catalogue = Catalogue.of(home);
        VoiceLibrary library = VoiceLibrary.at(home);
        everyFault(
                false,
                files -> {
                    if (library.find(ID).isPresent()) {
                        library.remove(ID);
                    }
                    VoiceInstaller.fromFolder(
                                    VoiceLibrary.at(files.path(home)),
                                    catalogue,
                                    files.path(source))
                            .install(ID, InstallListener.NONE);
                },
                (failed, fault) -> {
                    assertThat(library.find(ID).isPresent()).as(fault).isEqualTo(!failed);
                    VoiceInstaller again = VoiceInstaller.fromFolder(library, catalogue, source);
                    library.verify(again.install(ID, InstallListener.NONE));
                });
    }

    private static String listOf(Path source) throws Exception {
        StringBuilder files = new StringBuilder();
        for (String name : List.of(ID + ".onnx", ID + ".onnx.json")) {
            byte[] bytes = Files.readAllBytes(source.resolve(name));
            byte[] md5 = MessageDigest.getInstance("MD5").digest(bytes);
            files.append(files.isEmpty() ? "" : ",")
                    .append("\"xx/%s\":{\"size_bytes\":%d,".formatted(name, bytes.length))
                    .append("\"md5_digest\":\"%s\"}".formatted(HexFormat.of().formatHex(md5)));
        }
        return """
               {"%s":{"key":"%s","name":"test","quality":"low","aliases":[],"speaker_id_map":{},
               "language":{"code":"xx_XX","name_english":"Test","country_english":"T"},
               "files":{%s}}}
               """
                .formatted(ID, ID, files);
    }

    private static Path text(Path part) {
        return part.resolve("voice.txt");
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
