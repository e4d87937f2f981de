package dev.skald.tensor;

import java.util.Set;
import java.util.stream.Collectors;

/** A view of the weights below a prefix. */
record PrefixedWeights(Weights all, String prefix) implements Weights {
    @Override
    public Set<String> names() {
        return all.names().stream()
                .filter(n -> n.startsWith(prefix))
                .map(n -> n.substring(prefix.length()))
                .collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public boolean has(String name) {
        return all.has(prefix + name);
    }

    @Override
    public Weight get(String name) {
        return all.get(prefix + name);
    }
}
