package dev.skald.chatterbox.voice;

import dev.skald.audio.Silence;
import dev.skald.chatterbox.GoldenTaps;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;
import dev.skald.testkit.TestDevice;
import java.util.List;

/** Stage {@code ve}. */
public final class VoiceEncoderGoldens implements GoldenStage {
    @Override
    public String stage() {
        return "ve";
    }

    @Override
    public void run(GoldenCase golden, Taps taps) {
        try (TestDevice device = TestDevice.open();
                Parameters parameters = device.parameters();
                Ops ops = device.ops()) {
            VoiceEncoder encoder =
                    VoiceEncoder.load(golden.file().weightsUnderPrefix(), parameters);
            List<float[]> clips = golden.clips();
            for (int i = 0; i < clips.size(); i++) {
                taps.add("tap.trim" + i, Silence.span(clips.get(i), VoiceEncoder.TRIM_DB));
            }
            GoldenTaps model = new GoldenTaps(golden, taps, name -> false);
            List<float[]> found = encoder.embed(ops, clips, model);
            model.compare();
            taps.add("out.embeds", found.stream().reduce(new float[0], GoldenTaps::join));
            taps.add("out.spk", VoiceEncoder.speaker(found));
        }
    }
}
