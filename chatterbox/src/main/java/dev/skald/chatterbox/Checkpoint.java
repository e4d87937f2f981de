package dev.skald.chatterbox;

import dev.skald.Precision;
import dev.skald.VoiceException;
import dev.skald.chatterbox.s3gen.Flow;
import dev.skald.chatterbox.s3gen.HiftVocoder;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.chatterbox.s3gen.S3GenBatch;
import dev.skald.chatterbox.t3.SharedDecoder;
import dev.skald.chatterbox.t3.T3;
import dev.skald.chatterbox.text.TextTokenizer;
import dev.skald.chatterbox.voice.VoiceConditionals;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.io.TorchZip;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A loaded checkpoint. Safe for many threads. What only cloning needs is not in it. */
final class Checkpoint implements AutoCloseable {
    private final CheckpointFiles files;
    private final T3 t3;
    private final S3Gen s3gen;
    private final Parameters parameters;
    private final TextTokenizer tokenizer;
    private final SharedDecoder decoder;

    /** Where pieces of several requests are computed together; null where each has its threads. */
    private final @Nullable S3GenBatch sounds;

    private final @Nullable VoiceConditionals builtIn;

    private Checkpoint(
            CheckpointFiles files,
            Parameters parameters,
            T3 t3,
            S3Gen s3gen,
            TextTokenizer tokenizer,
            Path cache,
            @Nullable VoiceConditionals builtIn) {
        this.files = files;
        this.parameters = parameters;
        this.t3 = t3;
        this.s3gen = s3gen;
        this.tokenizer = tokenizer;
        this.builtIn = builtIn;
        PrefixStore prefixes = new PrefixStore(t3, files.path(files.model().t3File()), cache);
        Backend device = parameters.backend();
        decoder = new SharedDecoder(t3, prefixes::of, device);
        sounds = device.quick() ? new S3GenBatch(s3gen, device) : null;
    }

    /**
     * Loads a checkpoint from a folder of the official files, the flow beside the rest.
     *
     * @param cache a folder for what was computed of voices
     * @throws dev.skald.VoiceException if a file is missing or damaged; names file and tensor
     */
    static Checkpoint load(
            ChatterboxModel model, Path folder, Path cache, Backend backend, Precision precision) {
        CheckpointFiles files = new CheckpointFiles(model, folder);
        Parameters parameters = null;
        try {
            files.checkModel();
            StrictWeights t3Weights = files.t3();
            StrictWeights s3genWeights = files.s3gen();
            Parameters into = backend.parameters(precision);
            parameters = into;
            CompletableFuture<Flow> flow =
                    CompletableFuture.supplyAsync(
                            () -> S3Gen.loadFlow(s3genWeights, into, S3Gen.HEAD_DIM));
            try {
                TextTokenizer text = model.tokenizer(folder);
                VoiceConditionals voice = builtIn(folder).orElse(null);
                T3 t3 = T3.load(into, t3Weights);
                HiftVocoder vocoder = S3Gen.loadVocoder(s3genWeights, into);
                S3Gen s3gen = new S3Gen(flow.join(), vocoder);
                checkVocabulary(text, t3, files);
                t3Weights.checkNoLayerIsLeftOut("");
                s3genWeights.checkNoLayerIsLeftOut("flow.");
                s3genWeights.checkNoLayerIsLeftOut("mel2wav.");
                return new Checkpoint(files, into, t3, s3gen, text, cache, voice);
            } finally {
                // Nothing may still read a file that is about to be closed.
                flow.handle((done, failed) -> true).join();
            }
        } catch (RuntimeException e) {
            if (parameters != null) {
                parameters.close();
            }
            files.close();
            throw CheckpointFiles.failure(e);
        }
    }

    /** Ids that the model has no embedding for would fail in the middle of a text. */
    private static void checkVocabulary(TextTokenizer text, T3 t3, CheckpointFiles files) {
        if (text.vocabularySize() > t3.config().textVocabulary()) {
            throw new VoiceException(
                    "the tokenizer in "
                            + files.folder()
                            + " has "
                            + text.vocabularySize()
                            + " tokens, "
                            + files.model().t3File()
                            + ".safetensors "
                            + t3.config().textVocabulary()
                            + ": they belong to different models");
        }
    }

    static Optional<VoiceConditionals> builtIn(Path folder) {
        Path file = folder.resolve("conds.pt");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try (TorchZip conds = TorchZip.open(file)) {
            return Optional.of(VoiceConditionals.read(conds));
        }
    }

    ChatterboxModel model() {
        return files.model();
    }

    T3 t3() {
        return t3;
    }

    S3Gen s3gen() {
        return s3gen;
    }

    /** Draws the tokens of everything that this checkpoint speaks. */
    SharedDecoder decoder() {
        return decoder;
    }

    @Nullable S3GenBatch sounds() {
        return sounds;
    }

    TextTokenizer tokenizer() {
        return tokenizer;
    }

    /** The voice of {@code conds.pt}. */
    Optional<VoiceConditionals> builtInVoice() {
        return Optional.ofNullable(builtIn);
    }

    @Override
    public void close() {
        decoder.close();
        if (sounds != null) {
            sounds.close();
        }
        parameters.close();
        files.close();
    }
}
