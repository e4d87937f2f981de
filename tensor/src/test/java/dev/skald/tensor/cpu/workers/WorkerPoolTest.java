package dev.skald.tensor.cpu.workers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class WorkerPoolTest {
    @Test
    void everyItemRunsOnce() {
        try (WorkerPool pool = new WorkerPool(3)) {
            for (int round = 0; round < 3000; round++) {
                int count = round % 17;
                AtomicIntegerArray runs = new AtomicIntegerArray(count + 1);
                pool.run(
                        count,
                        (item, worker) -> {
                            assertThat(worker).isBetween(0, 2);
                            runs.incrementAndGet(item);
                        });
                for (int i = 0; i < count; i++) {
                    assertThat(runs.get(i)).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void aFailureReachesTheCallerAndThePoolGoesOn() {
        try (WorkerPool pool = new WorkerPool(2)) {
            for (int round = 0; round < 200; round++) {
                int bad = round % 9;
                assertThatThrownBy(
                                () ->
                                        pool.run(
                                                9,
                                                (item, worker) -> {
                                                    if (item == bad) {
                                                        throw new IllegalStateException("bad");
                                                    }
                                                }))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage("bad");
            }
            AtomicInteger sum = new AtomicInteger();
            pool.run(10, (item, worker) -> sum.addAndGet(item));
            assertThat(sum.get()).isEqualTo(45);
        }
    }

    @Test
    void callersAtOnceAllFinish() throws InterruptedException {
        try (WorkerPool pool = new WorkerPool(2)) {
            AtomicInteger sum = new AtomicInteger();
            Thread[] callers = new Thread[4];
            for (int i = 0; i < callers.length; i++) {
                callers[i] =
                        new Thread(
                                () -> {
                                    for (int r = 0; r < 500; r++) {
                                        pool.run(8, (item, worker) -> sum.incrementAndGet());
                                    }
                                });
                callers[i].start();
            }
            for (Thread t : callers) {
                t.join();
            }
            assertThat(sum.get()).isEqualTo(4 * 500 * 8);
        }
    }
}
