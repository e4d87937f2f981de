package dev.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.cli.console.ExitCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HelpTest {
    @Test
    void theRootNamesEveryCommand() {
        String help = Cli.run("--help").out();
        assertThat(help).startsWith("Usage: skald ");
        for (String name :
                new String[] {
                    "speak",
                    "demo",
                    "voices",
                    "text",
                    "convert",
                    "serve",
                    "mcp",
                    "doctor",
                    "bench",
                    "completion",
                    "dev"
                }) {
            assertThat(help).containsPattern("(?m)^  " + name + " ");
        }
        assertThat(Cli.run().out()).isEqualTo(help);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "speak",
                "demo",
                "voices",
                "text",
                "convert",
                "serve",
                "mcp",
                "doctor",
                "bench",
                "completion",
                "dev"
            })
    void everyCommandHasHelp(String name) {
        Cli.Result result = Cli.run(name, "--help");
        assertThat(result.code()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .startsWith("Usage: skald " + name)
                .contains("--debug", "--home", "--offline", "--threads");
    }

    @ParameterizedTest
    @EnumSource(ExitCode.class)
    void everyExitCodeIsDocumented(ExitCode code) {
        assertThat(Cli.run("--help").out().replaceAll("\\s+", " "))
                .contains(" " + code.number + " " + code.meaning);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--mode",
                "--strict",
                "--voice",
                "--model",
                "--language",
                "--speaker",
                "--speed",
                "--volume",
                "--sentence-silence",
                "--seed",
                "--lexicon",
                "--noise-scale",
                "--noise-width",
                "--exaggeration",
                "--cfg-weight",
                "--temperature",
                "--min-p",
                "--top-p",
                "--top-k",
                "--repetition-penalty",
                "--output",
                "--play",
                "--raw",
                "--batch",
                "--file"
            })
    void speakTakes(String option) {
        assertThat(Cli.run("speak", "--help").out()).contains(option);
    }

    @Test
    void theVersionNamesTheJava() {
        assertThat(Cli.run("--version").out()).startsWith("skald ").contains("(Java ");
    }

    @Test
    void completionIsAScript() {
        String script = Cli.run("completion", "bash").out();
        assertThat(script).contains("skald").contains("--voice").contains("doctor");
        assertThat(script).contains("de_DE", "cinematic", "\"bash\" \"zsh\"");
        assertThat(Cli.run("completion", "fish").code()).isEqualTo(ExitCode.USAGE.number);
    }

    @Test
    void helpIsACommandToo() {
        assertThat(Cli.run("help").out()).isEqualTo(Cli.run("--help").out());
        assertThat(Cli.run("help", "speak").out()).isEqualTo(Cli.run("speak", "--help").out());
        assertThat(Cli.run("Hello there").err())
                .contains("no command 'Hello there'", "skald speak \"TEXT\" --play");
    }

    @Test
    void anOptionGivenTwiceIsGiven() {
        Cli.Result result = Cli.run("--offline", "text", "x", "--offline", "--normalized");
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isZero();
    }

    @Test
    void lettersThatTheLocaleLostAreTold() {
        Cli.Result result = Cli.run("voices", "info", "gr\uFFFD\uFFFDe");
        assertThat(result.code()).isEqualTo(ExitCode.USAGE.number);
        assertThat(result.err()).contains("LC_ALL=C.UTF-8").hasLineCount(1);
    }

    @Test
    void anUnknownCommandIsOneLine() {
        Cli.Result result = Cli.run("sing");
        assertThat(result.code()).isEqualTo(ExitCode.USAGE.number);
        assertThat(result.lines()).hasSize(1);
    }
}
