package dev.skald.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.AudioChunk;
import dev.skald.Mode;
import dev.skald.SpeechCancelledException;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.VoiceException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Fairness, back-pressure, cancelling and failures, over jobs that only count. The scheduler's
 * clock goes on a millisecond a step, so that the order of steps does not depend on the machine.
 */
class SchedulerTest {
    private static final int RATE = 1000;

    /** Who did a step, in order. */
    private final List<String> steps = new CopyOnWriteArrayList<>();

    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();
    private final AtomicLong clock = new AtomicLong();
    private Scheduler scheduler = Scheduler.of(1, clock::get);

    @AfterEach
    void close() {
        scheduler.close();
    }

    /** A piece of {@code steps} steps, each of which gives so many samples. */
    private class Fake implements SpeechJob {
        private final String name;
        private final int samples;
        private int left;
        volatile boolean cancelled;

        Fake(String name, int steps, int samples) {
            this.name = name;
            this.samples = samples;
            left = steps;
            open.incrementAndGet();
        }

        @Override
        public Step next(int threads) {
            if (cancelled) {
                throw new SpeechCancelledException("cancelled");
            }
            steps.add(name);
            clock.addAndGet(1_000_000);
            work();
            return new Step(new float[samples], --left == 0);
        }

        void work() {}

        @Override
        public void cancel() {
            cancelled = true;
        }

        @Override
        public void close() {
            open.decrementAndGet();
        }
    }

    private interface Maker {
        SpeechJob make();
    }

    private SpeechPlan plan(int ahead, double silence, Maker... pieces) {
        Iterator<Maker> all = List.of(pieces).iterator();
        int[] index = {0};
        SpeechRequest request = SpeechRequest.builder("x").sentenceSilence(silence).build();
        return SpeechPlan.builder(
                        request, new Voice("v", Mode.FAST, "en", "", RATE, List.of(), "CC0"), RATE)
                .ahead(ahead)
                .ended(ended::incrementAndGet)
                .build(
                        () -> {
                            if (!all.hasNext()) {
                                return null;
                            }
                            Maker piece = all.next();
                            int sentence = index[0]++;
                            return new SpeechPlan.Piece(
                                    "text", sentence, true, false, whole -> piece.make());
                        });
    }

    private Speaker speak(Maker... pieces) {
        return scheduler.speak(plan(1, 0, pieces), s -> {});
    }

