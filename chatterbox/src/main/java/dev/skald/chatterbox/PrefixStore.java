package dev.skald.chatterbox;

import dev.skald.Precision;
import dev.skald.chatterbox.t3.T3;
import dev.skald.chatterbox.t3.T3Prefix;
import dev.skald.chatterbox.t3.T3Prompt;
import dev.skald.tensor.Conversion;
import dev.skald.tensor.DType;
import dev.skald.tensor.Ops;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.io.Safetensors;
import dev.skald.tensor.io.SafetensorsWriter;
import dev.skald.tensor.io.StoredTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * What T3 makes of a voice before it reads a text, kept in files: a voice speaks again without that
 * work, in this process or a later one. A file that is missing, damaged or of another checkpoint is
 * made anew. Safe for many threads.
 */
final class PrefixStore {
    /** Files of so many voices are kept, those used last. */
    static final int MOST = 8;

    private static final System.Logger LOG = System.getLogger(PrefixStore.class.getName());

    /** Changes when what is computed, or how it is kept, does. */
    private static final String FORMAT = "1";

    private final T3 model;
    private final Path weights;
    private final Path folder;

    /**
     * @param weights the file the model was read from
     * @param folder for the files; made when needed
     */
    PrefixStore(T3 model, Path weights, Path folder) {
        this.model = model;
        this.weights = weights;
        this.folder = folder;
    }

    /** The prefix of a voice, to be closed. */
    T3Prefix of(Ops ops, T3Prompt prompt) {
        Path file;
        try {
            file = folder.resolve(key(prompt) + ".safetensors");
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "{0} cannot be looked at: {1}", weights, e);
            return model.prefix(ops, prompt);
        }
        if (Files.exists(file)) {
            try {
                T3Prefix known = new Stored(Safetensors.open(file), model, prompt);
                used(file);
                return known;
            } catch (WeightException e) {
                LOG.log(System.Logger.Level.DEBUG, "{0} is made anew: {1}", file, e);
            }
        }
        T3Prefix made = model.prefix(ops, prompt);
        try {
            keep(file, made);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "{0} cannot be kept: {1}", file, e);
        }
        return made;
    }

    private void keep(Path file, T3Prefix made) throws IOException {
        Files.createDirectories(folder);
        SafetensorsWriter out = new SafetensorsWriter();
        int layers = model.config().layers();
        int values = model.cacheWidth() * made.rows();
        float[] layer = new float[2 * values];
        for (int i = 0; i < layers; i++) {
            int index = i;
            out.add(
                    name(i),
                    model.cachePrecision() == Precision.BF16 ? DType.BF16 : DType.F32,
                    (from, to, count) -> {
                        made.read(index, layer);
                        for (int k = 0; k < count; k++) {
                            to[k] = layer[(int) from + k];
                            if (!Float.isFinite(to[k])) {
                                throw new UncheckedIOException(new IOException("not finite"));
                            }
                        }
                    },
                    2,
                    made.rows(),
                    model.cacheWidth());
        }
        out.write(file);
        forget();
    }

    /** Remembers when it was used, where that can be written. */
    private static void used(Path file) {
        try {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "{0} is used as it is: {1}", file, e);
        }
    }

    /** Deletes the files that were not used for longest. */
    private void forget() throws IOException {
        record Used(Path file, FileTime when) {}
        List<Used> known = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path f : files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
                known.add(new Used(f, Files.getLastModifiedTime(f)));
            }
        }
        known.sort(Comparator.comparing(Used::when).reversed());
        for (int i = MOST; i < known.size(); i++) {
            Files.deleteIfExists(known.get(i).file);
        }
    }

    private static String name(int layer) {
        return "layer." + layer;
    }

    /** Says which voice of which weights it is. */
    private String key(T3Prompt prompt) throws IOException {
        String what =
                FORMAT
                        + '\n'
                        + weights.toRealPath()
                        + '\n'
                        + Files.size(weights)
                        + '\n'
                        + Files.getLastModifiedTime(weights)
                        + '\n'
                        + model.precision()
                        + '\n'
                        + prompt.emotion()
                        + '\n';
        ByteBuffer voice =
                ByteBuffer.allocate(
                        4 * (1 + prompt.speaker().length + prompt.speechTokens().length));
        voice.putInt(prompt.speaker().length);
        voice.slice().asFloatBuffer().put(prompt.speaker());
        voice.position(4 * (1 + prompt.speaker().length));
        voice.slice().asIntBuffer().put(prompt.speechTokens());
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(what.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(voice.array()), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    /** One read from its file. */
    private static final class Stored implements T3Prefix {
        private final Safetensors file;
        private final StoredTensor[] layers;
        private final int rows;

        Stored(Safetensors file, T3 model, T3Prompt prompt) {
            this.file = file;
            rows = model.prefixRows(prompt);
            layers = new StoredTensor[model.config().layers()];
            try {
                for (int i = 0; i < layers.length; i++) {
                    layers[i] = file.get(name(i), 2, rows, model.cacheWidth());
                }
            } catch (WeightException e) {
                file.close();
                throw e;
            }
        }

        @Override
        public int rows() {
            return rows;
        }

        @Override
        public int computed() {
            return 0;
        }

        @Override
        public void read(int layer, float[] to) {
            Conversion.floats(layers[layer], 0, to, 0, Math.toIntExact(layers[layer].size()));
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
