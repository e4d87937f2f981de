package dev.skald.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Reads the rule files: UTF-8, a line an entry, {@code #} and a space (or nothing) a comment. */
final class Resources {
    private Resources() {}

    /** The lines that are neither blank nor comments, in order. */
    static void lines(String name, Consumer<String> line) {
        String text = text(name);
        for (int start = 0; start < text.length(); ) {
            int end = text.indexOf('\n', start);
            if (end < 0) {
                end = text.length();
            }
            boolean comment = text.startsWith("# ", start) || text.startsWith("#\n", start);
            if (end > start && !comment) {
                line.accept(text.substring(start, end));
            }
            start = end + 1;
        }
    }

    /** A table of tab-separated columns by its first one. */
    static Map<String, String[]> table(String name) {
        Map<String, String[]> table = new HashMap<>();
        lines(
                name,
                line -> {
                    String[] columns = line.split("\t", -1);
                    table.put(columns[0], columns);
                });
        return table;
    }

    /** Lists of words, each under its name in brackets. */
    static Map<String, Set<String>> lists(String name) {
        Map<String, Set<String>> lists = new HashMap<>();
        String[] current = {""};
        lines(
                name,
                line -> {
                    if (line.startsWith("[")) {
                        current[0] = line.substring(1, line.length() - 1);
                    } else {
                        Set<String> words =
                                lists.computeIfAbsent(current[0], key -> new HashSet<>());
                        for (String word : line.split(" ")) {
                            words.add(word);
                        }
                    }
                });
        return lists;
    }

    private static String text(String name) {
        try (InputStream in = Resources.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the resource " + name + " is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
