package dev.skald.chatterbox.voice;

import dev.skald.audio.spectrum.MelFilterbank;
import dev.skald.audio.spectrum.Spectrogram;
import dev.skald.audio.spectrum.Stft;
import dev.skald.audio.spectrum.Windows;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.WeightException;
import dev.skald.tensor.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * S3 speech tokens: 25 a second, one of 3^8 codes each, by a Whisper-like encoder with rotary
 * positions and FSMN memory, and finite scalar quantisation (Du et al. 2024, CosyVoice 2). Follows
 * {@code models/s3tokenizer} of resemble-ai/chatterbox and {@code model_v2.py} of
 * xingchensong/S3Tokenizer.
 *
 * <p>Legend: B clips or segments, F mel frames (100 a second), T tokens, M mel bands, C width.
 */
public final class SpeechTokenizer {
    public static final int SAMPLE_RATE = 16_000;
    public static final int TOKENS_A_SECOND = 25;

    /** How many different tokens there are. */
    public static final int CODES = 6561;

    private static final int HOP = 160;
    private static final int FFT = 400;
    private static final int FRAMES_A_TOKEN = 4;

    /** A segment of a long clip: 30 s, the next begins 26 s later, 2 s are cut at inner edges. */
    private static final int SEGMENT = 3000;

    private static final int SEGMENT_STEP = 2600;
    private static final int SEGMENT_EDGE = 50;
    private static final int HEAD_DIM = 64;
    private static final float QUANTISER_SCALE = 0.9990000128746033f;

    private record Block(
            Tensor attentionGain,
            Tensor attentionShift,
            Linear qkv,
            Conv1d memory,
            Linear out,
            Tensor mlpGain,
            Tensor mlpShift,
            Linear up,
            Linear down) {}

    private final int bands;
    private final int width;
    private final Conv1d conv1;
    private final Conv1d conv2;
    private final List<Block> blocks;
    private final Linear quantiser;
    private final Tensor cos; // (1, positions, 32)
    private final Tensor sin;
    private final Stft stft;
    private final MelFilterbank filters;

    private SpeechTokenizer(
            int bands,
            Conv1d conv1,
            Conv1d conv2,
            List<Block> blocks,
            Linear quantiser,
            Tensor cos,
            Tensor sin) {
        this.bands = bands;
        width = conv1.out();
        this.conv1 = conv1;
        this.conv2 = conv2;
        this.blocks = List.copyOf(blocks);
        this.quantiser = quantiser;
        this.cos = cos;
        this.sin = sin;
        stft = new Stft(FFT, HOP, Windows.periodicHann(FFT), FFT / 2);
        filters = MelFilterbank.slaney(SAMPLE_RATE, FFT, bands, 0, SAMPLE_RATE / 2.0);
    }

