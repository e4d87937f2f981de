package dev.skald.server;

import static dev.skald.server.Client.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Skald;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What is no request, and what is too much of it. */
class HttpTest {
    private static final int HELD = 60_000;

    private static Skald skald;
    private static SpeechServer server;
    private static Client client;

    @BeforeAll
    static void open() throws IOException {
        skald = Skald.builder().offline(true).open();
        server = SpeechServer.open(skald, ServerOptions.builder().port(0).heldBytes(HELD).build());
        client = new Client(server);
    }

    @AfterAll
    static void close() {
        server.close();
        skald.close();
    }

    private static Socket begin(String head) throws IOException {
        Socket socket = new Socket("127.0.0.1", server.port());
        socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    @ParameterizedTest
    @CsvSource({"400,GARBAGE", "414,GET /[long] HTTP/1.1", "431,GET / HTTP/1.1\\r\\nA: [long]"})
    void whatIsNoRequestIsToldSoWithAllFourKeys(int status, String request) throws Exception {
        String sent = request.replace("[long]", "x".repeat(20_000)).replace("\\r\\n", "\r\n");
        try (Socket socket = begin(sent + "\r\n\r\n")) {
            String answer =
                    new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer.split(" ")[1]).isEqualTo(Integer.toString(status));
            JsonNode error =
                    Client.JSON.readTree(answer.substring(answer.indexOf('{'))).get("error");
            assertThat(error.propertyNames()).containsExactly("message", "type", "param", "code");
        }
        assertThat(client.get("/healthz").statusCode()).isEqualTo(200);
    }

    @Test
    void whoAsksBeforeSendingTooMuchIsToldAtOnce() throws Exception {
        String head =
                "POST /v1/models HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                        + "Connection: close\r\nContent-Length: ";
        try (Socket socket = begin(head + "999999999\r\n\r\n")) {
            assertThat(firstLine(socket)).isEqualTo("HTTP/1.1 413 Request Entity Too Large");
        }
        try (Socket socket = begin(head + "2\r\n\r\n")) {
            assertThat(firstLine(socket)).isEqualTo("HTTP/1.1 100 Continue");
        }
    }

    private static String firstLine(Socket socket) throws IOException {
        return new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
                .readLine();
    }

    @Test
    void headIsGetWithoutTheBody() throws Exception {
        HttpResponse<byte[]> head =
                client.send(client.request("/v1/models").method("HEAD", none()));
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(client.send(client.request("/v1/audio/speech").method("HEAD", none())))
                .returns(405, HttpResponse::statusCode);
    }

    /** OpenAI's client for browsers sends headers of its own. */
    @Test
    void aPageOfANamedOriginMayCallWithItsHeaders() throws Exception {
        ServerOptions options =
                ServerOptions.builder().port(0).origin("https://app.example").build();
        try (SpeechServer open = SpeechServer.open(skald, options)) {
            Client page = new Client(open);
            HttpRequest.Builder preflight =
                    page.request("/v1/audio/speech")
                            .header("access-control-request-method", "POST")
                            .header(
                                    "access-control-request-headers",
                                    "authorization,content-type,x-stainless-lang")
                            .method("OPTIONS", none());
            HttpResponse<byte[]> named =
                    page.send(preflight.copy().header("origin", "https://app.example"));
            assertThat(named.statusCode()).isEqualTo(204);
            assertThat(named.headers().firstValue("access-control-allow-origin"))
                    .contains("https://app.example");
            assertThat(named.headers().firstValue("access-control-allow-headers"))
                    .contains("authorization,content-type,x-stainless-lang");
            HttpResponse<byte[]> other =
                    page.send(preflight.copy().header("origin", "https://other.example"));
            assertThat(other.statusCode()).isEqualTo(405);
            assertThat(other.headers().firstValue("access-control-allow-origin")).isEmpty();
        }
    }

    private static HttpRequest.BodyPublisher none() {
        return HttpRequest.BodyPublishers.noBody();
    }

    /** Each body is allowed; all of them together are not. */
    @Test
    void manyUploadsAtOnceTakeBoundedMemory() throws Exception {
        String part = "x".repeat(HELD / 4);
        String head =
                "POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
        String small = "{\"input\":\"Hello.\",\"x\":\"" + part + "\"}";
        List<Socket> uploads = new ArrayList<>();
        try {
            HttpResponse<byte[]> answer = client.post("/v1/audio/speech", small);
            assertThat(answer.statusCode()).isEqualTo(200);
            while (answer.statusCode() == 200) {
                assertThat(uploads).hasSizeLessThan(5);
                uploads.add(begin(head + part));
                Thread.sleep(50);
                answer = client.post("/v1/audio/speech", small);
            }
            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(answer.headers().firstValue("retry-after")).contains("1");
            assertThat(json(answer).at("/error/code").asString()).isEqualTo("too_much_at_once");
            assertThat(client.get("/v1/models").statusCode()).isEqualTo(200);
        } finally {
            for (Socket upload : uploads) {
                upload.close();
            }
        }
        // Whoever is gone holds nothing; the test's own time limit ends this.
        while (client.post("/v1/audio/speech", small).statusCode() != 200) {
            Thread.sleep(20);
        }
    }
}
