package dev.skald;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.spi.Availability;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SkaldTest {
    private static final float[] TONE = {0.5f, -0.5f};
    private static final Availability READY = Availability.yes("it is there");
    private static final Availability MISSING = Availability.no("no model is installed");
    private static final Availability SLOW = new Availability(true, false, false, "it is slow");
    private static final Availability CLAIMS = new Availability(true, true, false, "its voice");

    private final List<String> warnings = new ArrayList<>();

    private Skald open(FakeEngine... engines) {
        return Skald.builder().warnings(warnings::add).open(List.of(engines));
    }

    private static FakeEngine fast(Availability says) {
        return new FakeEngine("fast-engine", Mode.FAST, says, TONE);
    }

    private static FakeEngine cinematic(Availability says) {
        return new FakeEngine("cinematic-engine", Mode.CINEMATIC, says, TONE);
    }

    private static SpeechRequest request(Mode mode) {
        return SpeechRequest.builder("hello").mode(mode).build();
    }

    @Test
    void theModeAskedForSpeaks() {
        Skald skald = open(fast(READY), cinematic(READY));
        assertThat(skald.choice(request(Mode.FAST)).engine()).isEqualTo("fast-engine");
        assertThat(skald.choice(request(Mode.CINEMATIC)).engine()).isEqualTo("cinematic-engine");
        assertThat(skald.choice(request(Mode.FAST)).fallback()).isFalse();
    }

    @Test
    void cinematicWithoutModelFallsBackToFastWithOneWarning() {
        Skald skald = open(fast(READY), cinematic(MISSING));
        try (Speech speech = skald.speak(request(Mode.CINEMATIC))) {
            assertThat(speech.choice())
                    .isEqualTo(
                            new EngineChoice(
                                    Mode.FAST, "fast-engine", "no model is installed", true));
        }
        assertThat(warnings)
                .containsExactly(
                        "cinematic is not available (no model is installed): speaking in mode"
                                + " fast");
    }

    @Test
    void aNamedModelNeedsNoMode() {
        FakeEngine kokoro = new FakeEngine("kokoro", Mode.FAST, READY, TONE);
        kokoro.models = List.of("kokoro");
        Skald skald = open(fast(READY), cinematic(READY), kokoro);
        SpeechRequest.Builder b = SpeechRequest.builder("hello").model("kokoro");
        assertThat(skald.choice(b.build()).engine()).isEqualTo("kokoro");
        assertThat(skald.choice(b.mode(Mode.FAST).build()).engine()).isEqualTo("kokoro");
        assertThatThrownBy(() -> skald.choice(b.mode(Mode.CINEMATIC).strict(true).build()))
                .hasMessage("cinematic is not available: model kokoro is not of this mode");
        assertThatThrownBy(() -> skald.choice(b.model("kokoko").build()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("there is no model 'kokoko': kokoro, or the folder of a checkpoint");
    }

    @Test
    void aNamedModelThatIsNotHereFallsBackWithOneWarningUnlessStrict() {
        FakeEngine grand = cinematic(MISSING);
        grand.models = List.of("grand");
        Skald skald = open(fast(READY), grand);
        SpeechRequest.Builder b = SpeechRequest.builder("hello").model("grand");
        skald.speak(b.build()).close();
        assertThat(warnings)
                .containsExactly(
                        "model grand is not available (cinematic: no model is installed): speaking"
                                + " in mode fast");
        assertThatThrownBy(() -> skald.speak(b.strict(true).build()))
                .isInstanceOf(EngineUnavailableException.class);
    }

    @Test
    void strictDoesNotFallBack() {
        Skald skald = open(fast(READY), cinematic(MISSING));
        SpeechRequest strict =
                SpeechRequest.builder("hello").mode(Mode.CINEMATIC).strict(true).build();
        assertThatThrownBy(() -> skald.speak(strict))
                .isInstanceOf(EngineUnavailableException.class)
                .hasMessage("cinematic is not available: no model is installed");
    }

    @Test
    void fastNeverBecomesCinematic() {
        Skald skald = open(fast(MISSING), cinematic(READY));
        assertThatThrownBy(() -> skald.speak(request(Mode.FAST)))
                .isInstanceOf(EngineUnavailableException.class)
                .hasMessageContaining("no model is installed");
    }

    @Test
    void autoTakesTheGranderModeThatKeepsUp() {
        assertThat(open(fast(READY), cinematic(READY)).choice(request(Mode.AUTO)).mode())
                .isEqualTo(Mode.CINEMATIC);
        assertThat(open(fast(READY), cinematic(SLOW)).choice(request(Mode.AUTO)).mode())
                .isEqualTo(Mode.FAST);
        assertThat(open(fast(MISSING), cinematic(SLOW)).choice(request(Mode.AUTO)).mode())
                .isEqualTo(Mode.CINEMATIC);
    }

    @Test
    void autoTakesTheEngineWhoseVoiceWasNamed() {
        EngineChoice choice = open(fast(READY), cinematic(CLAIMS)).choice(request(Mode.AUTO));
        assertThat(choice.mode()).isEqualTo(Mode.CINEMATIC);
        assertThat(choice.reason()).isEqualTo("its voice");
    }

    @Test
    void autoTellsEveryReasonWhenNothingCanSpeak() {
        assertThatThrownBy(() -> open(fast(MISSING), cinematic(MISSING)).speak("hello"))
                .isInstanceOf(EngineUnavailableException.class)
                .hasMessage(
                        "nothing can speak this: fast: no model is installed; cinematic: no model"
                                + " is installed");
    }

    @Test
    void withoutEnginesItSaysWhichDependencyIsMissing() {
        assertThatThrownBy(() -> open().speak("hello"))
                .isInstanceOf(EngineUnavailableException.class)
                .hasMessageContaining("dev.skald:skald");
    }

    @Test
    void anEngineIsOpenedOnceAndClosedOnce() throws InterruptedException {
        FakeEngine engine = fast(READY);
        Skald skald = open(engine);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            threads.add(Thread.ofPlatform().start(() -> skald.voices()));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        skald.close();
        skald.close();
        assertThat(engine.opened).hasValue(1);
        assertThat(engine.closed).hasValue(1);
        assertThatThrownBy(() -> skald.speak("hello")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aDeviceMustHaveTheNameOfOne() {
        assertThat(Skald.builder().device(" CUDA:1 ")).isNotNull();
        assertThatThrownBy(() -> Skald.builder().device("my card"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("'my card' is no device: use auto, cpu, cuda, cuda:1 or cuda:0,cuda:1");
        assertThatThrownBy(() -> Precision.of("fp8"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("unknown precision 'fp8': use auto, fp32, bf16 or int8");
    }

    @Test
    void threadsMustBeSensible() {
        assertThatThrownBy(() -> Skald.builder().threads(0))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("threads must lie between 1 and 1024, not 0");
    }
}
