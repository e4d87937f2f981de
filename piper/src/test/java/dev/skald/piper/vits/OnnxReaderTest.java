package dev.skald.piper.vits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.VoiceException;
import dev.skald.piper.PiperVoiceConfig;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.WeightException;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that lie: each is refused in one line, soon, and without much memory. */
class OnnxReaderTest {
    private static final byte[] X_LOW = Voices.bytes("x_low");

    private static void load(byte[] onnx) {
        VitsNetwork.of(
                        OnnxVoice.of(OnnxFile.parse(MemorySegment.ofArray(onnx))),
                        Voices.config("x_low"),
                        EngineContext.builder().threads(1).build(),
                        VoiceGain.of(1))
                .close();
    }

    private static void refused(byte[] onnx, String why) {
        assertThatThrownBy(() -> load(onnx))
                .isInstanceOf(WeightException.class)
                .hasMessageContaining(why)
                .message()
                .doesNotContain("\n");
    }

    /** Protobuf by hand: field of bytes. */
    private static byte[] field(int number, byte[]... parts) {
        byte[] all = joined(parts);
        return joined(varint(number << 3 | 2), varint(all.length), all);
    }

    private static byte[] number(int field, long value) {
        return joined(varint(field << 3), varint(value));
    }

    private static byte[] text(int field, String text) {
        return field(field, text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] varint(long value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) (rest & 0x7F | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
        return out.toByteArray();
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static byte[] tensor(byte[]... fields) {
        return field(7, field(5, fields));
    }

    private static OnnxTensor parsed(byte[] model, String name) {
        OnnxTensor tensor = OnnxFile.parse(MemorySegment.ofArray(model)).tensor(name);
        if (tensor == null) {
            throw new AssertionError("no tensor " + name);
        }
        return tensor;
    }

    @Test
    void readsEveryFormOfFloats() {
        byte[] two =
                ByteBuffer.allocate(8)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putFloat(1.5f)
                        .putFloat(-2)
                        .array();
        byte[] doubles =
                ByteBuffer.allocate(16)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putDouble(1.5)
                        .putDouble(-2)
                        .array();
        byte[] halves =
                ByteBuffer.allocate(4)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putShort(Float.floatToFloat16(1.5f))
                        .putShort(Float.floatToFloat16(-2))
                        .array();
        byte[] head = joined(number(1, 2), text(8, "w"));
        byte[][] forms = {
            joined(head, number(2, 1), field(9, two)),
            joined(head, number(2, 1), field(4, two)),
            joined(
                    head,
                    number(2, 1),
                    varint(4 << 3 | 5),
                    Arrays.copyOf(two, 4),
                    varint(4 << 3 | 5),
                    Arrays.copyOfRange(two, 4, 8)),
            joined(head, number(2, 11), field(10, doubles)),
            joined(head, number(2, 10), field(9, halves)),
            joined(
                    head,
                    number(2, 10),
                    field(
                            5,
                            varint(Float.floatToFloat16(1.5f) & 0xFFFF),
                            varint(Float.floatToFloat16(-2) & 0xFFFF))),
            joined(field(1, varint(2)), text(8, "w"), number(2, 1), field(9, two))
        };
        for (byte[] form : forms) {
            assertThat(parsed(tensor(form), "w").floats()).containsExactly(1.5f, -2);
        }
    }

    @Test
    void lengthsPastTheEnd() {
        refused(joined(varint(7 << 3 | 2), varint(1L << 40)), "past the end");
        refused(joined(varint(7 << 3 | 2), varint(-1)), "past the end");
        refused(new byte[] {(byte) 0x80}, "its end is missing");
        byte[] endless = new byte[11];
        Arrays.fill(endless, (byte) 0xFF);
        refused(endless, "endless number");
    }

    @Test
    void gigabyteClaims() {
        refused(
                tensor(number(1, 1 << 30), number(1, 1 << 30), number(2, 1), text(8, "w")),
                "has 0 bytes");
        refused(tensor(number(1, Long.MAX_VALUE), number(2, 1), text(8, "w")), "impossible shape");
        byte[] many = new byte[9 * 2];
        for (int i = 0; i < 9; i++) {
            System.arraycopy(number(1, 1), 0, many, 2 * i, 2);
        }
        refused(tensor(many, number(2, 1), text(8, "w")), "impossible shape");
    }

    @Test
    void externalData() {
        refused(
                tensor(number(1, 2), number(2, 1), text(8, "w"), text(13, "../../secret")),
                "another file");
        refused(tensor(number(1, 2), number(2, 1), text(8, "w"), number(14, 1)), "another file");
    }

    @Test
    void otherFiles() {
        refused(new byte[0], "no graph");
        refused("PK\3\4 something else".getBytes(StandardCharsets.UTF_8), "");
        refused(field(7, new byte[0]), "not a Piper network");
        refused(
                field(7, field(11, text(1, "input")), field(11, text(1, "scales"))),
                "not a Piper network");
    }

    @Test
    void nodesWithoutEnd() {
        byte[] node = field(1, new byte[0]);
        byte[] nodes = new byte[node.length * 100_001];
        for (int i = 0; i < nodes.length; i += node.length) {
            System.arraycopy(node, 0, nodes, i, node.length);
        }
        refused(field(7, nodes), "more than 100000 nodes");
    }

    @ParameterizedTest
    @ValueSource(ints = {0x7FC00000, 0x7F800000, 0xFF800000})
    void weightsThatAreNotFinite(int bits) {
        OnnxTensor weight = parsed(X_LOW, "enc_p.proj.weight");
        byte[] raw = new byte[(int) weight.size() * 4];
        ByteBuffer values = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
        for (float v : weight.floats()) {
            values.putFloat(v);
        }
        int at = indexOf(X_LOW, raw);
        byte[] damaged = X_LOW.clone();
        ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putInt(at + 40, bits);
        refused(damaged, "tensor 'enc_p.proj.weight' is not finite at index 10");
    }

    private static int indexOf(byte[] in, byte[] what) {
        for (int i = 0; i <= in.length - what.length; i++) {
            if (Arrays.equals(in, i, i + what.length, what, 0, what.length)) {
                return i;
            }
        }
        throw new AssertionError("not there");
    }

    @Test
    void aConfigurationOfAnotherVoice(@TempDir Path folder) throws Exception {
        Path onnx = folder.resolve("voice.onnx");
        Files.write(onnx, X_LOW);
        for (PiperVoiceConfig config :
                new PiperVoiceConfig[] {Voices.config(41, 1), Voices.config(40, 2)}) {
            assertThatThrownBy(
                            () ->
                                    VitsNetwork.load(
                                            onnx,
                                            config,
                                            EngineContext.builder().home(folder).build()))
                    .isInstanceOf(VoiceException.class)
                    .hasMessageStartingWith(onnx.toString())
                    .message()
                    .doesNotContain("\n");
        }
    }

    @Test
    void filesThatAreNoVoices(@TempDir Path folder) throws Exception {
        Path empty = Files.createFile(folder.resolve("empty.onnx"));
        Path missing = folder.resolve("missing.onnx");
        for (Path file : new Path[] {empty, missing, folder}) {
            assertThatThrownBy(
                            () ->
                                    VitsNetwork.load(
                                            file,
                                            Voices.config("x_low"),
                                            EngineContext.builder().home(folder).build()))
                    .isInstanceOf(VoiceException.class)
                    .hasMessageContaining(file.toString())
                    .message()
                    .doesNotContain("\n");
        }
    }

    @Test
    void truncatedAnywhere() {
        Random random = new Random(1);
        for (int i = 0; i < 60; i++) {
            byte[] cut = Arrays.copyOf(X_LOW, random.nextInt(X_LOW.length));
            assertThatThrownBy(() -> load(cut)).isInstanceOf(WeightException.class);
        }
    }

    /** Any bytes changed: it loads, or is refused in one line. */
    @Test
    void mutated() {
        Random random = new Random(2);
        int refused = 0;
        for (int i = 0; i < 300; i++) {
            byte[] changed = X_LOW.clone();
            // Structure lies between the weights; half of the changes hit it.
            int changes = 1 + random.nextInt(8);
            for (int c = 0; c < changes; c++) {
                int at =
                        random.nextBoolean()
                                ? random.nextInt(X_LOW.length)
                                : 600_000 + random.nextInt(X_LOW.length - 600_000);
                changed[at] = (byte) random.nextInt(256);
            }
            refused += refusedOrLoaded(changed);
        }
        assertThat(refused).isPositive();
    }

    private static int refusedOrLoaded(byte[] onnx) {
        try {
            load(onnx);
            return 0;
        } catch (WeightException e) {
            assertThat(e.getMessage()).isNotEmpty().doesNotContain("\n");
            return 1;
        }
    }

    @Property(tries = 2000)
    void anyBytes(@ForAll @Size(max = 400) byte[] bytes) {
        refusedOrLoaded(bytes);
        refusedOrLoaded(field(7, bytes));
        refusedOrLoaded(field(7, field(5, bytes)));
        refusedOrLoaded(field(7, field(1, field(5, bytes))));
    }
}
