package dev.skald.cli.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ModernJarTest {
    @TempDir Path folder;

    @Test
    void everyClassOfPicocliIsRaisedAndVerifies()
            throws IOException, URISyntaxException, ReflectiveOperationException {
        Path jar = folder.resolve("picocli.jar");
        Files.copy(
                Path.of(
                        CommandLine.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toURI()),
                jar);
        ModernJar.raise(jar);
        List<String> names;
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            names =
                    zip.stream()
                            .map(ZipEntry::getName)
                            .filter(n -> n.startsWith("picocli/CommandLine"))
                            .filter(n -> n.endsWith(".class"))
                            .toList();
            assertThat(names).hasSizeGreaterThan(100);
            for (String name : names) {
                try (DataInputStream in =
                        new DataInputStream(zip.getInputStream(zip.getEntry(name)))) {
                    in.readInt();
                    in.readUnsignedShort();
                    assertThat(in.readUnsignedShort()).as(name).isEqualTo(52);
                }
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(
                        new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
            for (String name : names) {
                String type = name.substring(0, name.length() - ".class".length());
                // Initialising verifies.
                Class.forName(type.replace('/', '.'), true, loader);
            }
        }
        byte[] once = Files.readAllBytes(jar);
        ModernJar.raise(jar);
        assertThat(Files.readAllBytes(jar)).as("a modern jar stays as it is").isEqualTo(once);
    }
}
