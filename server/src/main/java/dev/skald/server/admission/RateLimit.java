package dev.skald.server.admission;

import dev.skald.server.http.ApiError;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How often each caller may ask: a bucket of tokens a caller, full at first, that fills at the
 * allowed rate. Safe for many threads.
 */
public final class RateLimit {
    private static final int MOST_CALLERS = 10_000;
    private static final double NANOS_A_MINUTE = 60e9;

    private final int aMinute;
    private final LongSupplier clock;
    private final Map<String, Bucket> buckets =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
                    return size() > MOST_CALLERS;
                }
            };

    private static final class Bucket {
        double tokens;
        long at;

        Bucket(double tokens, long at) {
            this.tokens = tokens;
            this.at = at;
        }
    }

    /**
     * @param aMinute requests; 0 for any number
     * @param clock nanoseconds, as {@link System#nanoTime}
     */
    public RateLimit(int aMinute, LongSupplier clock) {
        this.aMinute = aMinute;
        this.clock = clock;
    }

    /**
     * Counts a request.
     *
     * @throws ApiError 429 if it is one too many
     */
    public synchronized void take(String caller) {
        if (aMinute == 0) {
            return;
        }
        long now = clock.getAsLong();
        Bucket bucket = buckets.computeIfAbsent(caller, name -> new Bucket(aMinute, now));
        bucket.tokens =
                Math.min(aMinute, bucket.tokens + (now - bucket.at) * aMinute / NANOS_A_MINUTE);
        bucket.at = now;
        if (bucket.tokens < 1) {
            double seconds = (1 - bucket.tokens) * 60 / aMinute;
            throw ApiError.busy(
                    "more than " + aMinute + " requests a minute: wait a little",
                    (int) Math.ceil(seconds));
        }
        bucket.tokens--;
    }
}
