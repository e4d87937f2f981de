package dev.skald.cli.speak;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/** One POST and its answer. By {@link HttpURLConnection}: HttpClient starts more slowly. */
final class HttpCall implements AutoCloseable {
    private static final int CONNECT_MILLIS = 3_000;

    private final HttpURLConnection connection;
    private final int status;

    private HttpCall(HttpURLConnection connection) throws IOException {
        this.connection = connection;
        status = connection.getResponseCode();
    }

    /**
     * Sends it and waits for the head of the answer.
     *
     * @throws IOException if nobody answers
     */
    static HttpCall post(URI url, @Nullable String key, byte[] json) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) url.toURL().openConnection();
        connection.setRequestMethod("POST");
        connection.setConnectTimeout(CONNECT_MILLIS);
        connection.setInstanceFollowRedirects(false);
        connection.setDoOutput(true);
        connection.setFixedLengthStreamingMode(json.length);
        connection.setRequestProperty("Content-Type", "application/json");
        if (key != null && !key.isBlank()) {
            connection.setRequestProperty("Authorization", "Bearer " + key.strip());
        }
        try (OutputStream out = connection.getOutputStream()) {
            out.write(json);
        }
        return new HttpCall(connection);
    }

    int status() {
        return status;
    }

    /** What follows the head; an {@link IOException} if it is cut. */
    InputStream body() throws IOException {
        InputStream error = status >= 400 ? connection.getErrorStream() : null;
        return error != null ? error : connection.getInputStream();
    }

    /** Ends it, from any thread. */
    void abort() {
        connection.disconnect();
    }

    @Override
    public void close() {
        connection.disconnect();
    }
}
