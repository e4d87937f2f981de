package dev.skald.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.Precision;
import dev.skald.tensor.Backend;
import dev.skald.tensor.DeviceException;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BatchStreamTest {
    /** A part that is done, or has failed. */
    private static final class Part implements BatchStream.Part {
        private final int number;
        private boolean computed;
        private @Nullable RuntimeException failure;

        Part(int number) {
            this.number = number;
        }

        @Override
        public boolean done() {
            return computed || failure != null;
        }

        @Override
        public void fails(RuntimeException why) {
            failure = why;
        }
    }

    private static List<Part> parts(int count) {
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            parts.add(new Part(i));
        }
        return parts;
    }

    private static List<Integer> numbers(List<Part> parts) {
        return parts.stream().map(p -> p.number).toList();
    }

    @Test
    void whatGoesWellIsOneBatch() {
        List<Part> parts = parts(5);
        List<List<Integer>> batches = new ArrayList<>();
        BatchStream.divide(
                parts,
                some -> {
                    batches.add(numbers(some));
                    some.forEach(p -> p.computed = true);
                });
        assertThat(batches).containsExactly(List.of(0, 1, 2, 3, 4));
        BatchStream.divide(List.<Part>of(), some -> batches.add(List.of()));
        assertThat(batches).hasSize(1);
    }

    @Test
    void onePartThatFailsTakesNoOtherWithIt() {
        List<Part> parts = parts(5);
        BatchStream.divide(
                parts,
                some -> {
                    if (numbers(some).contains(3)) {
                        throw new IllegalStateException("three");
                    }
                    some.forEach(p -> p.computed = true);
                });
        for (Part part : parts) {
            assertThat(part.computed).isEqualTo(part.number != 3);
        }
        assertThat(parts.get(3).failure).hasMessage("three");
    }

    @Test
    void whatWasDoneBeforeTheFailureIsNotDoneAgain() {
        List<Part> parts = parts(4);
        List<List<Integer>> batches = new ArrayList<>();
        BatchStream.divide(
                parts,
                some -> {
                    batches.add(numbers(some));
                    for (Part part : some) {
                        if (part.number == 2 && batches.size() == 1) {
                            throw new IllegalStateException("once");
                        }
                        part.computed = true;
                    }
                });
        assertThat(batches).containsExactly(List.of(0, 1, 2, 3), List.of(2), List.of(3));
        assertThat(parts).allMatch(p -> p.computed);
    }

    @Test
    void aLostDeviceIsToldToEachAtOnce() {
        List<Part> parts = parts(4);
        List<Integer> sizes = new ArrayList<>();
        DeviceException lost = new DeviceException("gone", DeviceException.Kind.LOST, null);
        BatchStream.divide(
                parts,
                some -> {
                    sizes.add(some.size());
                    throw lost;
                });
        assertThat(sizes).containsExactly(4);
        assertThat(parts).allMatch(p -> p.failure == lost);
    }

    @Test
    void theStreamIsFreedWhenMemoryIsShortAndNothingLiesOnIt() throws InterruptedException {
        AtomicBoolean unused = new AtomicBoolean();
        List<String> told = new ArrayList<>();
        try (ScarceBackend device = new ScarceBackend()) {
            frees(device, unused, told);
            assertThat(device.pressure).isNull();
        }
        assertThat(told).hasSize(2);
    }

    private static void frees(ScarceBackend device, AtomicBoolean unused, List<String> told)
            throws InterruptedException {
        try (BatchStream stream =
                new BatchStream(device, unused::get, () -> told.add("before the stream ends"))) {
            device.press(); // nothing is open
            assertThat(told).isEmpty();
            List<Ops> seen = new ArrayList<>();
            stream.use(seen::add);
            device.press(); // something is half done
            stream.use(seen::add);
            assertThat(seen.get(1)).isSameAs(seen.get(0));
            unused.set(true);
            stream.use(on -> device.press()); // its own work needs memory
            assertThat(told).isEmpty();
            CountDownLatch inside = new CountDownLatch(1);
            CountDownLatch pressed = new CountDownLatch(1);
            Thread other =
                    Thread.ofVirtual()
                            .start(
                                    () ->
                                            stream.use(
                                                    on -> {
                                                        inside.countDown();
                                                        await(pressed);
                                                    }));
            inside.await();
            device.press(); // another thread computes: it is not waited for
            assertThat(told).isEmpty();
            pressed.countDown();
            other.join();
            device.press();
            assertThat(told).hasSize(1);
            stream.use(seen::add);
            assertThat(seen.getLast()).isNotSameAs(seen.getFirst());
        }
    }

    @Test
    void whatFailsLeavesTheStreamToTheNext() {
        try (ScarceBackend device = new ScarceBackend();
                BatchStream stream = new BatchStream(device)) {
            assertThatThrownBy(
                            () ->
                                    stream.use(
                                            on -> {
                                                throw new IllegalStateException("no");
                                            }))
                    .hasMessage("no");
            List<Ops> seen = new ArrayList<>();
            stream.use(seen::add);
            assertThat(seen).hasSize(1);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A CPU whose memory is short whenever a test says so. */
    private static final class ScarceBackend implements Backend {
        private final Devices.Lease lease = Devices.open("cpu", 1);
        private final Backend cpu = lease.backend();
        private @Nullable Runnable pressure;

        void press() {
            if (pressure != null) {
                pressure.run();
            }
        }

        @Override
        public Registration onPressure(Runnable free) {
            pressure = free;
            return () -> pressure = null;
        }

        @Override
        public String name() {
            return cpu.name();
        }

        @Override
        public String description() {
            return cpu.description();
        }

        @Override
        public Parameters parameters(Precision precision) {
            return cpu.parameters(precision);
        }

        @Override
        public Ops open() {
            return cpu.open();
        }

        @Override
        public void close() {
            lease.close();
        }
    }
}
