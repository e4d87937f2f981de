package dev.skald.cli.speak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Skald;
import dev.skald.cli.Cli;
import dev.skald.cli.console.ExitCode;
import dev.skald.server.ServerOptions;
import dev.skald.server.SpeechServer;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code skald speak --server}. */
class RemoteSpeechTest {
    private static Skald skald;
    private static SpeechServer server;
    private static String url;

    @TempDir Path folder;

    @BeforeAll
    static void open() throws IOException {
        skald = Skald.builder().offline(true).open();
        server = SpeechServer.open(skald, ServerOptions.builder().port(0).build());
        url = "http://127.0.0.1:" + server.port();
    }

    @AfterAll
    static void close() {
        server.close();
        skald.close();
    }

    @Test
    void aFileIsWhole() throws IOException {
        Path out = folder.resolve("out.wav");
        // Longer than what the server sends with its sizes.
        String text = "The harbour was quiet that morning, and \"nobody\" spoke of the storm.\n";
        Cli.Result result = Cli.run("speak", text, "--server", url, "-o", out.toString());
        assertThat(result.code()).as(result.err()).isZero();
        byte[] wav = Files.readAllBytes(out);
        ByteBuffer head = ByteBuffer.wrap(wav).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(head.getInt(4)).isEqualTo(wav.length - 8);
        assertThat(head.getInt(40)).isEqualTo(wav.length - 44);
        assertThat(wav.length).isGreaterThan(2 * 24_000 * 3);
        assertThat(result.err()).contains("out.wav: ").contains("first audio");
    }

    /** A plain line is read without picocli; {@code --threads} makes it one that is not. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "--seed 4 -o -",
                "--seed=4 --raw -o - -q --voice en_US-joe-medium --speed 1.5 --mode fast",
                "-o - --voice nobody",
                "-o -",
                "--play -o -",
                "-o x.aac",
                "--speaker 3 -o -",
            })
    void bothWaysToReadALineDoTheSame(String line) {
        List<String> args = new ArrayList<>(List.of("speak", "Hello", "there.", "--server", url));
        for (String arg : line.split(" ")) {
            args.add(arg.equals("x.aac") ? folder.resolve(arg).toString() : arg);
        }
        if (!line.contains("--seed")) {
            args.addAll(List.of("--seed", "7"));
        }
        Cli.Result plain = Cli.run(args.toArray(String[]::new));
        args.addAll(List.of("--threads", "1"));
        Cli.Result full = Cli.run(args.toArray(String[]::new));
        assertThat(plain.bytes()).isEqualTo(full.bytes());
        assertThat(plain.code()).isEqualTo(full.code());
        assertThat(plain.err().replaceAll("[0-9.]+ s", "T s"))
                .isEqualTo(full.err().replaceAll("[0-9.]+ s", "T s"));
    }

    @ParameterizedTest
    @CsvSource({"out.mp3,-1", "out.opus,79", "out.flac,102"})
    void theEndingOfTheFileIsTheFormat(String name, int firstByte) throws IOException {
        Path out = folder.resolve(name);
        Cli.Result result =
                Cli.run(
                        "speak",
                        "Hello there.",
                        "--server",
                        url + "/",
                        "--voice",
                        "en_US-joe-medium",
                        "--speed",
                        "1.2",
                        "--seed",
                        "4",
                        "-o",
                        out.toString());
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(Files.readAllBytes(out)[0]).isEqualTo((byte) firstByte);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--voice nobody|there is no voice 'nobody'",
                "--volume 2|a server takes no --volume",
                "--noise-scale 1|a server takes no --noise-scale",
                "-o x.wma|'response_format' can be",
                "--server ftp://x|is no address of a server",
            })
    void whatAServerCannotDoIsToldInOneLine(String option, String message) {
        List<String> args = new ArrayList<>(List.of("speak", "Hello.", "--server", url));
        if (!option.startsWith("-o")) {
            args.addAll(List.of("-o", folder.resolve("out.wav").toString()));
        }
        args.addAll(Arrays.asList(option.split(" ")));
        Cli.Result result = Cli.run(args.toArray(String[]::new));
        assertThat(result.code()).isEqualTo(ExitCode.USAGE.number);
        assertThat(result.err()).contains(message).hasLineCount(1);
        assertThat(folder.resolve("out.wav")).doesNotExist();
    }

    @Test
    void aServerThatIsNotThereIsToldAndWhatToDo() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Cli.Result result = Cli.run("speak", "Hello.", "--server", "127.0.0.1:" + port, "-o", "-");
        assertThat(result.code()).isNotZero();
        assertThat(result.err())
                .contains("there is no server at 127.0.0.1:" + port, "skald serve")
                .hasLineCount(1);
    }

    /** Who waits for a sentence waits for no class that does not speak it. */
    @Test
    void nothingIsLoadedThatDoesNotSpeak() throws Exception {
        List<String> remote =
                loaded(
                        "speak",
                        "Hello there.",
                        "--server",
                        url,
                        "-o",
                        folder.resolve("r.wav").toString());
        assertThat(remote)
                .contains("dev.skald.cli.speak.RemoteSpeech")
                .noneMatch(
                        c ->
                                c.matches(
                                        "(dev\\.skald\\.(server|piper|chatterbox|tensor|engine)|io\\.vertx|io\\.netty"
                                                + "|io\\.modelcontextprotocol|tools\\.jackson\\.databind)\\..*"));
        List<String> local =
                loaded("speak", "Hello.", "-o", folder.resolve("l.wav").toString(), "--offline");
        assertThat(local)
                .contains("dev.skald.Skald")
                .noneMatch(
                        c ->
                                c.matches(
                                        "(dev\\.skald\\.server|io\\.vertx|io\\.netty|io\\.modelcontextprotocol|io\\."
                                                + "prometheus|javax\\.jmdns)\\..*"));
    }

    private List<String> loaded(String... args) throws Exception {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xlog:class+load:stdout:none",
                                "--add-modules",
                                "jdk.incubator.vector",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "dev.skald.cli.Main"));
        command.addAll(Arrays.asList(args));
        Process process =
                new ProcessBuilder(command).redirectError(folder.resolve("err").toFile()).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(Files.readString(folder.resolve("err"))).isZero();
        return out.lines().map(l -> l.split(" ")[0]).toList();
    }
}
