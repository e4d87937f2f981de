package dev.skald.cli.bench;

import dev.skald.InvalidRequestException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/**
 * The texts that are measured: 30, 150, 600 and 6,000 characters, after Lewis Carroll's Alice.
 *
 * @param name what the command line calls it
 * @param text what is spoken
 */
record BenchText(String name, String text) {

    static List<BenchText> all() {
        String[] lines;
        try (InputStream in =
                Objects.requireNonNull(BenchText.class.getResourceAsStream("bench.txt"))) {
            lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).strip().split("\n", 4);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return List.of(
                new BenchText("short", lines[0]),
                new BenchText("medium", lines[1]),
                new BenchText("long", lines[2]),
                new BenchText("very-long", lines[3]));
    }

    static BenchText named(String name) {
        return all().stream()
                .filter(t -> t.name.equals(name))
                .findFirst()
                .orElseThrow(
                        () ->
                                new InvalidRequestException(
                                        "unknown text '"
                                                + name
                                                + "': use short, medium, long or very-long"));
    }
}
