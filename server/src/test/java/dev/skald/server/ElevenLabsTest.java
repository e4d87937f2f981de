package dev.skald.server;

import static dev.skald.server.Client.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Skald;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** ElevenLabs' shape, as its clients and Pipecat's class use it. */
class ElevenLabsTest {
    private static final String SPEAK = "/v1/text-to-speech/en_US-joe-medium";

    private static Skald skald;
    private static SpeechServer server;
    private static Client client;

    @BeforeAll
    static void open() throws IOException {
        skald = Skald.builder().offline(true).open();
        server = SpeechServer.open(skald, ServerOptions.builder().port(0).build());
        client = new Client(server);
    }

    @AfterAll
    static void close() {
        server.close();
        skald.close();
    }

    @ParameterizedTest
    @CsvSource({
        "mp3_44100_128,audio/mpeg",
        "pcm_16000,audio/pcm",
        "pcm_22050,audio/pcm",
        "wav_24000,audio/wav",
        "opus_48000_64,audio/ogg; codecs=opus",
        "ulaw_8000,audio/basic",
    })
    void everyFormatIsSpoken(String format, String type) throws Exception {
        for (String path : List.of(SPEAK, SPEAK + "/stream")) {
            HttpResponse<byte[]> spoken =
                    client.post(
                            path + "?output_format=" + format,
                            "{\"text\":\"Hello there.\",\"model_id\":\"eleven_flash_v2_5\","
                                    + "\"voice_settings\":{\"stability\":0.5,\"speed\":1.1},"
                                    + "\"seed\":3}");
            assertThat(spoken.statusCode()).as(Client.text(spoken)).isEqualTo(200);
            assertThat(spoken.headers().firstValue("content-type")).contains(type);
            assertThat(spoken.body().length).isGreaterThan(1_000);
        }
    }

    @Test
    void theTelephonesBytesAreTheSamplesOfPcm() throws Exception {
        String body = "{\"text\":\"Hello there.\",\"seed\":3}";
        byte[] pcm = client.post(SPEAK + "?output_format=pcm_8000", body).body();
        byte[] mu = client.post(SPEAK + "?output_format=ulaw_8000", body).body();
        byte[] a = client.post(SPEAK + "?output_format=alaw_8000", body).body();
        assertThat(mu).hasSize(pcm.length / 2);
        assertThat(a).hasSize(pcm.length / 2);
        double error = 0;
        double errorA = 0;
        double power = 0;
        for (int i = 0; i < mu.length; i++) {
            int sample = (short) (pcm[2 * i] & 0xff | pcm[2 * i + 1] << 8);
            power += (double) sample * sample;
            error += Math.pow(sample - fromMu(mu[i]), 2);
            errorA += Math.pow(sample - fromA(a[i]), 2);
        }
        assertThat(10 * Math.log10(power / error)).isGreaterThan(30);
        assertThat(10 * Math.log10(power / errorA)).isGreaterThan(30);
    }

    /** The decoder of G.711's tables. */
    private static int fromMu(byte coded) {
        int bits = ~coded & 0xff;
        int magnitude = (((bits & 15) << 3) + 132 << (bits >> 4 & 7)) - 132;
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    }

    private static int fromA(byte coded) {
        int bits = (coded ^ 0x55) & 0xff;
        int exponent = bits >> 4 & 7;
        int magnitude = (bits & 15) << 4;
        magnitude = exponent == 0 ? magnitude + 8 : magnitude + 264 << (exponent - 1);
        return (bits & 0x80) != 0 ? magnitude : -magnitude;
    }

