package dev.skald.chatterbox.s3gen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skald.chatterbox.s3gen.RunningFlowsTest.Asked;
import dev.skald.tensor.DeviceException;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.testkit.Card;
import dev.skald.testkit.GoldenSet;
import dev.skald.testkit.SimulatedDriver;
import dev.skald.testkit.TestDevice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of flows that are under way when calls of the driver fail. */
@Card.Simulated(slow = true)
class RunningFlowsFaultsTest {
    private final SimulatedDriver driver = SimulatedDriver.use();

    @AfterEach
    void heal() {
        driver.heal();
    }

    /**
     * A call that fails.
     *
     * @param nth 0 for the next one
     * @param code the driver's number for the error
     * @param lost whether the device is, from then on
     */
    private record Fault(String call, int nth, int code, boolean lost) {}

    private static final List<Fault> FAULTS =
            List.of(
                    new Fault("cuLaunchKernel", 10, 1, false), // in the encoder
                    new Fault("cuLaunchKernel", 100, 1, false),
                    new Fault("cuLaunchKernel", 200, 1, false),
                    new Fault("cuGraphLaunch", 0, 1, false),
                    new Fault("cuGraphLaunch", 1, 1, false),
                    new Fault("cuMemcpyHtoDAsync_v2", 20, 1, false),
                    new Fault("cuMemcpyDtoHAsync_v2", 0, 1, false), // all steps are made
                    new Fault("cuLaunchKernel", 150, 700, true));

    @Test
    void aFailureIsToldOrMendedAndLosesNoPiece() {
        try (GoldenSet set = GoldenSet.open(Path.of("src", "test", "resources", "goldens"));
                TestDevice device = TestDevice.open();
                Parameters parameters = device.backend().parameters();
                Ops ops = device.ops()) {
            S3Gen model = S3GenGoldens.load(set.stage("s3gen_meanflow"), parameters);
            List<float[]> alone = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                alone.add(RunningFlowsTest.alone(model, ops, i));
            }
            for (Fault fault : FAULTS) {
                try (S3GenBatch batch = new S3GenBatch(model, device.backend(), 16_384)) {
                    speak(model, batch, fault, alone);
                    driver.heal();
                }
            }
        }
    }

    /** The third piece joins after the first step. */
    private void speak(S3Gen model, S3GenBatch batch, Fault fault, List<float[]> alone) {
        S3GenStream.Piece third = new Asked(model, 2).due();
        List<S3GenStream.Piece> pieces =
                List.of(
                        new Asked(model, 0).at(1, () -> batch.add(third)).due(),
                        new Asked(model, 1).due(),
                        third);
        batch.add(pieces.get(0));
        batch.add(pieces.get(1));
        driver.fail(fault.call, fault.nth, fault.code, fault.lost);
        for (int i = 0; i < 20 && !pieces.stream().allMatch(S3GenStream.Piece::done); i++) {
            batch.run();
        }
        assertThat(driver.get("failed")).as("%s", fault).isNotZero();
        int told = 0;
        for (int i = 0; i < 3; i++) {
            assertThat(pieces.get(i).done()).as("piece %s, %s", i, fault).isTrue();
            try {
                float[] samples = pieces.get(i).samples();
                assertThat(samples).as("piece %s, %s", i, fault).isEqualTo(alone.get(i));
            } catch (DeviceException e) {
                told++;
            }
        }
        assertThat(told).as("%s", fault).isEqualTo(fault.lost ? 3 : 0);
    }
}
