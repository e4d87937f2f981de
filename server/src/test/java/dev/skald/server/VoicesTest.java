package dev.skald.server;

import static dev.skald.server.Client.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Skald;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Voices of callers' recordings, with an engine that clones at once. */
class VoicesTest {
    private static final String VOICES = "/v1/audio/voices";
    private static final String CONSENTS = "/v1/audio/voice_consents";

    @TempDir static Path home;
    private static Skald skald;
    private static SpeechServer server;
    private static Client client;
    private static byte[] clip;

    @BeforeAll
    static void open() throws Exception {
        skald = Skald.builder().home(home).offline(true).open();
        server = SpeechServer.open(skald, ServerOptions.builder().port(0).build());
        client = new Client(server);
        clip =
                client.post(
                                "/v1/audio/speech",
                                "{\"input\":\"The harbour was quiet that morning, and nobody spoke"
                                        + " of the storm that had come in the night.\","
                                        + "\"response_format\":\"wav\",\"seed\":1}")
                        .body();
    }

    @AfterAll
    static void close() {
        server.close();
        skald.close();
    }

    private static String consent() throws Exception {
        HttpResponse<byte[]> made =
                client.form(
                        CONSENTS, Map.of("name", "Anna's", "language", "en-US", "recording", clip));
        assertThat(made.statusCode()).as(Client.text(made)).isEqualTo(200);
        return json(made).get("id").asString();
    }

    @Test
    void anUploadedVoiceIsListedSpeaksAndIsDeleted() throws Exception {
        String consent = consent();
        HttpResponse<byte[]> made =
                client.form(
                        VOICES, Map.of("name", "Anna B", "consent", consent, "audio_sample", clip));
        assertThat(made.statusCode()).as(Client.text(made)).isEqualTo(200);
        JsonNode voice = json(made);
        String id = voice.get("id").asString();
        assertThat(id).startsWith("voice_");
        assertThat(voice.get("name").asString()).isEqualTo("Anna B");
        assertThat(voice.get("object").asString()).isEqualTo("audio.voice");
        assertThat(voice.get("type").asString()).isEqualTo("audio_sample");
        assertThat(voice.get("created_at").isIntegralNumber()).isTrue();

        assertThat(json(client.get(VOICES)).findValuesAsString("id")).contains(id);
        assertThat(json(client.get(VOICES + "/" + id))).isEqualTo(voice);
        for (String called :
                new String[] {"\"" + id + "\"", "{\"id\":\"" + id + "\"}", "\"Anna B\""}) {
            HttpResponse<byte[]> spoken =
                    client.post(
                            "/v1/audio/speech",
                            "{\"input\":\"Hello.\",\"response_format\":\"pcm\",\"voice\":"
                                    + called
                                    + "}");
            assertThat(spoken.statusCode()).as(called).isEqualTo(200);
            assertThat(spoken.body()).hasSize(24_000); // the tone of that engine
        }
        JsonNode gone = json(client.delete(VOICES + "/" + id));
        assertThat(gone.get("deleted").asBoolean()).isTrue();
        assertThat(gone.get("object").asString()).isEqualTo("audio.voice.deleted");
        assertThat(client.get(VOICES + "/" + id).statusCode()).isEqualTo(404);
        assertThat(client.delete(VOICES + "/" + id).statusCode()).isEqualTo(404);
        assertThat(
                        client.post(
                                        "/v1/audio/speech",
                                        "{\"input\":\"a\",\"voice\":\"" + id + "\"}")
                                .statusCode())
                .isEqualTo(400);
    }

    @Test
    void notesOfVoicesThatWereNeverMadeAreForgotten() throws Exception {
        Path notes = Files.createDirectories(home.resolve("server").resolve("voices"));
        Path killed = notes.resolve("voice_0123456789abcdef.json");
        Path beingMade = notes.resolve("voice_fedcba9876543210.json");
        String note = "{\"name\":\"A\",\"consent\":\"true\",\"created_at\":%d}";
        Files.writeString(killed, note.formatted(1));
        Files.writeString(beingMade, note.formatted(Instant.now().getEpochSecond()));
        HttpResponse<byte[]> made =
                client.form(
                        VOICES, Map.of("name", "B", "consent", consent(), "audio_sample", clip));
        assertThat(killed).doesNotExist();
        assertThat(beingMade).exists();
        String id = json(made).get("id").asString();
        assertThat(notes.resolve(id + ".json")).exists();
        assertThat(client.delete(VOICES + "/" + id).statusCode()).isEqualTo(200);
        Files.delete(beingMade);
    }

