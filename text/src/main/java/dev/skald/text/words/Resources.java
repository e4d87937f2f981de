package dev.skald.text.words;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the rule files: UTF-8, a line an entry, a line of {@code # } a comment. Plain loops: the
 * abbreviations are read before the first word is spoken.
 */
public final class Resources {
    private Resources() {}

    /** The lines that are neither blank nor comments, in order. */
    public static List<String> lines(String name) {
        String text = text(name);
        List<String> lines = new ArrayList<>();
        for (int start = 0; start < text.length(); ) {
            int end = text.indexOf('\n', start);
            if (end < 0) {
                end = text.length();
            }
            boolean comment = text.startsWith("# ", start) || text.startsWith("#\n", start);
            if (end > start && !comment) {
                lines.add(text.substring(start, end));
            }
            start = end + 1;
        }
        return lines;
    }

    /** A table of tab-separated columns by its first one. */
    public static Map<String, String[]> table(String name) {
        Map<String, String[]> table = new HashMap<>();
        for (String line : lines(name)) {
            String[] columns = line.split("\t", -1);
            table.put(columns[0], columns);
        }
        return table;
    }

    /** Lists of words, each under its name in brackets. */
    public static Map<String, Set<String>> lists(String name) {
        Map<String, Set<String>> lists = new HashMap<>();
        Set<String> current = new HashSet<>();
        for (String line : lines(name)) {
            if (line.startsWith("[")) {
                current = new HashSet<>();
                lists.put(line.substring(1, line.length() - 1), current);
            } else {
                for (String word : line.split(" ")) {
                    current.add(word);
                }
            }
        }
        return lists;
    }

    private static String text(String name) {
        try (InputStream in = Resources.class.getResourceAsStream("/dev/skald/text/" + name)) {
            if (in == null) {
                throw new IllegalStateException("the resource " + name + " is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
