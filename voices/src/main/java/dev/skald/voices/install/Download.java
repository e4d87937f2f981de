package dev.skald.voices.install;

import dev.skald.VoiceException;
import dev.skald.voices.catalogue.CatalogueFile;
import dev.skald.voices.io.Digest;
import dev.skald.voices.io.Durable;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Fetches files from the hub: follows its redirects to where large files lie, resumes what broke
 * off ({@code Range} with {@code If-Range}, so that a changed file is begun anew), tries again
 * after passing faults, gives up a transfer that stands still or crawls, and checks what came
 * against what the catalogue and the hub's own headers ({@code X-Linked-ETag}, {@code
 * X-Linked-Size}) say.
 */
final class Download implements AutoCloseable {
    private static final int MAX_REDIRECTS = 8;
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);

    /** The most bytes of a file whose size is not published: configurations, model cards. */
    static final long MAX_UNPUBLISHED = 1L << 24;

    private final HubSettings settings;
    private final HttpClient client;
    private long limit = MAX_UNPUBLISHED;

    Download(HubSettings settings) {
        this.settings = settings;
        if (settings.proxyUser().isPresent()) {
            // Java does not send a proxy's password through a tunnel unless told to.
            String key = "jdk.http.auth.tunneling.disabledSchemes";
            if (System.getProperty(key) == null) {
                System.setProperty(key, "");
            }
        }
        HttpClient.Builder builder =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(settings.connect())
                        .proxy(settings.proxies());
        settings.authenticator().ifPresent(builder::authenticator);
        client = builder.build();
    }

    /** The most bytes a file may have whose size is not published. */
    Download limit(long bytes) {
        limit = bytes;
        return this;
    }

    /** A fault that may pass. */
    private static final class PassingException extends Exception {
        private static final long serialVersionUID = 1L;
        private final Optional<Duration> pause;

        PassingException(String message, Optional<Duration> pause) {
            super(message);
            this.pause = pause;
        }
    }

    /** What the hub says of the file. */
    private record Published(Optional<Long> bytes, Optional<Digest> digest) {}

    /**
     * Fetches one file into {@code half} and checks it. What {@code half} holds already is resumed.
     *
     * @throws VoiceException in one clause, if the hub does not give it or gives something else
     * @throws IOException if the disk fails
     */
    void fetch(URI address, Path half, CatalogueFile file, InstallListener listener)
            throws IOException, InterruptedException {
        boolean connected = false;
        Duration pause = settings.backoff();
        for (int attempt = 1; ; attempt++) {
            try {
                Published published = transfer(address, half, file, listener);
                check(half, file, published);
                forget(half);
                return;
            } catch (PassingException e) {
                if (attempt >= settings.attempts()) {
                    throw new VoiceException(
                            e.getMessage() + ", " + attempt + " times; it resumes when run again",
                            e);
                }
                Duration wait = e.pause.orElse(pause);
                Thread.sleep(wait.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : wait);
                pause = pause.multipliedBy(2);
                connected = true;
            } catch (ConnectException | UnknownHostException | HttpConnectTimeoutException e) {
                // Without any answer so far there is likely no network: no use in waiting.
                if (!connected || attempt >= settings.attempts()) {
                    throw new VoiceException(
                            "no connection to " + settings.endpoint().getHost(), e);
                }
                Thread.sleep(pause);
                pause = pause.multipliedBy(2);
            }
        }
    }

    private Published transfer(URI address, Path half, CatalogueFile file, InstallListener listener)
            throws IOException, InterruptedException, PassingException {
        long have = Files.isRegularFile(half, LinkOption.NOFOLLOW_LINKS) ? Files.size(half) : 0;
        Optional<String> validator = validator(half);
        if (have > 0 && validator.isEmpty()) {
            have = 0;
        }
        Published published = new Published(Optional.empty(), Optional.empty());
        URI at = address;
        for (int redirect = 0; redirect <= MAX_REDIRECTS; redirect++) {
            HttpResponse<InputStream> response = send(at, have, validator);
            try (InputStream body = response.body()) {
                if (redirect == 0) {
                    published = published(response.headers());
                }
                int status = response.statusCode();
                if (status == 200 || status == 206) {
                    receive(response, body, status == 206 ? have : 0, half, file, listener);
                    return published;
                }
                if (status >= 300 && status < 400 && status != 304) {
                    at = redirected(at, response.headers());
                    continue;
                }
                if (status == 416) {
                    // What we have is no part of what is there now.
                    Files.deleteIfExists(half);
                    forget(half);
                    throw new PassingException("the file has changed", Optional.of(Duration.ZERO));
                }
                throw refused(status, response.headers());
            }
        }
        throw new VoiceException("it redirects without end");
    }

    private HttpResponse<InputStream> send(URI at, long have, Optional<String> validator)
            throws IOException, InterruptedException, PassingException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(at)
                        .timeout(settings.answer())
                        .header("User-Agent", "skald")
                        .header("Accept-Encoding", "identity");
        if (have > 0 && validator.isPresent()) {
            request.header("Range", "bytes=" + have + "-");
            request.header("If-Range", validator.get());
        }
        if (settings.token().isPresent() && sameOrigin(at, settings.endpoint())) {
            request.header("Authorization", "Bearer " + settings.token().get());
        }
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (ConnectException | UnknownHostException | HttpConnectTimeoutException e) {
            throw e;
        } catch (HttpTimeoutException e) {
            throw new PassingException(at.getHost() + " does not answer", Optional.empty());
        } catch (IOException e) {
            throw new PassingException("the connection broke", Optional.empty());
        } catch (IllegalArgumentException e) {
            // A length that is no number, or none that a long holds.
            throw new VoiceException("what it answers is not HTTP (" + e.getMessage() + ")", e);
        }
    }

    private VoiceException refused(int status, HttpHeaders headers) throws PassingException {
        switch (status) {
            case 401, 403 ->
                    throw new VoiceException(
                            "access is refused ("
                                    + status
                                    + "): set HF_TOKEN to a token that may read it");
            case 404, 410 -> throw new VoiceException("it has no such file (" + status + ")");
            case 407 -> throw new VoiceException("the proxy wants a password (407)");
            default -> {
                if (status == 408 || status == 429 || status >= 500) {
                    throw new PassingException(
                            status == 429
                                    ? "too many requests (429)"
                                    : "it has a fault (" + status + ")",
                            retryAfter(headers));
                }
                return new VoiceException("it answers " + status);
            }
        }
    }

    private static Optional<Duration> retryAfter(HttpHeaders headers) {
        return headers.firstValue("Retry-After")
                .filter(
                        v ->
                                v.length() < 6
                                        && !v.isEmpty()
                                        && v.chars().allMatch(Character::isDigit))
                .map(v -> Duration.ofSeconds(Long.parseLong(v)));
    }

    private static URI redirected(URI from, HttpHeaders headers) {
        String location = headers.firstValue("Location").orElse("").strip();
        if (location.isEmpty()) {
            throw new VoiceException("it redirects without saying where to (no Location)");
        }
        try {
            URI to = from.resolve(location);
            boolean safe =
                    "https".equals(to.getScheme())
                            || ("http".equals(to.getScheme()) && "http".equals(from.getScheme()));
            if (safe && to.getHost() != null) {
                return to;
            }
        } catch (IllegalArgumentException e) {
            // Told below.
        }
        throw new VoiceException("it redirects to what is not a safe address");
    }

    private static boolean sameOrigin(URI a, URI b) {
        return a.getScheme().equals(b.getScheme())
                && a.getHost().equalsIgnoreCase(b.getHost())
                && a.getPort() == b.getPort();
    }

    private static Published published(HttpHeaders headers) {
        Optional<String> linked = headers.firstValue("X-Linked-ETag");
        Optional<Digest> digest =
                linked.or(() -> headers.firstValue("ETag"))
                        .map(Download::bare)
                        .flatMap(Download::digest);
        return new Published(number(headers, "X-Linked-Size"), digest);
    }

    private static String bare(String etag) {
        String text = etag.startsWith("W/") ? etag.substring(2) : etag;
        return text.replace("\"", "");
    }

    /** The hub's tags: SHA-256 of large files, git's object name of small ones. */
    private static Optional<Digest> digest(String tag) {
        if (!Digest.isHex(tag)) {
            return Optional.empty();
        }
        return switch (tag.length()) {
            case 64 -> Optional.of(new Digest(Digest.Algorithm.SHA256, tag));
            case 40 -> Optional.of(new Digest(Digest.Algorithm.GIT_BLOB, tag));
            default -> Optional.empty();
        };
    }

    private static Optional<Long> number(HttpHeaders headers, String name) {
        return headers.firstValue(name)
                .filter(
                        v ->
                                !v.isEmpty()
                                        && v.length() < 16
                                        && v.chars().allMatch(c -> c >= '0' && c <= '9'))
                .map(Long::valueOf);
    }

    private void receive(
            HttpResponse<InputStream> response,
            InputStream body,
            long start,
            Path half,
            CatalogueFile file,
            InstallListener listener)
            throws IOException, PassingException {
        HttpHeaders headers = response.headers();
        Optional<Long> length = number(headers, "Content-Length");
        long total = file.bytes().or(() -> length.map(l -> l + start)).orElse(-1L);
        if (start > 0) {
            String range = headers.firstValue("Content-Range").orElse("");
            if (!range.startsWith("bytes " + start + "-")) {
                throw new PassingException("it resumed elsewhere", Optional.of(Duration.ZERO));
            }
        }
        long most = file.bytes().orElse(limit);
        if (length.orElse(0L) > most - start) {
            throw larger(file, most);
        }
        remember(half, headers);
        try (FileChannel out = open(half, start);
                Watchdog watchdog = new Watchdog(body, settings.answer(), settings.slowest())) {
            byte[] block = new byte[1 << 16];
            long at = start;
            listener.progress(file.name(), at, total);
            while (true) {
                int n = read(body, block, watchdog);
                if (n < 0) {
                    break;
                }
                at += n;
                if (at > most) {
                    throw larger(file, most);
                }
                ByteBuffer bytes = ByteBuffer.wrap(block, 0, n);
                while (bytes.hasRemaining()) {
                    out.write(bytes);
                }
                listener.progress(file.name(), at, total);
            }
            if (length.isPresent() && at < start + length.get()) {
                throw new PassingException("the connection broke", Optional.empty());
            }
        }
    }

    private static VoiceException larger(CatalogueFile file, long most) {
        return new VoiceException(
                file.name()
                        + (file.bytes().isPresent()
                                ? " is larger than published"
                                : " has over " + most + " bytes, more than such a file can have"));
    }

    private static FileChannel open(Path half, long start) throws IOException {
        FileChannel out =
                FileChannel.open(
                        half,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        LinkOption.NOFOLLOW_LINKS);
        boolean good = false;
        try {
            out.truncate(start);
            out.position(start);
            good = true;
            return out;
        } finally {
            if (!good) {
                out.close();
            }
        }
    }

    private static int read(InputStream body, byte[] block, Watchdog watchdog)
            throws PassingException {
        try {
            int n = body.read(block);
            watchdog.fed(Math.max(n, 0));
            return n;
        } catch (IOException e) {
            throw new PassingException(
                    watchdog.reason().orElse("the connection broke"), Optional.empty());
        }
    }

    private static void check(Path half, CatalogueFile file, Published published)
            throws IOException {
        List<Digest> digests = new ArrayList<>(file.digests());
        published.digest.ifPresent(digests::add);
        CatalogueFile all =
                new CatalogueFile(
                        file.path(), file.bytes().or(published::bytes), digests, file.required());
        try {
            Checks.require(all, half);
        } catch (VoiceException e) {
            Files.deleteIfExists(half);
            forget(half);
            throw e;
        }
    }

    // The tag of what a half file is half of lies beside it.

    private static Path tag(Path half) {
        return half.resolveSibling(half.getFileName() + ".etag");
    }

    private static void remember(Path half, HttpHeaders headers) throws IOException {
        Optional<String> strong = headers.firstValue("ETag").filter(t -> t.startsWith("\""));
        if (strong.isPresent()) {
            Durable.write(tag(half), strong.get().getBytes(StandardCharsets.US_ASCII));
        } else {
            forget(half);
        }
    }

    private static Optional<String> validator(Path half) throws IOException {
        Path tag = tag(half);
        if (!Files.isRegularFile(tag, LinkOption.NOFOLLOW_LINKS) || Files.size(tag) > 1000) {
            return Optional.empty();
        }
        String text = Files.readString(tag);
        return text.chars().allMatch(c -> c >= ' ' && c <= '~')
                ? Optional.of(text)
                : Optional.empty();
    }

    static void forget(Path half) throws IOException {
        Files.deleteIfExists(tag(half));
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
