package dev.skald.piper.vits;

import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoint inside a voice's {@code .onnx}. Exporters keep most parameters' names; what they
 * folded (weight norm, {@code exp(-logs)}) or named after a graph input (the phoneme embedding of
 * {@code en_US-joe-medium} is called {@code sid}) is found by its place in the graph: a
 * convolution's weight by its bias or its node's name, the embeddings by the input that indexes
 * them. Where an exporter named nothing, everything is found by its order ({@link OnnxOrder}).
 */
final class OnnxVoice implements Checkpoint {
    private static final String EMBEDDING = "enc_p.emb.weight";

    private final Map<String, OnnxTensor> tensors;
    private final Map<String, OnnxFile.Node> convolutions = new HashMap<>();

    private OnnxVoice(Map<String, OnnxTensor> tensors) {
        this.tensors = tensors;
    }

    /** Finds the parameters. Throws {@link WeightException} if this is no Piper network. */
    static OnnxVoice of(OnnxFile file) {
        if (!file.hasInput("input") || !file.hasInput("scales")) {
            throw new WeightException("not a Piper network: it has no inputs 'input' and 'scales'");
        }
        OnnxVoice voice = new OnnxVoice(named(file));
        if (!voice.has("enc_p.proj.bias")) {
            voice.tensors.putAll(OnnxOrder.names(file));
        }
        voice.findFolded(file);
        return voice;
    }

    private static Map<String, OnnxTensor> named(OnnxFile file) {
        Map<String, OnnxTensor> named = new LinkedHashMap<>();
        for (String name : file.names()) {
            OnnxTensor tensor = file.tensor(name);
            if (tensor != null && tensor.isFloat() && isParameter(name)) {
                named.put(name, tensor);
            }
        }
        return named;
    }

    private static boolean isParameter(String name) {
        return name.startsWith("enc_p.")
                || name.startsWith("dp.")
                || name.startsWith("flow.")
                || name.startsWith("dec.")
                || name.startsWith("emb_g.");
    }

    private void findFolded(OnnxFile file) {
        Map<OnnxTensor, String> names = new HashMap<>();
        tensors.forEach((name, tensor) -> names.put(tensor, name));
        for (OnnxFile.Node node : file.nodes()) {
            switch (node.type()) {
                case "Conv", "ConvTranspose" -> addConvolution(file, node, names);
                case "Gather" -> addEmbedding(file, node);
                default -> {}
            }
        }
        if (!has(AFFINE_SCALE)) {
            OnnxTensor scale = affineScale(file);
            if (scale != null) {
                tensors.put(AFFINE_SCALE, scale);
            }
        }
    }

    private void addConvolution(OnnxFile file, OnnxFile.Node node, Map<OnnxTensor, String> names) {
        OnnxTensor weight = file.tensor(node.input(1));
        if (weight == null) {
            return;
        }
        String name = names.get(weight);
        OnnxTensor bias = file.tensor(node.input(2));
        if (name == null && bias != null) {
            name = names.get(bias);
        }
        String module;
        if (name != null) {
            module = name.substring(0, name.lastIndexOf('.'));
        } else {
            // "/flow/flows.0/enc/in_layers.0/Conv"
            int end = node.name().lastIndexOf('/');
            if (end < 1) {
                return;
            }
            module = node.name().substring(1, end).replace('/', '.');
        }
        tensors.putIfAbsent(module + ".weight", weight);
        convolutions.putIfAbsent(module, node);
    }

    private void addEmbedding(OnnxFile file, OnnxFile.Node node) {
        OnnxTensor table = file.tensor(node.input(0));
        String index = node.input(1);
        if (table == null || index == null || !table.isFloat()) {
            return;
        }
        if (index.equals("input")) {
            tensors.putIfAbsent(EMBEDDING, table);
        } else if (index.equals("sid")) {
            tensors.putIfAbsent("emb_g.weight", table);
        }
    }

    /** (z - m) * exp(-logs): the other factor of the difference from m, folded or not. */
    private @Nullable OnnxTensor affineScale(OnnxFile file) {
        OnnxTensor mean = tensors.get("dp.flows.0.m");
        if (mean == null) {
            return null;
        }
        String difference = null;
        for (OnnxFile.Node node : file.nodes()) {
            if (node.type().equals("Sub") && file.tensor(node.input(1)) == mean) {
                difference = node.outputs().isEmpty() ? null : node.outputs().getFirst();
            } else if (difference != null
                    && node.type().equals("Mul")
                    && node.inputs().contains(difference)) {
                int at = node.inputs().indexOf(difference);
                return factor(file, node.input(1 - Math.min(at, 1)));
            }
        }
        return null;
    }

    private @Nullable OnnxTensor factor(OnnxFile file, @Nullable String name) {
        OnnxTensor folded = file.tensor(name);
        if (folded != null) {
            return folded;
        }
        OnnxFile.Node exp = producer(file, "Exp", name);
        if (exp == null) {
            return null;
        }
        OnnxTensor negated = file.tensor(exp.input(0));
        if (negated != null) {
            return exponential(negated, 1);
        }
        OnnxFile.Node negation = producer(file, "Neg", exp.input(0));
        OnnxTensor logs = negation == null ? null : file.tensor(negation.input(0));
        return logs == null ? null : exponential(logs, -1);
    }

    private static OnnxFile.@Nullable Node producer(
            OnnxFile file, String type, @Nullable String output) {
        for (OnnxFile.Node node : file.nodes()) {
            if (node.type().equals(type) && output != null && node.outputs().contains(output)) {
                return node;
            }
        }
        return null;
    }

    private static OnnxTensor exponential(OnnxTensor logs, int sign) {
        if (logs.size() > 16) {
            throw new WeightException(
                    "tensor '" + logs.name() + "' is not the scale of two values");
        }
        float[] values = logs.floats();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.exp(sign * values[i]);
        }
        return OnnxTensor.of(AFFINE_SCALE, values, logs.shape());
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public Weight get(String name) {
        OnnxTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new WeightException("not a Piper network: it has no '" + name + "'");
        }
        return tensor.called(name);
    }

    /** The node of a module's convolution. */
    OnnxFile.Node convolution(String module) {
        OnnxFile.Node node = convolutions.get(module);
        if (node == null) {
            throw new WeightException("not a Piper network: it has no convolution " + module);
        }
        return node;
    }

    @Override
    public Geometry geometry(String module) {
        OnnxFile.Node node = convolution(module);
        long padding = node.integer("pads", 0);
        long[] pads = node.integers().get("pads");
        boolean even = pads == null || (pads.length == 2 && pads[0] == pads[1]);
        if (!even || node.integer("output_padding", 0) != 0) {
            throw new WeightException(module + " is padded unevenly, which Piper never does");
        }
        return new Geometry(
                number(module, node.integer("strides", 1), 1, 1024),
                number(module, node.integer("dilations", 1), 1, 1024),
                number(module, padding, 0, 65536),
                number(module, node.integer("group", 1), 1, 65536));
    }

    private static int number(String module, long value, int least, int most) {
        if (value < least || value > most) {
            throw new WeightException(module + " has the impossible attribute " + value);
        }
        return (int) value;
    }
}
