package dev.skald.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Skald;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** What the page is served with and asks for; the page itself is tested in a browser. */
class StudioRoutesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private static Skald skald;
    private static SpeechServer server;

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
    void aBrowserGetsThePageAndAProgramWhatThisIs() throws Exception {
        HttpResponse<String> page = get("/", "text/html,application/xhtml+xml,*/*;q=0.8");
        assertThat(page.headers().firstValue("content-type")).contains("text/html; charset=utf-8");
        assertThat(page.headers().firstValue("content-security-policy").orElse(""))
                .startsWith("default-src 'self';")
                .contains("frame-ancestors 'none'")
                .doesNotContain("unsafe");
        assertThat(page.headers().firstValue("x-content-type-options")).contains("nosniff");
        assertThat(page.headers().firstValue("vary")).contains("accept");
        HttpResponse<String> program = get("/", "*/*");
        assertThat(JSON.readTree(program.body()).get("speak").asString())
                .isEqualTo("POST /v1/audio/speech");
    }

    /** Each file that the page or a script of it names is served, and nothing is inline. */
    @Test
    void everyFileOfThePageIsThere() throws Exception {
        String page = get("/", "text/html").body();
        assertThat(page).doesNotContain("<style", " style=", " onclick=", "http://", "https://");
        Matcher files = Pattern.compile("/studio/[\\w.-]+").matcher(page);
        while (files.find()) {
            HttpResponse<String> file = get(files.group(), "*/*");
            assertThat(file.statusCode()).as(files.group()).isEqualTo(200);
            Matcher imports = Pattern.compile("from \"\\./([\\w.]+)\"").matcher(file.body());
            while (imports.find()) {
                assertThat(get("/studio/" + imports.group(1), "*/*").statusCode())
                        .as(imports.group(1))
                        .isEqualTo(200);
            }
        }
        assertThat(get("/studio/ring.js", "*/*").headers().firstValue("content-type"))
                .contains("text/javascript; charset=utf-8");
        assertThat(get("/studio/Studio.class", "*/*").statusCode()).isEqualTo(404);
        assertThat(get("/studio/../Studio.class", "*/*").statusCode()).isEqualTo(404);
    }

    /** The samples that were heard, and no others, are in the file. */
    @Test
    void whatThePageHasIsWrittenInAnyFormat() throws Exception {
        Client client = new Client(server);
        byte[] pcm = new byte[2 * 24_000 * 60];
        new Random(1).nextBytes(pcm);
        for (int i = 0; i < pcm.length; i += 2) {
            if (pcm[i] == 0 && pcm[i + 1] == -128) {
                pcm[i] = 1; // the one value that no speech has
            }
        }
        HttpRequest.BodyPublisher body = HttpRequest.BodyPublishers.ofByteArray(pcm);
        HttpResponse<byte[]> wav =
                client.send(client.request("/studio/encode?format=wav").POST(body));
        assertThat(wav.statusCode()).isEqualTo(200);
        assertThat(Arrays.copyOfRange(wav.body(), 44, wav.body().length)).isEqualTo(pcm);
        HttpResponse<byte[]> flac =
                client.send(client.request("/studio/encode?format=flac").POST(body));
        assertThat(new String(flac.body(), 0, 4, StandardCharsets.US_ASCII)).isEqualTo("fLaC");

        HttpResponse<byte[]> unknown =
                client.send(client.request("/studio/encode?format=exe").POST(body));
        assertThat(unknown.statusCode()).isEqualTo(400);
        assertThat(Client.text(unknown)).contains("mp3");
        HttpResponse<byte[]> empty =
                client.send(
                        client.request("/studio/encode?format=wav")
                                .POST(HttpRequest.BodyPublishers.noBody()));
        assertThat(empty.statusCode()).isEqualTo(400);
    }

    @Test
    void aFileThatIsKnownIsNotSentAgain() throws Exception {
        String tag = get("/studio/main.js", "*/*").headers().firstValue("etag").orElseThrow();
        HttpResponse<String> again =
                CLIENT.send(
                        HttpRequest.newBuilder(uri("/studio/main.js"))
                                .header("if-none-match", tag)
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(again.statusCode()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
    }

    @Test
    void aReadingTellsWordsAndPhonemesAndWhoWouldSpeak() throws Exception {
        JsonNode reading =
                post(
                        "{\"input\":\"SQL costs $5. Dr. No.\",\"model\":\"fast\","
                                + "\"lexicon\":{\"SQL\":\"sequel\"}}");
        assertThat(reading.get("mode").asString()).isEqualTo("fast");
        assertThat(reading.get("fallback").asBoolean()).isFalse();
        JsonNode first = reading.get("sentences").get(0);
        assertThat(first.get("source").asString()).isEqualTo("SQL costs $5.");
        assertThat(first.get("read").asString()).isEqualTo("sequel costs five dollars.");
        assertThat(first.get("phonemes").asString()).startsWith("sˈiːkwəl");
        assertThat(reading.get("sentences").size()).isEqualTo(2);
    }

    @Test
    void whatCannotBeReadIsTold() throws Exception {
        assertThat(error("{\"input\":\"a\",\"lexicon\":{\"\":\"b\"}}")).startsWith("lexicon: ");
        assertThat(error("{\"input\":\"a\",\"lexicon\":[]}"))
                .contains("'lexicon' must be an object");
        assertThat(error("{\"input\":\"a\",\"lexicon\":{\"a\":1}}")).contains("strings");
        assertThat(error("{\"input\":\"a\",\"noise_scale\":7}")).contains("noise scale");
        assertThat(error("{\"input\":\"a\",\"temperature\":\"hot\"}")).contains("a number");
        assertThat(error("{\"input\":\"" + "a ".repeat(2_000) + "\"}")).contains("2000");
    }

    @Test
    void theStateCountsWhatWasSpoken() throws Exception {
        CLIENT.send(
                HttpRequest.newBuilder(uri("/v1/audio/speech"))
                        .POST(HttpRequest.BodyPublishers.ofString("{\"input\":\"Hello there.\"}"))
                        .build(),
                HttpResponse.BodyHandlers.discarding());
        JsonNode state = JSON.readTree(get("/studio/state", "*/*").body());
        assertThat(state.get("requests").asInt()).isPositive();
        assertThat(state.get("first_audio").get("median").asDouble()).isPositive();
        assertThat(state.get("real_time_factor").get("last").size()).isPositive();
        assertThat(state.get("memory").get("heap").asLong()).isPositive();
        assertThat(state.get("waiting").asInt()).isZero();
        assertThat(state.get("formats").toString()).contains("mp3", "wav");
    }

    private static URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private static HttpResponse<String> get(String path, String accept) throws Exception {
        return CLIENT.send(
                HttpRequest.newBuilder(uri(path)).header("accept", accept).build(),
                HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    private static JsonNode post(String body) throws Exception {
        HttpResponse<String> response =
                CLIENT.send(
                        HttpRequest.newBuilder(uri("/studio/reading"))
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        return JSON.readTree(response.body());
    }

    private static String error(String body) throws Exception {
        return post(body).get("error").get("message").asString();
    }
}
