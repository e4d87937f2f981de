package dev.skald.chatterbox.voice;

import dev.skald.audio.Silence;
import dev.skald.chatterbox.GoldenTaps;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Backends;
import dev.skald.tensor.Ops;
import dev.skald.testkit.GoldenCase;
import dev.skald.testkit.GoldenStage;
import dev.skald.testkit.Taps;
import java.util.ArrayList;
import java.util.List;

/** Stage {@code ve}. */
public final class VoiceEncoderGoldens implements GoldenStage {
    @Override
    public String stage() {
        return "ve";
    }

    @Override
    public void run(GoldenCase golden, Taps taps) {
        try (Backend backend = Backends.cpu(0);
                Ops ops = backend.open()) {
            VoiceEncoder encoder = VoiceEncoder.load(golden.file().weightsUnderPrefix(), backend);
            List<float[]> clips = clips(golden);
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

    static List<float[]> clips(GoldenCase golden) {
        List<float[]> clips = new ArrayList<>();
        for (int i = 0; golden.has("in.wav" + i); i++) {
            clips.add(golden.floats("in.wav" + i));
        }
        return clips;
    }
}