    @Test
    void timesComeWithTheWholeAndWithEachChunk() throws Exception {
        String body = "{\"text\":\"Hello there. And another one.\",\"seed\":3}";
        byte[] pcm = client.post(SPEAK + "?output_format=pcm_16000", body).body();
        JsonNode whole =
                json(client.post(SPEAK + "/with-timestamps?output_format=pcm_16000", body));
        assertThat(Base64.getDecoder().decode(whole.get("audio_base64").asString())).isEqualTo(pcm);
        JsonNode times = whole.get("alignment");
        assertThat(String.join("", strings(times.get("characters"))))
                .isEqualTo("Hello there. And another one.");
        double last = 0;
        for (int i = 0; i < times.get("characters").size(); i++) {
            double start = times.get("character_start_times_seconds").get(i).asDouble();
            double end = times.get("character_end_times_seconds").get(i).asDouble();
            assertThat(start).isGreaterThanOrEqualTo(last);
            assertThat(end).isGreaterThanOrEqualTo(start);
            last = start;
        }
        assertThat(last).isBetween(0.5, pcm.length / 32_000.0);

        HttpResponse<byte[]> lines =
                client.post(SPEAK + "/stream/with-timestamps?output_format=pcm_16000", body);
        List<String> characters = new ArrayList<>();
        java.io.ByteArrayOutputStream audio = new java.io.ByteArrayOutputStream();
        for (String line : Client.text(lines).split("\n")) {
            JsonNode chunk = Client.JSON.readTree(line);
            audio.writeBytes(Base64.getDecoder().decode(chunk.get("audio_base64").asString()));
            characters.addAll(strings(chunk.path("alignment").path("characters")));
        }
        assertThat(audio.toByteArray()).isEqualTo(pcm);
        assertThat(String.join("", characters)).isEqualTo("Hello there. And another one.");
    }

    private static List<String> strings(JsonNode array) {
        List<String> all = new ArrayList<>();
        array.forEach(n -> all.add(n.asString()));
        return all;
    }

    /** Their clients add up what each message spans. */
    private static double spanned(List<JsonNode> messages) {
        double millis = 0;
        for (JsonNode message : messages) {
            JsonNode starts = message.path("alignment").path("charStartTimesMs");
            if (starts.size() > 0) {
                int at = starts.size() - 1;
                millis +=
                        starts.get(at).asInt()
                                + message.get("alignment").get("charDurationsMs").get(at).asInt();
            }
        }
        return millis / 1_000;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/v1/text-to-speech/nobody|{\"text\":\"a\"}|404|voice_not_found",
                "/v1/text-to-speech/..%2F..%2Fx|{\"text\":\"a\"}|404|voice_not_found",
                "/v1/text-to-speech/alloy|{}|400|missing_required_parameter",
                "/v1/text-to-speech/alloy|{\"text\":\"a\",\"model_id\":\"x\"}|400|model_not_found",
                "/v1/text-to-speech/alloy?output_format=x|{\"text\":\"a\"}|400|invalid_output_format",
                "/v1/text-to-speech/alloy|{\"text\":\"a\",\"voice_settings\":3}|400|invalid_type",
                "/v1/text-to-speech/alloy|{\"text\":\"a\",\"voice_settings\":{\"speed\":9}}|400|invalid_value",
            })
    void errorsAreToldAsElevenLabsTellsThem(String path, String body, int status, String code)
            throws Exception {
        HttpResponse<byte[]> refused = client.post(path, body);
        assertThat(refused.statusCode()).isEqualTo(status);
        assertThat(json(refused).get("detail").get("status").asString()).isEqualTo(code);
    }

    @Test
    void voicesAreListed() throws Exception {
        assertThat(json(client.get("/v1/voices")).findValuesAsString("voice_id"))
                .contains("en_US-joe-medium");
        JsonNode second = json(client.get("/v2/voices"));
        assertThat(second.get("has_more").asBoolean()).isFalse();
        assertThat(second.get("total_count").asInt()).isEqualTo(second.get("voices").size());
        assertThat(json(client.get("/v1/voices/en_US-joe-medium")).get("category").asString())
                .isEqualTo("premade");
        assertThat(client.get("/v1/voices/nobody").statusCode()).isEqualTo(404);
    }

