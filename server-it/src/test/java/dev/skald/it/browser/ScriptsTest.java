package dev.skald.it.browser;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.it.Tools;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The tests of the page's scripts that need no browser. */
class ScriptsTest {
    @Test
    void theScriptsTestsPass() throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Tools.program("node", "nodejs").toString());
        command.add("--test");
        try (DirectoryStream<Path> tests =
                Files.newDirectoryStream(Path.of("src", "test", "js"), "*.test.mjs")) {
            tests.forEach(test -> command.add(test.toString()));
        }
        String said = Tools.run(Path.of("").toAbsolutePath(), command);
        assertThat(said).contains("fail 0").doesNotContain("exit code").doesNotContain("tests 0");
    }
}
