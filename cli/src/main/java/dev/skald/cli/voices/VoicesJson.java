package dev.skald.cli.voices;

import java.io.PrintStream;
import java.io.StringWriter;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.json.JsonFactory;

/** JSON written by tokens: cheaper to start than binding. */
final class VoicesJson {
    private VoicesJson() {}

    static void print(PrintStream out, Consumer<JsonGenerator> content) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            content.accept(json);
        }
        out.println(text);
    }
}
