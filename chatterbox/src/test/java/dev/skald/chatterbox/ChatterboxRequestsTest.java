package dev.skald.chatterbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.AudioChunk;
import dev.skald.ChatterboxOptions;
import dev.skald.Mode;
import dev.skald.SpeechRequest;
import dev.skald.TimedText;
import dev.skald.Timestamps;
import dev.skald.VoiceException;
import dev.skald.spi.AudioSource;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.testkit.TestDevice;
import dev.skald.voices.catalogue.Catalogue;
import dev.skald.voices.catalogue.CatalogueEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a request asks for is what the models get, over small checkpoints. */
class ChatterboxRequestsTest {
    @TempDir static Path dir;
    private static SpeechEngine engine;

    @BeforeAll
    static void checkpoints() throws IOException {
        for (ChatterboxModel model :
                List.of(
                        ChatterboxModel.TURBO,
                        ChatterboxModel.ORIGINAL,
                        ChatterboxModel.MULTILINGUAL_V2,
                        ChatterboxModel.MULTILINGUAL_V3)) {
            TinyCheckpoint.write(model, dir.resolve(model.id()));
        }
        engine = new ChatterboxProvider().open(context(2));
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static EngineContext context(int threads) {
        return EngineContext.builder()
                .device(TestDevice.name())
                .home(dir.resolve("home"))
                .threads(threads)
                .offline(true)
                .build();
    }

    private static SpeechRequest.Builder request(ChatterboxModel model) {
        return SpeechRequest.builder("Good day.")
                .mode(Mode.CINEMATIC)
                .model(dir.resolve(model.id()).toString())
                .seed(7);
    }

    private static List<Float> speech(SpeechEngine engine, SpeechRequest request) {
        List<Float> all = new ArrayList<>();
        try (AudioSource source = engine.speak(request)) {
            source.whole();
            for (AudioChunk c = source.next(); c != null; c = source.next()) {
                for (float v : c.samples()) {
                    all.add(v);
                }
            }
        }
        assertThat(all).isNotEmpty();
        return all;
    }

    @ParameterizedTest
    @EnumSource(
            value = ChatterboxModel.class,
            names = {"TURBO", "ORIGINAL"})
    void sentencesAreToldWithTheLastOfTheirAudio(ChatterboxModel model) {
        String text =
                "Dr. Smith paid $5 for the old harbour. Then it rained for two days, and more.";
        SpeechRequest request =
                SpeechRequest.builder(text)
                        .mode(Mode.CINEMATIC)
                        .model(dir.resolve(model.id()).toString())
                        .seed(7)
                        .speed(1.25)
                        .sentenceSilence(0.1)
                        .timestamps(Timestamps.WORD)
                        .build();
        List<TimedText> told = new ArrayList<>();
        long samples = 0;
        try (AudioSource source = engine.speak(request)) {
            for (AudioChunk c = source.next(); c != null; c = source.next()) {
                samples += c.samples().length;
                for (TimedText t : c.words()) {
                    assertThat(t.end()).isEqualTo(samples);
                }
                told.addAll(c.words());
            }
        }
        assertThat(told).hasSize(2).allMatch(t -> t.level() == Timestamps.SENTENCE);
        assertThat(told.getFirst().text()).isEqualTo("Dr. Smith paid $5 for the old harbour");
        assertThat(told.getFirst().start()).isZero();
        assertThat(told.getLast().start()).isEqualTo(told.getFirst().end() + 2400);
        assertThat(told.getLast().offset()).isEqualTo(text.indexOf("Then"));
    }

    @Test
    void theTextIsShownAsTheModelGetsIt() {
        SpeechRequest request = request(ChatterboxModel.TURBO).build();
        ChatterboxText text = ChatterboxText.open(context(1), request);
        ChatterboxText.Piece piece = Objects.requireNonNull(text.next());
        assertThat(piece.text()).isEqualTo("Good day.");
        assertThat(piece.ids()).isNotEmpty();
        assertThat(text.next()).isNull();
    }

    @Test
    void aFolderIsRegisteredOnce() throws IOException {
        EngineContext own =
                EngineContext.builder().home(dir.resolve("other")).threads(2).offline(true).build();
        Path folder = Files.createDirectory(dir.resolve("tuned"));
        TinyCheckpoint.write(ChatterboxModel.TURBO, folder);
        VoiceCloning.register(own, "mine", folder);
        assertThat(Installed.isModel(own, "mine")).isTrue();
        assertThat(Installed.isModel(own, "yours")).isFalse();
        for (SpeechRequest request :
                List.of(
                        SpeechRequest.builder("Hi.").model("mine").build(),
                        SpeechRequest.builder("Hi.").voice("mine").build(),
                        SpeechRequest.builder("Hi.").build())) {
            assertThat(Installed.find(own, request).folder()).isEqualTo(folder);
        }
        assertThatThrownBy(() -> VoiceCloning.register(own, "turbo", folder))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("official model");
        assertThatThrownBy(() -> VoiceCloning.register(own, "none", dir.resolve("home")))
                .isInstanceOf(VoiceException.class);
        Files.move(folder, dir.resolve("elsewhere"));
        assertThatThrownBy(
                        () ->
                                Installed.find(
                                        own, SpeechRequest.builder("Hi.").model("mine").build()))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("skald voices remove mine");
    }

    record Setting(
            String name,
            ChatterboxModel model,
            UnaryOperator<ChatterboxOptions.Builder> set,
            boolean heard) {
        @Override
        public String toString() {
            return model + " " + name;
        }
    }

    static Stream<Setting> settings() {
        ChatterboxModel original = ChatterboxModel.ORIGINAL;
        ChatterboxModel turbo = ChatterboxModel.TURBO;
        return Stream.of(
                new Setting("exaggeration", original, o -> o.exaggeration(1.5), true),
                new Setting("cfg weight", original, o -> o.cfgWeight(0.9), true),
                new Setting("temperature", original, o -> o.temperature(0.3), true),
                new Setting("min-p", original, o -> o.minP(0.6), true),
                new Setting("top-p", original, o -> o.topP(0.2), true),
                new Setting("repetition penalty", original, o -> o.repetitionPenalty(9), true),
                new Setting("temperature", turbo, o -> o.temperature(0.3), true),
                new Setting("top-p", turbo, o -> o.topP(0.2), true),
                new Setting("top-k", turbo, o -> o.topK(2), true),
                new Setting("repetition penalty", turbo, o -> o.repetitionPenalty(9), true),
                new Setting("exaggeration", turbo, o -> o.exaggeration(1.5), false),
                new Setting("cfg weight", turbo, o -> o.cfgWeight(0.9), false),
                new Setting("min-p", turbo, o -> o.minP(0.6), false),
                new Setting("top-k", original, o -> o.topK(2), false));
    }

    /** The official defaults, and those that a model has no use for, change nothing. */
    @ParameterizedTest
    @MethodSource("settings")
    void aSettingIsHeardWhereTheModelHasIt(Setting setting) {
        List<Float> plain = speech(engine, request(setting.model).build());
        List<Float> set =
                speech(
                        engine,
                        request(setting.model)
                                .options(setting.set.apply(ChatterboxOptions.builder()).build())
                                .build());
        assertThat(set.equals(plain)).isEqualTo(!setting.heard);
    }

    @ParameterizedTest
    @EnumSource(names = {"ORIGINAL", "TURBO"})
    void whatIsLeftOutIsTheOfficialDefault(ChatterboxModel model) {
        ChatterboxOptions.Builder b =
                ChatterboxOptions.builder().temperature(0.8).repetitionPenalty(1.2);
        if (model.turbo()) {
            b.topK(1000).topP(0.95);
        } else {
            b.exaggeration(0.5).cfgWeight(0.5).minP(0.05).topP(1);
        }
        assertThat(speech(engine, request(model).options(b.build()).build()))
                .isEqualTo(speech(engine, request(model).build()));
    }

    @ParameterizedTest
    @EnumSource(names = {"MULTILINGUAL_V2", "MULTILINGUAL_V3"})
    void everyLanguageSpeaksByItself(ChatterboxModel model) {
        assertThat(model.languages()).hasSize(23);
        Set<List<Float>> heard = new HashSet<>();
        for (String language : model.languages()) {
            heard.add(speech(engine, request(model).language(language).build()));
        }
        assertThat(heard).hasSize(23);
        assertThat(heard).contains(speech(engine, request(model).language("PT-br").build()));
    }

    /** Ten at once: more than the decoder has slots, some of them cancelled half-way. */
    @Test
    void manyAtOnceSayWhatEachSaysAlone() throws Exception {
        List<SpeechRequest> requests = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            requests.add(
                    request(i % 2 == 0 ? ChatterboxModel.TURBO : ChatterboxModel.ORIGINAL)
                            .seed(i)
                            .build());
        }
        List<List<Float>> alone = new ArrayList<>();
        for (SpeechRequest request : requests) {
            alone.add(speech(engine, request));
        }
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<Float>>> together = new ArrayList<>();
            for (SpeechRequest request : requests) {
                together.add(callers.submit(() -> speech(engine, request)));
                callers.submit(
                        () -> {
                            try (AudioSource left = engine.speak(request)) {
                                left.next();
                            }
                        });
            }
            for (int i = 0; i < requests.size(); i++) {
                assertThat(together.get(i).get(5, TimeUnit.MINUTES)).isEqualTo(alone.get(i));
            }
        }
    }

    @Test
    void oneThreadOrTwoSayTheSame() {
        SpeechRequest request = request(ChatterboxModel.ORIGINAL).build();
        try (SpeechEngine alone = new ChatterboxProvider().open(context(1))) {
            assertThat(speech(alone, request)).isEqualTo(speech(engine, request));
        }
    }

    @Test
    void twoRequestsAtOnceSayWhatEachSaysAlone() {
        SpeechRequest one = request(ChatterboxModel.TURBO).build();
        SpeechRequest two = request(ChatterboxModel.ORIGINAL).seed(9).build();
        List<Float> first = speech(engine, one);
        List<Float> second = speech(engine, two);
        CompletableFuture<List<Float>> meanwhile =
                CompletableFuture.supplyAsync(() -> speech(engine, one));
        assertThat(speech(engine, two)).isEqualTo(second);
        assertThat(meanwhile.join()).isEqualTo(first);
    }

    /** What the installer fetches is what the loader opens. */
    @ParameterizedTest
    @EnumSource
    void theCatalogueHasEveryFileOfEachModel(ChatterboxModel model) {
        CatalogueEntry entry = Catalogue.bundled().get(model.id());
        Stream<String> text =
                model.turbo()
                        ? Stream.of("vocab.json", "merges.txt", "added_tokens.json")
                        : model.multilingual()
                                ? Stream.of(
                                        "grapheme_mtl_merged_expanded_v1.json", "Cangjie5_TC.json")
                                : Stream.of("tokenizer.json");
        assertThat(entry.files())
                .extracting(f -> f.name())
                .contains(
                        model.t3File() + ".safetensors",
                        model.s3genFile() + ".safetensors",
                        "ve.safetensors",
                        "conds.pt")
                .containsAll(text.toList());
        assertThat(entry.files()).allMatch(f -> f.bytes().isPresent() && !f.digests().isEmpty());
        String repository =
                switch (model) {
                    case TURBO -> "ResembleAI/chatterbox-turbo";
                    case NANO -> "ResembleAI/chatterbox-nano";
                    default -> "ResembleAI/chatterbox";
                };
        assertThat(entry.hub().orElseThrow().repository()).isEqualTo(repository);
        assertThat(entry.hub().orElseThrow().revision()).matches("[0-9a-f]{40}");
    }
}
