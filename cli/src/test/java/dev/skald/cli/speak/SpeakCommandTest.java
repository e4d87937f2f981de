package dev.skald.cli.speak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.cli.Cli;
import dev.skald.cli.console.ExitCode;
import dev.skald.cli.console.Messages;
import dev.skald.cli.console.Progress;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpeakCommandTest {
    @TempDir Path folder;

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    private List<String> left() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    private static void isOneLine(Cli.Result result, ExitCode code, String words) {
        assertThat(result.lines()).as(result.err()).hasSize(1);
        // In red on a terminal.
        String told = result.err().replaceAll("\u001b\\[\\d+m", "");
        assertThat(told).startsWith("skald: ").contains(words).doesNotContain("\tat ");
        assertThat(result.code()).isEqualTo(code.number);
    }

    @Test
    void writesAWavAndSaysSoInOneLine() throws IOException, UnsupportedAudioFileException {
        Cli.Result result =
                Cli.run("speak", "Hello there.", "--voice", "tone", "-o", file("a.wav"));
        assertThat(result.code()).isZero();
        assertThat(result.bytes()).isEmpty();
        assertThat(result.lines()).hasSize(1);
        assertThat(result.err())
                .contains("a.wav: 0.06 s of audio, voice tone, mode fast (auto: a tone)")
                .contains("real-time factor");
        AudioFileFormat format = AudioSystem.getAudioFileFormat(new File(file("a.wav")));
        assertThat(format.getFrameLength()).isEqualTo(120);
        assertThat(format.getFormat().getSampleRate()).isEqualTo(ToneEngine.RATE);
    }

    @Test
    void aSizeOrKernelsThatAreNoneAreRefused() {
        isOneLine(
                Cli.run("speak", "x", "--voice", "tone", "-o", "-", "--device-memory", "8X"),
                ExitCode.USAGE,
                "'8X' is no size: say --device-memory 8G or 512M");
        isOneLine(
                Cli.run("speak", "x", "--voice", "tone", "-o", "-", "--kernels", "fast"),
                ExitCode.USAGE,
                "say --kernels auto or --kernels portable");
    }

    @Test
    void aSwitchThatIsNoneIsRefusedAndAllAreListed() {
        isOneLine(
                Cli.run("speak", "x", "--voice", "tone", "-o", "-", "--without", "warp"),
                ExitCode.USAGE,
                "there is no optimisation 'warp': mixed-precision, graphs, fused-attention");
        assertThat(Cli.run("speak", "x", "--voice", "tone", "-o", "-", "--without", "all").code())
                .isZero();
    }

    @Test
    void wishesThatCannotBeGrantedAreToldOnceAndStrictRefusesThem() throws IOException {
        Files.writeString(folder.resolve("lines.txt"), "one\ntwo\n");
        Cli.Result told =
                Cli.run(
                        "speak",
                        "--batch",
                        file("lines.txt"),
                        "-o",
                        file("out"),
                        "--voice",
                        "tone",
                        "--top-k",
                        "5",
                        "--exaggeration",
                        "1",
                        "--noise-scale",
                        "0.5");
        assertThat(told.code()).isZero();
        assertThat(told.lines().getFirst())
                .isEqualTo(
                        "skald: --exaggeration, --top-k have no effect: mode fast speaks (a tone)");
        assertThat(told.lines()).hasSize(2);
        isOneLine(
                Cli.run(
                        "speak",
                        "x",
                        "--voice",
                        "tone",
                        "-o",
                        file("a.wav"),
                        "--strict",
                        "--top-k",
                        "5"),
                ExitCode.USAGE,
                "--top-k has no effect");
        isOneLine(
                Cli.run("speak", "x", "-o", file("a.wav"), "--strict", "--language", "de"),
                ExitCode.USAGE,
                "speaks en_US, not de (skald voices list --language de)");
        isOneLine(
                Cli.run("text", "x", "--mode", "cinematic"),
                ExitCode.UNAVAILABLE,
                "no cinematic model is installed");
        assertThat(folder.resolve("a.wav")).doesNotExist();
    }

    @Test
    void aVoiceOfTheCatalogueIsToldWithItsInstall() {
        isOneLine(
                Cli.run("speak", "x", "--voice", "en_US-amy-medium", "-o", file("a.wav")),
                ExitCode.VOICE,
                "skald voices install en_US-amy-medium");
    }

    @Test
    void aTextWithNothingToSayWritesNoHeader() {
        Cli.Result result = Cli.run("speak", "...", "-o", "-");
        assertThat(result.bytes()).isEmpty();
        assertThat(result.code()).isEqualTo(ExitCode.USAGE.number);
    }

    @Test
    void aReaderThatGoesIsNothingToComplainOf() {
        OutputStream gone =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("Broken pipe");
                    }
                };
        for (String[] command :
                List.of(
                        new String[] {"speak", "Hello", "--voice", "tone", "-o", "-"},
                        new String[] {"voices", "list"})) {
            Cli.Result result = Cli.in("").onto(gone, command);
            assertThat(result.err()).isEmpty();
            assertThat(result.code()).isEqualTo(ExitCode.IO.number);
        }
    }

    @Test
    void aFaultyLexiconIsTheCallersFault() throws IOException {
        Files.writeString(folder.resolve("bad.txt"), "no reading");
        isOneLine(
                Cli.run("speak", "x", "-o", file("a.wav"), "--lexicon", file("bad.txt")),
                ExitCode.USAGE,
                "line 1");
    }

    @Test
    void severalWordsAreOneText() {
        Cli.Result result = Cli.run("speak", "a", "b", "--voice", "tone", "-o", "-", "--raw", "-q");
        assertThat(result.bytes()).hasSize(3 * 10 * 2);
        assertThat(result.err()).isEmpty();
    }

    @Test
    void readsAFileAndTheStandardInput() throws IOException {
        Files.writeString(folder.resolve("text.txt"), "\uFEFFHello");
        assertThat(Cli.run("speak", "-f", file("text.txt"), "--voice", "tone", "-o", "-").bytes())
                .hasSize(44 + 5 * 20);
        assertThat(Cli.in("Hello").with("speak", "--voice", "tone", "-o", "-").bytes())
                .hasSize(44 + 5 * 20);
        assertThat(Cli.in("Hello").with("speak", "-f", "-", "--voice", "tone", "-o", "-").bytes())
                .hasSize(44 + 5 * 20);
    }

    @Test
    void globalOptionsMayStandBeforeTheCommand() {
        Cli.Result result =
                Cli.run("--quiet", "speak", "Hello", "--voice", "tone", "-o", file("a.wav"));
        assertThat(result.code()).isZero();
        assertThat(result.err()).isEmpty();
    }

    @Test
    void aBatchNumbersItsFilesByLine() throws IOException {
        Files.writeString(folder.resolve("lines.txt"), "one\n\nthree\nfour\n");
        Cli.Result result =
                Cli.run(
                        "speak",
                        "--batch",
                        file("lines.txt"),
                        "-o",
                        file("out"),
                        "--voice",
                        "tone");
        assertThat(result.code()).as(result.err()).isZero();
        try (Stream<Path> files = Files.list(folder.resolve("out"))) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrder("000.wav", "002.wav", "003.wav");
        }
    }

    @Test
    void aBatchNeedsAFolder() throws IOException {
        Files.writeString(folder.resolve("lines.txt"), "one");
        isOneLine(
                Cli.run("speak", "--batch", file("lines.txt"), "--voice", "tone"),
                ExitCode.USAGE,
                "--batch needs a folder: -o DIR");
        isOneLine(
                Cli.run(
                        "speak",
                        "--batch",
                        file("lines.txt"),
                        "-o",
                        file("lines.txt"),
                        "--voice",
                        "tone"),
                ExitCode.IO,
                "is a file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"silence", "noise"})
    void whatIsNotSpeechIsNotWritten(String voice) throws IOException {
        isOneLine(
                Cli.run("speak", "Hello", "--voice", voice, "-o", file("a.wav")),
                ExitCode.AUDIO,
                "damaged");
        assertThat(left()).isEmpty();
    }

    @Test
    void anErrorOfItsOwnIsOneLineAndATraceOnlyWithDebug() throws IOException {
        isOneLine(
                Cli.run("speak", "Hello", "--voice", "broken", "-o", file("a.wav")),
                ExitCode.FAILED,
                "out of tune");
        Cli.Result debug =
                Cli.run("speak", "Hello", "--voice", "broken", "-o", file("a.wav"), "--debug");
        assertThat(debug.err()).contains("IllegalStateException").contains("\tat ");
        assertThat(left()).isEmpty();
    }

    @Test
    void noMemoryIsOneLine() throws IOException {
        isOneLine(
                Cli.run("speak", "Hello", "--voice", "greedy", "-o", file("a.wav")),
                ExitCode.MEMORY,
                "not enough memory");
        assertThat(left()).isEmpty();
    }

    @Test
    void nothingToSay() {
        isOneLine(
                Cli.run("speak", "--voice", "tone", "-o", file("a.wav")),
                ExitCode.USAGE,
                "nothing to say");
        isOneLine(
                Cli.terminal().with("speak", "--voice", "tone", "-o", file("a.wav")),
                ExitCode.USAGE,
                "give a text, -f FILE, or pipe it");
    }

    @Test
    void nowhereToPutIt() {
        isOneLine(
                Cli.run("speak", "Hello", "--voice", "tone"),
                ExitCode.USAGE,
                "say where the audio goes");
    }

    @Test
    void aTextAndAFileAreTooMuch() {
        isOneLine(
                Cli.run("speak", "Hello", "-f", "x", "--voice", "tone", "-o", "-"),
                ExitCode.USAGE,
                "not both");
    }

    @Test
    void badValuesAreNamed() {
        isOneLine(
                Cli.run("speak", "Hello", "--speed", "99", "-o", "-"),
                ExitCode.USAGE,
                "speed must lie between 0.1 and 10, not 99");
        isOneLine(
                Cli.run("speak", "Hello", "--speed", "quick", "-o", "-"),
                ExitCode.USAGE,
                "--speed");
        isOneLine(
                Cli.run("speak", "Hello", "--mode", "loud", "-o", "-"),
                ExitCode.USAGE,
                "unknown mode 'loud'");
        isOneLine(Cli.run("speak", "Hello", "--sped", "1"), ExitCode.USAGE, "--sped");
        isOneLine(
                Cli.run("speak", "Hello", "--threads", "0", "--voice", "tone", "-o", "-"),
                ExitCode.USAGE,
                "threads must lie between 1 and 1024");
    }

    @Test
    void anUnknownVoiceIsNamed() {
        isOneLine(
                Cli.run("speak", "Hello", "--voice", "nobody", "--home", file("home"), "-o", "-"),
                ExitCode.VOICE,
                "'nobody'");
    }

    @Test
    void badFilesAreNamed() throws IOException {
        isOneLine(
                Cli.run("speak", "-f", file("none.txt"), "--voice", "tone", "-o", "-"),
                ExitCode.IO,
                "none.txt does not exist");
        isOneLine(
                Cli.run("speak", "-f", file(""), "--voice", "tone", "-o", "-"),
                ExitCode.USAGE,
                "is a folder");
        Files.createDirectory(folder.resolve("dir.wav"));
        isOneLine(
                Cli.run("speak", "Hello", "--voice", "tone", "-o", file("dir.wav")),
                ExitCode.USAGE,
                "is a folder: name a file in it");
        isOneLine(
                Cli.run("speak", "Hello", "--voice", "tone", "-o", file("no/a.wav")),
                ExitCode.IO,
                "does not exist: make it first");
        isOneLine(
                Cli.run("speak", "Hello", "--voice", "tone", "-o", file("a.mp9")),
                ExitCode.USAGE,
                "cannot write 'mp9' files");
    }

    @Test
    void aFolderWithoutPermissionIsNamed() throws IOException {
        Path locked = Files.createDirectory(folder.resolve("locked"));
        Assumptions.assumeTrue(locked.toFile().setWritable(false), "needs POSIX permissions");
        Assumptions.assumeFalse(Files.isWritable(locked), "this user may write anywhere (root)");
        isOneLine(
                Cli.run("speak", "Hello", "--voice", "tone", "-o", file("locked/a.wav")),
                ExitCode.IO,
                "no permission");
    }

    @Test
    void aFullDiskIsOneLine() {
        Assumptions.assumeTrue(Files.exists(Path.of("/dev/full")), "needs /dev/full");
        isOneLine(
                Cli.run("speak", "Hello", "--voice", "tone", "-o", "/dev/full", "--raw"),
                ExitCode.IO,
                "No space left on device");
    }

    /** 10 MB on one line: read as it is spoken. */
    @Test
    void aTextOfAnyLengthIsStreamed() {
        InputStream endless =
                new InputStream() {
                    private int left = 10_000_000;

                    @Override
                    public int read() {
                        return left-- > 0 ? 'a' : -1;
                    }
                };
        long[] count = {0};
        OutputStream counting =
                new OutputStream() {
                    @Override
                    public void write(int b) {
                        count[0]++;
                    }

                    @Override
                    public void write(byte[] b, int off, int len) {
                        count[0] += len;
                    }
                };
        Cli.Result result =
                Cli.in(endless).onto(counting, "speak", "--voice", "tone", "-o", "-", "--raw");
        assertThat(result.code()).as(result.err()).isZero();
        // 200 MB of audio: none of it can have been held.
        assertThat(count[0]).isEqualTo(10_000_000L * 20);
    }

    @Test
    void aSpeedBeyondReachIsTold(@TempDir Path dir) {
        String file = dir.resolve("a.wav").toString();
        assertThat(Cli.run("speak", "Hello", "--voice", "tone", "--speed", "3", "-o", file).err())
                .startsWith("skald: --speed 3.0 is more than mode fast reaches: about 2.2 times");
        assertThat(Cli.run("speak", "Hello", "--voice", "tone", "--speed", "2", "-o", file).err())
                .doesNotContain("reaches");
    }

    @Test
    void whatWasDoneIsToldAsJson(@TempDir Path dir) {
        Path file = dir.resolve("a.wav");
        Cli.Result result =
                Cli.run("speak", "Hello", "--voice", "tone", "--json", "-o", file.toString());
        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .startsWith("{\"target\":\"")
                .contains("\"voice\":\"tone\"", "\"seconds\":", "\"sample_rate\":");
    }

    @Test
    void theBarIsForTerminals() {
        assertThat(Progress.line("loading", 100, 50, 12.34, 8))
                .isEqualTo("[############............] 50 %  12.3 s of audio, 8 s left");
        assertThat(Progress.line("loading", 100, 1, 1, 8))
                .isEqualTo("[........................]  1 %  1.0 s of audio");
        assertThat(Progress.line("loading", 100, 10, 1, 6000)).endsWith(", 15 h 0 min left");
        assertThat(Progress.line("loading", 0, 50, 1, 8)).isEqualTo("1.0 s of audio");
        assertThat(Progress.line("loading nano", 9, 0, 0, 3.2)).isEqualTo("loading nano ... 3 s");
        assertThat(Cli.run("speak", "Hello", "--voice", "tone", "-o", "-", "-q").err()).isEmpty();
    }

    @Test
    void messagesStayOnTheirLine() {
        assertThat(Messages.oneLine("a\nb\r\tc\u0007\u001b[31m")).isEqualTo("a b  c[31m");
    }
}
