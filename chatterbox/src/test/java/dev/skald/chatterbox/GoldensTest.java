package dev.skald.chatterbox;

import dev.skald.chatterbox.text.TextGoldens;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.GoldenSuite;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Checks every file, case and tap that the manifest of a folder of golden values names: {@code
 * -Dgoldens=DIR}, this module's own by default.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GoldensTest {
    private GoldenSet set;
    private GoldenSuite suite;

    @BeforeAll
    void open() {
        String folder = System.getProperty("goldens", "");
        Path path =
                folder.isEmpty()
                        ? Path.of("src", "test", "resources", "goldens")
                        : Path.of(System.getProperty("skald.root", "")).resolve(folder);
        set = GoldenSet.open(path);
        suite = new GoldenSuite(set, ServiceLoader.load(GoldenStage.class));
    }

    @TestFactory
    List<DynamicNode> stages() {
        return suite.tests();
    }

    @TestFactory
    List<DynamicNode> texts() {
        return new TextGoldens(set, suite).tests();
    }

    @AfterAll
    void count() {
        System.out.println(suite.summary());
        set.close();
    }
}
