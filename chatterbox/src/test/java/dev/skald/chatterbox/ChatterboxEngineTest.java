package dev.skald.chatterbox;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.offset;

import dev.skald.AudioChunk;
import dev.skald.ChatterboxOptions;
import dev.skald.InvalidRequestException;
import dev.skald.Mode;
import dev.skald.SpeechCancelledException;
import dev.skald.SpeechRequest;
import dev.skald.StageWork;
import dev.skald.VoiceException;
import dev.skald.spi.AudioSource;
import dev.skald.spi.Availability;
import dev.skald.spi.EngineContext;
import dev.skald.spi.SpeechEngine;
import dev.skald.tensor.io.TorchZipWriter;
import dev.skald.testkit.TestDevice;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine over small checkpoints: what comes out is noise, but it comes out right. */
class ChatterboxEngineTest {
    private static final String TEXT =
            "The train was late again. Nobody seemed to mind that today.";

    @TempDir static Path dir;
    private static EngineContext context;

    @BeforeAll
    static void checkpoints() throws IOException {
        context =
                EngineContext.builder()
                        .device(TestDevice.name())
                        .home(dir.resolve("home"))
                        .threads(2)
                        .offline(true)
                        .build();
        for (ChatterboxModel model :
                List.of(
                        ChatterboxModel.TURBO,
                        ChatterboxModel.ORIGINAL,
                        ChatterboxModel.MULTILINGUAL_V2)) {
            TinyCheckpoint.write(model, dir.resolve(model.id()));
        }
    }

    private static SpeechRequest.Builder request(ChatterboxModel model) {
        return SpeechRequest.builder(TEXT)
                .mode(Mode.CINEMATIC)
                .model(dir.resolve(model.id()).toString())
                .seed(7);
    }

    private static List<AudioChunk> take(AudioSource source) {
        List<AudioChunk> chunks = new ArrayList<>();
        for (AudioChunk c = source.next(); c != null; c = source.next()) {
            chunks.add(c);
        }
        return chunks;
    }

    private static float[] samples(List<AudioChunk> chunks) {
        int n = chunks.stream().mapToInt(c -> c.samples().length).sum();
        float[] all = new float[n];
        int at = 0;
        for (AudioChunk c : chunks) {
            System.arraycopy(c.samples(), 0, all, at, c.samples().length);
            at += c.samples().length;
        }
        return all;
    }

    @ParameterizedTest
    @EnumSource(names = {"TURBO", "ORIGINAL", "MULTILINGUAL_V2"})
    void aSeedGivesTheSameSpeechInStreamedPieces(ChatterboxModel model) {
        try (SpeechEngine engine = new ChatterboxProvider().open(context)) {
            List<AudioChunk> chunks;
            try (AudioSource source = engine.speak(request(model).build())) {
                assertThat(source.sampleRate()).isEqualTo(24_000);
                chunks = take(source);
            }
            float[] first = samples(chunks);
            assertThat(chunks).hasSizeGreaterThan(2);
            assertThat(chunks.getLast().lastOfSentence()).isTrue();
            assertThat(first.length).isBetween(24_000, 40 * 24_000);
            for (float v : first) {
                assertThat(Math.abs(v)).isLessThanOrEqualTo(1);
            }
            try (AudioSource again = engine.speak(request(model).build());
                    AudioSource other = engine.speak(request(model).seed(8).build())) {
                assertThat(samples(take(again))).isEqualTo(first);
                assertThat(samples(take(other))).isNotEqualTo(first);
            }
        }
    }

    @Test
    void tellsWhatEachStageDid() {
        try (SpeechEngine engine = new ChatterboxProvider().open(context);
                AudioSource source = engine.speak(request(ChatterboxModel.TURBO).build())) {
            double audio = samples(take(source)).length / 24_000.0;
            List<StageWork> stages = source.stages();
            assertThat(stages)
                    .extracting(StageWork::stage)
                    .containsExactly("prefill", "decode", "flow", "vocoder", "guard");
            assertThat(stages.subList(0, 4)).allMatch(s -> s.seconds() > 0);
            assertThat(stages.get(2).work()).isCloseTo(audio, offset(1e-6));
            assertThat(stages.get(3).work()).isCloseTo(audio, offset(1e-6));
            // 25 tokens a second, without the three of silence and the ones that prefill draws
            assertThat(stages.get(1).work()).isBetween(25 * audio - 12, 25 * audio + 4);
            assertThat(stages.get(0).work()).isPositive();
        }
    }

