package dev.skald;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.spi.Availability;
import dev.skald.spi.EngineContext;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OptimisationTest {
    private static final Availability READY = Availability.yes("it is there");

    @Test
    void namesAreRead() {
        assertThat(Optimisation.parse("")).isEmpty();
        assertThat(Optimisation.parse("Graphs, fused-attention"))
                .containsExactly(Optimisation.GRAPHS, Optimisation.FUSED_ATTENTION);
        assertThat(Optimisation.parse("all"))
                .hasSize(12)
                .doesNotContain(Optimisation.INFERENCE_ONLY);
    }

    @Test
    void anUnknownNameIsRefusedInOneLineThatListsAll() {
        assertThatThrownBy(() -> Optimisation.parse("graphs,warp"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage(
                        "there is no optimisation 'warp': mixed-precision, graphs, fused-attention,"
                                + " preloaded, pinned, cores, fused-kernels, pool, batched-text, bf16,"
                                + " fallbacks, validation, or all");
    }

    @Test
    void inferenceAloneCannotBeSwitchedOff() {
        assertThatThrownBy(() -> Optimisation.parse("inference-only"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("nothing but inference");
        assertThatThrownBy(
                        () -> EngineContext.builder().without(Set.of(Optimisation.INFERENCE_ONLY)))
                .isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void withoutCoresOneThreadComputes() {
        EngineContext.Builder four = EngineContext.builder().threads(4);
        assertThat(four.build().threads()).isEqualTo(4);
        EngineContext one = four.without(Set.of(Optimisation.CORES)).build();
        assertThat(one.threads()).isEqualTo(1);
        assertThat(one.on("cpu").without()).containsExactly(Optimisation.CORES);
    }

    @Test
    void withoutValidationAudioIsGivenOutAsItCame() {
        FakeEngine broken =
                new FakeEngine("fast", Mode.FAST, READY, new float[] {0.5f, Float.NaN, 0.5f});
        try (Skald skald = Skald.builder().open(List.of(broken))) {
            assertThatThrownBy(() -> skald.speak("text").samples())
                    .isInstanceOf(InvalidAudioException.class);
        }
        try (Skald skald =
                Skald.builder().without(Set.of(Optimisation.VALIDATION)).open(List.of(broken))) {
            assertThat(skald.speak("text").samples()).contains(Float.NaN);
        }
    }

    @Test
    void withoutFallbacksNoOtherModeSpeaks() {
        FakeEngine fast = new FakeEngine("fast", Mode.FAST, READY, new float[] {0.5f});
        FakeEngine none =
                new FakeEngine("grand", Mode.CINEMATIC, Availability.no("no model is installed"));
        SpeechRequest request = SpeechRequest.builder("text").mode(Mode.CINEMATIC).build();
        try (Skald skald =
                Skald.builder().without(Set.of(Optimisation.FALLBACKS)).open(List.of(fast, none))) {
            assertThatThrownBy(() -> skald.speak(request))
                    .isInstanceOf(EngineUnavailableException.class)
                    .hasMessageContaining("no model is installed");
        }
    }
}
