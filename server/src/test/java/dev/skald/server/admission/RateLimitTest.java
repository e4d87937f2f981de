package dev.skald.server.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.server.http.ApiError;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {
    private final AtomicLong now = new AtomicLong();

    @Test
    void aBurstThenTheRateAndCallersApart() {
        RateLimit limit = new RateLimit(60, now::get);
        for (int i = 0; i < 60; i++) {
            limit.take("a");
        }
        assertThatThrownBy(() -> limit.take("a"))
                .isInstanceOfSatisfying(ApiError.class, e -> assertThat(e.status()).isEqualTo(429));
        limit.take("b");
        now.addAndGet(1_000_000_000L);
        limit.take("a"); // one a second
        assertThatThrownBy(() -> limit.take("a")).isInstanceOf(ApiError.class);
        now.addAndGet(3_600_000_000_000L);
        for (int i = 0; i < 60; i++) {
            limit.take("a"); // never more than a minute's worth
        }
        assertThatThrownBy(() -> limit.take("a")).isInstanceOf(ApiError.class);
    }

    @Test
    void noneIsAnyNumber() {
        RateLimit limit = new RateLimit(0, now::get);
        for (int i = 0; i < 10_000; i++) {
            limit.take("a");
        }
    }
}
