package dev.skald.cli.bench;

import dev.skald.Optimisation;
import dev.skald.cli.bench.AblationReport.Comparison;
import dev.skald.cli.bench.AblationReport.Row;
import dev.skald.cli.bench.AblationReport.Side;
import dev.skald.cli.bench.Subject.Spoken;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What each optimisation buys: the text is spoken with all of them and without one, in turn, so
 * that what else the machine does meets both.
 *
 * @param rounds how often each is spoken, as long as it lasts no longer than {@link #seconds}
 * @param seconds after which there is no further round; what takes longer by itself is measured
 *     once, and on the short text if even that takes longer
 * @param gpu whether a GPU computes
 * @param tell gets a line for each step
 */
record Ablation(
        Subject.Opener opener, int rounds, double seconds, boolean gpu, Consumer<String> tell) {
    /** How often the first text is spoken before. */
    static final int WARM_UPS = 3;

    private static final BenchText SHORT = BenchText.named("short");
    private static final Set<Optimisation> NONE = EnumSet.noneOf(Optimisation.class);

    /** What makes fp32 of everything. */
    private static final Set<Optimisation> FP32 =
            EnumSet.of(Optimisation.MIXED_PRECISION, Optimisation.BF16);

    /** Each optimisation by itself, on one text. */
    List<Row> rows(BenchText text) {
        List<Row> rows = new ArrayList<>();
        try (Subject with = warm(NONE, text)) {
            Spoken all = with.speak(text, false);
            Spoken exact;
            try (Subject fp32 = opener.open(meant(FP32))) {
                exact = fp32.sound(text);
            }
            long peak = peak(with, text); // before more is loaded for the sound
            AudioDistance own = distance(exact, with.sound(text));
            for (Optimisation o : Optimisation.values()) {
                Optional<String> reason = meaningless(o);
                if (reason.isPresent()) {
                    rows.add(Row.none(o, reason.get()));
                    continue;
                }
                Row row = row(o, text, with, peak, all, exact, own);
                tell.accept(row.told());
                rows.add(row);
            }
        }
        return rows;
    }

    /** Those that have a meaning on the device. */
    private Set<Optimisation> meant(Set<Optimisation> all) {
        Set<Optimisation> set = EnumSet.copyOf(all);
        set.removeIf(o -> meaningless(o).isPresent());
        return set;
    }

    private Optional<String> meaningless(Optimisation o) {
        if (!o.canBeOff()) {
            return Optional.of(o.what());
        }
        return gpu ? Optional.empty() : o.notOnCpu().map(why -> "no meaning on a CPU: " + why);
    }

    private Row row(
            Optimisation o,
            BenchText text,
            Subject with,
            long peak,
            Spoken all,
            Spoken exact,
            AudioDistance own) {
        try (Subject without = opener.open(EnumSet.of(o))) {
            Spoken first = without.speak(SHORT, false);
            BenchText spoken = first.seconds() > seconds ? SHORT : text;
            if (!spoken.equals(SHORT)) {
                first = without.speak(text, false);
            }
            List<Double> a = new ArrayList<>();
            List<Double> b = new ArrayList<>();
            double spent = 0;
            for (int i = 0; i < rounds && (i < 1 || spent < seconds); i++) {
                a.add(with.speak(spoken, false).seconds());
                // The first one compiles and records: it counts only where another takes too long.
                boolean enough = first.seconds() > seconds;
                b.add((enough ? first : without.speak(spoken, false)).seconds());
                spent += a.getLast() + b.getLast();
            }
            Spoken whole = spoken.equals(text) ? all : with.speak(spoken, false);
            boolean same = distance(whole, first).same();
            return new Row(
                    o,
                    "",
                    spoken.name(),
                    new Side(new BenchSeries(a), with.load(), peak, own),
                    new Side(
                            new BenchSeries(b),
                            without.load(),
                            peak(without, spoken),
                            same ? own : distance(exact, without.sound(text))),
                    same);
        }
    }

    /** All of them against none of them, text by text. */
    List<Comparison> comparisons(List<BenchText> texts) {
        List<Comparison> all = new ArrayList<>();
        BenchText first = texts.getFirst();
        try (Subject optimised = warm(NONE, first);
                Subject baseline = opener.open(meant(Optimisation.switchable()))) {
            for (BenchText text : texts) {
                List<Spoken> a = new ArrayList<>();
                List<Spoken> b = new ArrayList<>();
                List<Double> firstA = new ArrayList<>();
                List<Double> firstB = new ArrayList<>();
                double spent = 0;
                for (int i = 0; i < rounds && (i < 1 || spent < seconds); i++) {
                    a.add(optimised.speak(text, false));
                    b.add(baseline.speak(text, false));
                    firstA.add(optimised.speak(text, true).first());
                    spent += a.getLast().seconds() + b.getLast().seconds();
                    if (spent < seconds) {
                        firstB.add(baseline.speak(text, true).first());
                    }
                }
                // A process more for each setting takes long where the device has its own memory.
                long process = gpu ? 0 : baseline.processBytes(text);
                all.add(
                        new Comparison(
                                row(
                                        "optimised",
                                        text,
                                        optimised,
                                        a,
                                        firstA,
                                        optimised.processBytes(text)),
                                row("baseline", text, baseline, b, firstB, process),
                                AudioDistance.NONE));
            }
            all.forEach(c -> tell.accept(c.told()));
            // Last, for it may load more.
            for (int i = 0; i < texts.size(); i++) {
                BenchText text = texts.get(i);
                AudioDistance far = distance(baseline.sound(text), optimised.sound(text));
                all.set(i, all.get(i).withDistance(far));
            }
        }
        return all;
    }

    private static BenchRow row(
            String program,
            BenchText text,
            Subject subject,
            List<Spoken> spoken,
            List<Double> first,
            long process) {
        return new BenchRow(
                program,
                text.name(),
                text.text().length(),
                BenchSeries.none(),
                BenchSeries.none(),
                new BenchSeries(List.of(subject.load())),
                first.isEmpty() ? BenchSeries.none() : new BenchSeries(first),
                new BenchSeries(spoken.stream().map(Spoken::seconds).toList()),
                new BenchSeries(spoken.stream().map(Spoken::audio).toList()),
                process,
                subject.gpuBytes(),
                "");
    }

    /** The most memory it took: of the GPU, or of a process that speaks the text. */
    private long peak(Subject subject, BenchText text) {
        return gpu ? subject.gpuBytes() : subject.processBytes(text);
    }

    /** Opened twice: the first time the files are read and the code is compiled. */
    private Subject warm(Set<Optimisation> without, BenchText text) {
        try (Subject once = opener.open(without)) {
            for (int i = 1; i < WARM_UPS; i++) {
                once.speak(text, false);
            }
        }
        Subject subject = opener.open(without);
        subject.speak(text, false);
        return subject;
    }

    private static AudioDistance distance(Spoken expected, Spoken found) {
        return AudioDistance.of(expected.samples(), found.samples(), expected.sampleRate());
    }
}
