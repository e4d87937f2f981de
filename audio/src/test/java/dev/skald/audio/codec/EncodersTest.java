package dev.skald.audio.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.spi.AudioEncoder;
import dev.skald.spi.AudioEncoderProvider;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ServiceLoader;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncodersTest {
    private static final float[] SAMPLES = {
        0f, 0.5f, -0.5f, 1f, -1f, 3f, -3f, Float.NaN, 1f / 32767f, 0.99999f
    };
    private static final short[] QUANTISED = {
        0, 16383, -16383, 32767, -32767, 32767, -32767, 0, 1, 32766
    };

    @TempDir Path folder;

    @Test
    void bothAreFoundByTheServiceLoader() {
        assertThat(ServiceLoader.load(AudioEncoderProvider.class))
                .flatExtracting(AudioEncoderProvider::formats)
                .contains("wav", "raw", "pcm");
    }

    @Test
    void samplesAreClippedScaledAndCutTowardsZero() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (AudioEncoder raw = new RawEncoderProvider().open(out, 22050)) {
            raw.write(SAMPLES, 0, SAMPLES.length);
        }
        assertThat(shorts(out.toByteArray(), 0)).containsExactly(QUANTISED);
    }

    @Test
    void aFileGetsItsSizesAtTheEnd() throws Exception {
        Path file = folder.resolve("a.wav");
        try (SeekableByteChannel channel = create(file);
                AudioEncoder wav = new WavEncoderProvider().open(channel, 22050)) {
            wav.write(SAMPLES, 0, 4);
            wav.write(SAMPLES, 4, SAMPLES.length - 4);
        }
        try (AudioInputStream in = AudioSystem.getAudioInputStream(file.toFile())) {
            assertThat(in.getFormat().getSampleRate()).isEqualTo(22050f);
            assertThat(in.getFormat().getChannels()).isEqualTo(1);
            assertThat(in.getFrameLength()).isEqualTo(SAMPLES.length);
            assertThat(shorts(in.readAllBytes(), 0)).containsExactly(QUANTISED);
        }
        assertThat(sizeAt(Files.readAllBytes(file), 4)).isEqualTo(Files.size(file) - 8);
    }

    @Test
    void aPipeSaysThatItsLengthIsUnknown() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        float[] long_ = new float[20_000];
        java.util.Arrays.fill(long_, 0.25f);
        try (AudioEncoder wav = new WavEncoderProvider().open(out, 24000)) {
            wav.write(long_, 0, long_.length);
        }
        byte[] bytes = out.toByteArray();
        assertThat(sizeAt(bytes, 4)).isEqualTo(0xFFFF_FFFFL);
        assertThat(sizeAt(bytes, 40)).isEqualTo(0xFFFF_FFFFL);
        assertThat(bytes).hasSize(44 + 40_000);
        try (AudioInputStream in =
                AudioSystem.getAudioInputStream(new ByteArrayInputStream(bytes))) {
            assertThat(in.readAllBytes()).hasSize(40_000);
        }
    }

    @Test
    void aFileBeyondRiffsLimitIsRefusedAndWhatWasWrittenStaysReadable() throws Exception {
        assertThat(WavEncoderProvider.MAX_DATA_BYTES + 36).isEqualTo(0xFFFF_FFFEL);
        Path file = folder.resolve("a.wav");
        try (SeekableByteChannel channel = create(file);
                AudioEncoder wav = new WavEncoderProvider.FileEncoder(channel, 48000, 100)) {
            wav.write(SAMPLES, 0, 10);
            float[] more = new float[41];
            assertThatThrownBy(() -> wav.write(more, 0, more.length))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("4 GiB")
                    .hasMessageContaining("12.4 hours");
        }
        try (AudioInputStream in = AudioSystem.getAudioInputStream(file.toFile())) {
            assertThat(in.getFrameLength()).isEqualTo(10);
        }
    }

    private static SeekableByteChannel create(Path file) throws IOException {
        return Files.newByteChannel(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    private static long sizeAt(byte[] bytes, int at) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(at) & 0xFFFF_FFFFL;
    }

    private static short[] shorts(byte[] bytes, int from) {
        short[] all = new short[(bytes.length - from) / 2];
        ByteBuffer.wrap(bytes, from, bytes.length - from)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asShortBuffer()
                .get(all);
        return all;
    }
}
