package dev.skald.voices.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.SkaldException;
import dev.skald.VoiceException;
import dev.skald.voices.InstalledVoice;
import dev.skald.voices.Samples;
import dev.skald.voices.VoiceLibrary;
import dev.skald.voices.catalogue.Catalogue;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubInstallTest {
    private static final String ID = "xx_XX-test-low";
    private static final byte[] ONNX = Samples.onnx(300_000, 7);
    private static final byte[] CONFIG = Samples.utf8(Samples.CONFIG);
    private static final byte[] CARD = Samples.utf8("* License: CC0\n");

    @TempDir Path home;
    private FakeHub hub;
    private VoiceLibrary library;
    private final List<String> told = new ArrayList<>();

    private final InstallListener listener =
            new InstallListener() {
                @Override
                public void failed(String source, String reason) {
                    told.add(source + ": " + reason);
                }
            };

    @BeforeEach
    void open() throws IOException {
        hub = new FakeHub();
        hub.files.put(ID + ".onnx", ONNX);
        hub.files.put(ID + ".onnx.json", CONFIG);
        hub.files.put("MODEL_CARD", CARD);
        library = VoiceLibrary.at(home);
    }

    @AfterEach
    void close() {
        hub.close();
    }

    private static String list(String md5, long size) {
        return """
        {"%1$s": {"key": "%1$s", "name": "test", "quality": "low",
          "language": {"code": "xx_XX", "name_english": "Test"},
          "files": {"xx/%1$s.onnx": {"size_bytes": %2$d, "md5_digest": "%3$s"},
                    "xx/%1$s.onnx.json": {"size_bytes": %4$d},
                    "xx/MODEL_CARD": {"size_bytes": 9999}}}}
        """
                .formatted(ID, size, md5, CONFIG.length);
    }

    private Catalogue catalogue(String list) throws IOException {
        Path file = Catalogue.refreshedList(home);
        Files.createDirectories(file.getParent());
        Files.writeString(file, list);
        return Catalogue.of(home);
    }

    private Catalogue catalogue() throws IOException {
        return catalogue(list(Samples.hash("MD5", ONNX), ONNX.length));
    }

    private VoiceInstaller installer(HubSettings settings, boolean offline) throws IOException {
        return new VoiceInstaller(library, catalogue(), List.of(new HubSource(settings, offline)));
    }

    private VoiceInstaller installer() throws IOException {
        return installer(hub.settings(), false);
    }

    private void installs(VoiceInstaller installer) {
        InstalledVoice voice = installer.install(ID, listener);
        library.verify(library.get(ID));
        assertThat(voice.onnx()).hasBinaryContent(ONNX);
        assertThat(voice.config()).hasBinaryContent(CONFIG);
        assertThat(voice.info().sampleRate()).isEqualTo(22050); // its own, not its quality's
        assertThat(home.resolve("voices/.parts")).isEmptyDirectory();
    }

    private void refuses(VoiceInstaller installer, String... reasons) {
        assertThatThrownBy(() -> installer.install(ID, listener))
                .isInstanceOf(VoiceException.class)
                .hasMessageContainingAll(reasons)
                .hasMessageNotContaining("\n");
        assertThat(library.list()).isEmpty();
        assertThat(home.resolve("voices").resolve(ID)).doesNotExist();
    }

    @Test
    void aVoiceIsFetchedThroughTheRedirectAndCheckedOnce() throws IOException {
        installs(installer());
        int requests = hub.requests.size();
        assertThat(hub.requests).anyMatch(r -> r.startsWith("GET /cdn/"));
        assertThat(installer().install(ID, listener).id()).isEqualTo(ID);
        assertThat(hub.requests).hasSize(requests);
    }

    @Test
    void anOptionalFileThatDiffersIsLeftOut() throws IOException {
        installs(installer());
        assertThat(library.get(ID).has("MODEL_CARD")).isFalse(); // 9999 bytes were published
    }

    @Test
    void aBrokenDownloadIsResumedWhereItBroke() throws IOException {
        hub.cutAfter = 100_000;
        hub.cuts.set(2);
        installs(installer());
        // A connection cut may lose what was on its way, so where it goes on is not known exactly.
        List<Integer> resumed =
                hub.requests.stream()
                        .filter(r -> r.contains("/cdn/") && r.contains(" bytes="))
                        .map(r -> Integer.valueOf(r.replaceAll(".* bytes=(\\d+)-", "$1")))
                        .toList();
        assertThat(resumed).hasSize(2).isSorted().doesNotHaveDuplicates();
        assertThat(resumed.getFirst()).isBetween(1, 100_000);
        assertThat(resumed.getLast()).isBetween(1, 200_000);
    }

    @Test
    void theNextInstallResumesWhatADeadOneLeft() throws IOException {
        hub.cutAfter = 10_000;
        hub.cuts.set(4);
        refuses(installer(), "connection broke", "resumes");
        Path part = home.resolve("voices/.parts").resolve(ID);
        long left = Files.size(part.resolve(ID + ".onnx.part"));
        assertThat(left).isBetween(1L, 40_000L);
        hub.requests.clear();
        installs(installer());
        assertThat(hub.requests).anyMatch(r -> r.endsWith("bytes=" + left + "-"));
    }

    @Test
    void aHalfOfAnotherFileIsBegunAnew() throws IOException {
        hub.cutAfter = 10_000;
        hub.cuts.set(4);
        refuses(installer(), "connection broke");
        Path part = home.resolve("voices/.parts").resolve(ID);
        Files.writeString(part.resolve(ID + ".onnx.part.etag"), "\"another\"");
        installs(installer());
    }

    @Test
    void aHalfWithoutItsTagOrTooLongIsBegunAnew() throws IOException {
        Path part = Files.createDirectories(home.resolve("voices/.parts").resolve(ID));
        Files.write(part.resolve(ID + ".onnx.part"), new byte[50_000]);
        installs(installer());
        library.remove(ID);
        Files.createDirectories(part);
        Files.write(part.resolve(ID + ".onnx.part"), new byte[400_000]);
        Files.writeString(
                part.resolve(ID + ".onnx.part.etag"), '"' + Samples.hash("SHA-256", ONNX) + '"');
        installs(installer());
    }

    @Test
    void aHalfWithWrongBytesIsFoundByItsDigest() throws IOException {
        Path part = Files.createDirectories(home.resolve("voices/.parts").resolve(ID));
        Files.write(part.resolve(ID + ".onnx.part"), new byte[50_000]);
        Files.writeString(
                part.resolve(ID + ".onnx.part.etag"), '"' + Samples.hash("SHA-256", ONNX) + '"');
        refuses(installer(), "MD5");
        installs(installer());
    }

    @Test
    void contentThatIsNotThePublishedIsRefused() throws IOException {
        byte[] other = ONNX.clone();
        other[5000]++;
        hub.files.put(ID + ".onnx", other);
        refuses(installer(), "the Hugging Face hub", "does not have the published MD5", "refresh");
        hub.files.put(ID + ".onnx", Samples.onnx(100, 1));
        refuses(installer(), "100 bytes", "300000");
        hub.files.put(ID + ".onnx", Samples.onnx(900_000, 1));
        refuses(installer(), "larger than published");
    }

    @Test
    void theHubsOwnDigestIsCheckedToo() throws IOException {
        hub.wrongTag = Samples.hash("SHA-256", new byte[1]);
        refuses(installer(), "SHA256");
        hub.wrongTag = "";
        hub.linkedTags = false;
        installs(installer());
    }

    @Test
    void whatIsNotThereIsToldAtOnce() throws IOException {
        hub.files.remove(ID + ".onnx.json");
        refuses(installer(), "no such file (404)", "--from FOLDER");
        assertThat(hub.requests.stream().filter(r -> r.endsWith(".onnx.json"))).hasSize(1);
    }

    @Test
    void passingFaultsAreTriedAgainAndLastingOnesGivenUp() throws IOException {
        for (int status : new int[] {429, 500, 503}) {
            hub.faultStatus = status;
            hub.faults.set(3);
            installs(installer());
            library.remove(ID);
        }
        hub.faults.set(1000);
        refuses(installer(), "it has a fault (503), 4 times");
        hub.faultStatus = 403;
        refuses(installer(), "403", "HF_TOKEN");
    }

    @Test
    void retryAfterIsHonoured() throws IOException {
        hub.faultStatus = 429;
        hub.retryAfter = "1";
        hub.faults.set(1);
        long start = System.nanoTime();
        installs(installer());
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isGreaterThan(Duration.ofMillis(990));
    }

    @Test
    void aDownloadThatStandsStillIsBegunAgain() throws IOException {
        hub.cuts.set(1);
        hub.cutAfter = 50_000;
        hub.stall = Duration.ofSeconds(20);
        long start = System.nanoTime();
        installs(installer());
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
        assertThat(hub.requests).anyMatch(r -> r.endsWith("bytes=50000-"));
    }

    @Test
    void aDownloadThatCrawlsIsGivenUp() throws IOException {
        hub.crawl = Duration.ofMillis(200); // 500 bytes a second, 1000 are asked for
        HubSettings plain = hub.settings();
        HubSettings impatient =
                new HubSettings(
                        plain.endpoint(),
                        Optional.empty(),
                        plain.proxies(),
                        Optional.empty(),
                        plain.connect(),
                        Duration.ofSeconds(1),
                        plain.slowest(),
                        2,
                        plain.backoff());
        refuses(installer(impatient, false), "too slow", "resumes");
    }

    @Test
    void plantedLinksAreNotFollowed() throws IOException {
        Path theirs = Files.writeString(home.resolve("theirs"), "precious");
        Path parts = Files.createDirectories(home.resolve("voices/.parts"));
        Path part = Files.createDirectories(parts.resolve(ID));
        for (String name : List.of(".onnx.part", ".onnx.part.etag", ".onnx", ".onnx.json.part")) {
            Files.createSymbolicLink(part.resolve(ID + name), theirs);
        }
        Files.createSymbolicLink(part.resolve("voice.json"), theirs);
        installs(installer());
        assertThat(library.get(ID).folder().resolve("voice.json")).isRegularFile();
        assertThat(theirs).hasContent("precious");
        library.remove(ID);
        Path folder = Files.createDirectory(home.resolve("their-folder"));
        Files.createSymbolicLink(parts.resolve(ID), folder);
        installs(installer());
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void anEndlessAnswerIsCutOff() throws IOException {
        hub.endless = true;
        refuses(installer(), "larger than published");
        hub.files.put("voices.json", new byte[0]);
        assertThatThrownBy(() -> new HubSource(hub.settings(), false).refresh(home))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("more than such a file can have");
        assertThat(Catalogue.refreshedList(home).getParent())
                .isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void anAbsurdLengthIsToldInOneLine() throws Exception {
        for (String length : List.of("99999999999999999999999", "-5", "9999999999", "many")) {
            try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
                Thread.ofVirtual().start(() -> answer(server, length));
                HubSettings settings =
                        HubSettings.of(
                                Map.of("HF_ENDPOINT", "http://localhost:" + server.getLocalPort()),
                                false);
                refuses(installer(settings, false), "cannot install " + ID);
            }
        }
    }

    private static void answer(ServerSocket server, String length) {
        try {
            while (true) {
                try (var client = server.accept()) {
                    client.getInputStream().read(new byte[10_000]);
                    client.getOutputStream()
                            .write(
                                    Samples.utf8(
                                            "HTTP/1.1 200 OK\r\nContent-Length: "
                                                    + length
                                                    + "\r\n\r\nx"));
                }
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    @Test
    void aRedirectToNowhereIsToldAsOne() throws IOException {
        hub.redirectTo = "nowhere";
        refuses(installer(), "redirects without saying where to");
    }

    @Test
    void whoWaitsForAnotherInstallIsTold() throws Exception {
        VoiceInstaller installer = installer();
        List<String> waits = new java.util.concurrent.CopyOnWriteArrayList<>();
        CompletableFuture<InstalledVoice> other;
        try (var lock = library.lock(ID)) {
            other =
                    CompletableFuture.supplyAsync(
                            () ->
                                    installer.install(
                                            ID,
                                            new InstallListener() {
                                                @Override
                                                public void waiting(String id) {
                                                    waits.add(id);
                                                }
                                            }));
            for (int i = 0; waits.isEmpty() && i < 500; i++) {
                Thread.sleep(10);
            }
        }
        assertThat(other.join().id()).isEqualTo(ID);
        assertThat(waits).containsExactly(ID);
    }

    @Test
    void theTokenGoesToTheHubAloneAndUnsafeRedirectsAreRefused() throws IOException {
        try (FakeHub elsewhere = new FakeHub()) {
            elsewhere.files.putAll(hub.files);
            hub.redirectTo = elsewhere.address() + "/cdn/";
            HubSettings plain = hub.settings();
            HubSettings settings =
                    new HubSettings(
                            plain.endpoint(),
                            Optional.of("secret"),
                            plain.proxies(),
                            Optional.empty(),
                            plain.connect(),
                            plain.answer(),
                            plain.slowest(),
                            plain.attempts(),
                            plain.backoff());
            installs(installer(settings, false));
            assertThat(hub.authorizations).allMatch(a -> a.endsWith("Bearer secret"));
            assertThat(elsewhere.authorizations).isNotEmpty().allMatch(a -> a.endsWith("null"));
        }
        library.remove(ID);
        hub.redirectTo = "file:///etc/";
        refuses(installer(), "not a safe address");
        hub.redirectTo = "/x/resolve/main/";
        refuses(installer(), "redirects without end");
    }

    @Test
    void aProxyOfTheEnvironmentIsUsed() throws IOException {
        URI proxy = hub.address();
        HubSettings fromEnvironment =
                HubSettings.of(
                        Map.of(
                                "HF_ENDPOINT", "http://hub.invalid",
                                "http_proxy", proxy.toString(),
                                "NO_PROXY", "other.invalid"),
                        false);
        installs(installer(fromEnvironment, false));
        assertThat(hub.requests).allMatch(r -> r.startsWith("GET hub.invalid/"));
        assertThat(fromEnvironment.proxies().select(URI.create("http://a.other.invalid/")))
                .containsExactly(java.net.Proxy.NO_PROXY);
    }

    @Test
    void settingsAreRead() {
        HubSettings bare = HubSettings.of(Map.of("HF_HOME", home.toString()), false);
        assertThat(bare.endpoint()).hasToString("https://huggingface.co");
        assertThat(bare.token()).isEmpty();
        assertThat(HubSettings.of(Map.of("HF_TOKEN", "hf_x"), false).token()).contains("hf_x");
        assertThat(HubSettings.of(Map.of("HF_TOKEN", "a\nb"), false).token()).isEmpty();
        HubSettings proxied =
                HubSettings.of(Map.of("HTTPS_PROXY", "http://me:pass@proxy:3128"), false);
        InetSocketAddress address =
                (InetSocketAddress)
                        proxied.proxies()
                                .select(URI.create("https://huggingface.co"))
                                .getFirst()
                                .address();
        assertThat(address.getPort()).isEqualTo(3128);
        assertThat(proxied.proxyUser().orElseThrow().getUserName()).isEqualTo("me");
        assertThat(HubSettings.of(Map.of("HTTPS_PROXY", "http://p:1"), true).proxies())
                .isSameAs(ProxySelector.getDefault());
        assertThatThrownBy(() -> HubSettings.of(Map.of("HF_ENDPOINT", "nonsense"), false))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("HF_ENDPOINT");
    }

    @Test
    void offlineAsksNobody() throws IOException {
        refuses(installer(hub.settings(), true), "offline");
        assertThat(hub.requests).isEmpty();
    }

    @Test
    void withoutAConnectionItFailsAtOnce() throws IOException {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        HubSettings settings =
                HubSettings.of(Map.of("HF_ENDPOINT", "http://localhost:" + free), false);
        long start = System.nanoTime();
        refuses(installer(settings, false), "no connection to localhost");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void manyInstallsAtOnceMakeOneDownload() throws IOException {
        VoiceInstaller installer = installer();
        List<CompletableFuture<InstalledVoice>> all =
                IntStream.range(0, 6)
                        .mapToObj(
                                i ->
                                        CompletableFuture.supplyAsync(
                                                () -> installer.install(ID, InstallListener.NONE)))
                        .toList();
        assertThat(all.stream().map(CompletableFuture::join).distinct()).hasSize(1);
        assertThat(hub.requests.stream().filter(r -> r.endsWith("/cdn/" + ID + ".onnx")))
                .hasSize(1);
    }

    @Test
    void twoProcessesAtOnceMakeOneDownload() throws Exception {
        catalogue();
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            processes.add(
                    new ProcessBuilder(
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "-Xmx64m",
                                    "-XX:TieredStopAtLevel=1",
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    InstallProcess.class.getName(),
                                    home.toString(),
                                    hub.address().toString(),
                                    ID)
                            .redirectErrorStream(true)
                            .redirectOutput(home.resolve("log" + i).toFile())
                            .start());
        }
        for (int i = 0; i < 2; i++) {
            assertThat(processes.get(i).waitFor(300, java.util.concurrent.TimeUnit.SECONDS))
                    .isTrue();
            assertThat(processes.get(i).exitValue())
                    .as(Files.readString(home.resolve("log" + i)))
                    .isZero();
        }
        library.verify(library.get(ID));
        assertThat(hub.requests.stream().filter(r -> r.endsWith("/cdn/" + ID + ".onnx")))
                .hasSize(1);
    }

    @Test
    void aFaultOfTheDiskEndsTheInstallAndTriesNoOtherSource() throws IOException {
        Path part = Files.createDirectories(home.resolve("voices/.parts").resolve(ID));
        Files.createDirectory(part.resolve(ID + ".onnx.part"));
        VoiceInstaller both =
                new VoiceInstaller(
                        library,
                        catalogue(),
                        List.of(
                                new HubSource(hub.settings(), false),
                                new FolderSource(home.resolve("nowhere"))));
        assertThatThrownBy(() -> both.install(ID, listener))
                .isExactlyInstanceOf(SkaldException.class)
                .hasMessageStartingWith("cannot install " + ID)
                .hasCauseInstanceOf(IOException.class);
        assertThat(library.list()).isEmpty();
        assertThat(told).isEmpty();
    }

    @Test
    void aListIsRefreshedOrTheOldOneStays() throws Exception {
        hub.files.put("voices.json", Samples.utf8(list(Samples.hash("MD5", ONNX), 300_000)));
        HubSource source = new HubSource(hub.settings(), false);
        assertThat(source.refresh(home)).isEqualTo(1);
        assertThat(Catalogue.of(home).find(ID)).isPresent();
        for (String bad : List.of("[]", "{}", "<html>", "{\"a\": {\"files\": {}}}")) {
            hub.files.put("voices.json", Samples.utf8(bad));
            assertThatThrownBy(() -> source.refresh(home)).isInstanceOf(VoiceException.class);
        }
        assertThat(Catalogue.of(home).find(ID)).isPresent();
        try (var files = Files.list(Catalogue.refreshedList(home).getParent())) {
            assertThat(files).hasSize(1);
        }
    }
}
