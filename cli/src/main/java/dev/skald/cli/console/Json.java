package dev.skald.cli.console;

import java.io.PrintStream;
import java.io.StringWriter;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.json.JsonFactory;

/** JSON written by tokens: cheaper to start than binding. */
public final class Json {
    private Json() {}

    public static void print(PrintStream out, Consumer<JsonGenerator> content) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            content.accept(json);
        }
        out.println(text);
    }
}
