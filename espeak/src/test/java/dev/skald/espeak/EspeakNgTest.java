package dev.skald.espeak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.SkaldException;
import dev.skald.VoiceException;
import dev.skald.text.Phonemizer.Clause;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EspeakNgTest {
    private static EspeakNg espeak;

    @BeforeAll
    static void open() {
        espeak = EspeakNg.open(Path.of("target", "skald-home", "cache"));
    }

    @Test
    void clausesCarryTheirTerminators() {
        assertThat(espeak.phonemize("en-us", "Hello, world. How are you? Fine: good; bye!"))
                .containsExactly(
                        new Clause("həlˈoʊ", ",", false),
                        new Clause("wˈɜːld", ".", true),
                        new Clause("hˈaʊ ɑːɹ juː", "?", true),
                        new Clause("fˈaɪn", ":", false),
                        new Clause("ɡˈʊd", ";", false),
                        new Clause("bˈaɪ", "!", true));
    }

    @Test
    void endOfTextEndsTheSentenceWithoutASymbol() {
        assertThat(espeak.phonemize("en-us", "hello"))
                .containsExactly(new Clause("həlˈoʊ", "", true));
    }

    @ParameterizedTest
    @CsvSource({"de,Guten Tag", "fr,Bonjour", "ru,Привет", "ar,مرحبا", "cmn,你好", "es,Hola"})
    void speaksManyLanguages(String voice, String text) {
        assertThat(espeak.phonemize(voice, text))
                .singleElement()
                .satisfies(c -> assertThat(c.phonemes()).isNotBlank());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "xx-nowhere", "../../etc/passwd", "en-us\0", "a b", "ünknown"})
    void unknownVoiceIsOneLine(String voice) {
        assertThatThrownBy(() -> espeak.phonemize(voice, "hello"))
                .isInstanceOf(VoiceException.class)
                .hasMessageStartingWith("eSpeak NG has no voice '" + voice + "'");
    }

    @Test
    void anUnknownVoiceLeavesTheNextTextAlone() {
        List<Clause> before = espeak.phonemize("de", "Guten Tag");
        assertThatThrownBy(() -> espeak.phonemize("nope", "x")).isInstanceOf(VoiceException.class);
        assertThat(espeak.phonemize("de", "Guten Tag")).isEqualTo(before);
    }

    @Test
    void nulAndLoneSurrogatesAreLeftOut() {
        assertThat(EspeakNg.speakable("a\0b\ud800c\udc00d")).isEqualTo("abcd");
        assertThat(EspeakNg.speakable("\0")).isEmpty();
        assertThat(EspeakNg.speakable("a😀b")).isEqualTo("a😀b");
        assertThat(espeak.phonemize("en-us", "hel\0lo\ud83d"))
                .isEqualTo(espeak.phonemize("en-us", "hello"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\n\n", "...", "!?", "…", "😀", "\u0301", "([", "\ufeff"})
    void whatCannotBeSpokenDoesNoHarm(String text) {
        assertThat(espeak.phonemize("en-us", text)).isNotNull();
        assertThat(espeak.phonemize("en-us", "hello")).hasSize(1);
    }

    @Test
    void listsItsVoices() {
        assertThat(espeak.voices())
                .contains("en-us", "en-gb", "de", "fr", "ru", "cmn", "zh", "pt-pt", "no")
                .isSorted()
                .allSatisfy(voice -> assertThat(espeak.phonemize(voice, "a")).isNotEmpty());
    }

    @Test
    void threadsGetWhatOneThreadGets() throws Exception {
        List<String> voices = List.of("en-us", "de", "fr", "es");
        String text = "Ana takes 3 trains, and then? No.";
        List<List<Clause>> alone = voices.stream().map(v -> espeak.phonemize(v, text)).toList();
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Callable<Integer>> jobs =
                    Stream.iterate(0, i -> i + 1)
                            .limit(4)
                            .map(
                                    i ->
                                            (Callable<Integer>)
                                                    () -> {
                                                        for (int n = 0; n < 50; n++) {
                                                            assertThat(
                                                                            espeak.phonemize(
                                                                                    voices.get(i),
                                                                                    text))
                                                                    .isEqualTo(alone.get(i));
                                                        }
                                                        return i;
                                                    })
                            .toList();
            for (Future<Integer> done : pool.invokeAll(jobs)) {
                done.get();
            }
        }
    }

    @Test
    void extractsOnceAndWhole(@TempDir Path cache) throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(3)) {
            List<Future<EspeakFiles>> all =
                    pool.invokeAll(
                            List.of(
                                    () -> EspeakFiles.extracted(cache),
                                    () -> EspeakFiles.extracted(cache),
                                    () -> EspeakFiles.extracted(cache)));
            EspeakFiles files = all.get(0).get();
            for (Future<EspeakFiles> one : all) {
                assertThat(one.get()).isEqualTo(files);
            }
            assertThat(files.library()).isNotEmptyFile();
            assertThat(files.data().resolve("espeak-ng-data/phondata")).isNotEmptyFile();
            assertThat(files.data().resolve("espeak-ng-data/en_dict")).isNotEmptyFile();
            try (Stream<Path> left = Files.list(cache.resolve("espeak-ng"))) {
                assertThat(left).containsExactly(files.data());
            }
        }
    }

    @Test
    void anUnwritableFolderIsOneLine(@TempDir Path folder) throws Exception {
        Path file = Files.createFile(folder.resolve("cache"));
        assertThatThrownBy(() -> EspeakFiles.extracted(file))
                .isInstanceOf(SkaldException.class)
                .hasMessageContaining("cannot extract eSpeak NG into " + file)
                .hasMessageContaining("SKALD_HOME");
    }

    @Test
    void tooLongAFolderIsOneLine() {
        Path deep = Path.of("/" + "d".repeat(210));
        assertThatThrownBy(() -> EspeakLibrary.name(deep))
                .isInstanceOf(SkaldException.class)
                .hasMessageContaining("too long a name")
                .message()
                .hasLineCount(1);
    }

    @Test
    void aLongFolderBelowTheWorkingFolderIsNamedFromThere() {
        String home = "h".repeat(190);
        Path deep = Path.of(home).toAbsolutePath();
        assertThat(EspeakLibrary.name(deep)).isIn(home, deep.toString()).hasSizeLessThan(201);
        assertThat(EspeakLibrary.name(Path.of("/short"))).endsWith("short");
    }

    @ParameterizedTest
    @CsvSource({
        "Linux,amd64,debian-amd64",
        "Linux,aarch64,debian-arm64",
        "Linux,arm,debian-armv7l",
        "Mac OS X,x86_64,macos-amd64",
        "Mac OS X,aarch64,macos-arm64",
        "Windows 11,amd64,win-amd64"
    })
    void everyPlatformOfTheJarHasItsLibrary(String os, String arch, String folder) {
        EspeakFiles.Native library =
                java.util.Objects.requireNonNull(EspeakFiles.Native.of(os, arch));
        assertThat(library.folder()).isEqualTo(folder);
        assertThat(
                        EspeakFiles.class.getResource(
                                "native/" + library.folder() + "/" + library.file()))
                .isNotNull();
    }

    @ParameterizedTest
    @CsvSource({"Windows 11,aarch64", "Linux,riscv64", "SunOS,amd64", "Mac OS X,arm"})
    void otherPlatformsHaveNone(String os, String arch) {
        assertThat(EspeakFiles.Native.of(os, arch)).isNull();
    }
}