    /** Loads the weights under {@code tokenizer.} of {@code s3gen.safetensors}. */
    public static SpeechTokenizer load(Weights weights, Parameters parameters) {
        int[] shape = weights.get("encoder.conv1.weight", -1, -1, 3).shape();
        int c = shape[0];
        int bands = shape[1];
        if (c % HEAD_DIM != 0) {
            throw new WeightException(
                    "tensor 'tokenizer.encoder.conv1.weight' has width "
                            + c
                            + ", not a multiple of "
                            + HEAD_DIM);
        }
        Conv1d conv1 =
                parameters.conv1d(
                        weights.get("encoder.conv1.weight", c, bands, 3),
                        weights.get("encoder.conv1.bias", c),
                        2,
                        1,
                        1,
                        Role.WORKING);
        Conv1d conv2 =
                parameters.conv1d(
                        weights.get("encoder.conv2.weight", c, c, 3),
                        weights.get("encoder.conv2.bias", c),
                        2,
                        1,
                        1,
                        Role.WORKING);
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i == 0 || weights.has("encoder.blocks." + i + ".attn.query.weight"); i++) {
            blocks.add(block(weights.under("encoder.blocks." + i + "."), parameters, c));
        }
        Linear quantiser =
                parameters.linear(
                        weights.get("quantizer._codebook.project_down.weight", 8, c),
                        weights.get("quantizer._codebook.project_down.bias", 8),
                        Role.WORKING);
        int positions = SEGMENT / FRAMES_A_TOKEN;
        int half = HEAD_DIM / 2;
        float[] cos = new float[positions * half];
        float[] sin = new float[positions * half];
        for (int d = 0; d < half; d++) {
            float frequency = (float) (1 / Math.pow(10000, 2 * d / (double) HEAD_DIM));
            for (int t = 0; t < positions; t++) {
                float angle = t * frequency;
                cos[t * half + d] = (float) Math.cos(angle);
                sin[t * half + d] = (float) Math.sin(angle);
            }
        }
        return new SpeechTokenizer(
                bands,
                conv1,
                conv2,
                blocks,
                quantiser,
                parameters.constant(cos, positions, half),
                parameters.constant(sin, positions, half));
    }

    private static Block block(Weights w, Parameters parameters, int c) {
        Weight memory = w.get("attn.fsmn_block.weight", c, 1, -1);
        int hidden = w.get("mlp.0.bias", -1).shape()[0];
        return new Block(
                parameters.vector(w.get("attn_ln.weight", c)),
                parameters.vector(w.get("attn_ln.bias", c)),
                parameters.linear(
                        new Weight[] {
                            w.get("attn.query.weight", c, c),
                            w.get("attn.key.weight", c, c),
                            w.get("attn.value.weight", c, c)
                        },
                        new @Nullable Weight[] {
                            w.get("attn.query.bias", c), null, w.get("attn.value.bias", c)
                        },
                        Role.WORKING),
                parameters.conv1d(memory, null, 1, 1, c, Role.WORKING),
                parameters.linear(
                        w.get("attn.out.weight", c, c), w.get("attn.out.bias", c), Role.WORKING),
                parameters.vector(w.get("mlp_ln.weight", c)),
                parameters.vector(w.get("mlp_ln.bias", c)),
                parameters.linear(
                        w.get("mlp.0.weight", hidden, c),
                        w.get("mlp.0.bias", hidden),
                        Role.WORKING),
                parameters.linear(
                        w.get("mlp.2.weight", c, hidden), w.get("mlp.2.bias", c), Role.WORKING));
    }

    /** The tokens of one 16 kHz clip. */
    public int[] tokens(Ops ops, float[] clip) {
        return tokens(ops, List.of(clip), Integer.MAX_VALUE, Taps.NONE).getFirst();
    }

    /** The first {@code most} tokens of one 16 kHz clip; no sample after them is looked at. */
    public int[] tokens(Ops ops, float[] clip, int most) {
        return tokens(ops, List.of(clip), most, Taps.NONE).getFirst();
    }

    private List<int[]> tokens(Ops ops, List<float[]> clips, int most, Taps taps) {
        Codes found = codes(ops, clips, most, taps);
        List<int[]> tokens = new ArrayList<>();
        for (int i = 0; i < clips.size(); i++) {
            int from = i * found.longest();
            tokens.add(Arrays.copyOfRange(found.codes(), from, from + found.lengths()[i]));
        }
        return tokens;
    }

    /**
     * Tokens of a batch.
     *
     * @param codes (B, longest); what lies after a row's own length means nothing
     * @param lengths tokens of each row
     */
    record Codes(int[] codes, int longest, int[] lengths) {}

    /** The tokens of several 16 kHz clips, each encoded as if alone. */
    Codes codes(Ops ops, List<float[]> clips, int most, Taps taps) {
        List<float[]> mels = new ArrayList<>(); // each (F, M)
        for (int i = 0; i < clips.size(); i++) {
            float[] mel = logMel(clips.get(i));
            if (taps.on()) {
                taps.tap("mel" + i, mel, 1, mel.length / bands, bands);
            }
            long wanted = (long) most * FRAMES_A_TOKEN * bands;
            mels.add(wanted < mel.length ? Arrays.copyOf(mel, (int) wanted) : mel);
        }
        int longest = mels.stream().mapToInt(m -> m.length / bands).max().orElse(0);
        if (longest <= SEGMENT) {
            return encode(ops, mels, longest, taps);
        }
        return encodeLong(ops, mels, taps);
    }

    /** Cuts long clips into segments; the middle of each is kept where they overlap. */
    private Codes encodeLong(Ops ops, List<float[]> mels, Taps taps) {
        List<float[]> segments = new ArrayList<>();
        int[] counts = new int[mels.size()];
        for (int i = 0; i < counts.length; i++) {
            float[] mel = mels.get(i);
            int frames = mel.length / bands;
            int start = 0;
            do {
                int end = Math.min(start + SEGMENT, frames);
                segments.add(Arrays.copyOfRange(mel, start * bands, end * bands));
                counts[i]++;
                start += SEGMENT_STEP;
                // What begins inside the overlap is all in the segment before: the official code
                // encodes it once more and then loses tokens at the seam.
            } while (frames > SEGMENT && frames - start >= SEGMENT - SEGMENT_STEP);
        }
        Codes encoded = encode(ops, segments, SEGMENT, taps);
        List<int[]> all = new ArrayList<>();
        int at = 0;
        for (int count : counts) {
            int[] merged = new int[0];
            for (int s = 0; s < count; s++, at++) {
                int from = at * encoded.longest() + (s == 0 ? 0 : SEGMENT_EDGE);
                int to =
                        at * encoded.longest()
                                + encoded.lengths()[at]
                                - (s == count - 1 ? 0 : SEGMENT_EDGE);
                int length = merged.length;
                merged = Arrays.copyOf(merged, length + to - from);
                System.arraycopy(encoded.codes(), from, merged, length, to - from);
            }
            all.add(merged);
        }
        int longest = all.stream().mapToInt(c -> c.length).max().orElse(0);
        int[] codes = new int[all.size() * longest];
        for (int i = 0; i < all.size(); i++) {
            System.arraycopy(all.get(i), 0, codes, i * longest, all.get(i).length);
        }
        return new Codes(codes, longest, all.stream().mapToInt(c -> c.length).toArray());
    }

    /**
     * (F, M): base 10 logarithm, at most 8 below the loudest of the whole clip, mapped to about
     * -1..1. The frame after the last full hop is dropped.
     */
    private float[] logMel(float[] clip) {
        if (clip.length <= FFT / 2) {
            throw new IllegalArgumentException(
                    "a clip of " + clip.length + " samples is too short");
        }
        Spectrogram mel = filters.apply(stft.power(clip));
        int frames = mel.frames() - 1;
        float[] out = new float[frames * bands];
        double loudest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < out.length; i++) {
            double log = Math.log10(Math.max(1e-10, mel.values()[i]));
            loudest = Math.max(loudest, log);
            out[i] = (float) log;
        }
        float floor = (float) (loudest - 8);
        for (int i = 0; i < out.length; i++) {
            out[i] = (Math.max(out[i], floor) + 4) / 4;
        }
        return out;
    }

    /** Tokens of mels of at most {@code frames} frames. */
    private Codes encode(Ops ops, List<float[]> mels, int frames, Taps taps) {
        int batch = mels.size();
        int[] valid = new int[batch];
        int half = (frames - 1) / 2 + 1;
        int tokens = (half - 1) / 2 + 1;
        float[] projected = new float[batch * tokens * 8];
        try (var scope = ops.scope()) {
            Tensor mel = ops.zeros(batch, frames, bands); // (B,F,M)
            Tensor x = ops.tensor(batch, half, width); // (B,F/2,C)
            for (int b = 0; b < batch; b++) {
                int own = mels.get(b).length / bands;
                ops.write(mels.get(b), 0, mel.batch(b).rows(0, own));
            }
            ops.conv1d(mel, conv1, 1, 1, Activation.NONE, Epilogue.NONE, x);
            taps.tap("conv1", ops, x);
            ops.activate(x, Activation.GELU, x);
            for (int b = 0; b < batch; b++) {
                int own = (mels.get(b).length / bands - 1) / 2 + 1;
                valid[b] = (own - 1) / 2 + 1;
                if (own < half) {
                    ops.fill(x.batch(b).rows(own, half), 0);
                }
            }
            Tensor h = ops.conv1d(x, conv2, 1, 1, Epilogue.NONE); // (B,T,C)
            taps.tap("conv2", ops, h);
            ops.activate(h, Activation.GELU, h);
            for (int i = 0; i < blocks.size(); i++) {
                block(ops, h, blocks.get(i), valid);
                taps.tap("block" + i, ops, h);
            }
            Tensor p = ops.linear(h, quantiser); // (B,T,8)
            taps.tap("fsq_in", ops, p);
            ops.read(p, projected, 0);
        }
        int[] codes = new int[batch * tokens];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = code(projected, i * 8);
        }
        return new Codes(codes, tokens, valid);
    }

    /** One layer, in place: h (B,T,C); keys after a row's valid ones are not attended to. */
    private void block(Ops ops, Tensor h, Block w, int[] valid) {
        int heads = width / HEAD_DIM;
        int reach = w.memory().kernel() - 1;
        try (var scope = ops.scope()) {
            Tensor norm = ops.layerNorm(h, w.attentionGain(), w.attentionShift(), 1e-6f);
            Tensor qkv = ops.linear(norm, w.qkv()); // (B,T,3C)
            Tensor q = qkv.cols(0, width);
            Tensor k = qkv.cols(width, 2 * width);
            Tensor v = qkv.cols(2 * width, 3 * width);
            Ops.Ints first = ops.ints(new int[q.batch()]);
            ops.rotary(q, heads, cos, sin, first);
            ops.rotary(k, heads, cos, sin, first);
            Tensor mixed = norm; // its values are no longer needed
            for (int b = 0; b < h.batch(); b++) {
                ops.attention(
                        q.batch(b),
                        k.batch(b).rows(0, valid[b]),
                        v.batch(b).rows(0, valid[b]),
                        heads,
                        (float) (1 / Math.sqrt(HEAD_DIM)),
                        false,
                        mixed.batch(b));
            }
            ops.linear(mixed, w.out(), Epilogue.plus(h), h);
            for (int b = 0; b < h.batch(); b++) {
                Tensor own = v.batch(b).rows(0, valid[b]);
                Tensor memory =
                        ops.conv1d(
                                own, w.memory(), reach / 2, reach - reach / 2, Epilogue.plus(own));
                Tensor target = h.batch(b).rows(0, valid[b]);
                ops.add(target, memory, target);
            }
        }
        try (var scope = ops.scope()) {
            Tensor norm = ops.layerNorm(h, w.mlpGain(), w.mlpShift(), 1e-5f);
            Tensor up = ops.linear(norm, w.up(), Epilogue.of(Activation.GELU));
            ops.linear(up, w.down(), Epilogue.plus(h), h);
        }
    }

    /** Eight values of three levels, the first least significant. */
    private static int code(float[] projected, int at) {
        int code = 0;
        for (int d = 7; d >= 0; d--) {
            float level = (float) Math.tanh(projected[at + d]) * QUANTISER_SCALE;
            code = code * 3 + (int) Math.rint(level) + 1;
        }
        return code;
    }
}