    @Test
    void consentsAreKeptRenamedListedInPagesAndDeleted() throws Exception {
        String first = consent();
        String second = consent();
        JsonNode one = json(client.get(CONSENTS + "/" + first));
        assertThat(one.get("language").asString()).isEqualTo("en-US");
        assertThat(one.get("object").asString()).isEqualTo("audio.voice_consent");
        JsonNode renamed = json(client.post(CONSENTS + "/" + first, "{\"name\":\"Bob's\"}"));
        assertThat(renamed.get("name").asString()).isEqualTo("Bob's");

        JsonNode page = json(client.get(CONSENTS + "?limit=1"));
        assertThat(page.get("data").size()).isEqualTo(1);
        assertThat(page.get("has_more").asBoolean()).isTrue();
        JsonNode rest = json(client.get(CONSENTS + "?after=" + page.get("last_id").asString()));
        assertThat(rest.findValuesAsString("id"))
                .doesNotContain(page.get("data").get(0).get("id").asString());

        for (String id : new String[] {first, second}) {
            JsonNode gone = json(client.delete(CONSENTS + "/" + id));
            assertThat(gone.get("deleted").asBoolean()).isTrue();
            assertThat(client.get(CONSENTS + "/" + id).statusCode()).isEqualTo(404);
        }
        try (Stream<Path> files = Files.walk(home.resolve("server"))) {
            assertThat(files.filter(f -> f.toString().contains(first))).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"silence", "noise", "text", "empty", "cut"})
    void aRecordingThatCannotBeClonedFromIsRefusedWithoutAPath(String kind) throws Exception {
        byte[] sample =
                switch (kind) {
                    case "silence" -> silent();
                    case "noise" -> noise();
                    case "text" ->
                            "not a recording".getBytes(java.nio.charset.StandardCharsets.UTF_8);
                    case "cut" -> java.util.Arrays.copyOf(clip, 60);
                    default -> new byte[0];
                };
        HttpResponse<byte[]> refused =
                client.form(
                        VOICES, Map.of("name", "x", "consent", consent(), "audio_sample", sample));
        assertThat(refused.statusCode()).as(Client.text(refused)).isEqualTo(400);
        JsonNode error = json(refused).get("error");
        assertThat(error.get("param").asString()).isEqualTo("audio_sample");
        assertThat(error.get("message").asString()).contains("'audio_sample'").doesNotContain("/");
    }

    private static byte[] silent() {
        byte[] silent = clip.clone();
        java.util.Arrays.fill(silent, 44, silent.length, (byte) 0);
        return silent;
    }

    private static byte[] noise() {
        byte[] noise = clip.clone();
        Random random = new Random(1);
        for (int i = 44; i + 1 < noise.length; i += 2) {
            short s = (short) (3_000 * random.nextGaussian());
            noise[i] = (byte) s;
            noise[i + 1] = (byte) (s >> 8);
        }
        return noise;
    }

    @ParameterizedTest
    @CsvSource({
        "name,400,name",
        "consent,400,consent",
        "audio_sample,400,audio_sample",
    })
    void whatIsMissingIsNamed(String missing, int status, String param) throws Exception {
        java.util.Map<String, Object> parts =
                new java.util.HashMap<>(
                        Map.of(
                                "name",
                                "x",
                                "consent",
                                "cons_0000000000000000",
                                "audio_sample",
                                clip));
        if (!missing.equals("audio_sample")) {
            parts.remove(missing);
        } else {
            parts.remove(missing);
            parts.put("consent", consent());
        }
        HttpResponse<byte[]> refused = client.form(VOICES, parts);
        assertThat(refused.statusCode()).isEqualTo(status);
        assertThat(json(refused).get("error").get("param").asString()).isEqualTo(param);
    }

    @Test
    void aConsentMustBeThere() throws Exception {
        for (String id : new String[] {"cons_0000000000000000", "../voices/x", "none"}) {
            HttpResponse<byte[]> refused =
                    client.form(VOICES, Map.of("name", "x", "consent", id, "audio_sample", clip));
            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(json(refused).get("error").get("code").asString())
                    .isEqualTo("consent_not_found");
        }
    }

    @Test
    void installedVoicesAreNotDeletedNorPathsFollowed() throws Exception {
        assertThat(client.delete(VOICES + "/en_US-joe-medium").statusCode()).isEqualTo(403);
        for (String id : new String[] {"..%2F..%2Fetc", "%2e%2e", "voice_%00", "a%2Fb"}) {
            assertThat(client.delete(VOICES + "/" + id).statusCode()).as(id).isEqualTo(404);
            assertThat(client.get(CONSENTS + "/" + id).statusCode()).as(id).isEqualTo(404);
            assertThat(client.delete(CONSENTS + "/" + id).statusCode()).as(id).isEqualTo(404);
        }
    }

    @Test
    void tooLargeARecordingIsRefused() throws Exception {
        HttpResponse<byte[]> refused =
                client.form(
                        VOICES,
                        Map.of("name", "x", "consent", "c", "audio_sample", new byte[11 << 20]));
        assertThat(refused.statusCode()).isEqualTo(413);
        // The route next to it takes no more than a little.
        assertThat(client.post("/v1/audio/voice_consents/x", "x".repeat(100_000)).statusCode())
                .isEqualTo(413);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "multipart/form-data",
                "multipart/form-data; boundary=",
                "multipart/form-data; boundary=x",
                "multipart/mixed; boundary=x",
                "multipart/",
                "application/x-www-form-urlencoded"
            })
    void aBrokenFormIsTold(String type) throws Exception {
        for (String body :
                new String[] {
                    "",
                    "garbage",
                    "--x",
                    "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nhalf",
                    "--x\r\nContent-Disposition: nonsense\r\n\r\n\r\n--x--\r\n",
                    "--x\r\n\r\n\r\n--x--\r\n"
                }) {
            HttpResponse<byte[]> told =
                    client.send(
                            client.request(VOICES)
                                    .header("content-type", type)
                                    .POST(HttpRequest.BodyPublishers.ofString(body)));
            assertThat(told.statusCode()).as(type + " " + body).isEqualTo(400);
            assertThat(json(told).get("error").propertyNames())
                    .containsExactly("message", "type", "param", "code");
        }
    }

    @Test
    void voicesFromPromptsAreNotMade() throws Exception {
        HttpResponse<byte[]> refused =
                client.post(VOICES, "{\"type\":\"prompt\",\"name\":\"x\",\"prompt\":\"deep\"}");
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(json(refused).get("error").get("param").asString()).isEqualTo("type");
    }
}
