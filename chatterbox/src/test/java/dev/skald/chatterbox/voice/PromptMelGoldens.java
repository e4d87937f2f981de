package dev.skald.chatterbox.voice;

import dev.skald.chatterbox.GoldenTaps;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;
import java.util.Arrays;

/** Stage {@code mel24}. */
public final class PromptMelGoldens implements GoldenStage {
    @Override
    public String stage() {
        return "mel24";
    }

    @Override
    public void run(GoldenCase golden, Taps taps) {
        float[] clips = golden.floats("in.wav");
        int batch = golden.shape("in.wav")[0];
        int length = clips.length / batch;
        float[] all = new float[0];
        for (int b = 0; b < batch; b++) {
            float[] mel =
                    new PromptMel().mel(Arrays.copyOfRange(clips, b * length, (b + 1) * length));
            all =
                    GoldenTaps.join(
                            all,
                            GoldenTaps.turn(mel, 1, mel.length / PromptMel.BANDS, PromptMel.BANDS));
        }
        taps.add("out.mel", all);
    }
}
