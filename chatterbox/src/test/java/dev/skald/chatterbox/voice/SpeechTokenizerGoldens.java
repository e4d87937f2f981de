package dev.skald.chatterbox.voice;

import dev.skald.chatterbox.GoldenTaps;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;
import dev.skald.testkit.TestDevice;

/** Stage {@code s3tok}. */
public final class SpeechTokenizerGoldens implements GoldenStage {
    @Override
    public String stage() {
        return "s3tok";
    }

    @Override
    public void run(GoldenCase golden, Taps taps) {
        try (TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            SpeechTokenizer tokenizer =
                    SpeechTokenizer.load(golden.file().weightsUnderPrefix(), parameters);
            int most = golden.params().path("max_len").asInt(Integer.MAX_VALUE);
            GoldenTaps model =
                    new GoldenTaps(
                            golden,
                            taps,
                            name -> name.startsWith("mel") || name.startsWith("conv"));
            SpeechTokenizer.Codes found = tokenizer.codes(ops, golden.clips(), most, model);
            model.compare();
            taps.add("out.codes", found.codes());
            taps.add("out.lens", found.lengths());
        }
    }
}
