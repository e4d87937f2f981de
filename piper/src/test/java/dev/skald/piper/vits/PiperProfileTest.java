package dev.skald.piper.vits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.SpeechRequest;
import dev.skald.piper.PiperProfile;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.Parameters;
import dev.skald.testkit.TestDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the time goes, and how much work it was. */
class PiperProfileTest {
    @TempDir Path folder;

    /** A convolution costs two operations a weight and row, whatever kernel computes it. */
    @ParameterizedTest
    @ValueSource(strings = {"medium", "high", "medium-speakers"})
    void countsTheOperationsOfTheShapes(String name) {
        Checkpoint checkpoint = OnnxVoice.of(Voices.file(Voices.bytes(name)));
        try (TestDevice device = TestDevice.open(1);
                Parameters parameters = device.parameters()) {
            Vits vits = Vits.load(parameters, checkpoint, 1);
            assertThat(vits.flow().operations()).isEqualTo(2 * flow(checkpoint));
            assertThat(vits.decoder().operations()).isEqualTo(2 * decoder(checkpoint));
            long encoder = values(checkpoint, "enc_p.proj");
            int layers = 0;
            while (checkpoint.has("enc_p.encoder.attn_layers." + layers + ".conv_q.weight")) {
                for (String part : List.of("q", "k", "v", "o")) {
                    encoder +=
                            values(
                                    checkpoint,
                                    "enc_p.encoder.attn_layers." + layers + ".conv_" + part);
                }
                encoder += values(checkpoint, "enc_p.encoder.ffn_layers." + layers + ".conv_1");
                encoder += values(checkpoint, "enc_p.encoder.ffn_layers." + layers + ".conv_2");
                layers++;
            }
            int t = 17;
            long attention = 2L * layers * t * t * vits.encoder().hidden();
            assertThat(vits.encoder().operations(t)).isEqualTo(2 * (t * encoder + attention));
        }
    }

    private static long flow(Checkpoint c) {
        long sum = 0;
        for (int flow = 0; c.has("flow.flows." + flow + ".pre.weight"); flow += 2) {
            String module = "flow.flows." + flow;
            sum += values(c, module + ".pre") + values(c, module + ".post");
            for (int i = 0; c.has(module + ".enc.in_layers." + i + ".weight"); i++) {
                sum += values(c, module + ".enc.in_layers." + i);
                sum += values(c, module + ".enc.res_skip_layers." + i);
            }
        }
        return sum;
    }

    private static long decoder(Checkpoint c) {
        long sum = values(c, "dec.conv_pre");
        long rows = 1;
        int ups = 0;
        while (c.has("dec.ups." + ups + ".weight")) {
            ups++;
        }
        int blocks = 0;
        while (c.has("dec.resblocks." + blocks + ".convs1.0.weight")
                || c.has("dec.resblocks." + blocks + ".convs.0.weight")) {
            blocks++;
        }
        for (int up = 0; up < ups; up++) {
            sum += rows * values(c, "dec.ups." + up);
            rows *= c.geometry("dec.ups." + up).stride();
            for (int block = up * blocks / ups; block < (up + 1) * blocks / ups; block++) {
                for (String list : List.of("convs", "convs1", "convs2")) {
                    String module = "dec.resblocks." + block + "." + list + ".";
                    for (int i = 0; c.has(module + i + ".weight"); i++) {
                        sum += rows * values(c, module + i);
                    }
                }
            }
        }
        return sum + rows * values(c, "dec.conv_post");
    }

    private static long values(Checkpoint checkpoint, String module) {
        long product = 1;
        for (int dimension : checkpoint.get(module + ".weight").shape()) {
            product *= dimension;
        }
        return product;
    }

    @Test
    void tellsEachRoundByStage() throws IOException {
        Path onnx = Files.write(folder.resolve("voice.onnx"), Voices.bytes("medium"));
        Files.writeString(
                folder.resolve("voice.onnx.json"),
                """
                {"audio": {"sample_rate": 22050}, "phoneme_type": "text",
                 "espeak": {"voice": "en-us"}, "num_symbols": 40, "num_speakers": 1,
                 "phoneme_id_map": {"_": [0], "^": [1], "$": [2], " ": [3], ".": [4],
                  "a": [5], "b": [6], "c": [7]}}
                """);
        SpeechRequest request = SpeechRequest.builder("abc. abc abc.").voice(onnx).build();
        List<PiperProfile.Stage> stages =
                PiperProfile.measure(
                        EngineContext.builder().home(folder).threads(2).offline(true).build(),
                        request,
                        1,
                        2);
        assertThat(stages)
                .extracting(PiperProfile.Stage::name)
                .containsExactly("encoder", "durations", "flow", "decoder");
        for (PiperProfile.Stage stage : stages) {
            assertThat(stage.work()).hasSize(2);
            assertThat(stage.work()).allMatch(w -> w.seconds() > 0 && w.operations() > 0);
        }
        // The text does not change, so neither does the encoder's work.
        assertThat(stages.getFirst().work())
                .extracting(VitsNetwork.Work::operations)
                .containsOnly(stages.getFirst().work().getFirst().operations());
    }
}
