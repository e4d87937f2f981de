package dev.skald.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Skald;
import dev.skald.server.studio.Studio;
import java.util.Locale;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The description and the routes are the same. */
class OpenApiTest {
    @Test
    void everyRouteIsDescribedAndNothingElse() throws Exception {
        try (Skald skald = Skald.builder().offline(true).open();
                SpeechServer server =
                        SpeechServer.open(skald, ServerOptions.builder().port(0).build())) {
            JsonNode api = Client.json(new Client(server).get("/openapi.json"));
            assertThat(api.get("openapi").asString()).isEqualTo("3.1.0");
            TreeSet<String> described = new TreeSet<>();
            api.get("paths")
                    .propertyStream()
                    .forEach(
                            path ->
                                    path.getValue()
                                            .propertyNames()
                                            .forEach(
                                                    method ->
                                                            described.add(
                                                                    method.toUpperCase(Locale.ROOT)
                                                                            + " "
                                                                            + path.getKey()
                                                                                    .replaceFirst(
                                                                                            "^/v1/",
                                                                                            "/"))));
            TreeSet<String> served = new TreeSet<>();
            served.add("GET /");
            server.routes().list().stream()
                    .filter(r -> !r.name().equals(Studio.NAME))
                    .forEach(r -> served.add(r.method() + " " + r.path()));
            assertThat(described).isEqualTo(served);
            // Each reference leads somewhere.
            for (String ref : api.findValuesAsString("$ref")) {
                assertThat(api.at(ref.substring(1)).isMissingNode()).as(ref).isFalse();
            }
        }
    }
}
