package dev.skald.espeak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.SpeechCancelledException;
import dev.skald.text.Phonemizer.Clause;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What happens around a sandbox in which something goes wrong. */
class SandboxesTest {
    private static final String ENGLISH = "gmw/en-US";
    private static final List<Clause> HELLO = List.of(new Clause("həlˈoʊ", "", true));

    private final Sandboxes sandboxes = new Sandboxes(2);

    /** A sandbox that is given up ends by itself, and gives its place back. */
    @AfterEach
    void nothingRunsOn() throws InterruptedException {
        for (int i = 0; i < 100 && !sandboxes.quiet(); i++) {
            Thread.sleep(20);
        }
        assertThat(sandboxes.quiet()).isTrue();
        assertThat(sandboxes.phonemize(ENGLISH, "hello", 5000)).isEqualTo(HELLO);
    }

    @Test
    void whatHangsIsStopped() {
        long start = System.nanoTime();
        assertThatThrownBy(() -> sandboxes.run(ENGLISH, 50, (sandbox, image) -> spin()))
                .isInstanceOf(SandboxException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(8));
    }

    /** The module's own loops see the interruption: here one that never ends a clause. */
    @Test
    void theModuleItselfIsStopped() {
        String endless = "This is a text without an end. ".repeat(200_000);
        assertThatThrownBy(() -> sandboxes.phonemize(ENGLISH, endless, 100))
                .isInstanceOf(SandboxException.class);
    }

    @Test
    void whatThrowsIsASandboxException() {
        assertThatThrownBy(
                        () ->
                                sandboxes.run(
                                        ENGLISH,
                                        5000,
                                        (sandbox, image) -> {
                                            throw new IllegalStateException("trap");
                                        }))
                .isInstanceOf(SandboxException.class)
                .hasMessageContaining("trap");
    }

    @Test
    void aStackWithoutEndIsASandboxException() {
        assertThatThrownBy(() -> sandboxes.run(ENGLISH, 5000, (sandbox, image) -> deep()))
                .isInstanceOf(SandboxException.class);
    }

    /** Memory that was overwritten is not what the next text begins with. */
    @Test
    void corruptMemoryHurtsNoOtherText() {
        List<Clause> clauses =
                sandboxes.run(
                        ENGLISH,
                        5000,
                        (sandbox, image) -> {
                            byte[] noise = image.clone();
                            for (int i = 1 << 20; i < noise.length; i += 3) {
                                noise[i] = (byte) (i * 31);
                            }
                            try {
                                sandbox.phonemize(noise, "hello");
                            } catch (RuntimeException e) {
                                // As it may.
                            }
                            return sandbox.phonemize(image, "hello");
                        });
        assertThat(clauses).isEqualTo(HELLO);
    }

    @Test
    void anInterruptedThreadIsToldAndItsWorkStopped() throws InterruptedException {
        AtomicReference<Throwable> told = new AtomicReference<>();
        CountDownLatch running = new CountDownLatch(1);
        Thread waiting =
                Thread.ofVirtual()
                        .start(
                                () -> {
                                    try {
                                        sandboxes.run(
                                                ENGLISH,
                                                60_000,
                                                (sandbox, image) -> {
                                                    running.countDown();
                                                    return spin();
                                                });
                                    } catch (SpeechCancelledException e) {
                                        told.set(e);
                                    }
                                });
        running.await();
        waiting.interrupt();
        assertThat(waiting.join(Duration.ofSeconds(20))).isTrue();
        assertThat(told.get()).isInstanceOf(SpeechCancelledException.class);
    }

    @Test
    void manyThreadsShareTheSandboxes() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        AtomicReference<Throwable> wrong = new AtomicReference<>();
        for (int i = 0; i < 50; i++) {
            String file = i % 3 == 0 ? "gmw/de" : ENGLISH;
            List<Clause> expected = i % 3 == 0 ? List.of(new Clause("hˈaloː", "", true)) : HELLO;
            String text = i % 3 == 0 ? "hallo" : "hello";
            threads.add(
                    Thread.ofVirtual()
                            .start(
                                    () -> {
                                        try {
                                            for (int n = 0; n < 10; n++) {
                                                assertThat(sandboxes.phonemize(file, text, 20_000))
                                                        .isEqualTo(expected);
                                            }
                                        } catch (Throwable e) {
                                            wrong.set(e);
                                        }
                                    }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(wrong.get()).isNull();
    }

    private static List<Clause> spin() {
        while (!Thread.currentThread().isInterrupted()) {
            Thread.onSpinWait();
        }
        throw new IllegalStateException("interrupted");
    }

    @SuppressWarnings("InfiniteRecursion")
    private static List<Clause> deep() {
        List<Clause> clauses = new ArrayList<>(deep());
        clauses.add(new Clause("", "", false));
        return clauses;
    }
}
