package dev.skald.server.http;

import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

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

    /** What serves a WebSocket, on a virtual thread of its own, until it returns. */
    @FunctionalInterface
    public interface SocketHandler {
        void handle(WebSocketSession session) throws IOException, InterruptedException;
    }

    /** What is behind the endpoint. */
    public interface Service {
        Routes routes();

        /** Serves a request. */
        void serve(Exchange exchange) throws IOException;

        /**
         * Who serves the WebSocket that a request wants to open; on the event loop.
         *
         * @throws ApiError if nobody does
         */
        SocketHandler socket(Exchange opening);
    }

    private static final System.Logger LOG = System.getLogger(HttpEndpoint.class.getName());
    private static final int LOOPS = 2;
    private static final int IDLE_SECONDS = 300;
    private static final int POLL_MILLIS = 20;
    private static final int MOST_MESSAGE_BYTES = 1 << 18;
    private static final int MOST_SOCKETS = 256;

    private final Vertx vertx;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Service service;
    private final Budget budget;
    private final Set<WebSocketSession> sessions = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile boolean closing;

    private HttpEndpoint(String host, int port, Budget budget, Service service) {
        this.service = service;
        this.budget = budget;
        vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(LOOPS));
        server =
                vertx.createHttpServer(
                        new HttpServerOptions()
                                .setHost(host)
                                .setPort(port)
                                .setHttp2ClearTextEnabled(false)
                                .setIdleTimeout(IDLE_SECONDS)
                                .setTcpNoDelay(true)
                                .setMaxWebSocketMessageSize(MOST_MESSAGE_BYTES)
                                // A small frame must not become a large one.
                                .setPerFrameWebSocketCompressionSupported(false)
                                .setPerMessageWebSocketCompressionSupported(false));
        server.requestHandler(this::accept);
        server.invalidRequestHandler(this::invalid);
    }

    /**
     * Opens.
     *
     * @param budget what may be held of what callers send
     * @throws IOException if the port cannot be had
     */
    public static HttpEndpoint open(String host, int port, Budget budget, Service service)
            throws IOException {
        HttpEndpoint endpoint = new HttpEndpoint(host, port, budget, service);
        try {
            endpoint.server.listen().toCompletionStage().toCompletableFuture().get();
            return endpoint;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            endpoint.vertx.close();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            endpoint.vertx.close();
            throw cannotListen(host, port, e.getCause() == null ? e : e.getCause());
        }
    }

    /** What a person is told of a port that cannot be had. */
    public static IOException cannotListen(String host, int port, Throwable why) {
        return new IOException(
                "cannot listen on "
                        + host
                        + ":"
                        + port
                        + ": "
                        + why.getMessage()
                        + ": choose another port",
                why);
    }

    /** The port it listens on. */
    public int port() {
        return server.actualPort();
    }

    private void accept(HttpServerRequest request) {
        Context loop = vertx.getOrCreateContext();
        if (request.canUpgradeToWebSocket()) {
            upgrade(request, loop);
            return;
        }
        String path = request.path();
        Optional<Routes.Route> route =
                service.routes().route(request.method().name(), path == null ? "" : path);
        if (route.isPresent() && route.get().streamed()) {
            stream(request, loop, route.get().mostBytes());
            return;
        }
        new Intake(
                        request,
                        loop,
                        route.map(Routes.Route::mostBytes).orElse(Routes.LITTLE),
                        budget.share(),
                        (exchange, error) ->
                                threads.execute(
                                        () ->
                                                error.ifPresentOrElse(
                                                        e -> refuse(exchange, e),
                                                        () -> serve(exchange))))
                .read();
    }

    private void stream(HttpServerRequest request, Context loop, long mostBytes) {
        Intake.goOn(request);
        BodyStream body = new BodyStream(request, loop, mostBytes);
        Exchange exchange = new Exchange(request, loop, body);
        request.response().exceptionHandler(e -> exchange.departure().leave());
        request.response()
                .closeHandler(
                        ignored -> {
                            if (!request.response().ended()) {
                                exchange.departure().leave();
                            }
                        });
        threads.execute(
                () -> {
                    serve(exchange);
                    body.close();
                });
    }

    /**
     * What is no request is told so, and the connection ends. (A version of HTTP that is not known
     * never comes here: Vert.x answers it 501, without a body.)
     */
    private void invalid(HttpServerRequest request) {
        Throwable why = request.decoderResult().cause();
        ApiError error =
                switch (why) {
                    case TooLongHttpLineException e ->
                            ApiError.refused(414, "url_too_long", "the URL is too long");
                    case TooLongHttpHeaderException e ->
                            ApiError.refused(431, "headers_too_large", "the headers are too long");
                    case null, default ->
                            ApiError.invalid(null, "invalid_request", "this is not HTTP/1.1");
                };
        Exchange exchange = new Exchange(request, vertx.getOrCreateContext(), new byte[0], null);
        exchange.responseHeader("connection", "close");
        threads.execute(
                () -> {
                    refuse(exchange, error);
                    exchange.abort();
                });
    }

    private void upgrade(HttpServerRequest request, Context loop) {
        Exchange opening = new Exchange(request, loop, new byte[0], null);
        SocketHandler handler;
        try {
            if (closing) {
                throw shuttingDown();
            }
            if (sessions.size() >= MOST_SOCKETS) {
                throw ApiError.later(
                        "too_many_sockets", "more than " + MOST_SOCKETS + " WebSockets: try again");
            }
            handler = service.socket(opening);
        } catch (ApiError e) {
            threads.execute(() -> refuse(opening, e));
            return;
        }
        request.toWebSocket()
                .onSuccess(
                        socket -> {
                            WebSocketSession session =
                                    new WebSocketSession(opening, socket, loop, budget.share());
                            sessions.add(session);
                            if (closing) {
                                session.end();
                            }
                            threads.execute(() -> serve(session, handler));
                        })
                .onFailure(e -> LOG.log(System.Logger.Level.DEBUG, "WebSocket: {0}", e));
    }

    private void serve(WebSocketSession session, SocketHandler handler) {
        String id = session.opening().id();
        try {
            handler.handle(session);
            session.close(WebSocketSession.NORMAL, "");
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, id + ": " + e.getMessage());
            session.close(WebSocketSession.FAILED, "");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            session.close(WebSocketSession.GOING_AWAY, "the server stops");
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, id + " failed", e);
            session.close(WebSocketSession.FAILED, "the server failed");
        } finally {
            session.share().close();
            sessions.remove(session);
        }
    }

    private static void refuse(Exchange exchange, ApiError error) {
        LOG.log(
                System.Logger.Level.INFO,
                "{0} trace={1} status={2} code={3}",
                exchange.id(),
                exchange.trace(),
                Integer.toString(error.status()),
                error.code());
        try {
            exchange.fail(error);
        } catch (IOException e) {
            exchange.abort();
        }
    }

    private static ApiError shuttingDown() {
        return ApiError.later("shutting_down", "the server is shutting down");
    }

    private void serve(Exchange exchange) {
        try {
            try {
                if (closing) {
                    throw shuttingDown();
                }
                service.serve(exchange);
            } catch (ApiError e) {
                exchange.fail(e);
            } catch (RuntimeException | Error e) {
                // An error too, memory that ran out above all: nobody is left waiting.
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
        sessions.forEach(WebSocketSession::end);
        try {
            for (long end = System.nanoTime() + most.toNanos();
                    !sessions.isEmpty() && System.nanoTime() < end; ) {
                Thread.sleep(POLL_MILLIS);
            }
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
