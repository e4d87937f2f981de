package dev.skald.chatterbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.Precision;
import dev.skald.SpeechRequest;
import dev.skald.chatterbox.t3.T3Logits.Distance;
import dev.skald.spi.AudioSource;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.testkit.TestDevice;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** T3's weights in 8 bits: asked for, measured, and never a multilingual model's by chance. */
class EightBitWeightsTest {
    @TempDir static Path dir;
    private static EngineContext context;

    @BeforeAll
    static void checkpoints() throws IOException {
        context =
                EngineContext.builder()
                        .device(TestDevice.name())
                        .home(dir.resolve("home"))
                        .threads(2)
                        .offline(true)
                        .precision(Precision.INT8)
                        .build();
        for (ChatterboxModel model :
                new ChatterboxModel[] {
                    ChatterboxModel.TURBO, ChatterboxModel.ORIGINAL, ChatterboxModel.MULTILINGUAL_V2
                }) {
            TinyCheckpoint.write(model, dir.resolve(model.id()));
        }
        Installed.register(context, "many", dir.resolve(ChatterboxModel.MULTILINGUAL_V2.id()));
    }

    private static SpeechRequest.Builder request() {
        return SpeechRequest.builder("Good day.").mode(Mode.CINEMATIC).seed(3);
    }

    private static SpeechRequest request(ChatterboxModel model) {
        return request().model(dir.resolve(model.id()).toString()).build();
    }

    private static int chunks(SpeechRequest request) {
        try (SpeechEngine engine = new ChatterboxProvider().open(context);
                AudioSource source = engine.speak(request)) {
            int n = 0;
            while (source.next() != null) {
                n++;
            }
            assertThat(source.stages().getLast().stage()).isEqualTo("guard");
            return n;
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TURBO", "ORIGINAL"})
    void itsLogitsAreALittleOff(ChatterboxModel model) {
        assertThat(chunks(request(model))).isPositive();
        Distance off = ChatterboxLogits.int8(context, request(model), "Good day.", 6);
        assertThat(off.rms()).isBetween(1e-3, 0.06);
        assertThat(off.mean()).isPositive().isLessThan(off.most());
        assertThat(off.sameBest()).isBetween(0.5, 1.0);
    }

    @Test
    void theMultilingualModelIsToBeNamed() {
        SpeechRequest french = request().language("fr").build();
        assertThat(Installed.find(context, french).model().multilingual()).isTrue();
        try (SpeechEngine engine = new ChatterboxProvider().open(context)) {
            assertThatThrownBy(() -> engine.speak(french))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("--precision bf16")
                    .hasMessageContaining("--model multilingual")
                    .hasMessageNotContaining("\n");
        }
        assertThat(chunks(request().voice("many").language("fr").build())).isPositive();
    }

    @Test
    void theGuardsInterventionsAreCounted() throws IOException {
        Path held = TinyCheckpoint.always(17, ChatterboxModel.TURBO, dir.resolve("held"));
        try (SpeechEngine engine = new ChatterboxProvider().open(context);
                AudioSource source = engine.speak(request().model(held.toString()).build())) {
            while (source.next() != null) {}
            assertThat(source.stages().getLast().work()).isEqualTo(1);
            assertThat(source.stages().getLast().unit()).isEqualTo("interventions");
        }
    }
}
