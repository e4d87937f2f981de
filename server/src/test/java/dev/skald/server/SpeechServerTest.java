package dev.skald.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Skald;
import dev.skald.server.speech.AudioFormats;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** The contract as a client meets it, with the voice that comes with Skald. */
class SpeechServerTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LONG =
            "The harbour was quiet that morning, and nobody spoke of the storm. ".repeat(12);

    private static Skald skald;
    private static SpeechServer server;
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @BeforeAll
    static void open() throws IOException {
        skald = Skald.builder().offline(true).open();
        server = SpeechServer.open(skald, ServerOptions.builder().port(0).build());
    }

    @AfterAll
    static void close() {
        server.close();
        skald.close();
    }

    @Test
    void mp3IsTheDefault() throws Exception {
        HttpResponse<byte[]> response =
                speak("{\"model\":\"tts-1\",\"input\":\"Hello there.\",\"voice\":\"alloy\"}");
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type")).contains("audio/mpeg");
        assertThat(response.headers().firstValue("x-request-id").orElse("")).startsWith("req_");
        assertThat(response.body()[0]).isEqualTo((byte) 0xff);
        assertThat(response.body().length).isGreaterThan(4_000);
    }

    @ParameterizedTest
    @CsvSource({"opus,OggS,audio/ogg; codecs=opus", "flac,fLaC,audio/flac", "wav,RIFF,audio/wav"})
    void everyFormatIsWhatItSays(String format, String magic, String type) throws Exception {
        HttpResponse<byte[]> response = speak(body("Hello there.", "response_format", format));
        assertThat(response.headers().firstValue("content-type")).contains(type);
        assertThat(new String(response.body(), 0, 4, StandardCharsets.US_ASCII)).isEqualTo(magic);
    }

    /** Where ffmpeg is there; elsewhere the caller is told what is. */
    @Test
    void aacIsServedWhereThereIsFfmpeg() throws Exception {
        HttpResponse<byte[]> response = speak(body(LONG, "response_format", "aac"));
        if (new AudioFormats().names().contains("aac")) {
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.headers().firstValue("content-type")).contains("audio/aac");
            assertThat(response.headers().firstValue("content-length")).isEmpty();
            assertThat(response.body()[0]).isEqualTo((byte) 0xff);
            assertThat(response.body()[1] & 0xf6).isEqualTo(0xf0);
        } else {
            assertThat(response.statusCode()).isEqualTo(400);
            assertThat(Client.text(response)).contains("mp3, opus, flac, wav, pcm");
        }
    }

    @Test
    void anUnknownLanguageOrSpeakerIsToldUnderItsName() throws Exception {
        JsonNode language = Client.json(speak(body("Hello.", "language", "xx")));
        assertThat(language.at("/error/param").asString()).isEqualTo("language");
        HttpResponse<byte[]> neither =
                speak("{\"input\":\"Hello.\",\"language\":\"\",\"seed\":7.0}");
        assertThat(neither.statusCode()).isEqualTo(200);
        JsonNode speaker = Client.json(speak(body("Hello.", "voice", "en_US-joe-medium#9")));
        assertThat(speaker.at("/error/param").asString()).isEqualTo("voice");
    }

    @Test
    void wordsComeBeforeTheAudioThatHoldsThem() throws Exception {
        String input = "Dr. Smith paid $5. Then it rained.";
        String asked = body(input, "response_format", "pcm");
        String words = ",\"timestamps\":\"word\"}";
        HttpResponse<byte[]> response =
                speak(asked.replace("}", ",\"stream_format\":\"sse\"" + words));
        List<String> told = new ArrayList<>();
        double heard = 0;
        double end = 0;
        for (String line : new String(response.body(), StandardCharsets.UTF_8).split("\n\n")) {
            JsonNode event = JSON.readTree(line.substring(6));
            if (event.has("audio")) {
                heard += Base64.getDecoder().decode(event.get("audio").asString()).length / 48e3;
            }
            for (JsonNode word : event.path("words")) {
                assertThat(event.get("type").asString()).isEqualTo("speech.audio.alignment");
                int at = word.get("offset").asInt();
                String text = word.get("text").asString();
                assertThat(input.substring(at, at + word.get("length").asInt())).isEqualTo(text);
                assertThat(word.get("start").asDouble()).isBetween(Math.max(end, heard), 9.0);
                end = word.get("end").asDouble();
                told.add(text);
            }
        }
        assertThat(told).containsExactly("Dr.", "Smith", "paid", "$5", "Then", "it", "rained");
        assertThat(end).isLessThanOrEqualTo(heard);

        HttpResponse<byte[]> refused = speak(asked.replace("}", words));
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(new String(refused.body(), StandardCharsets.UTF_8)).contains("stream_format");
    }

    @Test
    void aShortWavHasItsSizesAndALongOneStreams() throws Exception {
        HttpResponse<byte[]> brief = speak(body("Hello there.", "response_format", "wav"));
        ByteBuffer head = ByteBuffer.wrap(brief.body()).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(brief.headers().firstValueAsLong("content-length"))
                .hasValue(brief.body().length);
        assertThat(head.getInt(24)).isEqualTo(24_000);
        assertThat(head.getInt(4)).isEqualTo(brief.body().length - 8);
        assertThat(head.getInt(40)).isEqualTo(brief.body().length - 44);

        HttpResponse<byte[]> streamed = speak(body(LONG, "response_format", "wav"));
        head = ByteBuffer.wrap(streamed.body()).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(streamed.headers().firstValue("content-length")).isEmpty();
        assertThat(head.getInt(4)).isEqualTo(-1);
        assertThat(head.getInt(40)).isEqualTo(-1);
    }

    @Test
    void pcmIsTheWavWithoutItsHeadAndEventsCarryTheSameBytes() throws Exception {
        String seeded = ",\"seed\":7";
        byte[] wav =
                speak(body("Hello there.", "response_format", "wav").replace("}", seeded + "}"))
                        .body();
        byte[] pcm =
                speak(body("Hello there.", "response_format", "pcm").replace("}", seeded + "}"))
                        .body();
        assertThat(pcm).isEqualTo(java.util.Arrays.copyOfRange(wav, 44, wav.length));

        HttpResponse<byte[]> events =
                speak(
                        body("Hello there.", "response_format", "pcm")
                                .replace("}", seeded + ",\"stream_format\":\"sse\"}"));
        assertThat(events.headers().firstValue("content-type")).contains("text/event-stream");
        List<JsonNode> all = new ArrayList<>();
        for (String line : new String(events.body(), StandardCharsets.UTF_8).split("\n\n")) {
            assertThat(line).startsWith("data: ");
            all.add(JSON.readTree(line.substring(6)));
        }
        java.io.ByteArrayOutputStream audio = new java.io.ByteArrayOutputStream();
        for (JsonNode event : all.subList(0, all.size() - 1)) {
            assertThat(event.get("type").asString()).isEqualTo("speech.audio.delta");
            audio.writeBytes(Base64.getDecoder().decode(event.get("audio").asString()));
        }
        assertThat(audio.toByteArray()).isEqualTo(pcm);
        JsonNode done = all.get(all.size() - 1);
        assertThat(done.get("type").asString()).isEqualTo("speech.audio.done");
        assertThat(done.get("usage").get("total_tokens").asInt())
                .isEqualTo(
                        done.get("usage").get("input_tokens").asInt()
                                + done.get("usage").get("output_tokens").asInt());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|400|input|missing_required_parameter",
                "{\"input\":\"\"}|400|input|empty_string",
                "{\"input\":\"  \"}|400|input|empty_string",
                "{\"input\":5}|400|input|invalid_type",
                "{\"input\":\"...\"}|400|input|nothing_to_say",
                "{\"input\":\"a\",\"speed\":9}|400|speed|invalid_value",
                "{\"input\":\"a\",\"speed\":\"fast\"}|400|speed|invalid_value",
                "{\"input\":\"a\",\"response_format\":\"exe\"}|400|response_format|invalid_value",
                "{\"input\":\"a\",\"stream_format\":\"x\"}|400|stream_format|invalid_value",
                "{\"input\":\"a\",\"voice\":\"nobody\"}|400|voice|voice_not_found",
                "{\"input\":\"a\",\"voice\":\"/etc/passwd\"}|400|voice|voice_not_found",
                "{\"input\":\"a\",\"voice\":7}|400|voice|invalid_type",
                "{\"input\":\"a\",\"model\":\"whisper-1\"}|404|model|model_not_found",
                "{\"input\":\"a\"|400|null|invalid_json",
                "[]|400|null|invalid_json",
            })
    void errorsHaveAllFourKeys(String body, int status, String param, String code)
            throws Exception {
        HttpResponse<byte[]> response = speak(body);
        assertThat(response.statusCode()).isEqualTo(status);
        JsonNode error = JSON.readTree(response.body()).get("error");
        assertThat(error.propertyNames()).containsExactly("message", "type", "param", "code");
        assertThat(error.get("type").asString()).isEqualTo("invalid_request_error");
        assertThat(error.get("param").isNull() ? "null" : error.get("param").asString())
                .isEqualTo(param);
        assertThat(error.get("code").asString()).isEqualTo(code);
    }

    @Test
    void voicesModelsAndOddSpellingsOfPathsAreServed() throws Exception {
        JsonNode voices = json("/v1/audio/voices");
        assertThat(voices.get("object").asString()).isEqualTo("list");
        assertThat(voices.get("data")).isEqualTo(voices.get("voices"));
        assertThat(voices.findValuesAsString("id")).contains("en_US-joe-medium", "alloy", "cedar");
        List<String> names = json("/models").findValuesAsString("id");
        assertThat(names).contains("tts-1", "cinematic", "piper").doesNotHaveDuplicates();
        assertThat(json("/v1/models/").findValuesAsString("id")).isEqualTo(names);
        assertThat(json("/audio/models").findValuesAsString("id")).isEqualTo(names);
        assertThat(json("/healthz").get("status").asString()).isEqualTo("ok");
        assertThat(get("/nothing").statusCode()).isEqualTo(404);
        assertThat(get("/v1/audio/speech").statusCode()).isEqualTo(405);
        HttpResponse<byte[]> metrics = get("/metrics");
        assertThat(new String(metrics.body(), StandardCharsets.UTF_8))
                .contains("skald_queue_waiting", "skald_requests_total");
    }

    @Test
    void aKeyIsAskedForWhereKeysAreSet() throws Exception {
        ServerOptions options = ServerOptions.builder().port(0).apiKey("test", "s3cret").build();
        try (SpeechServer locked = SpeechServer.open(skald, options)) {
            String url = "http://127.0.0.1:" + locked.port() + "/v1/models";
            assertThat(status(url, null)).isEqualTo(401);
            assertThat(status(url, "Bearer wrong")).isEqualTo(401);
            assertThat(status(url, "Bearer s3cret")).isEqualTo(200);
            assertThat(status(url.replace("/v1/models", "/healthz"), null)).isEqualTo(200);
        }
    }

    @Test
    void aBodyBeyondTheBoundIsRefusedBeforeItIsRead() throws Exception {
        ServerOptions options = ServerOptions.builder().port(0).maxCharacters(10).build();
        try (SpeechServer small = SpeechServer.open(skald, options)) {
            HttpRequest request =
                    HttpRequest.newBuilder(
                                    URI.create(
                                            "http://127.0.0.1:"
                                                    + small.port()
                                                    + "/v1/audio/speech"))
                            .POST(HttpRequest.BodyPublishers.ofString("x".repeat(100_000)))
                            .build();
            HttpResponse<byte[]> response =
                    CLIENT.send(request, HttpResponse.BodyHandlers.ofByteArray());
            assertThat(response.statusCode()).isEqualTo(413);
            HttpRequest text =
                    HttpRequest.newBuilder(request.uri())
                            .POST(
                                    HttpRequest.BodyPublishers.ofString(
                                            body("eleven chars", "x", "y")))
                            .build();
            response = CLIENT.send(text, HttpResponse.BodyHandlers.ofByteArray());
            assertThat(response.statusCode()).isEqualTo(400);
            assertThat(new String(response.body(), StandardCharsets.UTF_8))
                    .contains("string_above_max_length");
        }
    }

    @Test
    void anUpgradeToHttp2WithABodyIsAnsweredAllTheSame() throws Exception {
        String body = body("Hello there.", "response_format", "wav");
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.getOutputStream()
                    .write(
                            ("POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nConnection: Upgrade,"
                                            + " HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings:"
                                            + " AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
                                            + "Content-Type: application/json\r\nContent-Length: "
                                            + body.length()
                                            + "\r\n\r\n"
                                            + body)
                                    .getBytes(StandardCharsets.UTF_8));
            byte[] head = socket.getInputStream().readNBytes(15);
            assertThat(new String(head, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 200 OK");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET / HTTP/9.9,501", // by Vert.x, before anything of ours: 505 would be better
        "GET / SPDY/1,400",
        "GET /,400",
        "garbage,400",
        "GET /%zz HTTP/1.1,404",
        "GET /v1/models/%zz HTTP/1.1,400",
        "GET /v1/models?x=%zz HTTP/1.1,200",
        "GET /v1/audio/voice_consents?limit=%zz HTTP/1.1,400",
        "PROPFIND / HTTP/1.1,405",
        "GET /v1/audio/speech HTTP/1.1,405",
    })
    void whatIsNoRequestIsToldSo(String line, int status) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream()
                    .write((line + "\r\nHost: x\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            String head =
                    new String(socket.getInputStream().readNBytes(12), StandardCharsets.UTF_8);
            assertThat(head).startsWith("HTTP/").endsWith(" " + status);
        }
    }

    /** Found by schemathesis: the form was complained of before the method. */
    @Test
    void aFormByAnotherMethodIsNotAllowed() throws Exception {
        HttpResponse<byte[]> told =
                CLIENT.send(
                        HttpRequest.newBuilder(
                                        URI.create(
                                                "http://127.0.0.1:"
                                                        + server.port()
                                                        + "/v1/audio/voices"))
                                .header("content-type", "multipart/form-data; boundary=x")
                                .method("PATCH", HttpRequest.BodyPublishers.ofString("--x--"))
                                .build(),
                        HttpResponse.BodyHandlers.ofByteArray());
        assertThat(told.statusCode()).isEqualTo(405);
        assertThat(told.headers().firstValue("allow")).contains("GET, POST");
    }

    @Test
    void requestsOfACallerAreCounted() throws Exception {
        ServerOptions options = ServerOptions.builder().port(0).requestsAMinute(2).build();
        try (SpeechServer counted = SpeechServer.open(skald, options)) {
            Client caller = new Client(counted);
            assertThat(caller.get("/v1/models").statusCode()).isEqualTo(200);
            assertThat(caller.get("/v1/models").statusCode()).isEqualTo(200);
            HttpResponse<byte[]> third = caller.get("/v1/models");
            assertThat(third.statusCode()).isEqualTo(429);
            assertThat(third.headers().firstValueAsLong("retry-after").orElse(0))
                    .isBetween(1L, 30L);
            assertThat(caller.get("/healthz").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void whatTakesTooLongIsCutOff() throws Exception {
        ServerOptions options =
                ServerOptions.builder().port(0).deadline(Duration.ofMillis(1_500)).build();
        try (SpeechServer hasty = SpeechServer.open(skald, options)) {
            Client caller = new Client(hasty);
            String endless = body("One more sentence to say. ".repeat(20_000), "x", "y");
            // Audio has left: the connection is broken, it never ends as if all were well.
            org.assertj.core.api.Assertions.assertThatThrownBy(
                            () -> caller.post("/v1/audio/speech", endless))
                    .isInstanceOf(IOException.class);
            await(hasty, "skald_requests_speaking 0.0");
            assertThat(Client.text(caller.get("/metrics"))).contains("status=\"504\"");
        }
    }

    @Test
    void idleModelsAreUnloadedAndLoadedAgain() throws Exception {
        ServerOptions options =
                ServerOptions.builder().port(0).idleUnload(Duration.ofMillis(200)).build();
        try (Skald own = Skald.builder().offline(true).open();
                SpeechServer idle = SpeechServer.open(own, options)) {
            assertThat(send(idle, body("Hello.", "x", "y")).statusCode()).isEqualTo(200);
            await(idle, "skald_models_loaded{engine=\"piper\"} 0.0");
            assertThat(send(idle, body("Hello.", "x", "y")).statusCode()).isEqualTo(200);
            await(idle, "skald_model_cache_total{engine=\"piper\",result=\"load\"} 2.0");
        }
    }

    @Test
    void whatSpeaksWhenTheServerIsClosedIsFinished() throws Exception {
        SpeechServer closing = SpeechServer.open(skald, ServerOptions.builder().port(0).build());
        byte[] whole;
        try (Socket speaking = begin(closing, body(LONG, "response_format", "pcm"))) {
            InputStream in = speaking.getInputStream();
            assertThat(in.read()).isEqualTo('H');
            CompletableFuture<Void> closed = CompletableFuture.runAsync(closing::close);
            whole = in.readAllBytes();
            closed.get();
        }
        assertThat(new String(whole, whole.length - 7, 7, StandardCharsets.US_ASCII))
                .isEqualTo("\r\n0\r\n\r\n");
    }

    @Test
    void oneTooManyIsToldAndWhoLeavesFreesHisPlaceSpeakingOrWaiting() throws Exception {
        ServerOptions options = ServerOptions.builder().port(0).speaking(1).waiting(1).build();
        try (SpeechServer narrow = SpeechServer.open(skald, options)) {
            String endless = body("One more sentence to say. ".repeat(20_000), "x", "y");
            try (Socket speaking = begin(narrow, endless)) {
                assertThat(speaking.getInputStream().read()).isEqualTo('H'); // it speaks
                try (Socket waiting = begin(narrow, endless)) {
                    await(narrow, "skald_queue_waiting 1.0");
                    HttpResponse<byte[]> third = send(narrow, body("Hello.", "x", "y"));
                    assertThat(third.statusCode()).isEqualTo(429);
                    assertThat(third.headers().firstValue("retry-after")).contains("1");
                    waiting.setSoLinger(true, 0);
                }
                await(narrow, "skald_queue_waiting 0.0");
                speaking.setSoLinger(true, 0);
            }
            await(narrow, "skald_requests_speaking 0.0");
            assertThat(send(narrow, body("Hello.", "x", "y")).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aSlowReaderHoldsNeitherMemoryNorOthersUp() throws Exception {
        try (Socket slow = begin(server, body(LONG.repeat(20), "response_format", "wav"))) {
            slow.getInputStream().read();
            List<CompletableFuture<HttpResponse<byte[]>>> others = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                others.add(
                        CLIENT.sendAsync(
                                request(server, body("Hello there.", "x", "y")),
                                HttpResponse.BodyHandlers.ofByteArray()));
            }
            for (CompletableFuture<HttpResponse<byte[]>> other : others) {
                assertThat(other.get().statusCode()).isEqualTo(200);
            }
        }
    }

    private static Socket begin(SpeechServer at, String body) throws IOException {
        Socket socket = new Socket("127.0.0.1", at.port());
        socket.getOutputStream()
                .write(
                        ("POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: "
                                        + body.length()
                                        + "\r\n\r\n"
                                        + body)
                                .getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    /** Waits until the metrics say so; the test's own time limit ends it. */
    private static void await(SpeechServer at, String metric) throws Exception {
        while (true) {
            URI uri = URI.create("http://127.0.0.1:" + at.port() + "/metrics");
            try (InputStream in = uri.toURL().openStream()) {
                String all = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                if (all.contains("\n" + metric + "\n")) {
                    return;
                }
            }
            Thread.sleep(20);
        }
    }

    private static String body(String input, String key, String value) {
        return "{\"input\":\"" + input + "\",\"" + key + "\":\"" + value + "\"}";
    }

    private static HttpRequest request(SpeechServer at, String body) {
        return HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + at.port() + "/v1/audio/speech"))
                .timeout(Duration.ofMinutes(2))
                .header("content-type", "application/json")
                .header("accept", "application/octet-stream")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private static HttpResponse<byte[]> send(SpeechServer at, String body) throws Exception {
        return CLIENT.send(request(at, body), HttpResponse.BodyHandlers.ofByteArray());
    }

    private static HttpResponse<byte[]> speak(String body) throws Exception {
        return send(server, body);
    }

    private static HttpResponse<byte[]> get(String path) throws Exception {
        return CLIENT.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    }

    private static JsonNode json(String path) throws Exception {
        return JSON.readTree(get(path).body());
    }

    private static int status(String url, @Nullable String authorization) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        if (authorization != null) {
            request.header("authorization", authorization);
        }
        return CLIENT.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
    }
}
