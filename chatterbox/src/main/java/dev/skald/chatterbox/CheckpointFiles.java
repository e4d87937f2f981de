package dev.skald.chatterbox;

import dev.skald.VoiceException;
import dev.skald.chatterbox.t3.T3Config;
import dev.skald.chatterbox.voice.VoiceCloner;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.io.Safetensors;
import dev.skald.tensor.io.TorchZip;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;

/** The weight files of a checkpoint, mapped while this is open. Safe for many threads. */
final class CheckpointFiles implements AutoCloseable {
    private final ChatterboxModel model;
    private final Path folder;
    private final Map<String, StrictWeights> open = new HashMap<>();
    private final Map<String, AutoCloseable> closeables = new HashMap<>();

    CheckpointFiles(ChatterboxModel model, Path folder) {
        this.model = model;
        this.folder = folder;
    }

    ChatterboxModel model() {
        return model;
    }

    Path folder() {
        return folder;
    }

    /** Bytes of the networks that speak; 0 for those that are not there. */
    static long bytes(ChatterboxModel model, Path folder) {
        long bytes = 0;
        for (String name : List.of(model.t3File(), model.s3genFile())) {
            try {
                bytes += Files.size(folder.resolve(name + ".safetensors"));
            } catch (IOException e) {
                // Another extension, or missing: whoever loads it tells.
            }
        }
        return bytes;
    }

    StrictWeights t3() {
        return open(model.t3File());
    }

    StrictWeights s3gen() {
        return open(model.s3genFile());
    }

    /**
     * Refuses files that are another model's: its names are the same in part, and it would babble.
     *
     * @throws VoiceException that names the file
     */
    void checkModel() {
        boolean gpt2 = T3Config.of(t3()).kind() == DecoderModel.Kind.GPT2;
        if (gpt2 != model.turbo()) {
            throw anothers(model.t3File(), gpt2 ? "Turbo's or Nano's" : "Original's");
        }
        boolean meanflow = s3gen().has("flow.decoder.estimator.time_embed_mixer.weight");
        if (meanflow != model.turbo()) {
            throw anothers(
                    model.s3genFile(),
                    meanflow ? "Turbo's (meanflow)" : "Original's (no meanflow)");
        }
    }

    private VoiceException anothers(String file, String whose) {
        return new VoiceException(
                folder.resolve(file + ".safetensors")
                        + " is "
                        + whose
                        + ", not "
                        + model.id()
                        + "'s: install the model again");
    }

    /** The networks that listen to a clip. */
    VoiceCloner cloner(Parameters parameters) {
        try {
            StrictWeights encoder = open("ve");
            VoiceCloner cloner = VoiceCloner.load(encoder, s3gen(), parameters);
            encoder.checkNoLayerIsLeftOut("");
            s3gen().checkNoLayerIsLeftOut("tokenizer.");
            s3gen().checkNoLayerIsLeftOut("speaker_encoder.");
            return cloner;
        } catch (RuntimeException e) {
            throw failure(e);
        }
    }

    /** Safetensors, or the torch file that the official multilingual loader takes. */
    Path path(String name) {
        Path torch = folder.resolve(name + ".pt");
        Path tensors = folder.resolve(name + ".safetensors");
        return !Files.exists(tensors) && Files.exists(torch) ? torch : tensors;
    }

    private synchronized StrictWeights open(String name) {
        StrictWeights known = open.get(name);
        if (known != null) {
            return known;
        }
        Path path = path(name);
        StrictWeights opened;
        if (path.toString().endsWith(".pt")) {
            TorchZip zip = TorchZip.open(path);
            closeables.put(name, zip);
            opened = new StrictWeights(zip, name + ".pt");
        } else {
            Safetensors file = Safetensors.open(path);
            closeables.put(name, file);
            opened = new StrictWeights(file, name + ".safetensors");
        }
        open.put(name, opened);
        return opened;
    }

    /** A failure to load or to fit, told in the words of the API. */
    static RuntimeException failure(RuntimeException e) {
        Throwable cause =
                e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
        if (cause instanceof WeightException || cause instanceof IllegalArgumentException) {
            return new VoiceException(String.valueOf(cause.getMessage()), cause);
        }
        return cause instanceof RuntimeException known ? known : e;
    }

    @Override
    public synchronized void close() {
        for (AutoCloseable file : closeables.values()) {
            try {
                file.close();
            } catch (Exception e) {
                throw new VoiceException("cannot close a file of " + folder, e);
            }
        }
        closeables.clear();
        open.clear();
    }
}
