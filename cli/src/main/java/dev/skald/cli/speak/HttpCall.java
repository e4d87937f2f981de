package dev.skald.cli.speak;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * One POST and its answer, HTTP/1.1 over a socket: the JDK's clients look for services in every jar
 * of the class path, which takes as long as the rest of a short command.
 */
final class HttpCall implements AutoCloseable {
    private static final int CONNECT_MILLIS = 3_000;
    private static final int MOST_LINE = 8_192;
    private static final int MOST_LINES = 200;
    private static final int BLOCK = 16_384;
    private static final long UNKNOWN = -1;

    private final Socket socket;
    private final InputStream in;
    private int status;
    private boolean chunked;
    private long length = UNKNOWN;

    private HttpCall(Socket socket) throws IOException {
        this.socket = socket;
        in = new BufferedInputStream(socket.getInputStream(), BLOCK);
    }

    /**
     * Sends it and waits for the head of the answer.
     *
     * @param url of scheme http or https
     * @throws IOException if nobody answers
     */
    static HttpCall post(URI url, @Nullable String key, byte[] json) throws IOException {
        HttpCall call = new HttpCall(connect(url));
        try {
            String head =
                    "POST "
                            + url.getRawPath()
                            + " HTTP/1.1\r\nHost: "
                            + url.getRawAuthority()
                            + "\r\nContent-Type: application/json\r\nContent-Length: "
                            + json.length
                            + (key == null || key.isBlank()
                                    ? ""
                                    : "\r\nAuthorization: Bearer " + key.strip())
                            + "\r\nConnection: close\r\n\r\n";
            byte[] first = head.getBytes(StandardCharsets.ISO_8859_1);
            byte[] all = new byte[first.length + json.length];
            System.arraycopy(first, 0, all, 0, first.length);
            System.arraycopy(json, 0, all, first.length, json.length);
            call.socket.getOutputStream().write(all);
            do {
                call.readHead();
            } while (call.status < 200);
            return call;
        } catch (IOException | RuntimeException e) {
            call.close();
            throw e;
        }
    }

    private static Socket connect(URI url) throws IOException {
        boolean secure = "https".equals(url.getScheme());
        int port = url.getPort() >= 0 ? url.getPort() : secure ? 443 : 80;
        String host = url.getHost();
        Socket plain = new Socket();
        try {
            plain.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
            plain.setTcpNoDelay(true);
            return secure ? secured(plain, host, port) : plain;
        } catch (IOException | RuntimeException e) {
            plain.close();
            throw e;
        }
    }

    private static Socket secured(Socket plain, String host, int port) throws IOException {
        SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
        SSLSocket socket = (SSLSocket) factory.createSocket(plain, host, port, true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    private void readHead() throws IOException {
        String[] first = line().split(" ", 3);
        if (first.length < 2 || !first[0].startsWith("HTTP/1.") || first[1].length() != 3) {
            throw notHttp();
        }
        status = (int) number(first[1], 10);
        for (int lines = 0; lines < MOST_LINES; lines++) {
            String line = line();
            if (line.isEmpty()) {
                return;
            }
            int colon = line.indexOf(':');
            String name = line.substring(0, Math.max(colon, 0)).toLowerCase(Locale.ROOT);
            String value = line.substring(colon + 1).strip();
            if (name.equals("content-length")) {
                length = number(value, 10);
            } else if (name.equals("transfer-encoding")) {
                chunked = value.equalsIgnoreCase("chunked");
            }
        }
        throw notHttp();
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the connection ended before the answer did");
            }
            if (line.length() == MOST_LINE) {
                throw notHttp();
            }
            line.append((char) c);
        }
        int end = line.length();
        if (end > 0 && line.charAt(end - 1) == '\r') {
            line.setLength(end - 1);
        }
        return line.toString();
    }

    private static long number(String text, int radix) throws IOException {
        try {
            long number = Long.parseLong(text, radix);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw notHttp();
    }

    private static IOException notHttp() {
        return new IOException("it does not answer in HTTP/1.1");
    }

    int status() {
        return status;
    }

    /** What follows the head; an {@link IOException} if it is cut. */
    InputStream body() {
        return new Body();
    }

    private final class Body extends InputStream {
        private long left = chunked ? 0 : length;
        private boolean begun;
        private boolean ended;

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] into, int offset, int count) throws IOException {
            if (count == 0) {
                return 0;
            }
            if (chunked && left == 0 && !ended) {
                nextChunk();
            }
            if (ended || left == 0) {
                return -1;
            }
            int n = in.read(into, offset, left < 0 ? count : (int) Math.min(count, left));
            if (n < 0 && left > 0) {
                throw new EOFException("the connection ended before the audio did");
            }
            if (left > 0) {
                left -= n;
            }
            return n;
        }

        private void nextChunk() throws IOException {
            if (begun) {
                line(); // the end of the last one
            }
            begun = true;
            String size = line();
            int semicolon = size.indexOf(';');
            left = number((semicolon < 0 ? size : size.substring(0, semicolon)).strip(), 16);
            ended = left == 0;
        }
    }

    /** Ends it, from any thread. */
    void abort() {
        close();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // It is given up anyway.
        }
    }
}