    @Test
    void readsAVoiceOnce() {
        EngineContext fresh =
                EngineContext.builder()
                        .device(TestDevice.name())
                        .home(dir.resolve("fresh"))
                        .threads(2)
                        .offline(true)
                        .build();
        double[] positions = new double[2];
        float[][] said = new float[2][];
        for (int i = 0; i < 2; i++) {
            try (SpeechEngine engine = new ChatterboxProvider().open(fresh);
                    AudioSource source = engine.speak(request(ChatterboxModel.TURBO).build())) {
                said[i] = samples(take(source));
                positions[i] = source.stages().get(0).work();
            }
        }
        assertThat(positions[1]).isPositive().isLessThan(positions[0]);
        assertThat(said[1]).isEqualTo(said[0]);
    }

    @ParameterizedTest
    @EnumSource(names = {"TURBO", "ORIGINAL"})
    void spokenInOneGoTheSameIsSaid(ChatterboxModel model) {
        try (SpeechEngine engine = new ChatterboxProvider().open(context);
                AudioSource live = engine.speak(request(model).build());
                AudioSource file = engine.speak(request(model).build())) {
            file.whole();
            List<AudioChunk> pieces = take(file);
            float[] streamed = samples(take(live));
            float[] whole = samples(pieces);
            assertThat(pieces.stream().filter(AudioChunk::lastOfSentence).count())
                    .isEqualTo(pieces.size());
            assertThat(whole).hasSameSizeAs(streamed);
            assertThat(file.stages().get(1).work()).isEqualTo(live.stages().get(1).work());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSoundThatNeverEndsIsCutShort(boolean whole) throws IOException {
        Path folder = TinyCheckpoint.always(17, ChatterboxModel.TURBO, dir.resolve("held" + whole));
        try (SpeechEngine engine = new ChatterboxProvider().open(context);
                AudioSource source =
                        engine.speak(
                                request(ChatterboxModel.TURBO).model(folder.toString()).build())) {
            if (whole) {
                source.whole();
            }
            // Six tokens and three of silence, where 35 were drawn.
            assertThat(samples(take(source))).hasSize(9 * 960);
        }
    }

    /** Three tokens of silence are what Turbo appends. */
    @Test
    void aModelThatSaysNothingEndsEachPiece() throws IOException {
        Path folder = TinyCheckpoint.always(6562, ChatterboxModel.TURBO, dir.resolve("mute"));
        try (SpeechEngine engine = new ChatterboxProvider().open(context);
                AudioSource source =
                        engine.speak(
                                request(ChatterboxModel.TURBO).model(folder.toString()).build())) {
            List<AudioChunk> chunks = take(source);
            assertThat(chunks).hasSize(1).allMatch(AudioChunk::lastOfSentence);
            assertThat(chunks).allMatch(c -> c.samples().length == 3 * 960);
        }
    }

    @Test
    void speaksFasterAndSlower() {
        try (SpeechEngine engine = new ChatterboxProvider().open(context)) {
            int[] lengths = new int[3];
            double[] speeds = {1, 1.25, 0.8};
            for (int i = 0; i < speeds.length; i++) {
                SpeechRequest paced = request(ChatterboxModel.TURBO).speed(speeds[i]).build();
                try (AudioSource source = engine.speak(paced)) {
                    lengths[i] = samples(take(source)).length;
                }
            }
            assertThat(lengths[1]).isEqualTo((int) Math.round(lengths[0] / 1.25));
            assertThat(lengths[2]).isEqualTo((int) Math.round(lengths[0] / 0.8));
            assertThatThrownBy(() -> engine.speak(request(ChatterboxModel.TURBO).speed(3).build()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("from 0.5 to 2.0, not 3.0");
        }
    }

    @Test
    void aNamedVoiceFromAClipSpeaks() throws IOException {
        Path clip = dir.resolve("me.wav");
        wav(clip, 6, 22_050);
        SpeechRequest model = request(ChatterboxModel.TURBO).build();
        VoiceCloning.add(context, "me", clip, model);
        try (SpeechEngine engine = new ChatterboxProvider().open(context);
                AudioSource named =
                        engine.speak(request(ChatterboxModel.TURBO).voice("me").build());
                AudioSource fresh =
                        engine.speak(request(ChatterboxModel.TURBO).voice(clip).build())) {
            assertThat(engine.voices()).anyMatch(v -> v.id().equals("me"));
            float[] once = samples(take(named));
            assertThat(once).isNotEmpty().isEqualTo(samples(take(fresh)));
        }
        List<float[]> converted = new ArrayList<>();
        VoiceCloning.convert(context, clip, model, () -> {}, converted::add);
        assertThatThrownBy(
                        () ->
                                VoiceCloning.convert(
                                        context,
                                        clip,
                                        model,
                                        () -> {
                                            throw new SpeechCancelledException("no more");
                                        },
                                        converted::add))
                .isInstanceOf(SpeechCancelledException.class);
        int n = converted.stream().mapToInt(s -> s.length).sum();
        assertThat(n / 24_000.0).isBetween(5.5, 6.1);
        assertThatThrownBy(() -> VoiceCloning.add(context, "me", clip, model))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining("already");
    }

    @Test
    void anEngineKeepsTheVoiceOfAClipAndRemovesIt() throws IOException {
        Path clip = dir.resolve("kept.wav");
        wav(clip, 6, 22_050);
        EngineContext own =
                EngineContext.builder()
                        .device(TestDevice.name())
                        .home(dir.resolve("keeping"))
                        .threads(2)
                        .offline(true)
                        .build();
        VoiceCloning.register(own, "checkpoint", dir.resolve(ChatterboxModel.TURBO.id()));
        try (SpeechEngine engine = new ChatterboxProvider().open(own)) {
            assertThat(engine.addVoice("kept", clip).orElseThrow().id()).isEqualTo("kept");
            assertThat(engine.voices()).anyMatch(v -> v.id().equals("kept"));
            try (AudioSource kept =
                    engine.speak(request(ChatterboxModel.TURBO).voice("kept").build())) {
                assertThat(take(kept)).isNotEmpty();
            }
            Path prefixes = own.home().resolve("cache").resolve("prefixes");
            assertThat(prefixes).isNotEmptyDirectory();
            assertThat(engine.removeVoice("kept")).isTrue();
            assertThat(prefixes).doesNotExist();
            assertThat(engine.removeVoice("kept")).isFalse();
            assertThat(engine.voices()).noneMatch(v -> v.id().equals("kept"));
            // A model is no voice of a clip.
            assertThat(engine.removeVoice(ChatterboxModel.TURBO.id())).isFalse();
        }
    }

    @Test
    void aShortClipIsRefusedWithTheReason() throws IOException {
        Path clip = dir.resolve("short.wav");
        wav(clip, 2, 16_000);
        try (SpeechEngine engine = new ChatterboxProvider().open(context)) {
            assertThatThrownBy(
                            () -> engine.speak(request(ChatterboxModel.TURBO).voice(clip).build()))
                    .hasMessageContaining("2.0 s");
        }
    }

    /** A clip that is recorded again, or heard by another model, is cloned again. */
    @Test
    void aClipIsClonedForWhatItIsAndForWhom() throws IOException {
        Path clip = dir.resolve("again.wav");
        wav(clip, 6, 16_000);
        try (SpeechEngine engine = new ChatterboxProvider().open(context);
                SpeechEngine other = new ChatterboxProvider().open(context)) {
            SpeechRequest turbo = request(ChatterboxModel.TURBO).voice(clip).build();
            SpeechRequest original = request(ChatterboxModel.ORIGINAL).voice(clip).build();
            float[] first = speech(engine, turbo);
            float[] second = speech(engine, original);
            assertThat(speech(other, original)).isEqualTo(second);
            assertThat(speech(other, turbo)).isEqualTo(first);
            wav(clip, 7, 16_000);
            assertThat(speech(engine, turbo)).isNotEqualTo(first);
        }
    }

    private static float[] speech(SpeechEngine engine, SpeechRequest request) {
        try (AudioSource source = engine.speak(request)) {
            return samples(take(source));
        }
    }

    @Test
    void aCancelledSpeechEndsAndTheEngineStaysUsable() {
        try (SpeechEngine engine = new ChatterboxProvider().open(context)) {
            AudioSource source = engine.speak(request(ChatterboxModel.TURBO).build());
            assertThat(source.next()).isNotNull();
            source.cancel();
            assertThatThrownBy(source::next).isInstanceOf(SpeechCancelledException.class);
            source.close();
            try (AudioSource next = engine.speak(request(ChatterboxModel.TURBO).build())) {
                assertThat(next.next()).isNotNull();
            }
        }
    }

    @Test
    void aLanguageTheModelDoesNotSpeakIsRefused() {
        try (SpeechEngine engine = new ChatterboxProvider().open(context)) {
            assertThatThrownBy(
                            () ->
                                    engine.speak(
                                            request(ChatterboxModel.TURBO).language("fr").build()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("does not speak 'fr'")
                    .hasMessageContaining("multilingual");
            assertThatThrownBy(
                            () ->
                                    engine.speak(
                                            request(ChatterboxModel.MULTILINGUAL_V2)
                                                    .language("xx")
                                                    .build()))
                    .isInstanceOf(InvalidRequestException.class);
        }
    }

    @Test
    void guidanceOfZeroSpeaks() {
        try (SpeechEngine engine = new ChatterboxProvider().open(context);
                AudioSource source =
                        engine.speak(
                                request(ChatterboxModel.ORIGINAL)
                                        .options(ChatterboxOptions.builder().cfgWeight(0).build())
                                        .build())) {
            assertThat(source.next()).isNotNull();
        }
    }

    @Test
    void aDamagedCheckpointIsRefusedByFileAndTensor() throws IOException {
        Path folder = TinyCheckpoint.write(ChatterboxModel.TURBO, dir.resolve("cut"));
        try (RandomAccessFile file =
                new RandomAccessFile(folder.resolve("t3_turbo_v1.safetensors").toFile(), "rw")) {
            file.setLength(file.length() / 2);
        }
        try (SpeechEngine engine = new ChatterboxProvider().open(context)) {
            SpeechRequest cut = request(ChatterboxModel.TURBO).model(folder.toString()).build();
            assertThatThrownBy(() -> engine.speak(cut))
                    .isInstanceOf(VoiceException.class)
                    .hasMessageContaining("t3_turbo_v1.safetensors")
                    .hasMessageContaining("cut short");
            Files.copy(
                    dir.resolve("chatterbox-turbo").resolve("ve.safetensors"),
                    folder.resolve("t3_turbo_v1.safetensors"),
                    REPLACE_EXISTING);
            assertThatThrownBy(() -> engine.speak(cut))
                    .isInstanceOf(VoiceException.class)
                    .hasMessageContaining("not a T3 model");
            try (AudioSource good = engine.speak(request(ChatterboxModel.TURBO).build())) {
                assertThat(good.next()).isNotNull();
            }
        }
    }

    /** Writes a checkpoint whose T3 file holds other tensors, and what the engine says of it. */
    private static String refusal(ChatterboxModel model, String name, Change change)
            throws IOException {
        Path folder = TinyCheckpoint.write(model, dir.resolve(name));
        change.in(folder);
        try (SpeechEngine engine = new ChatterboxProvider().open(context)) {
            SpeechRequest bad = request(model).model(folder.toString()).build();
            VoiceException refused =
                    catchThrowableOfType(VoiceException.class, () -> engine.speak(bad));
            assertThat(refused).isNotNull();
            try (AudioSource good = engine.speak(request(model).build())) {
                assertThat(good.next()).isNotNull();
            }
            assertThat(refused.getMessage()).doesNotContain("\n");
            return String.valueOf(refused.getMessage());
        }
    }

    private interface Change {
        void in(Path folder) throws IOException;
    }

    @ParameterizedTest
    @CsvSource({
        "t3_turbo_v1, tfmr.h.1.attn.c_attn.weight, tfmr.h.1.attn.c_attn.bias",
        "s3gen_meanflow, flow.encoder.encoders.1.norm_mha.weight, flow.encoder.encoders.1.feed_forward.w_1.bias",
    })
    void aMissingLayerDoesNotQuietlyShortenTheModel(String file, String missing, String after)
            throws IOException {
        String name = file + ".safetensors";
        assertThat(
                        refusal(
                                ChatterboxModel.TURBO,
                                "short-" + file,
                                f -> TinyCheckpoint.damage(f.resolve(name), missing, false)))
                .isEqualTo(
                        name + " is damaged: a tensor beside or before '" + after + "' is missing");
    }

    @Test
    void integersAreNoWeights() throws IOException {
        String t3 = ChatterboxModel.TURBO.t3File() + ".safetensors";
        String tensor = "tfmr.h.1.attn.c_attn.weight";
        assertThat(
                        refusal(
                                ChatterboxModel.TURBO,
                                "integers",
                                f -> TinyCheckpoint.damage(f.resolve(t3), tensor, true)))
                .isEqualTo(
                        "tensor '"
                                + t3
                                + ":"
                                + tensor
                                + "' is of dtype I32 where a floating one is expected");
    }

    @Test
    void filesOfAnotherModelAreRefusedByName() throws IOException {
        Path original = dir.resolve(ChatterboxModel.ORIGINAL.id());
        for (String file : List.of("t3_turbo_v1", "s3gen_meanflow")) {
            String from = file.startsWith("t3") ? "t3_cfg" : "s3gen";
            assertThat(
                            refusal(
                                    ChatterboxModel.TURBO,
                                    "other-" + from,
                                    f ->
                                            Files.copy(
                                                    original.resolve(from + ".safetensors"),
                                                    f.resolve(file + ".safetensors"),
                                                    REPLACE_EXISTING)))
                    .contains(file + ".safetensors is Original's")
                    .contains("not chatterbox-turbo's");
        }
    }

    @Test
    void aVoiceThatClaimsHoursIsRefused() throws IOException {
        assertThat(
                        refusal(
                                ChatterboxModel.TURBO,
                                "hours",
                                f ->
                                        new TorchZipWriter()
                                                .add("t3.speaker_emb", new float[256], 1, 256)
                                                .add(
                                                        "gen.prompt_token",
                                                        new long[50_000],
                                                        1,
                                                        50_000)
                                                .add(
                                                        "gen.prompt_feat",
                                                        new float[100_000 * 80],
                                                        1,
                                                        100_000,
                                                        80)
                                                .add("gen.embedding", new float[192], 1, 192)
                                                .write(f.resolve("conds.pt"))))
                .contains("conds.pt:gen.prompt_feat")
                .contains("100000 entries");
    }

    @Test
    void missingFilesAreNamed() throws IOException {
        for (String name :
                List.of("s3gen_meanflow.safetensors", "vocab.json", "added_tokens.json")) {
            assertThat(
                            refusal(
                                    ChatterboxModel.TURBO,
                                    "without-" + name,
                                    f -> Files.delete(f.resolve(name))))
                    .contains(name);
        }
    }

    /** A folder that is named is meant: no other engine speaks in its stead. */
    @Test
    void aFolderWithoutACheckpointIsAnError() throws IOException {
        Path empty = Files.createDirectories(dir.resolve("nothing"));
        ChatterboxProvider provider = new ChatterboxProvider();
        SpeechRequest folder = request(ChatterboxModel.TURBO).model(empty.toString()).build();
        assertThatThrownBy(() -> provider.availability(context, folder))
                .isInstanceOf(VoiceException.class)
                .hasMessageContaining(empty.toString())
                .hasMessageContaining("t3_turbo_v1.safetensors");
        SpeechRequest unknown = request(ChatterboxModel.TURBO).model("tubro").build();
        assertThatThrownBy(() -> provider.availability(context, unknown))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("tubro");
    }

    /** The official repository holds Original and the multilingual models side by side. */
    @Test
    void ofSeveralCheckpointsInAFolderTheLanguageOrTheFileDecides() throws IOException {
        Path folder = TinyCheckpoint.write(ChatterboxModel.ORIGINAL, dir.resolve("several"));
        Path multilingual = dir.resolve(ChatterboxModel.MULTILINGUAL_V2.id());
        for (String version : List.of("v2", "v3")) {
            Files.copy(
                    multilingual.resolve("t3_mtl23ls_v2.safetensors"),
                    folder.resolve("t3_mtl23ls_" + version + ".safetensors"));
        }
        SpeechRequest.Builder b = request(ChatterboxModel.ORIGINAL).model(folder.toString());
        assertThat(Installed.find(context, b.build()).model()).isEqualTo(ChatterboxModel.ORIGINAL);
        assertThat(Installed.find(context, b.language("de").build()).model().multilingual())
                .isTrue();
        String file = folder.resolve("t3_mtl23ls_v2.safetensors").toString();
        assertThat(Installed.find(context, b.model(file).build()).model())
                .isEqualTo(ChatterboxModel.MULTILINGUAL_V2);
    }

    /** A model is said to keep up with real time only where it was seen to. */
    @Test
    void availabilityTellsThePaceThatWasMeasured() {
        EngineContext own =
                EngineContext.builder()
                        .device(TestDevice.name())
                        .home(dir.resolve("paced"))
                        .threads(2)
                        .offline(true)
                        .build();
        SpeechRequest request = request(ChatterboxModel.TURBO).build();
        ChatterboxProvider provider = new ChatterboxProvider();
        Availability before = provider.availability(own, request);
        assertThat(before.ready()).isTrue();
        assertThat(before.realTime()).isFalse();
        assertThat(before.reason()).contains("not measured here");
        Pace.keep(own, ChatterboxModel.TURBO, 4, 2);
        assertThat(provider.availability(own, request).realTime()).isFalse();
        assertThat(provider.availability(own, request).reason()).contains("2.00");
        Pace.keep(own, ChatterboxModel.TURBO, 1, 2);
        assertThat(provider.availability(own, request).realTime()).isTrue();
        EngineContext fewer =
                EngineContext.builder()
                        .device(TestDevice.name())
                        .home(own.home())
                        .threads(1)
                        .offline(true)
                        .build();
        assertThat(provider.availability(fewer, request).realTime()).isFalse();
    }

    @Test
    void aSpeechTellsThePaceOfTheNext() {
        EngineContext own =
                EngineContext.builder()
                        .device(TestDevice.name())
                        .home(dir.resolve("spoken"))
                        .threads(2)
                        .offline(true)
                        .build();
        try (SpeechEngine engine = new ChatterboxProvider().open(own)) {
            try (AudioSource source = engine.speak(request(ChatterboxModel.TURBO).build())) {
                take(source);
            }
        }
        assertThat(Pace.of(own, ChatterboxModel.TURBO)).isPresent();
        assertThat(Pace.of(own, ChatterboxModel.NANO)).isEmpty();
    }

    @Test
    void availabilityTellsWhatToInstall() {
        Availability a =
                new ChatterboxProvider()
                        .availability(
                                EngineContext.builder()
                                        .device(TestDevice.name())
                                        .home(dir.resolve("empty"))
                                        .threads(1)
                                        .offline(true)
                                        .build(),
                                SpeechRequest.of(TEXT));
        assertThat(a.ready()).isFalse();
        assertThat(a.reason()).contains("skald voices install chatterbox-turbo");
    }

    /** A buzz that rises and falls, 16-bit stereo. */
    private static void wav(Path file, int seconds, int rate) throws IOException {
        int n = seconds * rate;
        ByteBuffer b = ByteBuffer.allocate(44 + 4 * n).order(ByteOrder.LITTLE_ENDIAN);
        b.put("RIFF".getBytes(java.nio.charset.StandardCharsets.US_ASCII)).putInt(36 + 4 * n);
        b.put("WAVEfmt ".getBytes(java.nio.charset.StandardCharsets.US_ASCII)).putInt(16);
        b.putShort((short) 1).putShort((short) 2).putInt(rate).putInt(4 * rate);
        b.putShort((short) 4).putShort((short) 16);
        b.put("data".getBytes(java.nio.charset.StandardCharsets.US_ASCII)).putInt(4 * n);
        for (int i = 0; i < n; i++) {
            double t = (double) i / rate;
            double v = 0;
            for (int h = 1; h < 12; h++) {
                v += Math.sin(2 * Math.PI * h * (120 + 20 * Math.sin(3 * t)) * t) / h;
            }
            short s = (short) (6000 * v * (0.6 + 0.4 * Math.sin(9 * t)));
            b.putShort(s).putShort(s);
        }
        Files.write(file, b.array());
    }
}
