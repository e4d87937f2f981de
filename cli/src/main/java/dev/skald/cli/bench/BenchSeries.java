package dev.skald.cli.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/**
 * Repeated measurements of one thing.
 *
 * @param values at least one
 */
record BenchSeries(List<Double> values) {
    BenchSeries {
        values = values.stream().sorted().toList();
    }

    /** Nothing was measured. */
    static BenchSeries none() {
        return new BenchSeries(List.of(Double.NaN));
    }

    /** Of a list of numbers. */
    static BenchSeries of(JsonNode values) {
        List<Double> list = new ArrayList<>();
        for (JsonNode value : values) {
            list.add(value.asDouble());
        }
        return list.isEmpty() ? none() : new BenchSeries(list);
    }

    List<Double> measured() {
        return values.stream().filter(v -> !Double.isNaN(v)).toList();
    }

    /** The median in seconds; empty if nothing was measured. */
    String shown() {
        return Double.isNaN(median()) ? "" : String.format(Locale.ROOT, "%.3f s", median());
    }

    double median() {
        int n = values.size();
        return n % 2 == 1 ? values.get(n / 2) : (values.get(n / 2 - 1) + values.get(n / 2)) / 2;
    }

    double mean() {
        return values.stream().mapToDouble(v -> v).average().orElse(Double.NaN);
    }

    double min() {
        return values.getFirst();
    }

    double max() {
        return values.getLast();
    }

    /** The median and how far the smallest and largest lie from it. */
    String seconds() {
        if (values.size() == 1) {
            return String.format(Locale.ROOT, "%.3f s", median());
        }
        return String.format(Locale.ROOT, "%.3f s (%.3f–%.3f)", median(), min(), max());
    }
}
