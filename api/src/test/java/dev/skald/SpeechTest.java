package dev.skald;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.spi.Availability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.sound.sampled.AudioInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class SpeechTest {
    private static final float[] TONE = new float[1600];

    static {
        for (int i = 0; i < TONE.length; i++) {
            TONE[i] = (float) Math.sin(i * 0.1) * 0.5f;
        }
    }

    @TempDir Path folder;

    private static FakeEngine engine(float[]... chunks) {
        return new FakeEngine("fake", Mode.FAST, Availability.yes("there"), chunks);
    }

    private static Speech speech(FakeEngine engine) {
        return Skald.builder().open(List.of(engine)).speak("hello");
    }

    private static Speech speech(float[]... chunks) {
        return speech(engine(chunks));
    }

    private List<String> left() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).toList();
        }
    }

    @Test
    void samplesAreTheChunksInOrder() {
        float[] second = {0.3f};
        float[] samples = speech(TONE, second).samples();
        assertThat(samples).hasSize(1601).startsWith(TONE).endsWith(second);
    }

    @Test
    void canBeTakenOnce() {
        Speech speech = speech(TONE);
        assertThat(speech.iterator()).hasNext();
        assertThatThrownBy(speech::iterator).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theWatcherSeesEachChunk() {
        List<Integer> seen = new ArrayList<>();
        speech(TONE, TONE).onChunk(c -> seen.add(c.sentence())).samples();
        assertThat(seen).containsExactly(0, 1);
    }

    @Test
    void aFileAppearsWholeAndAlone() throws IOException {
        Path file = folder.resolve("a.test");
        FakeEngine engine = engine(TONE, TONE);
        SpeechReport report = speech(engine).writeTo(file);
        assertThat(report.samples()).isEqualTo(3200);
        assertThat(report.sentences()).isEqualTo(2);
        assertThat(Files.size(file)).isEqualTo(3200);
        assertThat(left()).containsExactly("a.test");
        assertThat(engine.sources.getFirst().closed).isTrue();
    }

    @Test
    void whereNobodyListensTheEngineIsTold() {
        Path file = folder.resolve("a.test");
        FakeEngine engine = engine(TONE, TONE);
        speech(engine).writeTo(file);
        speech(engine).samples();
        speech(engine).live().writeTo(file);
        assertThat(speech(engine).chunks().toList()).hasSize(2);
        assertThat(engine.sources)
                .extracting(s -> s.whole)
                .containsExactly(true, true, false, false);
    }

    @Test
    void anEarlierFileIsReplacedOnlyBySomethingGood() throws IOException {
        Path file = folder.resolve("a.test");
        Files.writeString(file, "before");
        assertThatThrownBy(() -> speech(new float[1000]).writeTo(file))
                .isInstanceOf(InvalidAudioException.class)
                .hasMessageContaining("only silence");
        assertThat(file).hasContent("before");
        assertThat(left()).containsExactly("a.test");
    }

    @Test
    void silenceIsFineWhenItWasAskedFor() {
        Skald skald = Skald.builder().open(List.of(engine(new float[1600])));
        SpeechRequest mute = SpeechRequest.builder("hello").volume(0).build();
        assertThat(skald.speak(mute).samples()).hasSize(1600);
    }

    @Test
    void whatIsNotSpeechIsRefused() {
        assertThatThrownBy(() -> speech(new float[] {0.5f, Float.NaN}).samples())
                .isInstanceOf(InvalidAudioException.class)
                .hasMessageContaining("not finite");
        assertThatThrownBy(() -> speech(new float[0]).samples())
                .isInstanceOf(InvalidAudioException.class)
                .hasMessage(
                        "no audio came out: speak it again with another seed, or change the text");
        assertThatThrownBy(() -> speech(new float[] {0.1f}).samples())
                .isInstanceOf(InvalidAudioException.class)
                .hasMessageContaining("cannot be 4 characters of speech");
    }

    @Test
    void aTextWithNothingToSayIsTheRequestsFault() {
        assertThatThrownBy(() -> speech().samples())
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageStartingWith("there is nothing to say");
    }

    @Test
    void cancellingEndsItAndLeavesNoFile() throws IOException {
        Speech speech = speech(TONE, TONE, TONE);
        Path file = folder.resolve("a.test");
        assertThatThrownBy(() -> speech.onChunk(c -> speech.cancel()).writeTo(file))
                .isInstanceOf(SpeechCancelledException.class);
        assertThat(left()).isEmpty();
    }

    @Test
    void badTargetsAreToldInOneLine() throws IOException {
        assertThatThrownBy(() -> speech(TONE).writeTo(folder, "test"))
                .isInstanceOf(SkaldException.class)
                .hasMessageEndingWith("is a folder: name a file in it");
        assertThatThrownBy(() -> speech(TONE).writeTo(folder.resolve("no/a.test")))
                .isInstanceOf(SkaldException.class)
                .hasMessageEndingWith("does not exist: make it first");
        assertThatThrownBy(() -> speech(TONE).writeTo(folder.resolve("a.mp9")))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("cannot write 'mp9' files: use broken or test");
        assertThat(left()).isEmpty();
    }

    @Test
    void aFailingDiskLeavesNoFile() throws IOException {
        FakeEngine engine = engine(TONE);
        assertThatThrownBy(() -> speech(engine).writeTo(folder.resolve("a.broken")))
                .isInstanceOf(SkaldException.class)
                .hasMessageEndingWith("a.broken: No space left on device");
        assertThat(left()).isEmpty();
        assertThat(engine.sources.getFirst().closed).isTrue();
    }

    @Test
    void aLinkStaysALink() throws IOException {
        Path file = folder.resolve("a.test");
        Files.writeString(file, "before");
        Path link = Files.createSymbolicLink(folder.resolve("link.test"), file);
        speech(TONE).writeTo(link);
        assertThat(link).isSymbolicLink();
        assertThat(Files.size(file)).isEqualTo(1600);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "Windows has no umask")
    void aNewFileHasTheModeOfTheUmaskAndAnOldOneKeepsItsOwn() throws IOException {
        Path plain = Files.createFile(folder.resolve("plain"));
        Path file = folder.resolve("a.test");
        speech(TONE).writeTo(file);
        assertThat(Files.getPosixFilePermissions(file))
                .isEqualTo(Files.getPosixFilePermissions(plain));
        for (String mode : List.of("rw-------", "rw-rw-rw-")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
            speech(TONE).writeTo(file);
            assertThat(Files.getPosixFilePermissions(file))
                    .isEqualTo(PosixFilePermissions.fromString(mode));
        }
    }

    @Test
    void whatKilledRunsLeftIsSweptWhenItIsOld() throws IOException {
        long dead = 4_000_000_000L; // beyond what any system gives
        Path old = Files.createFile(folder.resolve(".skald-" + dead + "-a.part"));
        Path young = Files.createFile(folder.resolve(".skald-" + dead + "-b.part"));
        long own = ProcessHandle.current().pid();
        Path paused = Files.createFile(folder.resolve(".skald-" + own + "-c.part"));
        Path theirs = Files.createFile(folder.resolve(".skald-x.part"));
        FileTime yesterday = FileTime.from(Instant.now().minus(Duration.ofDays(1)));
        for (Path each : List.of(old, paused, theirs)) {
            Files.setLastModifiedTime(each, yesterday);
        }
        speech(TONE).writeTo(folder.resolve("a.test"));
        assertThat(old).doesNotExist();
        assertThat(List.of(young, paused, theirs)).allSatisfy(p -> assertThat(p).exists());
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "Windows has no mkfifo")
    void whatIsNoFileIsWrittenInto() throws Exception {
        Path pipe = folder.resolve("pipe.test");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        CompletableFuture<byte[]> read =
                CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return Files.readAllBytes(pipe);
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        });
        speech(TONE).writeTo(pipe);
        assertThat(read.get(60, TimeUnit.SECONDS)).hasSize(1600);
        assertThat(left()).containsExactly("pipe.test");
    }

    @Test
    void samplesAtFullScaleAreClippedOnes() {
        float[] loud = TONE.clone();
        java.util.Arrays.fill(loud, 0, loud.length / 5, 1f);
        assertThatThrownBy(() -> speech(loud).samples())
                .isInstanceOf(InvalidAudioException.class)
                .hasMessageContaining("lower the volume");
    }

    @Test
    void theAudioInputStreamIs16BitLittleEndian() throws IOException {
        try (AudioInputStream in =
                speech(new float[] {1f, -1f}, new float[] {0.5f}).toAudioInputStream()) {
            assertThat(in.getFormat().getSampleRate()).isEqualTo(16_000f);
            assertThat(in.readAllBytes()).containsExactly(0xff, 0x7f, 0x01, 0x80, 0xff, 0x3f);
        }
    }
}
