package dev.skald.chatterbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.AudioChunk;
import dev.skald.Mode;
import dev.skald.Optimisation;
import dev.skald.SpeechRequest;
import dev.skald.spi.AudioSource;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.testkit.TestDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** With an optimisation switched off the same is said, in another way. */
abstract class SwitchesContract {
    /** Those that change how numbers are rounded. */
    private static final Set<Optimisation> ROUNDED =
            EnumSet.of(
                    Optimisation.MIXED_PRECISION,
                    Optimisation.FUSED_ATTENTION,
                    Optimisation.FUSED_KERNELS,
                    Optimisation.BF16);

    @TempDir static Path dir;
    private static float[] all = {};

    private static EngineContext context(Set<Optimisation> without) {
        return EngineContext.builder()
                .home(dir.resolve("home"))
                .threads(2)
                .offline(true)
                .device(TestDevice.name())
                .without(without)
                .build();
    }

    private static SpeechRequest request() {
        return SpeechRequest.builder("Yes.")
                .mode(Mode.CINEMATIC)
                .model(dir.resolve("turbo").toString())
                .seed(7)
                .build();
    }

    private static float[] said(SpeechEngine engine) {
        float[] samples = {};
        try (AudioSource source = engine.speak(request())) {
            for (AudioChunk c = source.next(); c != null; c = source.next()) {
                int n = samples.length;
                samples = Arrays.copyOf(samples, n + c.samples().length);
                System.arraycopy(c.samples(), 0, samples, n, c.samples().length);
            }
        }
        return samples;
    }

    private static float[] said(Set<Optimisation> without) {
        try (SpeechEngine engine = new ChatterboxProvider().open(context(without))) {
            float[] first = said(engine);
            assertThat(said(engine)).isEqualTo(first);
            return first;
        }
    }

    @BeforeAll
    static void speak() throws IOException {
        TinyCheckpoint.write(ChatterboxModel.TURBO, dir.resolve("turbo"));
        all = said(Set.of());
        assertThat(all.length).isGreaterThan(4800);
    }

    @ParameterizedTest
    @EnumSource
    void eachOff(Optimisation o) {
        if (!o.canBeOff()) {
            return;
        }
        float[] without = said(EnumSet.of(o));
        if (!ROUNDED.contains(o)) {
            assertThat(without).isEqualTo(all);
            return;
        }
        // Other tokens may be drawn: the sound of the same ones is compared.
        assertThat(without.length).isGreaterThan(4800);
        assertThat(snr(sound(Set.of()), sound(EnumSet.of(o)))).isGreaterThan(20);
    }

    @Test
    void allOff() {
        assertThat(said(Optimisation.switchable()).length).isGreaterThan(4800);
        assertThat(snr(sound(Set.of()), sound(Optimisation.switchable()))).isGreaterThan(20);
    }

    private static float[] sound(Set<Optimisation> without) {
        return ChatterboxSound.of(context(without), request(), 12);
    }

    private static double snr(float[] expected, float[] found) {
        double signal = 0;
        double noise = 0;
        for (int i = 0; i < expected.length; i++) {
            signal += (double) expected[i] * expected[i];
            noise += (double) (found[i] - expected[i]) * (found[i] - expected[i]);
        }
        return 10 * Math.log10(signal / noise);
    }
}
