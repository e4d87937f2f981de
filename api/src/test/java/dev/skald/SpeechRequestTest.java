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
        assertThat(request.options(PiperOptions.class)).isEmpty();
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
        refuses(b -> PiperOptions.builder().noiseScale(2.1));
        refuses(b -> PiperOptions.builder().noiseWidth(-1));
        refuses(b -> ChatterboxOptions.builder().exaggeration(3));
        refuses(b -> ChatterboxOptions.builder().cfgWeight(1.1));
        refuses(b -> ChatterboxOptions.builder().temperature(0));
        refuses(b -> ChatterboxOptions.builder().minP(-1));
        refuses(b -> ChatterboxOptions.builder().topP(0));
        refuses(b -> ChatterboxOptions.builder().topK(0));
        refuses(b -> ChatterboxOptions.builder().repetitionPenalty(0.9));
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

    @Test
    void eachFamilyFindsItsOwnOptions() {
        PiperOptions piper = PiperOptions.builder().noiseScale(0.3).build();
        SpeechRequest request = SpeechRequest.builder("x").options(piper).build();
        assertThat(request.options(PiperOptions.class)).contains(piper);
        assertThat(request.options(ChatterboxOptions.class)).isEmpty();
    }

    @Test
    @SuppressWarnings("NullAway")
    void nothingToSayIsToldAtOnce() {
        assertThatThrownBy(() -> SpeechRequest.of(""))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("there is nothing to say: the text is empty");
        assertThatThrownBy(() -> SpeechRequest.of((String) null))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("there is nothing to say: the text is null");
    }
}
