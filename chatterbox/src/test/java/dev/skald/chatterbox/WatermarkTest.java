package dev.skald.chatterbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.io.TorchZip;
import dev.skald.tensor.io.TorchZipWriter;
import dev.skald.testkit.OpsProxies;
import dev.skald.testkit.TestDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatermarkTest {
    @TempDir Path dir;

    @Test
    void aStreamIsMarkedAsTheWholeIs() throws IOException {
        float[] speech = speech(3 * 24_000);
        try (TorchZip weights = TorchZip.open(checkpoint());
                TestDevice device = TestDevice.open(1);
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            Watermark watermark = new Watermark(weights, parameters);
            float[] whole = mark(watermark.new Stream(ops), speech, speech.length);
            float[] streamed = mark(watermark.new Stream(ops), speech, 9_999);
            assertThat(whole).hasSameSizeAs(speech);
            assertThat(streamed).hasSameSizeAs(speech);
            assertThat(distance(whole, speech)).isBetween(1e-4, 0.05);
            assertThat(distance(whole, streamed)).isLessThan(2e-5);
        }
    }

    @Test
    void noValueMovesInsideTheNetwork() throws IOException {
        try (TorchZip weights = TorchZip.open(checkpoint());
                TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            Watermark watermark = new Watermark(weights, parameters);
            Ops inside = OpsProxies.withoutTransfers(ops, "Watermark");
            Tensor spectrum = ops.zeros(1, 12, 2 * 1025);
            Tensor levels = watermark.levels(inside, spectrum);
            assertThat(ops.read(levels)[0]).isCloseTo(0f, within(1e-6f));
            assertThat(watermark.delta(inside, spectrum, levels).cols()).isEqualTo(256);
        }
    }

    private Path checkpoint() throws IOException {
        Path file = dir.resolve("perth.pth.tar");
        int bands = 128;
        int hidden = 16;
        TorchZipWriter out = new TorchZipWriter();
        conv(out, 0, hidden, bands, 1);
        conv(out, 1, hidden, hidden, 7);
        conv(out, 2, bands, hidden, 1);
        out.write(file);
        return file;
    }

    /**
     * {@code -Dskald.perth=perth_net_250000.pth.tar -Dskald.perth.in=f32 -Dskald.perth.out=f32}
     * marks raw samples, to be read by the official decoder.
     */
    @Test
    void theOfficialWeightsMark() throws IOException {
        String file = System.getProperty("skald.perth", "");
        assumeTrue(!file.isEmpty(), "no official weights given: -Dskald.perth=FILE");
        byte[] raw = Files.readAllBytes(Path.of(System.getProperty("skald.perth.in")));
        float[] speech = new float[raw.length / 4];
        ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(speech);
        try (TorchZip weights = TorchZip.open(Path.of(file));
                TestDevice device = TestDevice.open(2);
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            float[] marked =
                    mark(new Watermark(weights, parameters).new Stream(ops), speech, 24_000);
            assertThat(distance(marked, speech)).isBetween(1e-5, 0.05);
            ByteBuffer out = ByteBuffer.allocate(raw.length).order(ByteOrder.LITTLE_ENDIAN);
            out.asFloatBuffer().put(marked);
            Files.write(Path.of(System.getProperty("skald.perth.out")), out.array());
        }
    }

    private static float[] mark(Watermark.Stream stream, float[] speech, int piece) {
        float[] out = new float[speech.length];
        int at = 0;
        for (int from = 0; from < speech.length; from += piece) {
            int to = Math.min(speech.length, from + piece);
            float[] some = stream.push(java.util.Arrays.copyOfRange(speech, from, to));
            System.arraycopy(some, 0, out, at, some.length);
            at += some.length;
        }
        float[] rest = stream.finish();
        System.arraycopy(rest, 0, out, at, rest.length);
        assertThat(at + rest.length).isEqualTo(speech.length);
        return out;
    }

    private static void conv(TorchZipWriter out, int layer, int o, int i, int k) {
        Random random = new Random(layer);
        float[] w = new float[o * i * k];
        for (int n = 0; n < w.length; n++) {
            w[n] = (float) (random.nextGaussian() * 0.2 / Math.sqrt(i * k));
        }
        out.add("model.encoder.layers." + layer + ".conv.weight", w, o, i, k);
        out.add("model.encoder.layers." + layer + ".conv.bias", new float[o], o);
    }

    private static float[] speech(int n) {
        Random random = new Random(5);
        float[] s = new float[n];
        for (int i = 0; i < n; i++) {
            double t = i / 24_000.0;
            s[i] =
                    (float)
                            (0.2 * Math.sin(2 * Math.PI * 180 * t) * (1 + Math.sin(5 * t))
                                    + 0.05 * Math.sin(2 * Math.PI * 1370 * t)
                                    + 0.01 * random.nextGaussian());
        }
        return s;
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return Math.sqrt(sum / a.length);
    }
}
