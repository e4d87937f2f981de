package dev.skald.server;

import dev.skald.InvalidRequestException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a {@link SpeechServer} serves.
 *
 * @param host the address it binds to; the loopback one if not set, so that nobody else reaches it
 * @param port the port; 0 for any that is free
 * @param wyomingPort the port for Wyoming clients; 0 for any that is free, -1 for none
 * @param apiKeys names of callers by their keys; empty: everyone may call
 * @param origins web origins whose pages may call (CORS); {@code *} for all
 * @param maxCharacters the longest text of one request
 * @param speaking how many requests speak at once
 * @param waiting how many more may wait; one beyond is answered 429
 * @param patience how long a request may wait before it is answered 503
 * @param deadline how long one may take in all before it is answered 504, or cut; empty for ever
 * @param requestsAMinute of each key, or address where there are no keys; one beyond is answered
 *     429; 0 for any number
 * @param idleUnload after how long without a request the models' memory is given back; empty for
 *     never
 * @param heldBytes what may be held at once of what callers send, in bytes: bodies of requests, and
 *     texts that wait to be spoken; one beyond is answered 503
 */
public record ServerOptions(
        String host,
        int port,
        int wyomingPort,
        Map<String, String> apiKeys,
        List<String> origins,
        int maxCharacters,
        int speaking,
        int waiting,
        Duration patience,
        Optional<Duration> deadline,
        int requestsAMinute,
        Optional<Duration> idleUnload,
        long heldBytes) {
    public ServerOptions {
        apiKeys = Map.copyOf(apiKeys);
        origins = List.copyOf(origins);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Builds {@link ServerOptions}; each setter refuses a value that cannot be at once. */
    public static final class Builder {
        private static final long LEAST_HELD = 16L << 20;

        private String host = "127.0.0.1";
        private int port = 8880;
        private int wyomingPort = -1;
        private final Map<String, String> apiKeys = new HashMap<>();
        private final List<String> origins = new ArrayList<>();
        private int maxCharacters = 1_000_000;
        private int speaking = 8;
        private int waiting = 64;
        private Duration patience = Duration.ofSeconds(60);
        private Optional<Duration> deadline = Optional.empty();
        private int requestsAMinute;
        private Optional<Duration> idleUnload = Optional.empty();
        private long heldBytes = Math.max(LEAST_HELD, Runtime.getRuntime().maxMemory() / 16);

        private Builder() {}

        public Builder host(String host) {
            this.host = host;
            return this;
        }

        public Builder port(int port) {
            this.port = range("port", port, 0, 65_535);
            return this;
        }

        /** Serves Home Assistant's protocol there, which knows no keys. */
        public Builder wyomingPort(int port) {
            this.wyomingPort = range("Wyoming port", port, 0, 65_535);
            return this;
        }

        /** Lets the caller {@code name} in, who sends {@code key}. */
        public Builder apiKey(String name, String key) {
            if (key.isBlank()) {
                throw new InvalidRequestException("the API key of " + name + " is empty");
            }
            apiKeys.put(key, name);
            return this;
        }

        public Builder origin(String origin) {
            origins.add(origin);
            return this;
        }

        public Builder maxCharacters(int characters) {
            maxCharacters = range("longest text", characters, 1, 100_000_000);
            return this;
        }

        public Builder speaking(int requests) {
            speaking = range("number of requests at once", requests, 1, 1_024);
            return this;
        }

        public Builder waiting(int requests) {
            waiting = range("length of the queue", requests, 0, 1_000_000);
            return this;
        }

        public Builder patience(Duration patience) {
            this.patience = positive("a request must be allowed to wait a moment", patience);
            return this;
        }

        public Builder deadline(Duration deadline) {
            this.deadline =
                    Optional.of(positive("a request must be allowed to take a moment", deadline));
            return this;
        }

        public Builder requestsAMinute(int requests) {
            requestsAMinute = range("number of requests a minute", requests, 0, 1_000_000);
            return this;
        }

        public Builder idleUnload(Duration after) {
            idleUnload = Optional.of(positive("models must be kept for a moment", after));
            return this;
        }

        /** A sixteenth of the heap's limit if not set, 16 MiB at least. */
        public Builder heldBytes(long bytes) {
            if (bytes < 1) {
                throw new InvalidRequestException("the bytes that are held must be at least 1");
            }
            heldBytes = bytes;
            return this;
        }

        public ServerOptions build() {
            return new ServerOptions(
                    host,
                    port,
                    wyomingPort,
                    apiKeys,
                    origins,
                    maxCharacters,
                    speaking,
                    waiting,
                    patience,
                    deadline,
                    requestsAMinute,
                    idleUnload,
                    heldBytes);
        }

        private static Duration positive(String message, Duration duration) {
            if (duration.isNegative() || duration.isZero()) {
                throw new InvalidRequestException(message);
            }
            return duration;
        }

        private static int range(String what, int value, int low, int high) {
            if (value < low || value > high) {
                throw new InvalidRequestException(
                        "the " + what + " must be between " + low + " and " + high);
            }
            return value;
        }
    }
}
