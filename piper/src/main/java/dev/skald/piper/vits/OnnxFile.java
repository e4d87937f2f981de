package dev.skald.piper.vits;

import dev.skald.tensor.WeightException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What Skald reads of an ONNX {@code ModelProto}: nodes in order, and initialisers in place. The
 * file is untrusted; subgraphs and functions are not entered, so nothing nests deeper than graph,
 * node, attribute, tensor.
 */
final class OnnxFile {
    private static final int MOST_NODES = 100_000;
    private static final int MOST_TENSORS = 50_000;
    private static final int MOST_NAMES_A_NODE = 4_096;

    /** One operator. Integer attributes are held as lists, a single one as a list of one. */
    record Node(
            String type,
            String name,
            List<String> inputs,
            List<String> outputs,
            Map<String, long[]> integers) {

        @Nullable String input(int index) {
            return index < inputs.size() ? inputs.get(index) : null;
        }

        /** The first value of an integer attribute. */
        long integer(String attribute, long otherwise) {
            long[] values = integers.get(attribute);
            return values == null || values.length == 0 ? otherwise : values[0];
        }
    }

    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
    private final List<String> inputs = new ArrayList<>();

    private OnnxFile() {}

    /** Reads the structure; values stay in {@code memory}. */
    static OnnxFile parse(MemorySegment memory) {
        OnnxFile file = new OnnxFile();
        Protobuf model = new Protobuf(memory);
        boolean graph = false;
        while (model.next()) {
            if (model.field() == 7) {
                graph = true;
                file.graph(model.message());
            } else {
                model.skip();
            }
        }
        if (!graph) {
            throw new WeightException("not an ONNX file: it has no graph");
        }
        return file;
    }

    List<Node> nodes() {
        return nodes;
    }

    Set<String> names() {
        return tensors.keySet();
    }

    @Nullable OnnxTensor tensor(@Nullable String name) {
        return name == null ? null : tensors.get(name);
    }

    boolean hasInput(String name) {
        return inputs.contains(name);
    }

    private void graph(Protobuf graph) {
        while (graph.next()) {
            switch (graph.field()) {
                case 1 -> add(node(graph.message()));
                case 5 -> add(OnnxTensor.parse(graph.message()));
                case 11 -> {
                    if (inputs.size() < MOST_NAMES_A_NODE) {
                        inputs.add(valueName(graph.message()));
                    } else {
                        graph.skip();
                    }
                }
                default -> graph.skip();
            }
        }
    }

    private void add(Node node) {
        if (nodes.size() == MOST_NODES) {
            throw new WeightException("not a Piper network: more than " + MOST_NODES + " nodes");
        }
        nodes.add(node);
    }

    private void add(OnnxTensor tensor) {
        if (tensors.size() == MOST_TENSORS) {
            throw new WeightException(
                    "not a Piper network: more than " + MOST_TENSORS + " tensors");
        }
        if (tensors.put(tensor.name(), tensor) != null) {
            throw new WeightException("tensor '" + tensor.name() + "' is there twice");
        }
    }

    private static String valueName(Protobuf value) {
        String name = "";
        while (value.next()) {
            if (value.field() == 1) {
                name = value.text();
            } else {
                value.skip();
            }
        }
        return name;
    }

    private static Node node(Protobuf message) {
        String type = "";
        String name = "";
        List<String> inputs = new ArrayList<>(4);
        List<String> outputs = new ArrayList<>(1);
        Map<String, long[]> integers = Map.of();
        while (message.next()) {
            switch (message.field()) {
                case 1 -> inputs.add(message.text());
                case 2 -> outputs.add(message.text());
                case 3 -> name = message.text();
                case 4 -> type = message.text();
                case 5 -> {
                    if (integers.isEmpty()) {
                        integers = new HashMap<>();
                    }
                    attribute(message.message(), integers);
                }
                default -> message.skip();
            }
            if (inputs.size() + outputs.size() + integers.size() > MOST_NAMES_A_NODE) {
                throw Protobuf.damaged("a node with thousands of names");
            }
        }
        return new Node(type, name, inputs, outputs, integers);
    }

    private static void attribute(Protobuf message, Map<String, long[]> integers) {
        String name = "";
        long[] values = new long[8];
        int count = 0;
        while (message.next()) {
            boolean integer = message.field() == 3 || message.field() == 8;
            if (message.field() == 1) {
                name = message.text();
            } else if (integer && message.wire() == Protobuf.VARINT) {
                count = put(values, count, message.integer());
            } else if (integer) {
                Protobuf packed = message.message();
                while (!packed.atEnd()) {
                    count = put(values, count, packed.varint());
                }
            } else {
                message.skip();
            }
        }
        if (count > 0) {
            integers.put(name, java.util.Arrays.copyOf(values, count));
        }
    }

    /** Convolutions have a handful of integers; of longer lists the first are enough. */
    private static int put(long[] values, int count, long value) {
        if (count == values.length) {
            return count;
        }
        values[count] = value;
        return count + 1;
    }
}
