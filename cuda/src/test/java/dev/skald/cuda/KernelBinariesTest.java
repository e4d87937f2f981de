package dev.skald.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The binaries that are checked in were made from the sources beside them ({@code build-kernels}).
 */
class KernelBinariesTest {
    private static final Path SOURCES = Path.of("src", "main", "cuda");
    private static final Path BINARIES =
            Path.of("src", "main", "resources", "dev", "skald", "cuda", "kernels");

    @Test
    void everyBinaryIsOfThePresentSource() throws IOException, NoSuchAlgorithmException {
        Map<String, String> known = new TreeMap<>();
        for (String line : Files.readAllLines(BINARIES.resolve("hashes.txt"))) {
            String[] parts = line.split(" ");
            known.put(parts[0], parts[1]);
        }
        Map<String, String> found = new TreeMap<>();
        for (Path source : list(".cu")) {
            String name = String.valueOf(source.getFileName()).replace(".cu", "");
            if (!name.equals("all")) {
                found.put(name, hash(source));
                assertThat(BINARIES.resolve(name + ".fatbin")).isNotEmptyFile();
            }
        }
        assertThat(known).as("run cuda/build-kernels").isEqualTo(found);
    }

    private static List<Path> list(String ending) throws IOException {
        try (Stream<Path> files = Files.list(SOURCES)) {
            return files.filter(f -> f.toString().endsWith(ending)).sorted().toList();
        }
    }

    /**
     * As {@code build-kernels} does it: the script, the headers, the source, without preprocessor
     * lines.
     */
    private static String hash(Path source) throws IOException, NoSuchAlgorithmException {
        List<Path> parts = new ArrayList<>(List.of(Path.of("build-kernels")));
        parts.addAll(list(".cuh"));
        parts.add(source);
        StringBuilder text = new StringBuilder();
        for (Path part : parts) {
            for (String line : Files.readAllLines(part)) {
                if (!line.startsWith("#")) {
                    text.append(line).append('\n');
                }
            }
        }
        byte[] digest =
                MessageDigest.getInstance("SHA-256")
                        .digest(text.toString().getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest).substring(0, 16);
    }
}
