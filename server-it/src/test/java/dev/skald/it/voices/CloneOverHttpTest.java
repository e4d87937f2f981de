package dev.skald.it.voices;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Skald;
import dev.skald.chatterbox.VoiceCloning;
import dev.skald.server.ServerOptions;
import dev.skald.server.SpeechServer;
import dev.skald.spi.EngineContext;
import dev.skald.testkit.GoldenCheckpoint;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * A voice from its recording to its end, by callers of a server, with a small checkpoint of Nano.
 */
class CloneOverHttpTest {
    private static final Path GOLDENS =
            Path.of("..", "chatterbox", "src", "test", "resources", "goldens");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String BOUNDARY = "----a-boundary";

    @TempDir Path dir;

    private final HttpClient client = HttpClient.newHttpClient();
    private int port;

    @Test
    void aRecordingBecomesAVoiceThatSpeaksAndIsDeleted() throws Exception {
        Path home = dir.resolve("home");
        Path checkpoint =
                GoldenCheckpoint.turbo(
                        GOLDENS, "t3_nano_v1", "s3gen_meanflow", dir.resolve("nano"));
        VoiceCloning.register(
                EngineContext.builder().home(home).offline(true).build(), "small", checkpoint);
        try (Skald skald = Skald.builder().home(home).offline(true).open();
                SpeechServer server =
                        SpeechServer.open(skald, ServerOptions.builder().port(0).build())) {
            port = server.port();
            String models =
                    new String(send("GET", "/v1/models", null).body(), StandardCharsets.UTF_8);
            assertThat(models).contains("\"small\"");
            byte[] clip =
                    speech(
                            "\"The harbour was quiet that morning, and nobody spoke of the storm that"
                                    + " had come in the night, for all the boats were back.\",\"model\":\"fast\"");

            JsonNode consent =
                    form(
                            "/v1/audio/voice_consents",
                            Map.of("name", "Anna", "language", "en-US", "recording", clip));
            JsonNode voice =
                    form(
                            "/v1/audio/voices",
                            Map.of(
                                    "name",
                                    "Anna",
                                    "consent",
                                    consent.get("id").asString(),
                                    "audio_sample",
                                    clip));
            String id = voice.get("id").asString();
            assertThat(voice.get("model").asString()).isEqualTo("cinematic");

            byte[] spoken =
                    speech("\"Hello.\",\"model\":\"small\",\"voice\":{\"id\":\"" + id + "\"}");
            assertThat(spoken.length).isGreaterThan(1_000);
            assertThat(send("DELETE", "/v1/audio/voices/" + id, null).statusCode()).isEqualTo(200);
            assertThat(skald.voices()).noneMatch(v -> v.id().equals(id));
            assertThat(home.resolve("voices").resolve(id)).doesNotExist();
        }
    }

    private byte[] speech(String input) throws Exception {
        HttpResponse<byte[]> response =
                send(
                        "POST",
                        "/v1/audio/speech",
                        ("{\"response_format\":\"wav\",\"seed\":1,\"input\":" + input + "}")
                                .getBytes(StandardCharsets.UTF_8));
        assertThat(response.statusCode())
                .as(new String(response.body(), StandardCharsets.UTF_8))
                .isEqualTo(200);
        return response.body();
    }

    private JsonNode form(String path, Map<String, Object> parts) throws Exception {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (Map.Entry<String, Object> part : parts.entrySet()) {
            boolean file = part.getValue() instanceof byte[];
            String head =
                    "--"
                            + BOUNDARY
                            + "\r\nContent-Disposition: form-data; name=\""
                            + part.getKey()
                            + (file ? "\"; filename=\"clip.wav" : "")
                            + "\"\r\n\r\n";
            body.writeBytes(head.getBytes(StandardCharsets.UTF_8));
            body.writeBytes(
                    part.getValue() instanceof byte[] bytes
                            ? bytes
                            : part.getValue().toString().getBytes(StandardCharsets.UTF_8));
            body.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
        }
        body.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.UTF_8));
        HttpResponse<byte[]> made = send("POST", path, body.toByteArray());
        assertThat(made.statusCode())
                .as(new String(made.body(), StandardCharsets.UTF_8))
                .isEqualTo(200);
        return JSON.readTree(made.body());
    }

    private HttpResponse<byte[]> send(String method, String path, byte @Nullable [] body)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .method(
                                method,
                                body == null
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofByteArray(body));
        if (path.startsWith("/v1/audio/voice") && body != null) {
            request.header("content-type", "multipart/form-data; boundary=" + BOUNDARY);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }
}
