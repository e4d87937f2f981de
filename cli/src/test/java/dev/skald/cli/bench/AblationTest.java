package dev.skald.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Optimisation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Over a subject that is slow without a pool, large without bf16, and rounds with it. */
class AblationTest {
    private static final BenchText SHORT = BenchText.named("short");
    private static final BenchText MEDIUM = BenchText.named("medium");
    private final List<Set<Optimisation>> opened = new ArrayList<>();
    private int open;
    private double withoutBf16 = 0.1;

    private final class Fake implements Subject {
        private final Set<Optimisation> without;

        Fake(Set<Optimisation> without) {
            this.without = without;
            opened.add(without);
            open++;
        }

        @Override
        public double load() {
            return 0.5;
        }

        @Override
        public Spoken speak(BenchText text, boolean live) {
            float[] samples = new float[24_000];
            for (int i = 0; i < samples.length; i++) {
                samples[i] = (float) Math.sin(i * 0.1);
                samples[i] += without.contains(Optimisation.BF16) ? 0 : 0.001f * (i % 2);
            }
            double seconds = without.contains(Optimisation.POOL) ? 0.3 : 0.1;
            if (without.equals(Set.of(Optimisation.BF16))) {
                seconds = withoutBf16;
            }
            return new Spoken(seconds, seconds / 2, samples, 24_000);
        }

        @Override
        public Spoken sound(BenchText text) {
            return speak(text, false);
        }

        @Override
        public long gpuBytes() {
            return without.contains(Optimisation.BF16) ? 300_000_000 : 200_000_000;
        }

        @Override
        public long processBytes(BenchText text) {
            return gpuBytes() / 2;
        }

        @Override
        public void close() {
            open--;
        }
    }

    private AblationReport report(boolean gpu) {
        Ablation ablation = new Ablation(Fake::new, 3, 10, gpu, line -> {});
        BenchRow other = BenchReportTest.peer("Official <Python>", 1.5, 0, 700_000_000);
        BenchRow failed = BenchRow.failed("Official <Python>", MEDIUM, "a | reason\n<here>");
        return new AblationReport(
                "2026-01-02",
                "abc",
                "a machine",
                "a device",
                "a voice",
                gpu,
                ablation.comparisons(List.of(SHORT, MEDIUM)),
                ablation.rows(MEDIUM),
                "medium",
                List.of(other, failed));
    }

    @Test
    void eachIsMeasuredWithAndWithout() {
        AblationReport report = report(true);
        assertThat(open).isZero();
        assertThat(report.rows()).hasSize(13);
        assertThat(report.markdown())
                .contains(
                        "| optimised | 30 | 0.100 s (0.100–0.100) | 1 | 300 | 0.1000 | 0.050 s |"
                                + " 0.500 s | 100 MB | 200 MB | ")
                .contains(
                        "| baseline | 30 | 0.300 s (0.300–0.300) | 3.0 | 100 | 0.3000 | 0.150 s |"
                                + " 0.500 s |  | 300 MB | 0 |\n| Official <Python> | 30 | 1.500 s |"
                                + " 15.0 | 20 | 0.7500 |  |  |  | 700 MB |  |\n")
                .contains("| Official <Python> | 150 |  |  |  |  |  |  |  |  | a / reason <here> |")
                .contains(
                        "| pool | 0.100 s (0.100–0.100) | 0.300 s (0.300–0.300) | 3.00 | 0.50 / 0.50"
                                + " s | 200 MB / 200 MB | ")
                .containsPattern("\\| bf16 .*\\| 200 MB / 300 MB \\| .* dB / 0 \\| no \\|")
                .containsPattern("\\| graphs .* \\| 1.00 \\| .* \\| yes \\|")
                .contains("| inference-only | nothing but inference")
                .doesNotContain("NaN");
    }

    @Test
    void whatIsSlowIsMeasuredOnceAndOnTheShortText() {
        withoutBf16 = 10.5;
        assertThat(report(true).markdown())
                .contains("| bf16 (short text) | 0.100 s | 10.500 s | 105.00 | ")
                .contains("| pool | ");
    }

    @Test
    void whatHasNoMeaningOnTheCpuIsNotOpened() {
        AblationReport report = report(false);
        assertThat(opened).doesNotContain(Set.of(Optimisation.GRAPHS));
        assertThat(report.markdown())
                .contains("| graphs | no meaning on a CPU: it launches nothing |");
    }

    @Test
    void programsAndPeopleAreToldTheSame() {
        JsonMapper mapper = new JsonMapper();
        JsonNode json = mapper.readTree(mapper.writeValueAsString(report(true).json()));
        assertThat(json.at("/comparisons/0/speed_up").asDouble()).isCloseTo(3, within());
        JsonNode official = json.at("/comparisons/0/others/0");
        assertThat(official.path("optimised_is_faster").asDouble()).isCloseTo(15, within());
        assertThat(official.path("peak_gpu_bytes").asLong()).isEqualTo(700_000_000);
        JsonNode failed = json.at("/comparisons/1/others/0");
        assertThat(failed.path("failure").asString()).isEqualTo("a / reason <here>");
        assertThat(failed.has("optimised_is_faster")).isFalse();
        assertThat(json.at("/rows/7/reason").asString()).contains("nothing but inference");
        for (JsonNode row : json.path("rows")) {
            if (row.path("optimisation").asString().equals("bf16")) {
                assertThat(row.at("/without/distance_to_fp32/same").asBoolean()).isTrue();
                assertThat(row.at("/with/distance_to_fp32/snr_db").asDouble())
                        .isCloseTo(60, org.assertj.core.api.Assertions.offset(2.0));
            }
        }
    }

    private static org.assertj.core.data.Offset<Double> within() {
        return org.assertj.core.api.Assertions.offset(1e-9);
    }

    @Test
    void thePageNeedsNothingElse() {
        String page = new BenchPage(report(true)).html();
        assertThat(page)
                .startsWith("<!doctype html>")
                .contains("<svg ", "3.00×", "Official &lt;Python&gt;", "prefers-color-scheme: dark")
                .contains("<b>15.0×</b><span>faster than Official &lt;Python&gt;, 30 characters")
                .contains("1.500 s  (15.0×)", "Official &lt;Python&gt;: a / reason &lt;here&gt;")
                .doesNotContain("http://", "https://", "<script", "NaN", "<Python>");
    }
}
