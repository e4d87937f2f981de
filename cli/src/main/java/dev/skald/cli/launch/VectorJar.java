package dev.skald.cli.launch;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Copies the classes of this JDK's Vector API to a jar for the boot class path. Adding an
 * incubating module turns off what the JVM caches of modules, lambdas and linked classes, some 0.3
 * s of processor time at each start; classes on the boot class path do not. See {@link
 * Preparation}.
 */
public final class VectorJar {
    private VectorJar() {}

    /** Whether this process was started with a copy that cannot be read. */
    public static boolean damaged() {
        if (System.getProperty("skald.vectors") == null) {
            return false;
        }
        try {
            Class.forName("jdk.incubator.vector.FloatVector", false, null);
            return false;
        } catch (ClassNotFoundException | LinkageError e) {
            return true;
        }
    }

    /**
     * Makes the copy again and runs this command with it.
     *
     * @return the exit code
     */
    public static int runAgain() throws IOException, InterruptedException {
        write(Path.of(System.getProperty("skald.vectors")));
        ProcessHandle.Info own = ProcessHandle.current().info();
        List<String> command = new ArrayList<>();
        own.command().ifPresent(command::add);
        own.arguments().ifPresent(all -> command.addAll(List.of(all)));
        if (command.size() < 2) {
            throw new IOException("what Skald keeps for faster starts was damaged: run it again");
        }
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    /** Writes the jar, or replaces it. */
    public static void write(Path jar) throws IOException {
        Path module =
                FileSystems.getFileSystem(URI.create("jrt:/"))
                        .getPath("/modules/jdk.incubator.vector");
        Path part = Preparation.part(jar);
        try (OutputStream out = Files.newOutputStream(part);
                ZipOutputStream zip = new ZipOutputStream(out);
                Stream<Path> files = Files.walk(module)) {
            zip.setMethod(ZipOutputStream.STORED);
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                String name = module.relativize(file).toString();
                if (!name.equals("module-info.class")) {
                    add(zip, name, Files.readAllBytes(file));
                }
            }
        }
        Files.move(part, jar, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void add(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        ZipEntry entry = new ZipEntry(name);
        entry.setSize(bytes.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }
}
