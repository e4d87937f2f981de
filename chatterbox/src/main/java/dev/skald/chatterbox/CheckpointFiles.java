package dev.skald.chatterbox;

import dev.skald.VoiceException;
import dev.skald.chatterbox.voice.VoiceCloner;
import dev.skald.tensor.Backend;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import dev.skald.tensor.io.Safetensors;
import dev.skald.tensor.io.TorchZip;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;

/** The weight files of a checkpoint, mapped while this is open. Safe for many threads. */
final class CheckpointFiles implements AutoCloseable {
    private final ChatterboxModel model;
    private final Path folder;
    private final Map<String, Weights> open = new HashMap<>();
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

    Weights t3() {
        return open(model.t3File());
    }

    Weights s3gen() {
        return open(model.s3genFile());
    }

    /** The networks that listen to a clip. */
    VoiceCloner cloner(Backend backend) {
        try {
            return VoiceCloner.load(open("ve"), s3gen(), backend);
        } catch (RuntimeException e) {
            throw failure(e);
        }
    }

    /** Safetensors, or the torch file that the official multilingual loader takes. */
    private synchronized Weights open(String name) {
        Weights known = open.get(name);
        if (known != null) {
            return known;
        }
        Path torch = folder.resolve(name + ".pt");
        Path tensors = folder.resolve(name + ".safetensors");
        if (!Files.exists(tensors) && Files.exists(torch)) {
            TorchZip zip = TorchZip.open(torch);
            closeables.put(name, zip);
            open.put(name, zip);
            return zip;
        }
        Safetensors opened = Safetensors.open(tensors);
        closeables.put(name, opened);
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
