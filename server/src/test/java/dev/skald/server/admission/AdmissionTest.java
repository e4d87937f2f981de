package dev.skald.server.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.server.http.ApiError;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    private final Admission admission = new Admission(1, 1, Duration.ofMillis(50));

    private Admission.Place enter() {
        return admission.enter(onLeave -> {});
    }

    @Test
    void oneTooManyWaitsForAPlaceAndTheNextIsRefused() {
        Admission.Place first = enter();
        CompletableFuture<Admission.Place> second = CompletableFuture.supplyAsync(this::enter);
        while (admission.queued() == 0) {
            Thread.onSpinWait();
        }
        assertThatThrownBy(this::enter)
                .isInstanceOf(ApiError.class)
                .hasMessageContaining("1 speak");
        first.close();
        second.join().close();
        assertThat(admission.speaking()).isZero();
        assertThat(admission.idle()).isPositive();
    }

    @Test
    void aSpeechWhoseListenerTakesNothingLetsAnotherIn() {
        Admission.Place slow = enter();
        assertThatThrownBy(this::enter)
                .isInstanceOf(ApiError.class)
                .hasMessageContaining("no place");
        slow.stall();
        slow.stall();
        Admission.Place other = enter();
        assertThat(admission.speaking()).isEqualTo(2);
        assertThatThrownBy(this::enter).isInstanceOf(ApiError.class);
        // It goes on at once, and both must end before a place is free again.
        slow.resume();
        slow.resume();
        other.close();
        other.close();
        assertThatThrownBy(this::enter).isInstanceOf(ApiError.class);
        assertThat(admission.idle()).isZero();
        slow.close();
        enter().close();
        assertThat(admission.speaking()).isZero();
    }

    @Test
    void thoseThatTakeNothingAreBounded() throws InterruptedException {
        Admission.Place[] slow = {enter(), null, null};
        slow[0].stall();
        slow[1] = enter();
        slow[1].stall();
        slow[2] = enter();
        slow[2].stall();
        assertThatThrownBy(this::enter)
                .isInstanceOf(ApiError.class)
                .hasMessageContaining("no place");
        assertThat(admission.awaitIdle(Duration.ofMillis(1))).isFalse();
        for (Admission.Place place : slow) {
            place.close();
        }
        assertThat(admission.awaitIdle(Duration.ZERO)).isTrue();
        enter().close();
    }
}
