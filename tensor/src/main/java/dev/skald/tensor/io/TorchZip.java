package dev.skald.tensor.io;

import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code torch.save} wrote, as a safe subset: tensors, dicts, lists, tuples, numbers, strings,
 * booleans and None; anything else is refused, since a pickle may name any code.
 *
 * <p>The tree is flattened: a value's name is the path of keys to it, joined by dots ({@code
 * t3.speaker_emb}); a saved state dict keeps its parameter names. Memory-mapped; safe for many
 * threads until closed. Format: PyTorch's serialization of version 1.6 and later.
 */
public final class TorchZip implements Weights, AutoCloseable {
    private final MappedFile file;
    private final Map<String, StoredTensor> tensors;
    private final Map<String, Object> scalars;

    private TorchZip(
            MappedFile file, Map<String, StoredTensor> tensors, Map<String, Object> scalars) {
        this.file = file;
        this.tensors = Collections.unmodifiableMap(tensors);
        this.scalars = Collections.unmodifiableMap(scalars);
    }

    /** Maps the file and reads its tree. Throws {@link WeightException}. */
    public static TorchZip open(Path path) {
        return open(MappedFile.open(path));
    }

    static TorchZip open(MappedFile file) {
        try {
            return read(file);
        } catch (InternalError e) {
            file.close();
            throw file.shorter();
        } catch (RuntimeException e) {
            file.close();
            if (e instanceof WeightException known) {
                throw known;
            }
            throw new WeightException(
                    file.name()
                            + " is damaged: its pickle cannot be read ("
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
                            + ")");
        }
    }

    private static TorchZip read(MappedFile file) {
        Map<String, MemorySegment> entries = ZipDirectory.read(file);
        String root = null;
        for (String name : entries.keySet()) {
            if (name.endsWith("/data.pkl") && name.indexOf('/') == name.length() - 9) {
                root = name.substring(0, name.length() - 8);
            }
        }
        if (root == null) {
            throw new WeightException(file.name() + " is not a torch file: it has no data.pkl");
        }
        MemorySegment order = entries.get(root + "byteorder");
        if (order != null
                && order.byteSize() < 64
                && !new String(order.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII)
                        .strip()
                        .equals("little")) {
            throw new WeightException(file.name() + " is not little-endian");
        }
        MemorySegment pickle = entries.get(root + "data.pkl");
        if (pickle == null) {
            throw new WeightException(file.name() + " has no data.pkl");
        }
        Pickle reader = new Pickle(file, pickle, entries, root + "data/");
        Object tree = reader.read();
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        Map<String, Object> scalars = new LinkedHashMap<>();
        new PickleTree(file.name(), tensors, scalars).flatten(tree);
        return new TorchZip(file, tensors, scalars);
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    @Override
    public StoredTensor get(String name) {
        StoredTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new WeightException(
                    file.name()
                            + " has no tensor '"
                            + name
                            + "': it is damaged or belongs to another model");
        }
        return tensor;
    }

    @Override
    public StoredTensor get(String name, int... shape) {
        Weights.super.get(name, shape);
        return get(name);
    }

    /** A Long, Double, Boolean or String that is no tensor; None is absent. */
    public Optional<Object> scalar(String name) {
        return Optional.ofNullable(scalars.get(name));
    }

    /** Unmaps the file: no tensor of it may be read any more. */
    @Override
    public void close() {
        file.close();
    }
}
