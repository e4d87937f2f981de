package dev.skald.chatterbox;

import dev.skald.SpeechRequest;
import dev.skald.VoiceException;
import dev.skald.chatterbox.Installed.Speaker;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.spi.EngineContext;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import java.util.Random;

/**
 * The sound of fixed speech tokens, for {@code skald bench}: what settings do to the audio can be
 * compared sample by sample, whereas of a text other tokens are drawn as soon as logits are rounded
 * otherwise.
 */
public final class ChatterboxSound {
    private ChatterboxSound() {}

    /**
     * Speaks tokens with the built-in voice of the model that a request means.
     *
     * @param tokens how many
     * @return samples at {@link S3Gen#SAMPLE_RATE}
     */
    public static float[] of(EngineContext context, SpeechRequest request, int tokens) {
        Speaker speaker = Installed.find(context, request);
        try (Devices.Lease device = Devices.open(context, any -> true);
                CheckpointFiles files = new CheckpointFiles(speaker.model(), speaker.folder());
                Parameters parameters = device.backend().parameters(context.precision());
                Ops ops = device.backend().open()) {
            S3Gen s3gen = S3Gen.load(files.s3gen(), parameters, S3Gen.HEAD_DIM);
            return s3gen.speak(
                    ops,
                    Checkpoint.builtIn(speaker.folder())
                            .orElseThrow(
                                    () ->
                                            new VoiceException(
                                                    speaker.model().id() + " has no conds.pt"))
                            .reference(),
                    new Random(1).ints(tokens, 0, 6561).toArray(),
                    1);
        } catch (RuntimeException e) {
            throw CheckpointFiles.failure(e);
        }
    }
}
