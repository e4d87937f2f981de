package dev.skald.testkit;

import dev.skald.tensor.io.StoredTensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import tools.jackson.databind.JsonNode;

/**
 * Turns a {@link GoldenSet} into tests: one for each file's integrity, one for each case. What the
 * manifest names and nothing can check is a failing test.
 */
public final class GoldenSuite {
    private final GoldenSet set;
    private final Map<String, GoldenStage> stages = new LinkedHashMap<>();
    private final AtomicInteger files = new AtomicInteger();
    private final AtomicInteger cases = new AtomicInteger();
    private final AtomicInteger taps = new AtomicInteger();
    private final AtomicLong floats = new AtomicLong();
    private final AtomicLong integers = new AtomicLong();

    /** Over the stages found. */
    public GoldenSuite(GoldenSet set, Iterable<GoldenStage> found) {
        this.set = set;
        for (GoldenStage stage : found) {
            if (stages.put(stage.stage(), stage) != null) {
                throw new IllegalStateException("stage " + stage.stage() + " is there twice");
            }
        }
    }

    /** The tests of every file; {@code -Dgoldens.stages=ve,flow} runs those stages alone. */
    public List<DynamicNode> tests() {
        List<DynamicNode> nodes = new ArrayList<>();
        if (set.files().isEmpty() && set.manifest().path("text").isMissingNode()) {
            nodes.add(failing("manifest", set.folder() + " names nothing to check"));
        }
        String only = System.getProperty("goldens.stages", "");
        for (GoldenFile file : set.files()) {
            if (!only.isEmpty() && !Set.of(only.split(",")).contains(file.stage())) {
                continue; // while working on a stage
            }
            nodes.add(DynamicContainer.dynamicContainer(file.name(), tests(file)));
        }
        return nodes;
    }

    private List<DynamicNode> tests(GoldenFile file) {
        List<DynamicNode> nodes = new ArrayList<>();
        nodes.add(fileTest(file.name(), file.manifest(), () -> checkWeights(file)));
        GoldenStage stage = stages.get(file.stage());
        if (stage == null) {
            nodes.add(failing(file.stage(), "nothing runs stage " + file.stage()));
            return nodes;
        }
        List<GoldenCase> all = file.cases();
        if (all.isEmpty()) {
            nodes.add(failing(file.stage(), file.name() + " has no cases"));
        }
        for (GoldenCase golden : all) {
            nodes.add(
                    DynamicTest.dynamicTest(
                            golden.toString(),
                            () -> {
                                Taps taps = new Taps(golden);
                                if (!taps.any()) {
                                    throw new AssertionError(golden + " names no value to check");
                                }
                                stage.run(golden, taps);
                                finish(taps);
                            }));
        }
        for (Map.Entry<String, JsonNode> other : file.manifest().path("other_files").properties()) {
            nodes.add(
                    fileTest(
                            other.getKey(),
                            other.getValue(),
                            () -> {
                                Taps taps = new Taps(all.getFirst());
                                stage.other(file, other.getKey(), other.getValue(), taps);
                                taps.closeWithoutCase();
                                integers.addAndGet(taps.integers());
                            }));
        }
        return nodes;
    }

    private void finish(Taps given) {
        cases.incrementAndGet();
        taps.addAndGet(given.taps());
        floats.addAndGet(given.floats());
        integers.addAndGet(given.integers());
        given.close();
    }

    /** A test that a file is the one the manifest describes, and of what is in it. */
    public DynamicTest fileTest(String name, JsonNode description, Check check) {
        return DynamicTest.dynamicTest(
                name,
                () -> {
                    Path path = set.folder().resolve(name);
                    if (Files.size(path) != description.path("bytes").asLong()
                            || !sha256(path).equals(description.path("sha256").asString())) {
                        throw new AssertionError(
                                path + " is not the file that the manifest describes");
                    }
                    files.incrementAndGet();
                    check.run();
                });
    }

    /** A body of a test. */
    @FunctionalInterface
    public interface Check {
        void run() throws Exception;
    }

    /** A case that is no tensor file's: texts. */
    public void countCase(long comparedIntegers) {
        cases.incrementAndGet();
        integers.addAndGet(comparedIntegers);
    }

    /** A test that says why something could not be checked. */
    public static DynamicTest failing(String name, String why) {
        return DynamicTest.dynamicTest(
                name,
                () -> {
                    throw new AssertionError(why);
                });
    }

    private static void checkWeights(GoldenFile file) {
        JsonNode weights = file.manifest().path("weights");
        int tensors = 0;
        long values = 0;
        for (String name : file.tensors().names()) {
            if (name.startsWith("in.") || name.startsWith("out.") || name.startsWith("tap.")) {
                continue;
            }
            StoredTensor tensor = file.tensors().get(name);
            tensors++;
            values += tensor.size();
            JsonNode other = weights.path("not_bfloat16").path(name);
            String want = other.isMissingNode() ? "bfloat16" : other.asString();
            if (tensor.dtype().isFloating()
                    && !tensor.dtype().torchName().equals("torch." + want)) {
                throw new AssertionError(name + " is " + tensor.dtype() + ", not " + want);
            }
        }
        if (tensors != weights.path("tensors").asInt()
                || values != weights.path("values").asLong()) {
            throw new AssertionError(
                    file.name() + " holds " + tensors + " weights of " + values + " values");
        }
    }

    /** One line that says what was checked. */
    public String summary() {
        return String.format(
                Locale.ROOT,
                "goldens: checked %d files, %d cases, %d taps, %d integers, %d floats of %s",
                files.get(),
                cases.get(),
                taps.get(),
                integers.get(),
                floats.get(),
                set.folder());
    }

    private static String sha256(Path path) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
