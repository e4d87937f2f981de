package dev.skald.piper.vits;

import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Embedding;
import dev.skald.tensor.WeightException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The whole network, ready to run on a parameters.
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
     * Packs a checkpoint's weights for a parameters, its four parts side by side.
     *
     * @throws WeightException if a parameter is missing, damaged or of another shape
     */
    static Vits load(Parameters parameters, Checkpoint checkpoint, int threads) {
        Parts parts = new Parts(parameters, checkpoint);
        int hidden = parts.dimension("enc_p.emb.weight", 2, 1);
        int latent = parts.dimension("enc_p.proj.weight", 3, 0) / 2;
        boolean many = checkpoint.has("emb_g.weight");
        int speaker = many ? parts.dimension("emb_g.weight", 2, 1) : 0;
        int couplings = couplings(parts);
        try (var executor = Executors.newFixedThreadPool(Math.max(1, Math.min(threads, 4)))) {
            var flow = async(executor, () -> ResidualCouplingFlow.load(parts, latent, speaker));
            var encoder = async(executor, () -> TextEncoder.load(parts));
            var decoder =
                    async(
                            executor,
                            () -> HifiGanDecoder.load(parts, latent, couplings % 2 == 1, speaker));
            var durations = async(executor, () -> DurationPredictor.load(parts, hidden, speaker));
            return new Vits(
                    many ? parameters.embedding(parts.weight("emb_g.weight", -1, speaker)) : null,
                    encoder.join(),
                    durations.join(),
                    flow.join(),
                    decoder.join());
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    private static <T> CompletableFuture<T> async(Executor executor, Supplier<T> part) {
        return CompletableFuture.supplyAsync(part, executor);
    }

    private static int couplings(Parts parts) {
        int count = 0;
        while (parts.has("flow.flows." + 2 * count + ".pre")) {
            count++;
        }
        return count;
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
