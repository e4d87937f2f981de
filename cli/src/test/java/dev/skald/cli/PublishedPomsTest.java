package dev.skald.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.xml.sax.SAXException;

/** Maven Central refuses a module whose POM, with what it inherits, lacks one of these. */
class PublishedPomsTest {
    private static final Path ROOT = Path.of("..");
    private static final List<String> UNPUBLISHED =
            List.of("testkit", "server-it", "bench", "fuzz");

    static Stream<String> published() throws Exception {
        return modules().filter(module -> !UNPUBLISHED.contains(module));
    }

    private static Stream<String> modules() throws Exception {
        String all = value(pom("."), "normalize-space(/project/modules)");
        return Stream.of(all.split(" "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "name",
                "description",
                "url",
                "licenses/license/name",
                "licenses/license/url",
                "developers/developer/name",
                "developers/developer/organization",
                "developers/developer/organizationUrl",
                "scm/connection",
                "scm/developerConnection",
                "scm/url"
            })
    void theParentSays(String element) throws Exception {
        assertThat(value(pom("."), "/project/" + element)).isNotBlank();
    }

    @ParameterizedTest
    @MethodSource("published")
    void aModuleSaysWhatItIsAndInheritsTheRest(String module) throws Exception {
        Document pom = pom(module);
        assertThat(value(pom, "/project/parent/artifactId")).isEqualTo("skald-parent");
        assertThat(value(pom, "/project/artifactId")).startsWith("skald");
        assertThat(value(pom, "/project/name")).isNotBlank();
        assertThat(value(pom, "/project/description")).endsWith(".");
        assertThat(value(pom, "/project/properties/maven.deploy.skip")).isEmpty();
        for (String inherited : List.of("url", "developers", "scm", "organization")) {
            assertThat(value(pom, "count(/project/" + inherited + ")"))
                    .as(inherited)
                    .isEqualTo("0");
        }
    }

    @Test
    void whatOnlyTestsAndMeasuresStaysHere() throws Exception {
        assertThat(modules().toList()).containsAll(UNPUBLISHED);
        for (String module : UNPUBLISHED) {
            assertThat(value(pom(module), "/project/properties/maven.deploy.skip"))
                    .as(module)
                    .isEqualTo("true");
        }
    }

    /** The addresses of the parent would get the module's name appended. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/project/@child.project.url.inherit.append.path",
                "/project/scm/@child.scm.connection.inherit.append.path",
                "/project/scm/@child.scm.developerConnection.inherit.append.path",
                "/project/scm/@child.scm.url.inherit.append.path"
            })
    void addressesAreInheritedAsTheyAre(String attribute) throws Exception {
        assertThat(value(pom("."), attribute)).isEqualTo("false");
    }

    private static Document pom(String module)
            throws IOException, ParserConfigurationException, SAXException {
        Path file = ROOT.resolve(module).resolve("pom.xml");
        return DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(file.toFile());
    }

    private static String value(Document pom, String path) throws XPathExpressionException {
        return XPathFactory.newDefaultInstance().newXPath().evaluate(path, pom).strip();
    }
}
