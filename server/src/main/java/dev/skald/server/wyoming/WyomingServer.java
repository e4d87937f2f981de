package dev.skald.server.wyoming;

import dev.skald.server.http.Budget;
import dev.skald.server.http.HttpEndpoint;
import dev.skald.server.speech.AudioFormats;
import dev.skald.server.speech.Encoding;
import dev.skald.server.speech.SpeechService;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/** Listens for Wyoming clients; two virtual threads a connection. */
public final class WyomingServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(WyomingServer.class.getName());
    private static final int MOST_CONNECTIONS = 256;

    private final SpeechService speech;
    private final Encoding pcm;
    private final Budget budget;
    private final ServerSocket listener;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore connections = new Semaphore(MOST_CONNECTIONS);
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Announcement announcement;
    private volatile boolean closed;

    private WyomingServer(
            SpeechService speech, Encoding pcm, Budget budget, ServerSocket listener) {
        this.speech = speech;
        this.budget = budget;
        this.pcm = pcm;
        this.listener = listener;
        announcement =
                new Announcement("Skald", listener.getInetAddress(), listener.getLocalPort());
    }

    /**
     * Listens from now on.
     *
     * @param budget what may be held of what callers send
     * @param port 0 for any that is free
     * @throws IOException if the port cannot be had
     */
    public static WyomingServer open(
            SpeechService speech, AudioFormats formats, Budget budget, String host, int port)
            throws IOException {
        ServerSocket listener = new ServerSocket();
        try {
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(host, port));
        } catch (IOException e) {
            listener.close();
            throw HttpEndpoint.cannotListen(host, port, e);
        }
        WyomingServer server =
                new WyomingServer(
                        speech, formats.encoding("pcm", 0).orElseThrow(), budget, listener);
        server.threads.execute(server::accept);
        return server;
    }

    /** The port it listens on. */
    public int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        while (!closed) {
            try {
                Socket socket = listener.accept();
                if (!connections.tryAcquire()) {
                    socket.close();
                    continue;
                }
                open.add(socket);
                threads.execute(() -> serve(socket));
            } catch (IOException e) {
                if (!closed) {
                    LOG.log(System.Logger.Level.WARNING, "Wyoming: {0}", e.getMessage());
                }
            }
        }
    }

    private void serve(Socket socket) {
        try (socket;
                Budget.Share share = budget.share()) {
            socket.setTcpNoDelay(true);
            new WyomingConnection(speech, pcm, socket, share, threads).run();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "Wyoming: " + e.getMessage());
        } finally {
            open.remove(socket);
            connections.release();
        }
    }

    /** Takes no more connections. */
    public void shutdown() {
        closed = true;
        announcement.close();
        try {
            listener.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "Wyoming: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        shutdown();
        try {
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "Wyoming: " + e.getMessage());
        }
        threads.shutdownNow();
    }
}
