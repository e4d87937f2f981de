package dev.skald.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Skald;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Wyoming as Home Assistant speaks it. */
@Timeout(120)
class WyomingTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static Skald skald;
    private static SpeechServer server;

    @BeforeAll
    static void open() throws IOException {
        skald = Skald.builder().offline(true).open();
        server = SpeechServer.open(skald, ServerOptions.builder().port(0).wyomingPort(0).build());
    }

    @AfterAll
    static void close() {
        server.close();
        skald.close();
    }

    /** A connection that reads events. */
    private static final class Client implements AutoCloseable {
        private final Socket socket = new Socket("127.0.0.1", server.wyomingPort().orElseThrow());
        private final InputStream in = socket.getInputStream();

        Client() throws IOException {
            socket.setSoTimeout(60_000);
        }

        void send(String line) throws IOException {
            socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }

        /** The types until {@code last}; runs of audio are one. */
        List<String> until(String last) throws IOException {
            List<String> types = new ArrayList<>();
            while (types.isEmpty() || !types.getLast().equals(last)) {
                String type = next().get("type").asString();
                if (types.isEmpty() || !types.getLast().equals(type)) {
                    types.add(type);
                }
            }
            return types;
        }

        JsonNode next() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int b = in.read(); b != '\n'; b = in.read()) {
                if (b < 0) {
                    throw new IOException("the server has closed the connection");
                }
                line.write(b);
            }
            JsonNode header = JSON.readTree(line.toByteArray());
            JsonNode data = JSON.readTree(in.readNBytes(header.get("data_length").asInt()));
            int payload = header.path("payload_length").asInt(0);
            in.readNBytes(payload);
            return JSON.createObjectNode()
                    .put("type", header.get("type").asString())
                    .put("payload", payload)
                    .set("data", data);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void describeListsTheVoices() throws IOException {
        try (Client client = new Client()) {
            client.send("{\"type\":\"describe\"}");
            JsonNode info = client.next();
            assertThat(info.get("type").asString()).isEqualTo("info");
            JsonNode program = info.get("data").get("tts").get(0);
            assertThat(program.get("supports_synthesize_streaming").asBoolean()).isTrue();
            assertThat(program.get("voices").findValuesAsString("name"))
                    .contains("en_US-joe-medium");
            assertThat(info.get("data").get("asr").isArray()).isTrue();
        }
    }

    @Test
    void aTextIsSpokenAndDataMayFollowTheLine() throws IOException {
        try (Client client = new Client()) {
            client.send("{\"type\":\"synthesize\",\"data\":{\"text\":\"Hello there.\"}}");
            assertThat(client.until("audio-stop"))
                    .containsExactly("audio-start", "audio-chunk", "audio-stop");
            String data = "{\"text\":\"Hello.\",\"voice\":{\"language\":\"en\"}}";
            client.send("{\"type\":\"synthesize\",\"data_length\":" + data.length() + "}");
            client.socket.getOutputStream().write(data.getBytes(StandardCharsets.UTF_8));
            assertThat(client.until("audio-stop")).startsWith("audio-start");
        }
    }

    @Test
    void textThatStreamsIsSpokenBeforeItsEnd() throws IOException {
        try (Client client = new Client()) {
            client.send("{\"type\":\"synthesize-start\"}");
            client.send(
                    "{\"type\":\"synthesize-chunk\",\"data\":{\"text\":\"The first one ends. And"
                            + " the second\"}}");
            // The audio of the first sentence comes while the second has no end yet.
            assertThat(client.until("audio-chunk")).containsExactly("audio-start", "audio-chunk");
            client.send("{\"type\":\"synthesize-chunk\",\"data\":{\"text\":\" ends too.\"}}");
            client.send("{\"type\":\"synthesize\",\"data\":{\"text\":\"passed over\"}}");
            client.send("{\"type\":\"synthesize-stop\"}");
            assertThat(client.until("synthesize-stopped"))
                    .containsExactly("audio-chunk", "audio-stop", "synthesize-stopped");
        }
    }

    @Test
    void whatCannotBeSpokenIsToldAndTheConnectionLivesOn() throws IOException {
        try (Client client = new Client()) {
            for (String data :
                    List.of(
                            "{\"text\":\"\"}",
                            "{\"text\":\"...\"}",
                            "{\"text\":\"a\",\"voice\":{\"name\":\"/etc/passwd\"}}")) {
                client.send("{\"type\":\"synthesize\",\"data\":" + data + "}");
                assertThat(client.next().get("type").asString()).isEqualTo("error");
            }
            client.send("{\"type\":\"synthesize\",\"data\":{\"text\":\"Hello.\"}}");
            assertThat(client.until("audio-stop")).startsWith("audio-start");
        }
    }

    @Test
    void whatIsNotTheProtocolIsToldAndEnds() throws IOException {
        for (String line :
                List.of(
                        "nonsense",
                        "[]",
                        "{\"type\":5}",
                        "{\"type\":\"synthesize\",\"data_length\":99999999999}",
                        "{\"type\":\"synthesize\",\"payload_length\":-1}")) {
            try (Client client = new Client()) {
                client.send(line);
                assertThat(client.next().get("data").get("code").asString())
                        .as(line)
                        .isEqualTo("protocol-error");
                assertThat(client.in.read()).isEqualTo(-1);
            }
        }
    }
}
