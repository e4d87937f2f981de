package dev.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RemoteLineTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "speak Hello there. -o -",
                "speak Hello -o x.wav --server=http://h:1 -q",
                "speak --play --speed 1.5 --seed 3 Hello",
                "speak Hello --raw --output - --voice v --speaker 2 --model m --mode fast"
            })
    void readsAPlainLine(String line) {
        assertThat(RemoteLine.of("h:1", line.split(" "))).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "speak",
                "speak Hello",
                "speak -f x -o -",
                "speak @words -o -",
                "speak Hello -o",
                "speak Hello -o --play",
                "speak Hello -ox.wav",
                "speak Hello -o - --speed fast",
                "speak Hello -o - --seed 1.5",
                "speak Hello -o - --voice=",
                "speak Hello -o - --volume 2",
                "speak Hello -o - --server= ",
                "speak Hello -o - --help",
                "speak -- Hello -o -",
                "demo Hello -o -"
            })
    void leavesTheRestToPicocli(String line) {
        assertThat(RemoteLine.of("h:1", line.split(" "))).isNull();
    }

    @Test
    void needsAServer() {
        assertThat(RemoteLine.of(null, "speak", "Hello", "-o", "-")).isNull();
        assertThat(RemoteLine.of(" ", "speak", "Hello", "-o", "-")).isNull();
        assertThat(RemoteLine.of(null, "speak", "Hello", "-o", "-", "--server", "h")).isNotNull();
    }
}
