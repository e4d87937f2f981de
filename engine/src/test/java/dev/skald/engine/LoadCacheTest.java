package dev.skald.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.Optimisation;
import dev.skald.SkaldException;
import dev.skald.VoiceException;
import dev.skald.spi.EngineContext;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LoadCacheTest {
    private final List<String> closed = new CopyOnWriteArrayList<>();
    private final AtomicInteger loads = new AtomicInteger();

    private LoadCache<String, String> cache(long budget) {
        return new LoadCache<>(budget, closed::add);
    }

    private LoadCache<String, String>.Lease take(LoadCache<String, String> cache, String key) {
        return cache.take(
                key,
                1,
                () -> {
                    loads.incrementAndGet();
                    return key;
                });
    }

    @Test
    void whatIsLoadedIsKept() {
        try (LoadCache<String, String> cache = cache(2)) {
            for (int i = 0; i < 3; i++) {
                try (var lease = take(cache, "a")) {
                    assertThat(lease.get()).isEqualTo("a");
                    assertThat(lease.fresh()).isEqualTo(i == 0);
                }
            }
            assertThat(loads).hasValue(1);
            assertThat(closed).isEmpty();
        }
        assertThat(closed).containsExactly("a");
    }

    @Test
    void withoutPreloadingNothingIsKept() {
        EngineContext context =
                EngineContext.builder().without(Set.of(Optimisation.PRELOADED)).build();
        try (LoadCache<String, String> cache = LoadCache.models(context, closed::add)) {
            for (int i = 1; i <= 3; i++) {
                try (var lease = take(cache, "a")) {
                    assertThat(lease.get()).isEqualTo("a");
                    assertThat(closed).hasSize(i - 1);
                }
                assertThat(loads).hasValue(i);
                assertThat(closed).hasSize(i);
            }
        }
    }

    @Test
    void oneThatLoadsHoldsNobodyElseUp() {
        CountDownLatch gate = new CountDownLatch(1);
        try (LoadCache<String, String> cache = cache(9)) {
            try (var slow =
                            cache.take(
                                    "slow",
                                    1,
                                    () -> {
                                        try {
                                            gate.await();
                                        } catch (InterruptedException e) {
                                            throw new IllegalStateException(e);
                                        }
                                        return "slow";
                                    });
                    var quick = take(cache, "quick")) {
                assertThat(quick.get()).isEqualTo("quick");
                gate.countDown();
                assertThat(slow.get()).isEqualTo("slow");
            }
        }
    }

    @Test
    void theOneNotUsedForLongestGoesAndNoneInUse() {
        try (LoadCache<String, String> cache = cache(2)) {
            try (var held = take(cache, "a")) {
                assertThat(held.get()).isEqualTo("a");
                for (String key : List.of("b", "c", "d")) {
                    try (var lease = take(cache, key)) {
                        lease.get();
                    }
                }
                assertThat(closed).containsExactly("b", "c");
            }
            take(cache, "e").close();
            assertThat(closed).startsWith("b", "c", "d");
        }
        assertThat(closed).contains("a", "e");
    }

    @Test
    void whatCannotBeLoadedIsTriedAgain() {
        try (LoadCache<String, String> cache = cache(2)) {
            var bad =
                    cache.take(
                            "a",
                            1,
                            () -> {
                                throw new VoiceException("damaged");
                            });
            assertThatThrownBy(bad::get).isInstanceOf(VoiceException.class).hasMessage("damaged");
            bad.close();
            try (var good = take(cache, "a")) {
                assertThat(good.get()).isEqualTo("a");
            }
        }
    }

    @Test
    void closingWaitsForTheLastUse() throws Exception {
        LoadCache<String, String> cache = cache(2);
        var lease = take(cache, "a");
        assertThat(lease.get()).isEqualTo("a");
        Thread closing = Thread.ofPlatform().start(cache::close);
        closing.join(50);
        assertThat(closing.isAlive()).isTrue();
        assertThat(closed).isEmpty();
        assertThatThrownBy(() -> take(cache, "b"))
                .isInstanceOf(SkaldException.class)
                .hasMessage("the engine is closed");
        lease.close();
        closing.join();
        assertThat(closed).containsExactly("a");
    }
}
