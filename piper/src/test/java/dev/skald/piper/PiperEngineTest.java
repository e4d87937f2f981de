package dev.skald.piper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.skald.AudioChunk;
import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.PiperOptions;
import dev.skald.SkaldException;
import dev.skald.SpeechCancelledException;
import dev.skald.SpeechRequest;
import dev.skald.Voice;
import dev.skald.VoiceException;
import dev.skald.spi.AudioSource;
import dev.skald.spi.Availability;
import dev.skald.spi.EngineContext;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The engine around a network that gives n samples for n ids. */
@Timeout(300)
class PiperEngineTest {
    private static final Path HOME = Path.of("target", "skald-home");

    @TempDir Path folder;
    private FakeNetwork network = new FakeNetwork(1);
    private PiperEngine engine = engine(2);
    private Path voice = Path.of("voice.onnx");

    private PiperEngine engine(int threads) {
        return new PiperEngine(
                EngineContext.builder().home(HOME).threads(threads).offline(true).build(),
                (onnx, config, c) -> network);
    }

    @BeforeEach
    void voice() throws IOException {
        voice = folder.resolve("voice.onnx");
        Files.writeString(voice, "");
        Files.writeString(
                folder.resolve("voice.onnx.json"), PiperIdsTest.resource("plain.onnx.json"));
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private SpeechRequest.Builder request(String text) {
        return SpeechRequest.builder(text).voice(voice);
    }

    private List<AudioChunk> speak(SpeechRequest request) {
        List<AudioChunk> chunks = new ArrayList<>();
        try (AudioSource source = engine.speak(request)) {
            for (AudioChunk chunk; (chunk = source.next()) != null; ) {
                chunks.add(chunk);
            }
            assertThat(source.next()).isNull();
        }
        return chunks;
    }

    @Test
    void sentencesComeInOrderEachAtItsPeak() {
        List<AudioChunk> chunks = speak(request("One.\nTwo three.\nFour five six.").build());
        assertThat(chunks).extracting(AudioChunk::sentence).containsExactly(0, 1, 2);
        assertThat(chunks).allMatch(AudioChunk::lastOfSentence);
        assertThat(chunks).extracting(c -> c.samples().length).isSorted().doesNotHaveDuplicates();
        assertThat(chunks).allSatisfy(c -> assertThat(c.samples()).containsOnly(1f));
        assertThat(chunks).allMatch(c -> c.sampleRate() == 22050);
    }

    @Test
    void windowsOfASentenceComeAsTheyAreMade() {
        network = new FakeNetwork(3);
        List<AudioChunk> chunks = speak(request("One.\nTwo.").build());
        assertThat(chunks)
                .extracting(AudioChunk::lastOfSentence)
                .containsExactly(false, false, true, false, false, true);
        assertThat(chunks).extracting(AudioChunk::sentence).containsExactly(0, 0, 0, 1, 1, 1);
    }

    @Test
    void aPhonemeHasTheSilenceThatTheVoiceWantsAfterIt() throws IOException {
        Path json = folder.resolve("voice.onnx.json");
        String quiet = "\"inference\": {\"phoneme_silence\": {\",\": 0.1}}, \"num_symbols\"";
        Files.writeString(json, Files.readString(json).replace("\"num_symbols\"", quiet));
        List<AudioChunk> chunks = speak(request("One, two.").build());
        int zeros = 0;
        for (AudioChunk chunk : chunks) {
            for (float sample : chunk.samples()) {
                zeros += sample == 0 ? 1 : 0;
            }
        }
        assertThat(network.begun).hasSize(2);
        assertThat(zeros).isEqualTo(2205);
    }

    @Test
    void silenceComesBetweenSentencesOnly() {
        List<AudioChunk> chunks = speak(request("One.\nTwo.\nThree.").sentenceSilence(0.5).build());
        assertThat(chunks)
                .extracting(c -> c.text().isEmpty())
                .containsExactly(false, true, false, true, false);
        assertThat(chunks.get(1).samples()).hasSize(11025).containsOnly(0f);
        assertThat(chunks.get(1).lastOfSentence()).isFalse();
    }

    @Test
    void volumeScalesAndClips() {
        assertThat(speak(request("One.").volume(0.25).build()).getFirst().samples())
                .containsOnly(0.25f);
        assertThat(speak(request("One.").volume(4).build()).getFirst().samples()).containsOnly(1f);
        assertThat(speak(request("One.").volume(0).build()).getFirst().samples()).containsOnly(0f);
    }

    @Test
    void settingsAreTheVoicesUnlessAskedOtherwise() {
        speak(request("One.").seed(7).build());
        assertThat(network.begun)
                .containsExactly(new PiperNetwork.Settings(0.667f, 1f, 0.8f, 0, 7, true));
        speak(
                request("One.")
                        .speed(2)
                        .options(PiperOptions.builder().noiseScale(0.1).noiseWidth(0).build())
                        .seed(8)
                        .build());
        assertThat(network.begun.getLast())
                .isEqualTo(new PiperNetwork.Settings(0.1f, 0.5f, 0f, 0, 8, true));
    }

    @Test
    void aSeedGivesEachUtteranceTheSameNoiseAgain() {
        speak(request("One.\nTwo.\nThree.").seed(7).build());
        List<Long> first = seeds();
        network.begun.clear();
        speak(request("One.\nTwo.\nThree.").seed(7).build());
        assertThat(seeds()).containsExactlyInAnyOrderElementsOf(first).doesNotHaveDuplicates();
        network.begun.clear();
        speak(request("One.").build());
        speak(request("One.").build());
        assertThat(seeds()).doesNotHaveDuplicates();
    }

    private List<Long> seeds() {
        return network.begun.stream().map(PiperNetwork.Settings::seed).toList();
    }

    @Test
    void speakersGoByNameOrNumber() throws IOException {
        Path json = folder.resolve("voice.onnx.json");
        Files.writeString(
                json,
                Files.readString(json)
                        .replace(
                                "\"num_speakers\": 1",
                                "\"num_speakers\": 3, \"default_speaker_id\": 1,"
                                        + "\"speaker_id_map\": {\"ann\": 0, \"2\": 0, \"bob\": 2}"));
        speak(request("One.").build());
        speak(request("One.").speaker("bob").build());
        speak(request("One.").speaker("1").build());
        speak(request("One.").speaker("2").build());
        assertThat(network.begun)
                .extracting(PiperNetwork.Settings::speaker)
                .containsExactly(1, 2, 1, 0);
        for (String unknown : List.of("eve", "3", "-1", "")) {
            assertThatThrownBy(() -> engine.speak(request("One.").speaker(unknown).build()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessage(
                            "voice voice has no speaker '"
                                    + unknown
                                    + "': name a number from 0 to 2 or a name such as 2, ann, bob");
        }
    }

    @Test
    void aSingleSpeakerHasNoOthers() {
        speak(request("One.").speaker("0").build());
        assertThatThrownBy(() -> engine.speak(request("One.").speaker("1").build()))
                .hasMessageContaining("it has only one, 0");
    }

    @Test
    void theFirstSentenceHasEveryCoreAndTheRestShareThem() throws InterruptedException {
        engine.close();
        engine = engine(4);
        network.gate = new CountDownLatch(1);
        try (AudioSource source =
                engine.speak(request("One.\nTwo.\nThree.\nFour.\nFive.\nSix.\nSeven.").build())) {
            Thread first = Thread.ofPlatform().start(source::next);
            while (network.threads.isEmpty()) {
                sleep(1);
            }
            assertThat(network.threads).containsExactly(4);
            network.gate.countDown();
            first.join();
            int n = 1;
            while (source.next() != null) {
                n++;
            }
            assertThat(n).isEqualTo(7);
        }
        assertThat(network.threads.getFirst()).isEqualTo(4);
        assertThat(network.threads).allMatch(t -> t >= 1 && t <= 4);
        assertThat(network.mostOpen.get()).isBetween(1, 4);
    }

    @Test
    void whatNobodyTakesIsNotMade() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            text.append("Sentence.\n");
        }
        try (AudioSource source = engine.speak(request(text.toString()).build())) {
            assertThat(source.next()).isNotNull();
            sleep(200);
            assertThat(network.begun).hasSizeLessThan(10);
        }
    }

    @Test
    void aWaitingReaderHoldsNothingBack() throws Exception {
        CountDownLatch more = new CountDownLatch(1);
        Reader typed =
                new Reader() {
                    // The splitter looks some way ahead of a sentence's end.
                    private final StringReader first =
                            new StringReader("One.\n\nTwo " + "and on ".repeat(100) + ".\n\nThree");

                    @Override
                    public int read(char[] into, int at, int length) throws IOException {
                        int n = first.read(into, at, length);
                        if (n < 0) {
                            try {
                                more.await();
                            } catch (InterruptedException e) {
                                throw new IOException(e);
                            }
                        }
                        return n;
                    }

                    @Override
                    public void close() {}
                };
        try (AudioSource source = engine.speak(SpeechRequest.builder(typed).voice(voice).build())) {
            assertThat(text(source.next())).startsWith("One");
            more.countDown();
            int n = 1;
            while (source.next() != null) {
                n++;
            }
            assertThat(n).isGreaterThan(3);
        }
    }

    @Test
    void readersThatSpinHoldNobodyElseBack() {
        AtomicBoolean enough = new AtomicBoolean();
        List<AudioSource> stuck = new ArrayList<>();
        try {
            for (int i = 0; i <= Runtime.getRuntime().availableProcessors(); i++) {
                Reader reader = spinning(enough);
                stuck.add(engine.speak(SpeechRequest.builder(reader).voice(voice).build()));
            }
            assertTimeoutPreemptively(
                    Duration.ofSeconds(60),
                    () -> assertThat(speak(request("One.").build())).isNotEmpty());
        } finally {
            enough.set(true);
            stuck.forEach(AudioSource::close);
        }
    }

    private static Reader spinning(AtomicBoolean enough) {
        return new Reader() {
            @Override
            public int read(char[] into, int at, int length) {
                while (!enough.get()) {
                    Thread.onSpinWait();
                }
                return -1;
            }

            @Override
            public boolean ready() {
                return true; // one that is not is read on a thread beside anyway
            }

            @Override
            public void close() {}
        };
    }

    private static String text(@Nullable AudioChunk chunk) {
        return chunk == null ? "" : chunk.text();
    }

    @Test
    void aFailingReaderFailsInOrder() {
        Reader broken =
                new Reader() {
                    @Override
                    public int read(char[] into, int at, int length) throws IOException {
                        throw new IOException("the disk is gone");
                    }

                    @Override
                    public void close() {}
                };
        try (AudioSource source =
                engine.speak(SpeechRequest.builder(broken).voice(voice).build())) {
            assertThatThrownBy(source::next)
                    .isInstanceOf(SkaldException.class)
                    .hasMessageContaining("the disk is gone");
        }
    }

    @Test
    void aFailingNetworkIsToldByNext() {
        network.failing = true;
        try (AudioSource source = engine.speak(request("One.\nTwo.").build())) {
            assertThatThrownBy(source::next).hasMessage("the network failed");
            assertThatThrownBy(source::next).hasMessage("the network failed");
        }
    }

    @Test
    void cancelWakesWhoeverWaits() throws Exception {
        network.gate = new CountDownLatch(1);
        try (ExecutorService other = Executors.newSingleThreadExecutor();
                AudioSource source = engine.speak(request("One.\nTwo.").build())) {
            Future<?> waiting = other.submit(source::next);
            sleep(50);
            source.cancel();
            assertThat(waiting)
                    .failsWithin(Duration.ofSeconds(50))
                    .withThrowableThat()
                    .withCauseInstanceOf(SpeechCancelledException.class);
            assertThatThrownBy(source::next).isInstanceOf(SpeechCancelledException.class);
        }
        network.gate.countDown();
        assertThat(speak(request("One.").build())).hasSize(1);
    }

    @Test
    void closingTheEngineEndsItsSources() {
        network.gate = new CountDownLatch(1);
        AudioSource source = engine.speak(request("One.").build());
        engine.close();
        assertThatThrownBy(source::next).isInstanceOf(SpeechCancelledException.class);
        assertThat(network.closed).isTrue();
        assertThatThrownBy(() -> engine.speak(request("One.").build()))
                .isInstanceOf(SkaldException.class)
                .hasMessage("the engine is closed");
    }

    @Test
    void severalSourcesAtOnce() throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(6)) {
            List<Future<List<AudioChunk>>> all = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                String text = "Word ".repeat(i + 1) + ".\nTwo.\nThree.";
                all.add(pool.submit(() -> speak(request(text).build())));
            }
            int last = 0;
            for (Future<List<AudioChunk>> one : all) {
                List<AudioChunk> chunks = one.get(30, TimeUnit.SECONDS);
                assertThat(chunks).hasSize(3);
                assertThat(chunks.getFirst().samples().length).isGreaterThan(last);
                last = chunks.getFirst().samples().length;
            }
        }
    }

    @Test
    void nothingToSayIsNoAudio() {
        assertThat(speak(SpeechRequest.builder(new StringReader("")).voice(voice).build()))
                .isEmpty();
        assertThat(speak(request("[[ЖЩ]]").build())).isEmpty();
    }

    @Test
    void anotherLanguageIsReadByItsOwnRules() throws IOException {
        EngineContext context = EngineContext.builder().home(HOME).threads(1).offline(true).build();
        PiperText english = PiperText.open(context, request("Guten Tag").build());
        PiperText german = PiperText.open(context, request("Guten Tag").language("de_DE").build());
        PiperText same = PiperText.open(context, request("Guten Tag").language("en").build());
        String read = phonemes(german);
        assertThat(read).isEqualTo("ɡˈuːtən tˈɑːk").isNotEqualTo(phonemes(english));
        assertThat(phonemes(same))
                .isEqualTo(phonemes(PiperText.open(context, request("Guten Tag").build())));
        assertThatThrownBy(() -> PiperText.open(context, request("x").language("xx").build()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("cannot read the language 'xx'");
    }

    private static String phonemes(PiperText text) {
        SpokenSentence sentence = text.next();
        return sentence == null ? "" : String.join("", sentence.utterances().getFirst().phonemes());
    }

    @Test
    void aPathIsAVoiceOfItsOwn() {
        Voice told = engine.speak(request("One.").build()).voice();
        assertThat(told.id()).isEqualTo("voice");
        assertThat(told.mode()).isEqualTo(Mode.FAST);
        assertThat(told.sampleRate()).isEqualTo(22050);
    }

    @Test
    void availabilitySaysWhy() {
        EngineContext empty =
                EngineContext.builder()
                        .home(folder.resolve("nothing"))
                        .threads(1)
                        .offline(true)
                        .build();
        PiperProvider provider = new PiperProvider();
        assertThat(provider.availability(empty, SpeechRequest.of("x")))
                .isEqualTo(
                        Availability.no(
                                "no voice is installed (skald voices install en_US-joe-medium)"));
        Availability path = provider.availability(empty, request("x").build());
        assertThat(path.ready()).isTrue();
        assertThat(path.claims()).isTrue();
        assertThat(
                        provider.availability(
                                        empty, SpeechRequest.builder("x").voice("nope\n").build())
                                .reason())
                .isEqualTo("'nope?' is not an installed Piper voice (skald voices list)");
        assertThat(
                        provider.availability(
                                        empty, SpeechRequest.builder("x").voice("no.onnx").build())
                                .reason())
                .isEqualTo("there is no file no.onnx");
    }

    @Test
    void aVoiceThatCannotBeLoadedIsTriedAgain() {
        engine.close();
        int[] tries = {0};
        engine =
                new PiperEngine(
                        EngineContext.builder().home(HOME).threads(1).offline(true).build(),
                        (onnx, config, c) -> {
                            if (tries[0]++ == 0) {
                                throw new VoiceException(onnx + " is damaged");
                            }
                            return network;
                        });
        assertThatThrownBy(() -> engine.speak(request("One.").build()))
                .isInstanceOf(VoiceException.class)
                .hasMessageEndingWith("voice.onnx is damaged");
        assertThat(speak(request("One.").build())).hasSize(1);
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
