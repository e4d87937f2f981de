package dev.skald.server.http;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Listens, reads whole requests of bounded size, and hands each to a virtual thread. HTTP/1.1 only:
 * a client that offers to upgrade to HTTP/2 is answered in HTTP/1.1, as the standard allows.
 */
public final class HttpEndpoint implements AutoCloseable {
    /** What serves a request; it sends the response itself. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Throws what the caller is told: {@link ApiError}, or a failure that is nobody's fault.
         */
        void handle(Exchange exchange) throws IOException;
    }

    private static final System.Logger LOG = System.getLogger(HttpEndpoint.class.getName());
    private static final int LOOPS = 2;
    private static final int IDLE_SECONDS = 300;
    private static final long MOST_DROPPED_BYTES = 64L << 20;

    private final Vertx vertx;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Handler handler;
    private final long maxBodyBytes;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile boolean closing;

    private HttpEndpoint(String host, int port, long maxBodyBytes, Handler handler) {
        this.handler = handler;
        this.maxBodyBytes = maxBodyBytes;
        vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(LOOPS));
        server =
                vertx.createHttpServer(
                        new HttpServerOptions()
                                .setHost(host)
                                .setPort(port)
                                .setHttp2ClearTextEnabled(false)
                                .setIdleTimeout(IDLE_SECONDS)
                                .setTcpNoDelay(true)
                                .setHandle100ContinueAutomatically(true));
        server.requestHandler(this::accept);
    }

    /**
     * Opens.
     *
     * @throws IOException if the port cannot be had
     */
    public static HttpEndpoint open(String host, int port, long maxBodyBytes, Handler handler)
            throws IOException {
        HttpEndpoint endpoint = new HttpEndpoint(host, port, maxBodyBytes, handler);
        try {
            endpoint.server.listen().toCompletionStage().toCompletableFuture().get();
            return endpoint;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            endpoint.vertx.close();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            endpoint.vertx.close();
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(
                    "cannot listen on "
                            + host
                            + ":"
                            + port
                            + ": "
                            + cause.getMessage()
                            + ": choose another port",
                    cause);
        }
    }

    /** The port it listens on. */
    public int port() {
        return server.actualPort();
    }

    private void accept(HttpServerRequest request) {
        Context loop = vertx.getOrCreateContext();
        String id = "req_" + UUID.randomUUID().toString().replace("-", "");
        Buffer body = Buffer.buffer();
        boolean[] refused = {tooLarge(request.getHeader("content-length"))};
        long[] dropped = {0};
        Exchange[] exchange = {null};
        if (refused[0]) {
            refuse(request, loop, id);
        }
        request.handler(
                part -> {
                    if (!refused[0] && body.length() + part.length() > maxBodyBytes) {
                        refused[0] = true;
                        refuse(request, loop, id);
                    }
                    if (!refused[0]) {
                        body.appendBuffer(part);
                    } else {
                        // Who is cut off while sending never reads why; but not for ever.
                        dropped[0] += part.length();
                        if (dropped[0] > MOST_DROPPED_BYTES) {
                            request.connection().close();
                        }
                    }
                });
        Runnable leave =
                () -> {
                    Exchange one = exchange[0];
                    if (one != null && !request.response().ended()) {
                        one.leave();
                    }
                };
        request.exceptionHandler(error -> leave.run());
        request.response().exceptionHandler(error -> leave.run());
        request.response().closeHandler(ignored -> leave.run());
        request.endHandler(
                ignored -> {
                    if (!refused[0]) {
                        Exchange one = new Exchange(request, loop, body.getBytes(), id);
                        exchange[0] = one;
                        threads.execute(() -> serve(one));
                    }
                });
    }

    private boolean tooLarge(@Nullable String length) {
        try {
            return length != null && Long.parseLong(length) > maxBodyBytes;
        } catch (NumberFormatException e) {
            return true;
        }
    }

    /** 413 at once; the rest of the body is dropped. */
    private void refuse(HttpServerRequest request, Context loop, String id) {
        Exchange one = new Exchange(request, loop, new byte[0], id);
        threads.execute(
                () -> {
                    try {
                        one.fail(
                                ApiError.refused(
                                        413,
                                        "request_too_large",
                                        "the body is larger than " + maxBodyBytes + " bytes"));
                    } catch (IOException e) {
                        one.abort();
                    }
                });
    }

    private void serve(Exchange exchange) {
        try {
            try {
                if (closing) {
                    throw ApiError.failed(503, "shutting_down", "the server is shutting down");
                }
                handler.handle(exchange);
            } catch (ApiError e) {
                exchange.fail(e);
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, exchange.id() + " failed", e);
                exchange.fail(
                        ApiError.failed(
                                500,
                                "internal_error",
                                "the server failed: its log tells why, under " + exchange.id()));
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, exchange.id() + ": " + e.getMessage());
            exchange.abort();
        }
    }

    /** Takes no more requests, and waits for those that run, but no longer than {@code most}. */
    public void shutdown(Duration most) {
        closing = true;
        try {
            server.shutdown(most.toMillis(), TimeUnit.MILLISECONDS)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(most.toMillis() + 1_000, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.log(System.Logger.Level.WARNING, "did not end in time: {0}", e.getMessage());
        }
    }

    /** Waits until this is closed. */
    public void await() throws InterruptedException {
        closed.await();
    }

    @Override
    public void close() {
        closing = true;
        closed.countDown();
        vertx.close().toCompletionStage().toCompletableFuture().join();
        threads.shutdownNow();
    }
}
