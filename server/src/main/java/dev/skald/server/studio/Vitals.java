package dev.skald.server.studio;

import dev.skald.SpeechReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** How the last requests went, and what memory the process has. */
final class Vitals {
    private static final int KEPT = 40;
    private static final Path STATM = Path.of("/proc/self/statm");
    private static final long PAGE = 4_096;

    private final Deque<Double> firstAudio = new ArrayDeque<>();
    private final Deque<Double> realTimeFactor = new ArrayDeque<>();
    private double audioSeconds;
    private long requests;

    synchronized void began(double seconds) {
        keep(firstAudio, seconds);
    }

    synchronized void ended(SpeechReport report) {
        keep(realTimeFactor, report.realTimeFactor());
        audioSeconds += report.seconds();
        requests++;
    }

    private static void keep(Deque<Double> all, double value) {
        if (all.size() == KEPT) {
            all.removeFirst();
        }
        all.addLast(value);
    }

    synchronized void write(ObjectNode to) {
        write(to, "first_audio", firstAudio);
        write(to, "real_time_factor", realTimeFactor);
        to.put("requests", requests).put("audio_seconds", audioSeconds);
        Runtime runtime = Runtime.getRuntime();
        ObjectNode memory =
                to.putObject("memory")
                        .put("heap", runtime.totalMemory() - runtime.freeMemory())
                        .put("heap_limit", runtime.maxMemory());
        resident().ifPresent(bytes -> memory.put("resident", bytes));
    }

    /** The median of the last ones, absent if there is none, and all of them. */
    private static void write(ObjectNode to, String name, Deque<Double> values) {
        ObjectNode node = to.putObject(name);
        median(values).ifPresent(m -> node.put("median", m));
        ArrayNode last = node.putArray("last");
        values.forEach(last::add);
    }

    private static OptionalDouble median(Deque<Double> values) {
        return values.stream().mapToDouble(v -> v).sorted().skip(values.size() / 2).findFirst();
    }

    /** Bytes of the whole process, models included, where the system tells (Linux). */
    private static OptionalLong resident() {
        try {
            String[] pages = Files.readString(STATM).split(" ");
            return OptionalLong.of(Long.parseLong(pages[1]) * PAGE);
        } catch (IOException | RuntimeException e) {
            return OptionalLong.empty();
        }
    }
}
