package dev.skald.audio.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.skald.InvalidRequestException;
import dev.skald.audio.Goldens;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AudioClipTest {
    @TempDir Path folder;

    private Path resource(String name) throws IOException {
        try (InputStream in = AudioClipTest.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("no " + name);
            }
            Path file = folder.resolve(name);
            Files.write(file, in.readAllBytes());
            return file;
        }
    }

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    /** A WAVE file whose format chunk says what it is told to. */
    private static byte[] wav(
            int tag, int channels, int rate, int bits, long dataSize, byte[] data) {
        return ByteBuffer.allocate(44 + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF".getBytes())
                .putInt(-1)
                .put("WAVEfmt ".getBytes())
                .putInt(16)
                .putShort((short) tag)
                .putShort((short) channels)
                .putInt(rate)
                .putInt(rate * channels * bits / 8)
                .putShort((short) (channels * bits / 8))
                .putShort((short) bits)
                .put("data".getBytes())
                .putInt((int) dataSize)
                .put(data)
                .array();
    }

    /** The mean of both channels of the tone. */
    private static double tone(int i) {
        return (0.5 * Math.sin(2 * Math.PI * 440 * i / 16000)
                        + 0.25 * Math.sin(2 * Math.PI * 880 * i / 16000))
                / 2;
    }

    @ParameterizedTest
    @CsvSource({
        "tone.16.flac, 4e-5",
        "tone.24.flac, 3e-7",
        "tone.aiff, 4e-5",
        "tone.au, 4e-5",
        "tone.u8.wav, 8e-3",
        "tone.24.wav, 3e-7",
        "tone.f64.wav, 1e-7",
        "tone.ext32.wav, 1e-7"
    })
    void losslessFormatsGiveTheSamplesBack(String name, double tolerance) throws IOException {
        AudioClip clip = AudioClip.read(resource(name));
        assertThat(clip.sampleRate()).isEqualTo(16000);
        assertThat(clip.samples()).hasSize(8000);
        for (int i = 0; i < 8000; i++) {
            assertThat((double) clip.samples()[i]).isCloseTo(tone(i), within(tolerance));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tone.ogg", "tone.mp3"})
    void lossyFormatsGiveTheSoundBack(String name) throws IOException {
        AudioClip clip = AudioClip.read(resource(name));
        assertThat(clip.sampleRate()).isEqualTo(16000);
        assertThat(clip.seconds()).isBetween(0.49, 0.65);
        // The energy of both tones, whatever delay the codec adds.
        assertThat(level(clip, 440)).isCloseTo(0.25, within(0.02));
        assertThat(level(clip, 880)).isCloseTo(0.125, within(0.02));
        assertThat(level(clip, 1500)).isLessThan(0.01);
    }

    private static double level(AudioClip clip, double hertz) {
        double re = 0;
        double im = 0;
        int from = 3000;
        int n = 4000;
        for (int i = from; i < from + n; i++) {
            double a = 2 * Math.PI * hertz * i / clip.sampleRate();
            re += clip.samples()[i] * Math.cos(a);
            im += clip.samples()[i] * Math.sin(a);
        }
        return 2 * Math.hypot(re, im) / n;
    }

    @Test
    void whatWeWriteWeRead() throws IOException {
        Path file = folder.resolve("own.wav");
        float[] samples = Goldens.noise(5000, 5);
        try (var channel =
                        Files.newByteChannel(
                                file,
                                java.nio.file.StandardOpenOption.CREATE,
                                java.nio.file.StandardOpenOption.WRITE);
                var wav = new WavEncoderProvider().open(channel, 24000)) {
            wav.write(samples, 0, samples.length);
        }
        AudioClip clip = AudioClip.read(file);
        assertThat(clip.sampleRate()).isEqualTo(24000);
        for (int i = 0; i < samples.length; i++) {
            assertThat(clip.samples()[i])
                    .isCloseTo(samples[i], org.assertj.core.data.Offset.offset(1e-4f));
        }
    }

    @Test
    void sizesThatLieAreBelievedOnlyAsFarAsThereAreBytes() throws IOException {
        byte[] data = new byte[2000];
        Arrays.fill(data, (byte) 1);
        for (long size : new long[] {0xFFFF_FFFFL, 0, 2000, 0x7FFF_FFFFL, 4_000_000_000L}) {
            byte[] file = wav(1, 1, 16000, 16, size, data);
            assertThat(AudioClip.read(write("a.wav", file)).samples()).hasSize(1000);
        }
        assertThat(AudioClip.read(write("a.wav", wav(1, 1, 16000, 16, 20, data))).samples())
                .hasSize(10);
        assertThat(AudioClip.read(write("a.wav", wav(1, 3, 16000, 16, 2000, data))).samples())
                .hasSize(333);
    }

    @Test
    void badFilesAreToldInOneLine() throws IOException {
        byte[] data = new byte[64];
        refused(wav(1, 0, 16000, 16, 64, data), "channels");
        refused(wav(1, 65535, 16000, 16, 64, data), "channels");
        refused(wav(1, 1, 0, 16, 64, data), "samples a second");
        refused(wav(1, 1, -5, 16, 64, data), "samples a second");
        refused(wav(1, 1, 16000, 12, 64, data), "12-bit");
        refused(wav(0x55, 1, 16000, 16, 64, data), "0x0055");
        refused(wav(1, 1, 16000, 16, 64, new byte[0]), "no audio");
        refused(Arrays.copyOf(wav(1, 1, 16000, 16, 64, data), 30), "cut off");
        refused("RIFF1234AVI LIST".getBytes(), "not WAVE");
        refused("hello, I am a text file".getBytes(), "is not WAV");
        refused(new byte[0], "is not WAV");
        ByteBuffer nan = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        nan.putFloat(8, Float.NaN);
        refused(wav(3, 1, 16000, 32, 64, nan.array()), "not numbers");
        assertThatThrownBy(() -> AudioClip.read(resource("tone.alaw.wav")))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("0x0006");
        assertThatThrownBy(() -> AudioClip.read(resource("tone.opus.ogg")))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("convert it to WAV");
        assertThatThrownBy(() -> AudioClip.read(folder.resolve("none.wav")))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("no file");
        assertThatThrownBy(() -> AudioClip.read(folder))
                .isInstanceOf(InvalidRequestException.class);
    }

    private void refused(byte[] bytes, String reason) throws IOException {
        Path file = write("bad.wav", bytes);
        assertThatThrownBy(() -> AudioClip.read(file))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(reason)
                .hasMessageNotContaining("\n");
    }

    @Test
    void twoHoursAreRefused() throws IOException {
        // A sparse file: two hours at 8 bits, all silence.
        Path file = write("long.wav", wav(1, 1, 8000, 8, 7200L * 8000, new byte[1]));
        try (var channel = Files.newByteChannel(file, java.nio.file.StandardOpenOption.WRITE)) {
            channel.position(7200L * 8000);
            channel.write(ByteBuffer.wrap(new byte[1]));
        }
        assertThatThrownBy(() -> AudioClip.read(file))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("longer than 10 minutes");
    }

    @Test
    void silentAndClippedClipsAreRefused() throws IOException {
        float[] silent = new float[16000];
        silent[3] = 5e-4f;
        assertThatThrownBy(() -> new AudioClip(silent, 16000).requireAudible("a.wav"))
                .hasMessageContaining("a.wav is silent");
        float[] clipped = new float[16000];
        for (int i = 0; i < clipped.length; i++) {
            clipped[i] = Math.clamp((float) Math.sin(i * 0.05) * 3, -1f, 1f);
        }
        assertThatThrownBy(() -> new AudioClip(clipped, 16000).requireAudible("a.wav"))
                .hasMessageContaining("a.wav is clipped");
        AudioClip.read(resource("tone.24.wav")).requireAudible("tone");
    }

    /** Syllables of a hum: 4 a second, 20 dB up and down. */
    private static void hum(float[] to, int from, int count) {
        for (int i = 0; i < count; i++) {
            double level = Math.pow(10, -1 + Math.cos(2 * Math.PI * 4 * i / 16000));
            to[from + i] = (float) (0.2 * level * Math.sin(2 * Math.PI * 150 * i / 16000));
        }
    }

    @Test
    void theQuietAroundAVoiceIsCut() {
        float[] clip = new float[32 * 16000];
        hum(clip, 30 * 16000, 2 * 16000);
        assertThat(new AudioClip(clip, 16000).voice("a").seconds()).isBetween(2.4, 2.7);
        float[] all = new float[3 * 16000];
        hum(all, 0, all.length);
        AudioClip whole = new AudioClip(all, 16000);
        assertThat(whole.voice("a")).isSameAs(whole);
    }

    @Test
    void whatIsNoVoiceIsNotCloned() {
        float[] tone = new float[6 * 16000];
        for (int i = 0; i < tone.length; i++) {
            tone[i] = (float) (0.3 * Math.sin(2 * Math.PI * 440 * i / 16000));
        }
        for (float[] steady : List.of(tone, Goldens.noise(6 * 16000, 3))) {
            assertThatThrownBy(() -> new AudioClip(steady, 16000).voice("a.wav"))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("a.wav is one steady sound");
        }
        float[] apart = new float[30 * 16000];
        hum(apart, 0, 4000);
        hum(apart, 29 * 16000, 16000);
        assertThatThrownBy(() -> new AudioClip(apart, 16000).voice("a.wav"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("less than a second of voice");
    }

    /** Every damaged file is read or refused; never another error, never for ever. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "tone.16.flac",
                "tone.24.flac",
                "tone.ogg",
                "tone.mp3",
                "tone.aiff",
                "tone.au",
                "tone.ext32.wav"
            })
    void damagedFilesAreReadOrRefused(String name) throws IOException {
        byte[] good = Files.readAllBytes(resource(name));
        Random random = new Random(1);
        for (int round = 0; round < 80; round++) {
            byte[] bad =
                    random.nextInt(3) == 0
                            ? Arrays.copyOf(good, random.nextInt(good.length))
                            : good.clone();
            // Headers are where sizes are claimed.
            for (int i = 0; i < 1 + random.nextInt(8) && bad.length > 0; i++) {
                int reach = random.nextBoolean() ? Math.min(bad.length, 64) : bad.length;
                bad[random.nextInt(reach)] = (byte) random.nextInt(256);
            }
            Path file = write("damaged", bad);
            Assertions.assertTimeoutPreemptively(
                    Duration.ofSeconds(10),
                    () -> {
                        try {
                            AudioClip clip = AudioClip.read(file);
                            assertThat(clip.samples()).isNotEmpty();
                        } catch (InvalidRequestException e) {
                            assertThat(e.getMessage()).doesNotContain("\n");
                        }
                    });
        }
    }
}
