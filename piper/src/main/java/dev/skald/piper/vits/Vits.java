package dev.skald.piper.vits;

import dev.skald.engine.LoadCache;
import dev.skald.nn.Loader;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.WeightException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The whole network, ready to run on a device.
 *
 * @param speakers one row a speaker, or null for a voice of one
 */
record Vits(
        @Nullable Embedding speakers,
        TextEncoder encoder,
        DurationPredictor durations,
        ResidualCouplingFlow flow,
        HifiGanDecoder decoder) {

    /**
     * Packs a checkpoint's weights, its four parts side by side where that is faster.
     *
     * @throws WeightException if a parameter is missing, damaged or of another shape
     */
    static Vits load(Parameters parameters, Checkpoint checkpoint, int threads) {
        Loader load = Loader.of(checkpoint, parameters);
        Parts parts = new Parts(load, checkpoint, "");
        int hidden = parts.shape("enc_p.emb.weight", -1, -1)[1];
        int latent = parts.shape("enc_p.proj.weight", -1, -1, 1)[0] / 2;
        boolean many = checkpoint.has("emb_g.weight");
        int speaker = many ? parts.shape("emb_g.weight", -1, -1)[1] : 0;
        boolean odd = ResidualCouplingFlow.count(parts) % 2 == 1;
        try (var pool = Executors.newFixedThreadPool(Math.max(1, Math.min(threads, 4)))) {
            // A GPU takes the weights of a model from the thread that loads it alone.
            Executor executor = parameters.backend().quick() ? Runnable::run : pool;
            var flow = async(executor, () -> ResidualCouplingFlow.load(parts, latent, speaker));
            var encoder = async(executor, () -> TextEncoder.load(parts));
            var decoder = async(executor, () -> HifiGanDecoder.load(parts, latent, odd, speaker));
            var durations = async(executor, () -> DurationPredictor.load(parts, hidden, speaker));
            return new Vits(
                    many ? load.embedding("emb_g", -1, speaker) : null,
                    LoadCache.join(encoder),
                    LoadCache.join(durations),
                    LoadCache.join(flow),
                    LoadCache.join(decoder));
        }
    }

    private static <T> CompletableFuture<T> async(Executor executor, Supplier<T> part) {
        return CompletableFuture.supplyAsync(part, executor);
    }

    /** The stages a sentence passes, in order. */
    enum Stage {
        ENCODER,
        DURATIONS,
        FLOW,
        DECODER;

        static final List<Stage> ALL = List.of(values());
    }
}
