package dev.skald.piper.vits;

import dev.skald.tensor.WeightException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Names the parameters of a voice whose exporter named nothing: an exported graph lists its nodes
 * in the order the training code runs, so the parameters' first uses follow one known order. The
 * graph's operators tell which variant it is; shapes are checked afterwards, as for any voice.
 */
final class OnnxOrder {
    private static final int WAVENET_LAYERS = 4;
    private static final int COUPLINGS = 4;
    private static final int SEPARABLE_LAYERS = 3;

    private final List<String> order = new ArrayList<>();

    private OnnxOrder() {}

    /** Parameter names to tensors. */
    static Map<String, OnnxTensor> names(OnnxFile file) {
        List<OnnxTensor> used = used(file);
        int distances = 0;
        for (OnnxTensor tensor : used) {
            int[] shape = tensor.shape();
            distances += shape.length == 3 && shape[0] == 1 && shape[1] % 2 == 1 ? 1 : 0;
        }
        OnnxOrder order = new OnnxOrder();
        order.textEncoder(distances / 2);
        boolean speakers = file.hasInput("sid");
        if (speakers) {
            order.order.add("emb_g.weight");
        }
        boolean stochastic = file.nodes().stream().anyMatch(n -> n.type().equals("Softplus"));
        if (stochastic) {
            order.stochasticDurations(speakers);
        } else {
            order.plainDurations(speakers);
        }
        order.flow(speakers);
        order.decoder(kernels(file), speakers);
        if (used.size() != order.order.size()) {
            throw new WeightException(
                    "not a Piper network: its parameters have no names, and are "
                            + used.size()
                            + " where "
                            + order.order.size()
                            + " are expected");
        }
        Map<String, OnnxTensor> names = new LinkedHashMap<>();
        for (int i = 0; i < used.size(); i++) {
            names.put(order.order.get(i), used.get(i));
        }
        if (stochastic) {
            // Folded it may be -logs or exp(-logs); the node that uses it tells.
            names.remove(Checkpoint.AFFINE_SCALE);
        }
        return names;
    }

    /** Tensors of at least two numbers, by first use. */
    private static List<OnnxTensor> used(OnnxFile file) {
        List<OnnxTensor> used = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (OnnxFile.Node node : file.nodes()) {
            for (String input : node.inputs()) {
                OnnxTensor tensor = file.tensor(input);
                if (tensor != null
                        && tensor.isFloat()
                        && (tensor.size() > 1 || node.type().startsWith("Conv"))
                        && seen.add(input)) {
                    used.add(tensor);
                }
            }
        }
        return used;
    }

    /** The kernel sizes of each decoder stage's convolutions, in order. */
    private static List<List<Long>> kernels(OnnxFile file) {
        List<List<Long>> stages = new ArrayList<>();
        for (OnnxFile.Node node : file.nodes()) {
            if (node.type().equals("ConvTranspose")) {
                stages.add(new ArrayList<>());
            } else if (node.type().equals("Conv") && !stages.isEmpty()) {
                stages.getLast().add(node.integer("kernel_shape", 1));
            }
        }
        if (!stages.isEmpty() && !stages.getLast().isEmpty()) {
            stages.getLast().removeLast(); // conv_post
        }
        return stages;
    }

    private void convolution(String module) {
        order.add(module + ".weight");
        order.add(module + ".bias");
    }

    private void norm(String module) {
        order.add(module + ".gamma");
        order.add(module + ".beta");
    }

    private void textEncoder(int layers) {
        order.add("enc_p.emb.weight");
        for (int i = 0; i < layers; i++) {
            String attention = "enc_p.encoder.attn_layers." + i;
            convolution(attention + ".conv_q");
            convolution(attention + ".conv_k");
            convolution(attention + ".conv_v");
            order.add(attention + ".emb_rel_k");
            order.add(attention + ".emb_rel_v");
            convolution(attention + ".conv_o");
            norm("enc_p.encoder.norm_layers_1." + i);
            convolution("enc_p.encoder.ffn_layers." + i + ".conv_1");
            convolution("enc_p.encoder.ffn_layers." + i + ".conv_2");
            norm("enc_p.encoder.norm_layers_2." + i);
        }
        convolution("enc_p.proj");
    }

    private void separable(String module) {
        for (int i = 0; i < SEPARABLE_LAYERS; i++) {
            convolution(module + ".convs_sep." + i);
            norm(module + ".norms_1." + i);
            convolution(module + ".convs_1x1." + i);
            norm(module + ".norms_2." + i);
        }
    }

    private void stochasticDurations(boolean speakers) {
        convolution("dp.pre");
        if (speakers) {
            convolution("dp.cond");
        }
        separable("dp.convs");
        convolution("dp.proj");
        for (int flow = 7; flow > 1; flow -= 2) {
            convolution("dp.flows." + flow + ".pre");
            separable("dp.flows." + flow + ".convs");
            convolution("dp.flows." + flow + ".proj");
        }
        order.add("dp.flows.0.m");
        order.add(Checkpoint.AFFINE_SCALE);
    }

    private void plainDurations(boolean speakers) {
        if (speakers) {
            convolution("dp.cond");
        }
        convolution("dp.conv_1");
        norm("dp.norm_1");
        convolution("dp.conv_2");
        norm("dp.norm_2");
        convolution("dp.proj");
    }

    private void flow(boolean speakers) {
        for (int flow = 2 * COUPLINGS - 2; flow >= 0; flow -= 2) {
            String module = "flow.flows." + flow;
            convolution(module + ".pre");
            if (speakers) {
                convolution(module + ".enc.cond_layer");
            }
            for (int i = 0; i < WAVENET_LAYERS; i++) {
                convolution(module + ".enc.in_layers." + i);
                convolution(module + ".enc.res_skip_layers." + i);
            }
            convolution(module + ".post");
        }
    }

    /** Blocks of type 1 have six convolutions of one kernel size in a row, of type 2 two. */
    private void decoder(List<List<Long>> stages, boolean speakers) {
        convolution("dec.conv_pre");
        if (speakers) {
            convolution("dec.cond");
        }
        int block = 0;
        for (int stage = 0; stage < stages.size(); stage++) {
            convolution("dec.ups." + stage);
            List<Long> kernels = stages.get(stage);
            int at = 0;
            while (at < kernels.size()) {
                int run = at;
                while (run < kernels.size() && kernels.get(run).equals(kernels.get(at))) {
                    run++;
                }
                block(block++, run - at);
                at = run;
            }
        }
        order.add("dec.conv_post.weight");
    }

    private void block(int block, int convolutions) {
        String module = "dec.resblocks." + block;
        if (convolutions == 2) {
            convolution(module + ".convs.0");
            convolution(module + ".convs.1");
            return;
        }
        for (int i = 0; i < convolutions / 2; i++) {
            convolution(module + ".convs1." + i);
            convolution(module + ".convs2." + i);
        }
    }
}
