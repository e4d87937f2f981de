package dev.skald.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.chatterbox.t3.T3Logits.Distance;
import dev.skald.cli.bench.EightBits.Side;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class EightBitsTest {
    private static final EightBits REPORT =
            new EightBits(
                    "a card",
                    "a voice",
                    BenchText.named("short"),
                    side(1.0, 900_000_000, 0),
                    side(0.8, 450_000_000, 2),
                    24,
                    new Distance(0.0123, 0.0321, 0.25, 0.96));

    private static Side side(double seconds, long weights, int interventions) {
        return new Side(
                0.5,
                new BenchSeries(List.of(seconds, seconds + 0.1, seconds + 0.2)),
                new BenchSeries(List.of(100 / seconds)),
                weights,
                2 * weights,
                interventions);
    }

    @Test
    void bothStandBesideEachOther() {
        assertThat(REPORT.markdown())
                .contains("a card; voice a voice; 3 speeches of 30 characters each")
                .contains(
                        "| bf16 | 0.50 s | 1.100 s (1.000–1.200) | 100 | 900 MB | 1800 MB | 0 |\n")
                .contains("| int8 | 0.50 s | 0.900 s (0.800–1.000) | 125 | 450 MB | 900 MB | 2 |\n")
                .contains("1.23 % of their deviation away (rms), 0.0321 in the mean, 0.250 at most")
                .contains("the same in 96 % of the steps");
    }

    @Test
    void programsAreToldTheSame() {
        JsonMapper mapper = new JsonMapper();
        JsonNode json = mapper.readTree(mapper.writeValueAsString(REPORT.json()));
        assertThat(json.at("/int8/weights_bytes").asLong()).isEqualTo(450_000_000);
        assertThat(json.at("/int8/guard_interventions").asInt()).isEqualTo(2);
        assertThat(json.at("/logit_error/max").asDouble()).isEqualTo(0.25);
    }
}
