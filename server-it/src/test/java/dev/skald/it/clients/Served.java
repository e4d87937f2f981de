package dev.skald.it.clients;

import dev.skald.Skald;
import dev.skald.server.ServerOptions;
import dev.skald.server.SpeechServer;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A server with the voice that comes with Skald, for all tests of this package. */
final class Served {
    static final Served ONE = new Served();

    private final SpeechServer server;

    private Served() {
        try {
            server =
                    SpeechServer.open(
                            Skald.builder().offline(true).open(),
                            ServerOptions.builder().port(0).wyomingPort(0).build());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@code http://127.0.0.1:...}. */
    String url() {
        return "http://127.0.0.1:" + server.port();
    }

    /** {@code 127.0.0.1:...}. */
    String wyoming() {
        return "127.0.0.1:" + server.wyomingPort().orElseThrow();
    }
}
