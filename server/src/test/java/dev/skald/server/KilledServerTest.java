package dev.skald.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.Skald;
import dev.skald.server.speech.VoiceStore;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that is killed while recordings are uploaded keeps whole ones, or none. */
class KilledServerTest {
    private static final int ROUNDS = 4;
    private static final int UPLOADS = 3; // at once

    /** The server's process: tells its port, and lives until it is killed. */
    static final class Main {
        private Main() {}

        public static void main(String[] args) throws Exception {
            try (Skald skald = Skald.builder().home(Path.of(args[0])).offline(true).open();
                    SpeechServer server =
                            SpeechServer.open(skald, ServerOptions.builder().port(0).build())) {
                System.out.println(server.port());
                server.await();
            }
        }
    }

    @TempDir Path home;

    private final Set<String> acknowledged = new ConcurrentSkipListSet<>();

    @Test
    void whatIsKeptIsWhole() throws Exception {
        byte[] form = form(recording());
        Random random = new Random(1);
        for (int round = 0; round < ROUNDS; round++) {
            Process process = start();
            try (BufferedReader told = process.inputReader(StandardCharsets.UTF_8)) {
                URI url =
                        URI.create(
                                "http://127.0.0.1:" + told.readLine() + "/v1/audio/voice_consents");
                Thread[] uploads = new Thread[UPLOADS];
                for (int i = 0; i < UPLOADS; i++) {
                    uploads[i] = Thread.ofPlatform().start(() -> upload(url, form));
                }
                int before = acknowledged.size();
                while (acknowledged.size() == before) {
                    Thread.sleep(2); // the first takes long: classes are loaded
                }
                Thread.sleep(random.nextInt(120));
                process.destroyForcibly().waitFor(); // kill -9
                for (Thread upload : uploads) {
                    upload.join();
                }
            }
        }
        VoiceStore store = new VoiceStore(home);
        Path folder = home.resolve("server").resolve("consents");
        assertThat(store.consents())
                .extracting(VoiceStore.Consent::id)
                .containsAll(acknowledged)
                .allSatisfy(
                        id -> {
                            assertThat(folder.resolve(id + ".audio")).hasBinaryContent(recording());
                            assertThat(store.consent(id).orElseThrow().name()).isEqualTo("Anna");
                        });
    }

    private void upload(URI url, byte[] form) {
        try {
            while (true) {
                HttpResponse<String> told =
                        Client.HTTP.send(
                                HttpRequest.newBuilder(url)
                                        .header("content-type", "multipart/form-data; boundary=b")
                                        .POST(HttpRequest.BodyPublishers.ofByteArray(form))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
                acknowledged.add(Client.JSON.readTree(told.body()).get("id").asString());
            }
        } catch (IOException e) {
            // Killed, as it was to be.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Process start() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules",
                        "jdk.incubator.vector",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        home.toString())
                .redirectError(ProcessBuilder.Redirect.appendTo(home.resolve("err").toFile()))
                .start();
    }

    /** Ten seconds of a WAV of 16 bits: words and pauses, as far as the check of clips hears. */
    private static byte[] recording() {
        int hertz = 24_000;
        ByteBuffer wav =
                ByteBuffer.allocate(44 + 2 * 10 * hertz)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put("RIFF".getBytes(StandardCharsets.US_ASCII))
                        .putInt(36 + 20 * hertz)
                        .put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII))
                        .putInt(16)
                        .putShort((short) 1)
                        .putShort((short) 1)
                        .putInt(hertz)
                        .putInt(2 * hertz)
                        .putShort((short) 2)
                        .putShort((short) 16)
                        .put("data".getBytes(StandardCharsets.US_ASCII))
                        .putInt(20 * hertz);
        Random noise = new Random(2);
        for (int i = 0; i < 10 * hertz; i++) {
            double word = Math.max(0, Math.sin(i * 2 * Math.PI * 1.5 / hertz));
            double tone = Math.sin(i * 2 * Math.PI * 150 / hertz) + 0.3 * noise.nextGaussian();
            wav.putShort((short) (6_000 * word * tone + 8 * noise.nextGaussian()));
        }
        return wav.array();
    }

    private static byte[] form(byte[] recording) {
        String head =
                "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAnna\r\n--b\r\n"
                        + "Content-Disposition: form-data; name=\"language\"\r\n\r\nen-US\r\n--b\r\n"
                        + "Content-Disposition: form-data; name=\"recording\"; filename=\"x.wav\"\r\n"
                        + "Content-Type: audio/wav\r\n\r\n";
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
        all.writeBytes(recording);
        all.writeBytes("\r\n--b--\r\n".getBytes(StandardCharsets.US_ASCII));
        return all.toByteArray();
    }
}
