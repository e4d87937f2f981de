package dev.skald.piper.vits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skald.piper.PiperNetwork.Settings;
import dev.skald.piper.vits.PackedVoice.Form;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.Conversion;
import dev.skald.tensor.Taps;
import dev.skald.tensor.WeightException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackedVoiceTest {
    private static final byte[] CONFIG = "{\"a\":1}".getBytes(StandardCharsets.UTF_8);

    private static Checkpoint published(String name) {
        return OnnxVoice.of(Voices.file(Voices.bytes(name)));
    }

    private static byte[] packed(Checkpoint voice, Form form) {
        return VoicePacker.pack(
                voice,
                CONFIG,
                1.5f,
                name ->
                        voice.get(name).shape().length < 2 || voice.get(name).size() < 100
                                ? Form.FLOAT32
                                : form);
    }

    private static float[] speak(Checkpoint checkpoint, String name) {
        try (VitsNetwork network =
                VitsNetwork.of(
                        checkpoint,
                        Voices.config(name),
                        EngineContext.builder().threads(2).build(),
                        VoiceGain.of(1))) {
            int[] ids = Voices.ids(30, 1);
            return Voices.collect(
                    network.begin(ids, new Settings(0, 1, 0, 0, 1, true), Taps.NONE, 64));
        }
    }

    @Test
    void unpackedFloatsAreTheSameNetwork() {
        Checkpoint voice = published("high-speakers");
        PackedVoice packed = PackedVoice.parse(packed(voice, Form.FLOAT32));
        assertThat(packed.gain()).isEqualTo(1.5f);
        assertThat(packed.config()).isEqualTo(CONFIG);
        assertThat(Voices.decibels(speak(voice, "high-speakers"), speak(packed, "high-speakers")))
                .isGreaterThan(100);
    }

    @ParameterizedTest
    @CsvSource({"INT8, 35", "INT16, 80"})
    void integersKeepEachWeight(Form form, double least) {
        Checkpoint voice = published("medium");
        PackedVoice packed = PackedVoice.parse(packed(voice, form));
        for (String name : packed.names()) {
            double decibels = Voices.decibels(voice.get(name).floats(), packed.get(name).floats());
            assertThat(decibels).as(name).isGreaterThan(least);
        }
    }

    @Test
    void partsOfRowsAreReadAsTheyLie() {
        PackedVoice packed = PackedVoice.parse(packed(published("medium"), Form.INT8));
        String name = "enc_p.encoder.ffn_layers.0.conv_1.weight";
        float[] whole = packed.get(name).floats();
        float[] part = new float[70];
        Conversion.floats(packed.get(name), 53, part, 3, 67);
        assertThat(Arrays.copyOfRange(part, 3, 70)).isEqualTo(Arrays.copyOfRange(whole, 53, 120));
    }

    @Test
    void damagedFilesAreRefusedInOneLine() {
        byte[] file = packed(published("x_low"), Form.INT8);
        Random random = new Random(1);
        for (int i = 0; i < 40; i++) {
            byte[] cut = Arrays.copyOf(file, random.nextInt(file.length));
            assertThatThrownBy(() -> PackedVoice.parse(cut)).isInstanceOf(WeightException.class);
        }
        int refused = 0;
        for (int i = 0; i < 300; i++) {
            byte[] changed = file.clone();
            changed[random.nextInt(30_000)] = (byte) random.nextInt(256);
            refused += refusedOrLoaded(changed);
        }
        assertThat(refused).isPositive();
    }

    @Property(tries = 1000)
    void anyBytes(@ForAll @Size(max = 200) byte[] bytes) {
        refusedOrLoaded(bytes);
        byte[] headed = Arrays.copyOf(new byte[] {'S', 'K', 'V', '1'}, 8 + bytes.length);
        headed[4] = (byte) bytes.length;
        System.arraycopy(bytes, 0, headed, 8, bytes.length);
        refusedOrLoaded(headed);
    }

    private static int refusedOrLoaded(byte[] file) {
        try {
            PackedVoice voice = PackedVoice.parse(file);
            VitsNetwork.of(
                            voice,
                            Voices.config("x_low"),
                            EngineContext.builder().threads(1).build(),
                            VoiceGain.of(1))
                    .close();
            return 0;
        } catch (WeightException e) {
            assertThat(e.getMessage()).isNotEmpty().doesNotContain("\n");
            return 1;
        }
    }
}
