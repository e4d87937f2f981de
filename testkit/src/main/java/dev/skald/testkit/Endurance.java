package dev.skald.testkit;

import dev.skald.AudioChunk;
import dev.skald.SpeechRequest;
import dev.skald.spi.AudioSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Has clients speak random requests, each client one after the other; some are cancelled, before or
 * after their first audio. What became of every request is kept.
 */
public final class Endurance {
    private static final String[] WORDS = {
        "the", "harbour", "rain", "fell", "slowly", "over", "an", "old", "bridge", "while", "lamps",
        "were", "lit", "and", "nobody", "seemed", "to", "mind", "it", "that", "day", "she",
        "counted", "ninety", "steps", "of", "stone", "before", "winter", "came", "again"
    };

    /**
     * How much is asked.
     *
     * @param clients how many speak at once
     * @param requests how many there are
     * @param seconds after which no client begins another one
     * @param cancelled the share of requests that are cancelled
     * @param words of a request, at most
     */
    public record Load(int clients, int requests, double seconds, double cancelled, int words) {}

    /**
     * What became of a request.
     *
     * @param begun seconds from the begin of the load
     * @param first seconds to its first samples; NaN if none came
     * @param samples that came
     * @param cancelled whether it was
     * @param failure what was thrown; null if nothing was
     */
    public record Result(
            double begun,
            double first,
            long samples,
            boolean cancelled,
            @Nullable RuntimeException failure) {
        /** Whether it was spoken to its end. */
        public boolean spoken() {
            return failure == null && !cancelled && samples > 0;
        }
    }

    private Endurance() {}

    /** So many words, in sentences of up to twelve. */
    public static String text(Random random, int most) {
        StringBuilder text = new StringBuilder();
        int words = 1 + random.nextInt(most);
        for (int i = 0; i < words; i++) {
            String word = WORDS[random.nextInt(WORDS.length)];
            boolean begins = i % 12 == 0;
            text.append(begins ? Character.toUpperCase(word.charAt(0)) : word.charAt(0))
                    .append(word, 1, word.length())
                    .append(i % 12 == 11 || i == words - 1 ? ". " : " ");
        }
        return text.toString().strip();
    }

    /**
     * Speaks.
     *
     * @param requests makes one of a text
     * @return a result for each request that was begun, in the order of beginning
     */
    public static List<Result> run(
            Function<SpeechRequest, AudioSource> engine, Requests requests, Load load, long seed) {
        long start = System.nanoTime();
        AtomicInteger next = new AtomicInteger();
        List<Result> results = Collections.synchronizedList(new ArrayList<>());
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < load.clients(); i++) {
                running.add(
                        clients.submit(
                                () -> {
                                    for (int n = next.getAndIncrement();
                                            n < load.requests() && since(start) < load.seconds();
                                            n = next.getAndIncrement()) {
                                        Random random = new Random(seed + n);
                                        String text = text(random, load.words());
                                        int most =
                                                random.nextDouble() < load.cancelled()
                                                        ? random.nextInt(3)
                                                        : Integer.MAX_VALUE;
                                        SpeechRequest request = requests.of(text, random);
                                        results.add(speak(engine, request, most, start));
                                    }
                                }));
            }
            for (Future<?> client : running) {
                client.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("a client ended", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        results.sort((a, b) -> Double.compare(a.begun(), b.begun()));
        return List.copyOf(results);
    }

    /** Makes a request of a text. */
    @FunctionalInterface
    public interface Requests {
        SpeechRequest of(String text, Random random);
    }

    /** Takes at most so many chunks, then cancels. */
    private static Result speak(
            Function<SpeechRequest, AudioSource> engine,
            SpeechRequest request,
            int most,
            long start) {
        double begun = since(start);
        double first = Double.NaN;
        long samples = 0;
        try (AudioSource source = engine.apply(request)) {
            for (int chunks = 0; chunks < most; chunks++) {
                AudioChunk chunk = source.next();
                if (chunk == null) {
                    return new Result(begun, first, samples, false, null);
                }
                if (samples == 0 && chunk.samples().length > 0) {
                    first = since(start) - begun;
                }
                samples += chunk.samples().length;
            }
            source.cancel();
            return new Result(begun, first, samples, true, null);
        } catch (RuntimeException e) {
            return new Result(begun, first, samples, false, e);
        }
    }

    private static double since(long start) {
        return (System.nanoTime() - start) * 1e-9;
    }
}