    private static List<AudioChunk> take(Speaker speaker) {
        List<AudioChunk> chunks = new ArrayList<>();
        for (AudioChunk c = speaker.next(); c != null; c = speaker.next()) {
            chunks.add(c);
        }
        return chunks;
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The bound is for a test that hangs. */
    private static void until(java.util.function.BooleanSupplier done) {
        for (int i = 0; i < 60_000 && !done.getAsBoolean(); i++) {
            sleep(1);
        }
        assertThat(done.getAsBoolean()).isTrue();
    }

    /** Waits until the text of each was read, so that its first step could be done. */
    private void untilReady(List<Speaker> speakers) {
        until(
                () -> {
                    scheduler.lock.lock();
                    try {
                        return speakers.stream().allMatch(s -> s.ready() > 0);
                    } finally {
                        scheduler.lock.unlock();
                    }
                });
    }

    /** Keeps the scheduler's only thread in a step until the latch is open. */
    private CountDownLatch hold() {
        CountDownLatch gate = new CountDownLatch(1);
        Speaker holder =
                speak(
                        () ->
                                new Fake("gate", 1, 1) {
                                    @Override
                                    void work() {
                                        await(gate);
                                    }
                                });
        holder.begin();
        until(() -> steps.contains("gate"));
        return gate;
    }

    @Test
    void piecesComeInOrderWithSilenceBetween() {
        Speaker speaker =
                scheduler.speak(
                        plan(
                                2,
                                0.05,
                                () -> new Fake("a", 2, 10),
                                () -> new Fake("b", 1, 20),
                                () -> new Fake("c", 1, 0)),
                        s -> {});
        List<AudioChunk> chunks = take(speaker);
        assertThat(chunks)
                .extracting(c -> c.samples().length)
                .containsExactly(10, 10, 50, 20, 50, 0);
        assertThat(chunks).extracting(AudioChunk::sentence).containsExactly(0, 0, 1, 1, 2, 2);
        assertThat(chunks)
                .extracting(AudioChunk::lastOfSentence)
                .containsExactly(false, true, false, true, false, true);
        assertThat(speaker.next()).isNull();
        until(() -> ended.get() == 1 && open.get() == 0);
        speaker.close();
        assertThat(ended).hasValue(1);
    }

    @Test
    void takingDoesNoWork() {
        Thread taker = Thread.currentThread();
        AtomicBoolean mine = new AtomicBoolean();
        Speaker speaker =
                speak(
                        () ->
                                new Fake("a", 3, 10) {
                                    @Override
                                    void work() {
                                        mine.compareAndSet(false, Thread.currentThread() == taker);
                                    }
                                });
        assertThat(take(speaker)).hasSize(3);
        assertThat(mine).isFalse();
    }

    /** One who comes late is heard before the others go on, though they have much left. */
    @Test
    void firstAudioGoesFirst() {
        CountDownLatch gate = new CountDownLatch(1);
        CountDownLatch both = hold();
        List<Speaker> old = new ArrayList<>();
        for (String name : List.of("a", "b")) {
            Speaker speaker =
                    speak(
                            () ->
                                    new Fake(name, 300, 100) {
                                        @Override
                                        void work() {
                                            if (steps.size() == 10) {
                                                await(gate);
                                            }
                                        }
                                    });
            speaker.begin();
            old.add(speaker);
        }
        untilReady(old);
        both.countDown();
        until(() -> steps.size() == 10);
        assertThat(steps).contains("a", "b"); // both are heard already
        Speaker late = speak(() -> new Fake("late", 1, 100));
        late.begin();
        untilReady(List.of(late));
        gate.countDown();
        assertThat(late.next()).isNotNull();
        assertThat(steps.indexOf("late")).isEqualTo(10);
        old.forEach(Speaker::close);
    }

    /** All are ahead, one of them by twice as much a step: the one least ahead goes next. */
    @Test
    void whoWouldRunDryFirstGoesNext() {
        CountDownLatch gate = hold();
        Speaker rich = speak(() -> new Fake("rich", 20, 2 * RATE));
        rich.begin();
        clock.addAndGet(1);
        Speaker poor = speak(() -> new Fake("poor", 20, RATE));
        poor.begin();
        untilReady(List.of(rich, poor));
        gate.countDown();
        until(() -> steps.size() >= 8);
        List<String> order = List.copyOf(steps).subList(1, 8);
        assertThat(order.subList(0, 2)).containsExactly("rich", "poor");
        assertThat(order.stream().filter("poor"::equals).count()).isGreaterThanOrEqualTo(4);
        rich.close();
        poor.close();
    }

    private static void await(CountDownLatch gate) {
        try {
            assertThat(gate.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void eightAtOnceGetTheSame() {
        CountDownLatch gate = hold();
        List<Speaker> speakers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            String name = "s" + i;
            speakers.add(speak(() -> new Fake(name, 40, 10)));
            speakers.getLast().whole();
        }
        untilReady(speakers);
        gate.countDown();
        for (Speaker speaker : speakers) {
            assertThat(take(speaker)).hasSize(40);
        }
        for (int round = 0; round < 40; round++) {
            assertThat(steps.subList(1 + 8 * round, 9 + 8 * round)).doesNotHaveDuplicates();
        }
    }

    @Test
    void aSlowReaderStopsItsOwnJobAlone() {
        Speaker slow = speak(() -> new Fake("slow", 1000, RATE));
        assertThat(slow.next()).isNotNull();
        Speaker quick = speak(() -> new Fake("quick", 100, RATE));
        assertThat(take(quick)).hasSize(100);
        long made = steps.stream().filter("slow"::equals).count();
        assertThat(made).isBetween((long) Speaker.AHEAD, (long) Speaker.AHEAD + 2);
        for (int i = 0; i < 50; i++) {
            assertThat(slow.next()).isNotNull();
        }
        slow.close();
    }

    @Test
    void whoCancelsGetsNoFurtherStep() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        Speaker speaker =
                speak(
                        () ->
                                new Fake("a", 1000, 1) {
                                    @Override
                                    void work() {
                                        await(gate);
                                    }
                                });
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            Future<?> waiting = other.submit(speaker::next);
            until(() -> steps.size() == 1);
            speaker.cancel();
            assertThat(waiting)
                    .failsWithin(Duration.ofSeconds(60))
                    .withThrowableThat()
                    .withCauseInstanceOf(SpeechCancelledException.class);
        }
        assertThat(ended).as("what runs is not pulled away").hasValue(0);
        gate.countDown();
        until(() -> ended.get() == 1);
        assertThat(steps).hasSize(1);
        assertThat(open).hasValue(0);
        assertThatThrownBy(speaker::next).isInstanceOf(SpeechCancelledException.class);
    }

    @Test
    void aFailureIsToldInOrderAndHurtsNobodyElse() {
        Speaker bad =
                scheduler.speak(
                        plan(
                                1,
                                0,
                                () -> new Fake("good", 2, 5),
                                () ->
                                        new Fake("bad", 2, 5) {
                                            @Override
                                            void work() {
                                                throw new VoiceException("damaged");
                                            }
                                        },
                                () -> new Fake("never", 1, 5)),
                        s -> {});
        Speaker fine = speak(() -> new Fake("fine", 5, 5));
        assertThat(bad.next()).isNotNull();
        assertThat(bad.next()).isNotNull();
        assertThatThrownBy(bad::next).isInstanceOf(VoiceException.class).hasMessage("damaged");
        assertThatThrownBy(bad::next).isInstanceOf(VoiceException.class).hasMessage("damaged");
        assertThat(take(fine)).hasSize(5);
        assertThat(steps).doesNotContain("never");
        bad.close();
        until(() -> ended.get() == 2 && open.get() == 0);
    }

    /** Records with how many threads each of its steps was done. */
    private static void pause() {
        try {
            Thread.sleep(1);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private class Counted extends Fake {
        private final List<Integer> threads;
        private final CountDownLatch until;

        Counted(int steps, List<Integer> threads, CountDownLatch until) {
            super("counted", steps, 1);
            this.threads = threads;
            this.until = until;
        }

        @Override
        public Step next(int most) {
            threads.add(most);
            if (threads.size() > 1) {
                await(until);
                pause(); // the scheduler hears of it a little later
            }
            return super.next(most);
        }
    }

    @Test
    void thePieceThatIsLeftAloneGetsEveryThread() {
        scheduler = Scheduler.of(2, clock::get);
        List<Integer> threads = new CopyOnWriteArrayList<>();
        CountDownLatch other = new CountDownLatch(1);
        Speaker speaker =
                scheduler.speak(
                        plan(
                                2,
                                0,
                                () -> new Counted(100, threads, other),
                                () ->
                                        new Fake("other", 1, 1) {
                                            @Override
                                            public void close() {
                                                super.close();
                                                other.countDown();
                                            }
                                        }),
                        s -> {});
        speaker.whole();
        assertThat(take(speaker)).hasSize(101);
        assertThat(threads).hasSize(100).endsWith(2, 2, 2, 2, 2, 2);
    }

    /** The one that is far ahead stops, not the one that is awaited. */
    @Test
    @Timeout(60)
    void aPieceThatIsFarAheadDoesNotStopTheOneBeforeIt() {
        scheduler = Scheduler.of(2, clock::get);
        CountDownLatch ahead = new CountDownLatch(3);
        Speaker speaker =
                scheduler.speak(
                        plan(
                                2,
                                0,
                                () ->
                                        new Fake("first", 5, 10) {
                                            @Override
                                            void work() {
                                                await(ahead);
                                            }
                                        },
                                () ->
                                        new Fake("second", 5, 4 * RATE) {
                                            @Override
                                            void work() {
                                                ahead.countDown();
                                            }
                                        }),
                        s -> {});
        speaker.whole();
        assertThat(take(speaker)).hasSize(10);
    }

    @Test
    void piecesOfAFileAreMadeSideBySideFromTheFirst() {
        scheduler = Scheduler.of(2, clock::get);
        CountDownLatch both = new CountDownLatch(2);
        Maker meeting =
                () ->
                        new Fake("meeting", 1, 1) {
                            @Override
                            void work() {
                                both.countDown();
                                await(both);
                            }
                        };
        Speaker speaker = scheduler.speak(plan(2, 0, meeting, meeting), s -> {});
        speaker.whole();
        assertThat(take(speaker)).hasSize(2);
    }

    @Test
    void audioThatIsNotFiniteIsAFailure() {
        Speaker speaker =
                speak(
                        () ->
                                new Fake("a", 1, 1) {
                                    @Override
                                    public Step next(int threads) {
                                        return new Step(new float[] {Float.NaN}, true);
                                    }
                                });
        assertThatThrownBy(speaker::next).hasMessageContaining("not finite");
        speaker.close();
    }

    /** Counts how many did a step together. */
    private static final class Slots implements SpeechJob.Batch {
        final List<Integer> together = new CopyOnWriteArrayList<>();
        final AtomicInteger stepped = new AtomicInteger();
        volatile @Nullable RuntimeException failure;

        @Override
        public void run() {
            RuntimeException e = failure;
            if (e != null) {
                throw e;
            }
            together.add(stepped.getAndSet(0));
        }
    }

    private SpeechJob slot(Slots slots, String name, int count) {
        clock.addAndGet(1_000_000);
        return new Fake(name, count, 1) {
            @Override
            public Batch batch() {
                return slots;
            }

            @Override
            void work() {
                slots.stepped.incrementAndGet();
            }
        };
    }

    @Test
    void stepsOfOneBatchAreDoneTogether() {
        Slots slots = new Slots();
        CountDownLatch gate = hold();
        List<Speaker> speakers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            String name = "s" + i;
            speakers.add(speak(() -> slot(slots, name, 50)));
            speakers.getLast().whole();
        }
        untilReady(speakers);
        gate.countDown();
        for (Speaker speaker : speakers) {
            assertThat(take(speaker)).hasSize(50);
        }
        // Each turn counts the steps since the one before: the first has none to count.
        assertThat(slots.together).hasSize(50);
        assertThat(slots.together.subList(1, 50)).containsOnly(4);
    }

    /** Who hears nothing yet, then who has the least to hear. */
    @Test
    void aFullBatchTakesWhoComesFirst() {
        List<String> runs = new CopyOnWriteArrayList<>();
        List<String> joined = new ArrayList<>();
        SpeechJob.Batch two =
                new SpeechJob.Batch() {
                    @Override
                    public void run() {
                        joined.sort(null);
                        runs.add(String.join(" ", joined));
                        joined.clear();
                    }

                    @Override
                    public int most() {
                        return 2;
                    }
                };
        CountDownLatch gate = hold();
        List<Speaker> speakers = new ArrayList<>();
        int[] samples = {4 * RATE, RATE, 3 * RATE, 2 * RATE};
        for (int i = 0; i < samples.length; i++) {
            String name = "s" + i;
            int each = samples[i];
            speakers.add(
                    speak(
                            () ->
                                    new Fake(name, 20, each) {
                                        @Override
                                        public Batch batch() {
                                            return two;
                                        }

                                        @Override
                                        public void joins() {
                                            joined.add(name);
                                        }
                                    }));
            speakers.getLast().begin();
            clock.addAndGet(1);
        }
        untilReady(speakers);
        gate.countDown();
        until(() -> runs.size() >= 6);
        // A copy, because the list still grows, and its sublists throw when it does.
        assertThat(List.copyOf(runs).subList(0, 6))
                .containsExactly("s0", "s0 s1", "s1 s2", "s1 s3", "s1 s3", "s1 s2");
        speakers.forEach(Speaker::close);
    }

    @Test
    void aBatchThatFailsFailsForAllInIt() {
        Slots slots = new Slots();
        Speaker a = speak(() -> slot(slots, "a", 1_000_000));
        Speaker b = speak(() -> slot(slots, "b", 1_000_000));
        assertThat(a.next()).isNotNull();
        assertThat(b.next()).isNotNull();
        slots.failure = new IllegalStateException("the device is gone");
        assertThatThrownBy(() -> take(a)).hasMessage("the device is gone");
        assertThatThrownBy(() -> take(b)).hasMessage("the device is gone");
        a.close();
        b.close();
        until(() -> ended.get() == 2);
    }

    @Test
    void closingWhileItSpeaksCancels() {
        Speaker speaker = speak(() -> new Fake("a", 10_000, 10));
        assertThat(speaker.next()).isNotNull();
        scheduler.close();
        assertThatThrownBy(() -> take(speaker)).isInstanceOf(SpeechCancelledException.class);
        until(() -> ended.get() == 1);
        assertThat(open).hasValue(0);
        assertThatThrownBy(() -> speak()).hasMessage("the engine is closed");
        scheduler = Scheduler.of(1, clock::get);
    }

    @Test
    void twoHundredLeftHalfWayLeaveNothingBehind() {
        scheduler.close();
        scheduler = Scheduler.of(2, clock::get);
        for (int i = 0; i < 200; i++) {
            String name = "s" + i;
            Speaker speaker = speak(() -> new Fake(name, 1000, 10), () -> new Fake(name, 1000, 10));
            if (i % 2 == 0) {
                assertThat(speaker.next()).isNotNull();
            } else {
                speaker.begin();
            }
            speaker.close();
        }
        until(() -> ended.get() == 200 && open.get() == 0 && scheduler.size() == 0);
        scheduler.close();
        until(
                () ->
                        Thread.getAllStackTraces().keySet().stream()
                                .noneMatch(t -> t.getName().startsWith("skald-speech")));
        scheduler = Scheduler.of(1, clock::get);
    }
}
