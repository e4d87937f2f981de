package dev.skald.piper.vits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.nn.Rows;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.testkit.OpsProxies;
import dev.skald.testkit.TestDevice;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The four networks of a voice move no value between their beginning and their end. */
class VitsNetworksTest {
    @ParameterizedTest
    @ValueSource(strings = {"medium", "high-speakers", "plain-durations-speakers"})
    void noValueMovesInsideANetwork(String name) {
        try (TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            Vits vits = Vits.load(parameters, OnnxVoice.of(Voices.file(Voices.bytes(name))), 2);
            Tensor speaker =
                    vits.speakers() == null ? null : ops.zeros(1, 1, vits.speakers().dim());
            TextEncoder.Encoded encoded =
                    vits.encoder()
                            .encode(
                                    OpsProxies.withoutTransfers(ops, "TextEncoder"),
                                    ops.ints(Voices.ids(30, 1)),
                                    () -> {});
            Tensor noise = ops.tensor(1, 30, 2);
            Tensor log = ops.tensor(1, 30, 1);
            Ops durations = OpsProxies.withoutTransfers(ops, "DurationPredictor");
            DurationPredictor.noise(durations, 0.8f, 1, 0, noise);
            vits.durations().logDurations(durations, encoded.hidden(), speaker, noise, log);
            assertThat(ops.read(log)).doesNotContain(Float.NaN);

            Ops flow = OpsProxies.withoutTransfers(ops, "ResidualCouplingFlow");
            List<Tensor> conditions =
                    speaker == null ? List.of() : vits.flow().conditions(flow, speaker);
            Rows all = Rows.all(40);
            Tensor z = ops.zeros(1, 40, vits.flow().channels());
            vits.flow().invert(flow, z, all, all, 40, conditions);

            Ops decoder = OpsProxies.withoutTransfers(ops, "HifiGanDecoder");
            Tensor condition = vits.decoder().condition(decoder, speaker);
            Tensor wave = vits.decoder().decode(decoder, z, all, 40, condition);
            assertThat(wave.rows()).isEqualTo(40 * vits.decoder().hop());
        }
    }
}
