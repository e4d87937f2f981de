package dev.skald.voices.install;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.skald.voices.Samples;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A hub of our own: {@code /repo/resolve/rev/path} redirects large files to {@code /cdn/...}, which
 * honours ranges, as the real one does. Its faults are set by each test.
 */
final class FakeHub implements AutoCloseable {
    final Map<String, byte[]> files = new ConcurrentHashMap<>();

    /** Requests as {@code "GET path range"}. */
    final List<String> requests = new CopyOnWriteArrayList<>();

    final List<String> authorizations = new CopyOnWriteArrayList<>();

    /** How many more answers have this status instead. */
    final AtomicInteger faults = new AtomicInteger();

    /** How many more bodies end after so many bytes. */
    final AtomicInteger cuts = new AtomicInteger();

    volatile int faultStatus = 503;
    volatile int cutAfter = 1000;
    volatile String retryAfter = "";
    volatile Duration stall = Duration.ZERO;
    volatile boolean redirects = true;
    volatile String redirectTo = "";
    volatile boolean linkedTags = true;
    volatile String wrongTag = "";

    /** Pause before each further 100 bytes. */
    volatile Duration crawl = Duration.ZERO;

    /** Answers without a size, for ever. */
    volatile boolean endless;

    private final HttpServer server;
    private final java.util.concurrent.ExecutorService threads =
            Executors.newVirtualThreadPerTaskExecutor();

    FakeHub() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    URI address() {
        return URI.create("http://localhost:" + server.getAddress().getPort());
    }

    HubSettings settings() {
        return new HubSettings(
                address(),
                Optional.empty(),
                ProxySelector.of(null),
                Optional.empty(),
                Duration.ofSeconds(2),
                Duration.ofSeconds(4),
                1000,
                4,
                Duration.ofMillis(5));
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            if (exchange.getRequestURI().getHost() != null) {
                path = exchange.getRequestURI().getHost() + path; // asked as a proxy
            }
            String range = exchange.getRequestHeaders().getFirst("Range");
            requests.add("GET " + path + (range == null ? "" : " " + range));
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            authorizations.add(path + " " + authorization);
            if (faults.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
                if (!retryAfter.isEmpty()) {
                    exchange.getResponseHeaders().set("Retry-After", retryAfter);
                }
                exchange.sendResponseHeaders(faultStatus, -1);
                return;
            }
            String name = path.substring(path.lastIndexOf('/') + 1);
            byte[] body = files.get(name);
            if (body == null) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            String sha = Samples.hash("SHA-256", body);
            if (path.contains("/resolve/")) {
                if (linkedTags) {
                    exchange.getResponseHeaders()
                            .set(
                                    "X-Linked-ETag",
                                    '"' + (wrongTag.isEmpty() ? sha : wrongTag) + '"');
                    exchange.getResponseHeaders().set("X-Linked-Size", "" + body.length);
                }
                if (redirects) {
                    String to = redirectTo.isEmpty() ? "/cdn/" + name : redirectTo + name;
                    if (!redirectTo.equals("nowhere")) {
                        exchange.getResponseHeaders().set("Location", to);
                    }
                    exchange.sendResponseHeaders(302, -1);
                    return;
                }
            }
            send(exchange, body, sha, range);
        } catch (IOException | InterruptedException e) {
            // The client went away.
        }
    }

    private void send(HttpExchange exchange, byte[] body, String sha, String range)
            throws IOException, InterruptedException {
        String tag = '"' + sha + '"';
        exchange.getResponseHeaders().set("ETag", tag);
        int from = 0;
        String condition = exchange.getRequestHeaders().getFirst("If-Range");
        if (range != null && tag.equals(condition)) {
            from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
            if (from >= body.length) {
                exchange.sendResponseHeaders(416, -1);
                return;
            }
            exchange.getResponseHeaders()
                    .set(
                            "Content-Range",
                            "bytes " + from + "-" + (body.length - 1) + "/" + body.length);
        }
        if (endless) {
            exchange.sendResponseHeaders(200, 0);
            while (true) {
                exchange.getResponseBody().write(new byte[1 << 16]);
            }
        }
        boolean cut = cuts.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, body.length - from);
        OutputStream out = exchange.getResponseBody();
        int end = cut ? Math.min(body.length, from + cutAfter) : body.length;
        if (!crawl.isZero()) {
            for (; from < end - 100; from += 100) {
                out.write(body, from, 100);
                out.flush();
                Thread.sleep(crawl);
            }
        }
        out.write(body, from, end - from);
        out.flush();
        if (cut && !stall.isZero()) {
            Thread.sleep(stall);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
