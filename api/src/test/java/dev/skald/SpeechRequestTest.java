package dev.skald;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpeechRequestTest {
    @Test
    void leftOutValuesAreTheVoicesOwn() {
        SpeechRequest request = SpeechRequest.of("hello");
        assertThat(request.mode()).isEqualTo(Mode.AUTO);
        assertThat(request.noiseScale()).isEmpty();
        assertThat(request.seed()).isEmpty();
        assertThat(request.voice()).isEmpty();
        assertThat(request.speed()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, 11, Double.NaN, Double.POSITIVE_INFINITY})
    void speedIsChecked(double speed) {
        assertThatThrownBy(() -> SpeechRequest.builder("x").speed(speed))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageStartingWith("speed must lie between 0.1 and 10, not ");
    }

    @Test
    void everyRangeIsChecked() {
        refuses(b -> b.volume(-0.1));
        refuses(b -> b.sentenceSilence(61));
        refuses(b -> b.noiseScale(2.1));
        refuses(b -> b.noiseWidth(-1));
        refuses(b -> b.exaggeration(3));
        refuses(b -> b.cfgWeight(1.1));
        refuses(b -> b.temperature(0));
        refuses(b -> b.minP(-1));
        refuses(b -> b.topP(0));
        refuses(b -> b.topK(0));
        refuses(b -> b.repetitionPenalty(0.9));
    }

    private static void refuses(Consumer<SpeechRequest.Builder> setter) {
        assertThatThrownBy(() -> setter.accept(SpeechRequest.builder("x")))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("must lie between");
    }

    @Test
    void modesAreReadInAnyCase() {
        assertThat(Mode.of(" Fast ")).isEqualTo(Mode.FAST);
        assertThatThrownBy(() -> Mode.of("loud"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("unknown mode 'loud': use auto, fast or cinematic");
    }
}
