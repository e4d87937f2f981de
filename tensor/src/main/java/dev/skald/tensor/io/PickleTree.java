package dev.skald.tensor.io;

import dev.skald.tensor.WeightException;
import java.util.List;
import java.util.Map;

/** Flattens what a pickle held into names and values. */
final class PickleTree {
    private static final int DEEPEST = 32;

    /** A tree that names the same branch again and again would unfold without end. */
    private static final int MOST_NODES = 1 << 20;

    private final String file;
    private final Map<String, StoredTensor> tensors;
    private final Map<String, Object> scalars;
    private int nodes;

    PickleTree(String file, Map<String, StoredTensor> tensors, Map<String, Object> scalars) {
        this.file = file;
        this.tensors = tensors;
        this.scalars = scalars;
    }

    void flatten(Object root) {
        walk("", root, 0);
    }

    private void walk(String path, Object node, int depth) {
        if (depth > DEEPEST || ++nodes > MOST_NODES || path.length() > 4096) {
            throw new WeightException(file + " is damaged: its tree is too large");
        }
        switch (node) {
            case Pickle.TensorValue t -> putOnce(tensors, path, t.named(path));
            case Map<?, ?> map ->
                    map.forEach((key, value) -> walk(join(path, key), value, depth + 1));
            case List<?> list -> {
                for (int i = 0; i < list.size(); i++) {
                    walk(join(path, i), list.get(i), depth + 1);
                }
            }
            case Long v -> putOnce(scalars, path, v);
            case Double v -> putOnce(scalars, path, v);
            case Boolean v -> putOnce(scalars, path, v);
            case String v -> putOnce(scalars, path, v);
            case Pickle.Marker.NONE -> {}
            default ->
                    throw new WeightException(
                            file + " is refused: '" + path + "' is neither tensor nor plain value");
        }
    }

    private static String join(String path, Object key) {
        return path.isEmpty() ? String.valueOf(key) : path + "." + key;
    }

    private <V> void putOnce(Map<String, V> map, String path, V value) {
        if (map.putIfAbsent(path, value) != null) {
            throw new WeightException(file + " is damaged: '" + path + "' is there twice");
        }
    }
}
