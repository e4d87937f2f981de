package dev.skald.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.skald.Skald;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Callers that misbehave, as many as seconds allow; {@code bench/peers/server_faults.py} has ten
 * thousand requests of them, and the memory of slow readers.
 */
class MisbehavingCallersTest {
    private static final String LONG = "One more sentence to say. ".repeat(2_000);
    private static final int CALLERS = 60;

    private static Skald skald;
    private static SpeechServer server;
    private static Client client;

    @BeforeAll
    static void open() throws IOException {
        skald = Skald.builder().offline(true).open();
        server =
                SpeechServer.open(
                        skald,
                        ServerOptions.builder().port(0).speaking(8).waiting(CALLERS).build());
        client = new Client(server);
    }

    @AfterAll
    static void close() {
        server.close();
        skald.close();
    }

    @Test
    void nothingRunsTwoSecondsAfterAllHaveLeftSpokenToOrWaiting() throws Exception {
        List<Socket> callers = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            callers.add(begin("{\"input\":\"" + LONG + "\"}"));
        }
        until("skald_queue_waiting " + (CALLERS - 8) + ".0");
        for (Socket caller : callers) {
            caller.setSoLinger(true, 0);
            caller.close();
        }
        long left = System.nanoTime();
        until("skald_queue_waiting 0.0");
        until("skald_requests_speaking 0.0");
        until("skald_active_slots{engine=\"piper\"} 0.0");
        assertThat((System.nanoTime() - left) * 1e-9).isLessThan(2);
        assertThat(client.post("/v1/audio/speech", "{\"input\":\"Hello.\"}").statusCode())
                .isEqualTo(200);
    }

    @Test
    void thoseWhoTakeNothingDoNotKeepOthersWaiting() throws Exception {
        ServerOptions one = ServerOptions.builder().port(0).speaking(1).build();
        String body = "{\"response_format\":\"pcm\",\"input\":\"" + LONG + "\"}";
        try (SpeechServer small = SpeechServer.open(skald, one);
                Socket first = begin(small, body);
                Socket second = begin(small, body)) {
            HttpResponse<byte[]> other =
                    new Client(small).post("/v1/audio/speech", "{\"input\":\"Hello.\"}");
            assertThat(other.statusCode()).isEqualTo(200);
            assertThat(first.getInputStream().read()).isEqualTo('H');
            assertThat(second.getInputStream().read()).isEqualTo('H');
        }
    }

    @Test
    void requestsLeaveNeitherThreadsNorOpenFiles() throws Exception {
        Assumptions.assumeTrue(
                ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean,
                "only Unix counts open files");
        speakBriefly(10);
        long files = openFiles();
        int threads = ManagementFactory.getThreadMXBean().getThreadCount();
        speakBriefly(100);
        assertThat(openFiles()).isLessThan(files + 20);
        assertThat(ManagementFactory.getThreadMXBean().getThreadCount()).isLessThan(threads + 10);
    }

    private static long openFiles() {
        return ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getOpenFileDescriptorCount();
    }

    /** Each over a connection of its own. */
    private static void speakBriefly(int times) throws Exception {
        for (int i = 0; i < times; i++) {
            try (Socket caller = begin("{\"input\":\"Yes.\"}", "Connection: close\r\n")) {
                InputStream in = caller.getInputStream();
                assertThat(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1))
                        .startsWith("HTTP/1.1 200 ")
                        .endsWith("\r\n0\r\n\r\n");
            }
        }
    }

    private static Socket begin(String body, String... headers) throws IOException {
        return begin(server, body, headers);
    }

    private static Socket begin(SpeechServer server, String body, String... headers)
            throws IOException {
        Socket socket = new Socket("127.0.0.1", server.port());
        String head =
                "POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: "
                        + body.length()
                        + "\r\n"
                        + String.join("", headers)
                        + "\r\n";
        socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    /** Waits until the metrics say so; the test's own time limit ends it. */
    private static void until(String metric) throws Exception {
        while (!Client.text(client.get("/metrics")).contains("\n" + metric + "\n")) {
            Thread.sleep(20);
        }
    }
}
