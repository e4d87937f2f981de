package dev.skald.chatterbox.voice;

import dev.skald.chatterbox.GoldenTaps;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;
import dev.skald.testkit.TestDevice;
import java.util.List;
import java.util.Set;

/** Stage {@code campplus}. */
public final class CamPlusGoldens implements GoldenStage {
    private static final Set<String> ROWS_FIRST = Set.of("fbank", "stats");

    @Override
    public String stage() {
        return "campplus";
    }

    @Override
    public void run(GoldenCase golden, Taps taps) {
        try (TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            CamPlus network = CamPlus.load(golden.file().weightsUnderPrefix(), parameters);
            GoldenTaps model = new GoldenTaps(golden, taps, name -> !ROWS_FIRST.contains(name));
            List<float[]> found = network.xvectors(ops, golden.clips(), model);
            model.compare();
            taps.add("out.xvector", found.stream().reduce(new float[0], GoldenTaps::join));
        }
    }
}
