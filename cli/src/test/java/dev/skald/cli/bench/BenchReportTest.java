package dev.skald.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.tensor.cpu.MachineFloor;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class BenchReportTest {
    private static final BenchRow ROW =
            new BenchRow(
                    "skald 1",
                    "short",
                    30,
                    new BenchSeries(List.of(0.9, 0.7, 0.8)),
                    new BenchSeries(List.of(0.5)),
                    new BenchSeries(List.of(0.3)),
                    new BenchSeries(List.of(0.02)),
                    new BenchSeries(List.of(0.1)),
                    new BenchSeries(List.of(2.0)),
                    200_000_000,
                    0,
                    "");

    private static final BenchRow PEER = peer("peer", 0.25, 100_000_000, 3_000_000_000L);

    /** Two seconds of audio by another program, of which only the time is known. */
    static BenchRow peer(String program, double seconds, long peakBytes, long gpuBytes) {
        return new BenchRow(
                program,
                "short",
                30,
                BenchSeries.none(),
                BenchSeries.none(),
                BenchSeries.none(),
                BenchSeries.none(),
                new BenchSeries(List.of(seconds)),
                new BenchSeries(List.of(2.0)),
                peakBytes,
                gpuBytes,
                "");
    }

    private static final BenchStage DECODER =
            new BenchStage(
                    "short",
                    30,
                    "decoder",
                    12,
                    BenchStage.GFLOP,
                    new BenchSeries(List.of(0.05, 0.06, 0.07)));

    private static final BenchStage DECODE =
            new BenchStage(
                    "short", 30, "decode", 150, "tokens", new BenchSeries(List.of(3.0, 2.0, 1.0)));

    private static BenchReport report() {
        return new BenchReport(
                "2026-01-02",
                "abc",
                "a machine",
                "a voice",
                2,
                3,
                1,
                List.of(
                        ROW,
                        PEER,
                        BenchRow.failed("peer", BenchText.named("long"), "refused: too long")),
                List.of(DECODER, DECODE),
                new MachineFloor(2, 220, 400, 31.25),
                "");
    }

    @Test
    void showsStagesBesideTheFloor() {
        assertThat(report().markdown())
                .contains("| skald 1 | 30 | 0.800 s (0.700–0.900) | 0.500 s | 0.300 s | 0.020 s ")
                .contains("| peer | 30 |  |  |  |  | 0.250 s | 120 | 0.1250 | 100 MB | 3000 MB |\n")
                .contains("| peer | 600 |  |  |  |  |  |  |  |  |  |\n")
                .contains("\nlong: refused: too long (peer)\n")
                .contains("\nTimes as fast as peer: 2.5 (30 characters).\n")
                .contains(": 400 GFLOP/s of 2 threads, 220 of one ")
                .contains("; 31.3 GB/s read from memory.")
                .contains(
                        "| 30 | decoder | 0.060 s (0.050–0.070) | 12.0 GFLOP | 200 GFLOP | 50 % |\n")
                .contains("| 30 | decode | 2.000 s (1.000–3.000) | 150 tokens | 75.0 tokens |  |\n")
                .doesNotContain("NaN");
    }

    @Test
    void tellsProgramsTheSame() {
        JsonMapper mapper = new JsonMapper();
        JsonNode json = mapper.readTree(mapper.writeValueAsString(report().json()));
        assertThat(json.at("/floor/gflops").asDouble()).isEqualTo(400);
        assertThat(json.at("/stages/0/work_per_second").asDouble()).isEqualTo(200);
        assertThat(BenchStage.of(json.at("/stages/0"))).isEqualTo(DECODER);
        assertThat(BenchStage.of(json.at("/stages/1"))).isEqualTo(DECODE);
        assertThat(BenchRow.of(json.at("/rows/0"))).isEqualTo(ROW);
        assertThat(BenchRow.of(json.at("/rows/1"))).isEqualTo(PEER);
        assertThat(BenchRow.of(json.at("/rows/2")).failure()).isEqualTo("refused: too long");
    }
}
