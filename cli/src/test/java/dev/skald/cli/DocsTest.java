package dev.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.cli.console.ExitCode;
import dev.skald.cli.console.Io;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the documents show works. */
class DocsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final List<String> PAGES =
            List.of("README.md", "docs/QUICKSTART.md", "docs/GUIDE.md");

    @TempDir Path folder;

    private static String page(String name) throws IOException {
        return Files.readString(ROOT.resolve(name));
    }

    private static List<String> blocks(String language) {
        Pattern block = Pattern.compile("(?ms)^ *```" + language + "\n(.*?)^ *```");
        return PAGES.stream()
                .flatMap(
                        name -> {
                            try {
                                return block.matcher(page(name)).results().map(m -> m.group(1));
                            } catch (IOException e) {
                                throw new java.io.UncheckedIOException(e);
                            }
                        })
                .toList();
    }

    static Stream<String> commands() {
        return blocks("sh").stream()
                .flatMap(String::lines)
                .map(line -> line.replaceAll("\\s#.*", "").strip())
                .filter(line -> line.contains("./skald "))
                .map(line -> line.substring(line.indexOf("./skald ") + "./skald ".length()))
                .map(line -> line.contains(" | ") ? line.substring(0, line.indexOf(" | ")) : line);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandOnThePagesParses(String command) {
        Matcher words = Pattern.compile("\"([^\"]*)\"|(\\S+)").matcher(command);
        String[] arguments = words.results().map(DocsTest::unquoted).toArray(String[]::new);
        Io io =
                Io.of(
                        InputStream.nullInputStream(),
                        new ByteArrayOutputStream(),
                        new ByteArrayOutputStream(),
                        false,
                        false);
        assertThat(new Main(io).complete().parseArgs(arguments).errors()).isEmpty();
    }

    private static String unquoted(MatchResult word) {
        return word.group(1) == null ? word.group(2) : word.group(1);
    }

    private boolean compile(List<String> sources) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<JavaFileObject> files = new ArrayList<>();
        for (String source : sources) {
            Matcher name = Pattern.compile("public class (\\w+)").matcher(source);
            assertThat(name.find()).as(source).isTrue();
            files.add(
                    new SimpleJavaFileObject(
                            URI.create("string:///" + name.group(1) + ".java"),
                            JavaFileObject.Kind.SOURCE) {
                        @Override
                        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                            return source;
                        }
                    });
        }
        return compiler.getTask(
                        null,
                        null,
                        null,
                        List.of("-proc:none", "-d", folder.toString()),
                        null,
                        files)
                .call();
    }

    @Test
    void everyJavaSnippetCompiles() {
        List<String> snippets = blocks("java");
        assertThat(snippets).hasSizeGreaterThanOrEqualTo(3);
        assertThat(compile(snippets)).isTrue();
    }

    @Test
    void theTenLinesSpeak() throws IOException, InterruptedException {
        assertThat(compile(blocks("java"))).isTrue();
        ProcessBuilder java =
                new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules",
                        "jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        folder
                                + System.getProperty("path.separator")
                                + System.getProperty("java.class.path"),
                        "Hello");
        java.environment().put("SKALD_HOME", folder.resolve("home").toString());
        java.directory(folder.toFile()).redirectErrorStream(true);
        Process process = java.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        assertThat(Files.size(folder.resolve("hello.wav"))).isGreaterThan(30_000);
    }

    @ParameterizedTest
    @EnumSource(ExitCode.class)
    void theGuideHasEveryExitCode(ExitCode code) throws IOException {
        assertThat(page("docs/GUIDE.md"))
                .contains("| " + code.number + " | " + code.meaning + " |");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "README.md",
                "CONTRIBUTING.md",
                "docs/QUICKSTART.md",
                "docs/GUIDE.md",
                "docs/ARCHITECTURE.md",
                "docs/PERFORMANCE.md"
            })
    void everyLinkLeadsSomewhere(String name) throws IOException {
        Path base = Optional.ofNullable(ROOT.resolve(name).getParent()).orElse(ROOT);
        Pattern.compile("\\]\\(([^)#]+)\\)")
                .matcher(page(name))
                .results()
                .map(m -> m.group(1))
                .filter(link -> !link.startsWith("http"))
                .forEach(link -> assertThat(base.resolve(link)).exists());
    }
}
