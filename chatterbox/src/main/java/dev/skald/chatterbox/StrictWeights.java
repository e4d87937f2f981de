package dev.skald.chatterbox;

import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A file's weights as a model may use them: numbers with a fraction, and no layer left out. Models
 * count their layers by the names they find, so one missing tensor would quietly end them early.
 * Safe for many threads.
 */
final class StrictWeights implements Weights {
    private final Weights file;
    private final String name;
    private final Set<String> used = ConcurrentHashMap.newKeySet();

    /**
     * @param name the file's, for messages
     */
    StrictWeights(Weights file, String name) {
        this.file = file;
        this.name = name;
    }

    @Override
    public Set<String> names() {
        return file.names();
    }

    @Override
    public boolean has(String tensor) {
        return file.has(tensor);
    }

    @Override
    public Weight get(String tensor) {
        Weight weight = file.get(tensor);
        if (!weight.dtype().isFloating()) {
            throw new WeightException(
                    "tensor '"
                            + weight.name()
                            + "' is of dtype "
                            + weight.dtype()
                            + " where a floating one is expected");
        }
        used.add(tensor);
        return weight;
    }

    /**
     * Refuses a tensor that no model took although it took others that differ in a number alone:
     * {@code h.4.weight} beside {@code h.2.weight} when {@code h.3.weight} is missing.
     *
     * @param prefix of the tensors that must have been loaded by now
     * @throws WeightException with the name of the first such tensor
     */
    void checkNoLayerIsLeftOut(String prefix) {
        Set<String> kinds = new HashSet<>();
        used.forEach(tensor -> kinds.add(kind(tensor)));
        for (String tensor : file.names()) {
            if (tensor.startsWith(prefix)
                    && !used.contains(tensor)
                    && kinds.contains(kind(tensor))) {
                throw new WeightException(
                        name
                                + " is damaged: a tensor beside or before '"
                                + tensor
                                + "' is missing");
            }
        }
    }

    /** A name without its numbers. */
    private static String kind(String tensor) {
        StringBuilder kind = new StringBuilder(tensor.length());
        for (int i = 0; i < tensor.length(); i++) {
            char c = tensor.charAt(i);
            boolean digit = c >= '0' && c <= '9';
            if (!digit) {
                kind.append(c);
            } else if (i == 0 || kind.charAt(kind.length() - 1) != '#') {
                kind.append('#');
            }
        }
        return kind.toString();
    }
}
