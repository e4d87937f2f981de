package dev.skald.chatterbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RunawayGuardTest {
    private final Random random = new Random(3);

    @Test
    void speechIsNoLoop() {
        RunawayGuard guard = new RunawayGuard(200);
        for (int i = 0; i < 400; i++) {
            // short holds, as vowels and pauses have them
            assertThat(guard.add(i % 40 < 12 ? 4299 : random.nextInt(6561))).isFalse();
        }
        assertThat(guard.tooShort()).isFalse();
    }

    @Test
    void aSoundThatNeverEndsIsALoop() {
        RunawayGuard guard = new RunawayGuard(200);
        int n = 0;
        while (!guard.add(17)) {
            n++;
        }
        assertThat(n).isBetween(25, 50);
        assertThat(guard.tooShort()).isTrue();
    }

    @Test
    void aPatternSaidOverAndOverIsALoop() {
        RunawayGuard guard = new RunawayGuard(200);
        for (int i = 0; i < 60; i++) {
            assertThat(guard.add(random.nextInt(6561))).isFalse();
        }
        int n = 0;
        while (n < 400 && !guard.add(100 + n % 23)) {
            n++;
        }
        assertThat(n).isBetween(60, 100);
    }

    /** What would be heard again while a loop builds up is known after a few tokens. */
    @Test
    void anEchoIsDoubtful() {
        RunawayGuard guard = new RunawayGuard(200);
        for (int i = 0; i < 60; i++) {
            guard.add(random.nextInt(6561));
            assertThat(guard.doubtful()).isZero();
        }
        for (int i = 0; i < 60; i++) {
            guard.add(i % 30 < 12 ? 4299 : 100 + i % 30);
            int run = Math.max(0, i % 30 < 12 ? i % 30 - 5 : 0);
            // said once, with a pause in it; then again, which eight tokens tell
            assertThat(guard.doubtful()).isEqualTo(i < 30 + 7 ? run : i - 29);
        }
        guard.add(1);
        assertThat(guard.doubtful()).isZero();
    }

    @Test
    void aHeldSoundIsDoubtfulAfterAMoment() {
        RunawayGuard guard = new RunawayGuard(200);
        for (int i = 0; i < 30; i++) {
            guard.add(17);
            assertThat(guard.doubtful()).isEqualTo(Math.max(0, i - 5));
        }
        guard.add(3);
        assertThat(guard.doubtful()).isZero();
    }

    @Test
    void aTextHasALimit() {
        assertThat(RunawayGuard.most(0)).isEqualTo(150);
        assertThat(RunawayGuard.most(10_000)).isEqualTo(1000);
        RunawayGuard guard = new RunawayGuard(1);
        int n = 0;
        while (!guard.add(random.nextInt(6561))) {
            n++;
        }
        assertThat(n).isEqualTo(150);
    }
}