    @Test
    void theirHeaderCarriesAKeyToo() throws Exception {
        ServerOptions options = ServerOptions.builder().port(0).apiKey("test", "s3cret").build();
        try (SpeechServer locked = SpeechServer.open(skald, options)) {
            Client other = new Client(locked);
            assertThat(other.get("/v1/voices").statusCode()).isEqualTo(401);
            assertThat(
                            other.send(other.request("/v1/voices").header("xi-api-key", "s3cret"))
                                    .statusCode())
                    .isEqualTo(200);
        }
    }

    /** A WebSocket that collects what it is told. */
    private static final class Listener implements WebSocket.Listener, AutoCloseable {
        private final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();
        private final StringBuilder part = new StringBuilder();
        private final WebSocket socket;

        Listener(String path) {
            socket =
                    Client.HTTP
                            .newWebSocketBuilder()
                            .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + path), this)
                            .join();
        }

        void say(String json) {
            socket.sendText(json, true).join();
        }

        JsonNode next() throws InterruptedException {
            JsonNode message = messages.poll(60, TimeUnit.SECONDS);
            assertThat(message).as("a message").isNotNull();
            return message;
        }

        /** All up to the final one of that context; null for the only one. */
        List<JsonNode> untilFinal(@Nullable String context) throws InterruptedException {
            List<JsonNode> all = new ArrayList<>();
            while (true) {
                JsonNode message = next();
                String of = message.path("contextId").asString("");
                if (of.equals(context == null ? "" : context)) {
                    all.add(message);
                    if (message.path("isFinal").asBoolean(false)) {
                        return all;
                    }
                }
            }
        }

        @Override
        public @Nullable CompletionStage<?> onText(
                WebSocket from, CharSequence data, boolean last) {
            part.append(data);
            if (last) {
                messages.add(Client.JSON.readTree(part.toString()));
                part.setLength(0);
            }
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            closed.complete(code);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            closed.completeExceptionally(error);
        }

        @Override
        public void close() {
            socket.abort();
        }
    }

    private static byte[] audio(List<JsonNode> messages) {
        java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
        for (JsonNode message : messages) {
            if (message.get("audio").isString()) {
                all.writeBytes(Base64.getDecoder().decode(message.get("audio").asString()));
            }
        }
        return all.toByteArray();
    }

    @Test
    void oneTextIsSpokenWhileItArrives() throws Exception {
        try (Listener one = new Listener(SPEAK + "/stream-input?output_format=pcm_16000&seed=3")) {
            one.say("{\"text\":\" \",\"voice_settings\":{\"speed\":1}}");
            one.say("{\"text\":\"The first one ends. \"}");
            one.say("{\"text\":\"And the second \"}");
            // The first sentence is heard while the second has no end.
            JsonNode first = one.next();
            assertThat(first.get("audio").isString()).isTrue();
            one.say("{\"text\":\"ends too. \"}");
            one.say("{\"text\":\"\"}");
            List<JsonNode> rest = one.untilFinal(null);
            assertThat(audio(rest).length).isGreaterThan(16_000);
            assertThat(one.closed.get(30, TimeUnit.SECONDS)).isEqualTo(1_000);
        }
    }

    @Test
    void aFlushSpeaksWhatHasNoEndAndTheContextGoesOn() throws Exception {
        try (Listener one = new Listener(SPEAK + "/multi-stream-input?output_format=pcm_16000")) {
            one.say("{\"text\":\" \",\"context_id\":\"a\"}");
            one.say("{\"text\":\"no end here\",\"context_id\":\"a\",\"flush\":true}");
            List<JsonNode> all = new ArrayList<>(List.of(one.next()));
            assertThat(all.getFirst().get("contextId").asString()).isEqualTo("a");
            one.say("{\"text\":\"and more of it\",\"context_id\":\"a\"}");
            one.say("{\"context_id\":\"a\",\"flush\":true}");
            one.say("{\"context_id\":\"a\",\"close_context\":true}");
            all.addAll(one.untilFinal("a"));
            double seconds = audio(all).length / 32_000.0;
            assertThat(seconds).isGreaterThan(1);
            assertThat(spanned(all)).isBetween(0.7 * seconds, seconds + 0.01);
            one.say("{\"text\":\"\"}"); // keeps it alive
            one.say("{\"close_socket\":true}");
            assertThat(one.closed.get(30, TimeUnit.SECONDS)).isEqualTo(1_000);
        }
    }

    @Test
    void contextsSpeakBesideEachOtherAndOneThatIsClosedFallsSilent() throws Exception {
        try (Listener several =
                new Listener(SPEAK + "/multi-stream-input?output_format=pcm_16000")) {
            String endless = "One more sentence to say. ".repeat(2_000);
            several.say("{\"text\":\"" + endless + "\",\"context_id\":\"long\"}");
            assertThat(several.next().get("contextId").asString()).isEqualTo("long");
            several.say("{\"text\":\"A brief one. \",\"context_id\":\"brief\",\"flush\":true}");
            several.say("{\"context_id\":\"brief\",\"close_context\":true}");
            assertThat(audio(several.untilFinal("brief")).length).isGreaterThan(8_000);
            // Not flushed: closing it cuts it off, hours before its end.
            several.say("{\"context_id\":\"long\",\"close_context\":true}");
            several.untilFinal("long");
            several.say("{\"close_socket\":true}");
            assertThat(several.closed.get(30, TimeUnit.SECONDS)).isEqualTo(1_000);
        }
    }

    @Test
    void whoLeavesLeavesNothingRunning() throws Exception {
        try (Listener gone = new Listener(SPEAK + "/stream-input?output_format=pcm_16000")) {
            gone.say("{\"text\":\"" + "One more sentence to say. ".repeat(2_000) + "\"}");
            gone.next();
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!Client.text(client.get("/metrics")).contains("\nskald_requests_speaking 0.0\n")) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "garbage",
                "[]",
                "{\"text\":5}",
                "{\"text\":\"a\",\"context_id\":\"x\",\"flush\":\"yes\"}",
                "{\"text\":\"a\",\"voice_settings\":[]}",
                "{\"text\":\"a\",\"context_id\":7}",
                "\\u0000"
            })
    void whatIsNotTheProtocolIsToldAndEnds(String message) throws Exception {
        try (Listener bad = new Listener(SPEAK + "/multi-stream-input")) {
            bad.say(message);
            JsonNode told = bad.next();
            while (!told.has("code")) {
                told = bad.next(); // the end of a context that had begun
            }
            assertThat(told.get("error").isString()).isTrue();
            assertThat(bad.closed.get(30, TimeUnit.SECONDS)).isEqualTo(1_008);
        }
    }

    @Test
    void bytesAreNoMessages() throws Exception {
        try (Listener bad = new Listener(SPEAK + "/stream-input")) {
            bad.socket
                    .sendBinary(ByteBuffer.wrap("{}".getBytes(StandardCharsets.UTF_8)), true)
                    .join();
            assertThat(bad.closed.get(30, TimeUnit.SECONDS)).isEqualTo(1_003);
        }
    }

    @Test
    void anUnknownVoiceIsToldOverTheSocket() throws Exception {
        try (Listener bad = new Listener("/v1/text-to-speech/nobody/stream-input")) {
            assertThat(bad.next().get("error").asString()).isEqualTo("voice_not_found");
            assertThat(bad.closed.get(30, TimeUnit.SECONDS)).isEqualTo(1_008);
        }
    }

    @Test
    void aSocketWhereNoneIsGetsAStatus() throws Exception {
        for (String path : List.of("/v1/audio/speech", "/nothing")) {
            try (java.net.Socket socket = new java.net.Socket("127.0.0.1", server.port())) {
                socket.getOutputStream()
                        .write(
                                ("GET "
                                                + path
                                                + " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                                                + "Upgrade: websocket\r\nSec-WebSocket-Version: 13"
                                                + "\r\nSec-WebSocket-Key:"
                                                + " dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                                        .getBytes(StandardCharsets.US_ASCII));
                assertThat(
                                new String(
                                        socket.getInputStream().readNBytes(12),
                                        StandardCharsets.US_ASCII))
                        .isEqualTo("HTTP/1.1 404");
            }
        }
    }
}
