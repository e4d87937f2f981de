package dev.skald.encoders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.skald.audio.codec.Pcm16;
import dev.skald.audio.resample.StreamResampler;
import dev.skald.spi.AudioEncoder;
import dev.skald.spi.AudioEncoderProvider;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes in comes out: every format is decoded again by ffmpeg. */
class EncodersTest {
    @TempDir Path folder;

    @Test
    void allAreFoundByTheServiceLoader() {
        assertThat(ServiceLoader.load(AudioEncoderProvider.class))
                .flatExtracting(AudioEncoderProvider::formats)
                .contains("mp3", "opus", "ogg", "flac", "wav", "pcm");
    }

    @ParameterizedTest
    @CsvSource({
        "8000,1",
        "8000,2",
        "8000,8000",
        "16000,15",
        "16000,16001",
        "22050,1024",
        "22050,1025",
        "22050,70001",
        "24000,2048",
        "24000,48000",
        "44100,44100",
        "48000,48001",
        "11025,3000"
    })
    void flacIsLossless(int rate, int length) throws Exception {
        float[] samples = signal(rate, length);
        // Noise at full scale, silence, and clicks, too: none of it is foretold well.
        java.util.Random random = new java.util.Random(length);
        for (int i = length / 4; i < length; i++) {
            int kind = 4 * i / length;
            samples[i] =
                    kind == 1
                            ? random.nextFloat() * 2.2f - 1.1f
                            : kind == 2 ? 0 : random.nextInt(300) == 0 ? -1 : samples[i];
        }
        for (Path file : both("flac", rate, samples, 333)) {
            short[] back = decoded(file, rate);
            assertThat(back).hasSize(length);
            for (int i = 0; i < length; i++) {
                assertThat(back[i]).isEqualTo(Pcm16.quantise(samples[i]));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "8000,8000",
        "16000,319",
        "16000,16001",
        "22050,441",
        "22050,70001",
        "24000,480",
        "24000,481",
        "24000,48000",
        "44100,44100",
        "48000,48001"
    })
    void opusGivesBackTheTimeAndTheSound(int rate, int length) throws Exception {
        float[] samples = signal(rate, length);
        for (Path file : both("opus", rate, samples, 500)) {
            short[] back = decoded(file, 48_000);
            assertThat(back.length / 48_000.0).isCloseTo(length / (double) rate, within(1e-4));
            assertSounds(samples, rate, back, 48_000, 10);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "8000,8000",
        "16000,16001",
        "22050,1",
        "22050,70001",
        "24000,575",
        "24000,48000",
        "44100,44100",
        "48000,48001"
    })
    void mp3GivesBackTheTimeAndTheSound(int rate, int length) throws Exception {
        float[] samples = signal(rate, length);
        List<Path> files = both("mp3", rate, samples, 777);
        // A file tells where the audio begins and ends; a pipe cannot.
        short[] file = decoded(files.get(0), rate);
        if (length > 1_152) {
            assertThat(file).hasSize(length);
        }
        assertSounds(samples, rate, file, rate, 12);
        short[] pipe = decoded(files.get(1), rate);
        int delay = 576 + 529; // the encoder's and the decoder's
        assertThat(pipe.length).isBetween(length + delay, length + delay + 2 * 1_152);
        assertSounds(
                samples, rate, java.util.Arrays.copyOfRange(pipe, delay, pipe.length), rate, 12);
    }

    @ParameterizedTest
    @CsvSource({
        "8000,8000",
        "16000,16001",
        "22050,500",
        "22050,70001",
        "24000,17192",
        "24000,48000",
        "44100,44100",
        "48000,48001"
    })
    void aacGivesBackTheTimeAndTheSound(int rate, int length) throws Exception {
        requireFfmpeg();
        float[] samples = signal(rate, length);
        for (Path file : both("aac", rate, samples, 777)) {
            short[] back = decoded(file, rate);
            int delay = 1_024; // ADTS cannot tell it
            assertThat(back.length).isBetween(length + delay, length + delay + 2 * 1_024);
            assertSounds(
                    samples,
                    rate,
                    java.util.Arrays.copyOfRange(back, delay, back.length),
                    rate,
                    12);
        }
        for (Path file : both("m4a", rate, samples, 777)) {
            short[] back = decoded(file, rate);
            assertThat(back).hasSizeBetween(length, length + 1_024); // a whole last frame
            assertSounds(samples, rate, back, rate, 12);
        }
    }

    @Test
    void withoutFfmpegThereIsNoAac() {
        assertThat(new AacEncoderProvider(Optional.empty()).formats()).isEmpty();
        assertThat(new M4aEncoderProvider(Optional.empty()).formats()).isEmpty();
    }

    @Test
    void whatGoesWrongInFfmpegIsToldInOneLineAndLeavesNoProcess() throws Exception {
        requireFfmpeg();
        float[] second = signal(24_000, 24_000);
        long before = ffmpegs();
        OutputStream gone =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("the caller has left");
                    }
                };
        AudioEncoder left = provider("aac").open(gone, 24_000);
        assertThatThrownBy(() -> left.write(second, 0, second.length))
                .hasMessage("the caller has left");
        left.close();
        try (Ffmpeg wrong =
                new Ffmpeg(
                        Ffmpeg.PROGRAM.orElseThrow(),
                        24_000,
                        List.of("-c:a", "no-such-coder", "-f", "adts", "pipe:1"),
                        (bytes, length) -> {})) {
            assertThatThrownBy(
                            () -> {
                                wrong.write(second, 0, second.length);
                                wrong.finish();
                            })
                    .isInstanceOf(IOException.class)
                    .hasMessageMatching("ffmpeg cannot code this: .*no-such-coder.*");
        }
        AudioEncoder abandoned = provider("m4a").open(new ByteArrayOutputStream(), 24_000);
        abandoned.close();
        for (long end = System.nanoTime() + 10_000_000_000L;
                ffmpegs() > before && System.nanoTime() < end; ) {
            Thread.sleep(10);
        }
        assertThat(ffmpegs()).isEqualTo(before);
    }

    private static long ffmpegs() {
        return ProcessHandle.current().children().filter(ProcessHandle::isAlive).count();
    }

    private static void requireFfmpeg() {
        Assumptions.assumeTrue(Ffmpeg.PROGRAM.isPresent(), "ffmpeg is not installed: no AAC");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mp3", "opus", "flac", "aac"})
    void firstBytesLeaveWithin200MillisecondsOfAudio(String format) throws Exception {
        int rate = 22_050;
        float[] samples = signal(rate, rate);
        List<Integer> written = new ArrayList<>();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (AudioEncoder encoder = provider(format).open(out, rate)) {
            int piece = rate / 50;
            for (int at = 0; at + piece <= samples.length; at += piece) {
                encoder.write(samples, at, piece);
                written.add(out.size());
            }
        }
        // Headers alone are no sound: what is there after 200 ms decodes to some of it.
        Path file = folder.resolve("begin." + format);
        Files.write(file, java.util.Arrays.copyOf(out.toByteArray(), written.get(9)));
        assertThat(decoded(file, rate).length).isGreaterThan(rate / 20);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mp3", "opus", "flac", "aac"})
    void theBytesDoNotDependOnThePiecesNorOnOthersAtTheSameTime(String format) throws Exception {
        int rate = 22_050;
        float[] samples = signal(rate, 2 * rate);
        byte[] once = withoutPages(format, encoded(format, rate, samples, samples.length));
        List<Callable<byte[]>> work = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int piece = 100 + 977 * i;
            work.add(() -> withoutPages(format, encoded(format, rate, samples, piece)));
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (Future<byte[]> bytes : threads.invokeAll(work)) {
                assertThat(java.util.Arrays.equals(bytes.get(), once)).isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mp3", "opus", "flac"})
    void nothingAtAllIsAValidFile(String format) throws Exception {
        Path file = folder.resolve("empty." + format);
        Files.write(file, encoded(format, 24_000, new float[0], 1));
        assertThat(decoded(file, 24_000).length).isLessThan(2 * 1_152);
    }

    @ParameterizedTest
    @CsvSource({"22050,24000", "16000,24000", "44100,24000", "24000,24000", "8000,48000"})
    void resamplingInPiecesIsResamplingAtOnce(int from, int to) {
        float[] samples = signal(from, from);
        float[] whole = resampled(samples, from, to, samples.length);
        assertThat(whole).hasSize((int) Math.ceil(samples.length * (double) to / from));
        for (int piece : new int[] {1, 7, 441, 4_096}) {
            assertThat(java.util.Arrays.equals(resampled(samples, from, to, piece), whole))
                    .as("pieces of %d", piece)
                    .isTrue();
        }
        // A tone stays that tone, at its time.
        double worst = 0;
        for (int i = to / 10; i < to * 9 / 10; i++) {
            worst = Math.max(worst, Math.abs(whole[i] - tone(i / (double) to)));
        }
        assertThat(worst).isLessThan(1e-3);
    }

    private static float[] resampled(float[] samples, int from, int to, int piece) {
        StreamResampler resampler = new StreamResampler(from, to);
        float[] all = new float[2 * samples.length * to / from + 10];
        int n = 0;
        for (int at = 0; at < samples.length; at += piece) {
            float[] out = resampler.push(samples, at, Math.min(piece, samples.length - at));
            System.arraycopy(out, 0, all, n, out.length);
            n += out.length;
        }
        float[] rest = resampler.finish();
        System.arraycopy(rest, 0, all, n, rest.length);
        return java.util.Arrays.copyOf(all, n + rest.length);
    }

    private static double tone(double seconds) {
        return 0.5 * Math.sin(2 * Math.PI * 440 * seconds);
    }

    /** A tone whose end is as loud as its middle. */
    private static float[] signal(int rate, int length) {
        float[] samples = new float[length];
        for (int i = 0; i < length; i++) {
            samples[i] = (float) tone(i / (double) rate);
        }
        return samples;
    }

    /** Whether the sound is the same at the same time, to its very end. */
    private static void assertSounds(
            float[] samples, int rate, short[] back, int backRate, double decibels) {
        int length = (int) Math.min(back.length, (long) samples.length * backRate / rate);
        if (length < backRate / 5) {
            return; // shorter than the codec's own window
        }
        for (int part = 0; part < 4; part++) {
            // The first 20 ms and the last 10 are the codec's to fade.
            int from = part == 0 ? backRate / 50 : length * part / 4;
            int to = part == 3 ? length - backRate / 100 : length * (part + 1) / 4;
            double noise = 0;
            double power = 0;
            for (int i = from; i < to; i++) {
                double wanted = tone(i / (double) backRate);
                double error = back[i] / 32767.0 - wanted;
                noise += error * error;
                power += wanted * wanted;
            }
            assertThat(10 * Math.log10(power / noise))
                    .as("signal to noise of quarter %d", part)
                    .isGreaterThan(decibels);
        }
    }

    /** Encoded into a file, and into a pipe. */
    private List<Path> both(String format, int rate, float[] samples, int piece) throws Exception {
        Path file = folder.resolve("file." + format);
        try (SeekableByteChannel channel =
                        Files.newByteChannel(
                                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                AudioEncoder encoder = provider(format).open(channel, rate)) {
            write(encoder, samples, piece);
        }
        Path pipe = folder.resolve("pipe." + format);
        Files.write(pipe, encoded(format, rate, samples, piece));
        return List.of(file, pipe);
    }

    private static byte[] encoded(String format, int rate, float[] samples, int piece)
            throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (AudioEncoder encoder = provider(format).open((OutputStream) out, rate)) {
            write(encoder, samples, piece);
        }
        return out.toByteArray();
    }

    private static void write(AudioEncoder encoder, float[] samples, int piece) throws IOException {
        for (int at = 0; at < samples.length; at += piece) {
            encoder.write(samples, at, Math.min(piece, samples.length - at));
        }
    }

    /** Ogg's pages end where the pieces do; their packets do not depend on it. */
    private static byte[] withoutPages(String format, byte[] bytes) {
        if (!format.equals("opus")) {
            return bytes;
        }
        ByteArrayOutputStream packets = new ByteArrayOutputStream();
        for (int at = 0; at < bytes.length; ) {
            int segments = bytes[at + 26] & 0xff;
            int body = 0;
            for (int i = 0; i < segments; i++) {
                body += bytes[at + 27 + i] & 0xff;
            }
            packets.write(bytes, at + 27 + segments, body);
            at += 27 + segments + body;
        }
        return packets.toByteArray();
    }

    private static AudioEncoderProvider provider(String format) {
        if (format.equals("aac")) {
            requireFfmpeg();
        }
        return ServiceLoader.load(AudioEncoderProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(p -> p.formats().contains(format))
                .findFirst()
                .orElseThrow();
    }

    private static short[] decoded(Path file, int rate) throws Exception {
        Process ffmpeg;
        try {
            ffmpeg =
                    new ProcessBuilder(
                                    "ffmpeg",
                                    "-v",
                                    "error",
                                    "-i",
                                    file.toString(),
                                    "-f",
                                    "s16le",
                                    "-ar",
                                    Integer.toString(rate),
                                    "-")
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
        } catch (IOException e) {
            Assumptions.abort("ffmpeg is not installed: nothing decodes what was encoded");
            throw e;
        }
        ffmpeg.getOutputStream().close();
        byte[] bytes = ffmpeg.getInputStream().readAllBytes();
        assertThat(ffmpeg.waitFor()).isZero();
        short[] samples = new short[bytes.length / 2];
        java.nio.ByteBuffer.wrap(bytes)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .asShortBuffer()
                .get(samples);
        return samples;
    }
}
