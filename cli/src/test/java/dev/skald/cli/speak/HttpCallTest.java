package dev.skald.cli.speak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that answers what it was told to. */
class HttpCallTest {
    private static final String OK = "HTTP/1.1 200 OK\r\n";

    private String asked = "";

    /** The body of an answer. */
    private String answered(String answer) throws IOException {
        try (ServerSocket server = new ServerSocket(0)) {
            CompletableFuture<String> request =
                    CompletableFuture.supplyAsync(() -> answer(server, answer));
            URI url = URI.create("http://127.0.0.1:" + server.getLocalPort() + "/v1/speech");
            byte[] json = "{}".getBytes(StandardCharsets.UTF_8);
            try (HttpCall call = HttpCall.post(url, " key ", json)) {
                byte[] body = call.body().readAllBytes();
                return call.status() + " " + new String(body, StandardCharsets.ISO_8859_1);
            } finally {
                asked = request.join();
            }
        }
    }

    private static String answer(ServerSocket server, String answer) {
        try (Socket socket = server.accept()) {
            StringBuilder request = new StringBuilder();
            while (request.indexOf("{}") < 0) {
                request.append((char) socket.getInputStream().read());
            }
            socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
            return request.toString();
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void readsABodyOfKnownLengthInChunksAndToTheEnd() throws IOException {
        assertThat(answered(OK + "content-length: 3\r\n\r\nabcdef")).isEqualTo("200 abc");
        assertThat(
                        answered(
                                "HTTP/1.1 100 Continue\r\n\r\n"
                                        + OK
                                        + "Transfer-Encoding: Chunked\r\n\r\n"
                                        + "A;x=1\r\n0123456789\r\n1\r\n!\r\n0\r\n\r\n"))
                .isEqualTo("200 0123456789!");
        assertThat(answered("HTTP/1.0 404 no\n\nabc")).isEqualTo("404 abc");
        assertThat(asked)
                .startsWith("POST /v1/speech HTTP/1.1\r\nHost: 127.0.0.1:")
                .contains("\r\nContent-Length: 2\r\n", "\r\nAuthorization: Bearer key\r\n")
                .endsWith("\r\n\r\n{}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "HTTP/1.1 200 OK\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-3\r\nabc\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nabc",
                "HTTP/2 200\r\n\r\n",
                "SSH-2.0-OpenSSH_9.9\r\n"
            })
    void whatIsCutOrNotHttpIsNeverWhole(String answer) {
        assertThatThrownBy(() -> answered(answer)).isInstanceOf(IOException.class);
    }
}
