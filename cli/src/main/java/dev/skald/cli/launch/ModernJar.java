package dev.skald.cli.launch;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Raises the classes of a jar to the class file version of Java 8, with stack maps. picocli is
 * compiled for Java 5: the JVM's caches leave such classes out, and verifies them slowly at every
 * start. See {@link Preparation}.
 */
public final class ModernJar {
    private static final int JAVA_8 = 52;

    private final ZipFile jar;
    private final ClassFile classes;

    private ModernJar(ZipFile jar) {
        this.jar = jar;
        classes =
                ClassFile.of(
                        ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                        ClassFile.ClassHierarchyResolverOption.of(
                                ClassHierarchyResolver.ofResourceParsing(
                                                c -> open(path(c.descriptorString())))
                                        .orElse(ClassHierarchyResolver.defaultResolver())));
    }

    /** Replaces a jar by its modern form; leaves one alone that is modern. */
    public static void raise(Path jar) throws IOException {
        Path part = Preparation.part(jar);
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            ModernJar from = new ModernJar(zip);
            if (from.old().isEmpty()) {
                return;
            }
            try (OutputStream out = Files.newOutputStream(part);
                    ZipOutputStream to = new ZipOutputStream(out)) {
                from.copy(to);
            }
        }
        Files.move(part, jar, StandardCopyOption.REPLACE_EXISTING);
    }

    /** The names of the classes that are too old. */
    private List<String> old() throws IOException {
        List<String> names = new ArrayList<>();
        for (ZipEntry entry : jar.stream().toList()) {
            if (isClass(entry) && version(bytes(entry)) < JAVA_8) {
                names.add(entry.getName());
            }
        }
        return names;
    }

    private void copy(ZipOutputStream to) throws IOException {
        for (ZipEntry entry : jar.stream().toList()) {
            byte[] bytes = bytes(entry);
            ZipEntry copy = new ZipEntry(entry.getName());
            copy.setLastModifiedTime(entry.getLastModifiedTime());
            to.putNextEntry(copy);
            to.write(isClass(entry) && version(bytes) < JAVA_8 ? raised(bytes) : bytes);
            to.closeEntry();
        }
    }

    private byte[] raised(byte[] bytes) {
        ClassModel model = classes.parse(bytes);
        return classes.build(
                model.thisClass().asSymbol(),
                out ->
                        model.forEach(
                                element -> {
                                    switch (element) {
                                        case ClassFileVersion v -> out.withVersion(JAVA_8, 0);
                                        case MethodModel method ->
                                                out.transformMethod(
                                                        method,
                                                        (to, part) -> {
                                                            if (part instanceof CodeModel code) {
                                                                // Written anew, so that it gets
                                                                // stack maps.
                                                                to.transformCode(
                                                                        code,
                                                                        CodeTransform.ACCEPT_ALL);
                                                            } else {
                                                                to.with(part);
                                                            }
                                                        });
                                        default -> out.with(element);
                                    }
                                }));
    }

    private static boolean isClass(ZipEntry entry) {
        return entry.getName().endsWith(".class");
    }

    private static int version(byte[] bytes) {
        return bytes.length < 8 ? 0 : (bytes[6] & 0xff) << 8 | bytes[7] & 0xff;
    }

    private byte[] bytes(ZipEntry entry) throws IOException {
        try (InputStream in = jar.getInputStream(entry)) {
            return in.readAllBytes();
        }
    }

    private static String path(String descriptor) {
        return descriptor.substring(1, descriptor.length() - 1) + ".class";
    }

    private @Nullable InputStream open(String path) {
        ZipEntry entry = jar.getEntry(path);
        try {
            return entry == null ? null : jar.getInputStream(entry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
