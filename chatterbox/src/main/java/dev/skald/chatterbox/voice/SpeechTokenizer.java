package dev.skald.chatterbox.voice;

import dev.skald.audio.spectrum.MelFilterbank;
import dev.skald.audio.spectrum.Spectrogram;
import dev.skald.audio.spectrum.Stft;
import dev.skald.audio.spectrum.Windows;
import dev.skald.nn.Conv;
import dev.skald.nn.Conv1d;
import dev.skald.nn.FeedForward;
import dev.skald.nn.LayerNorm;
import dev.skald.nn.Loader;
import dev.skald.nn.Qkv;
import dev.skald.nn.RotaryPositions;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Ints;
import dev.skald.tensor.Parameters;
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
 * <p>Legend: B clips or segments, F mel frames (100 a second), T tokens, M mel bands, C hidden
 * size.
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
            LayerNorm attnNorm, Linear qkv, Conv1d fsmn, Linear out, FeedForward mlp) {}

    private final int bands;
    private final int hidden;
    private final Conv1d conv1;
    private final Conv1d conv2;
    private final List<Block> blocks;
    private final Linear projectDown;
    private final RotaryPositions positions;
    private final Stft stft;
    private final MelFilterbank filters;

    private SpeechTokenizer(Loader load) {
        conv1 = load.conv1d("encoder.conv1", -1, -1, Conv.padded(3, 1, 1).stride(2));
        bands = conv1.in();
        int c = conv1.out();
        hidden = c;
        if (c % HEAD_DIM != 0) {
            throw new WeightException(
                    "tensor 'tokenizer.encoder.conv1.weight' has width "
                            + c
                            + ", not a multiple of "
                            + HEAD_DIM);
        }
        conv2 = load.conv1d("encoder.conv2", c, c, Conv.padded(3, 1, 1).stride(2));
        blocks = load.list("encoder.blocks", "attn.query.weight", l -> block(l, c));
        projectDown = load.linear("quantizer._codebook.project_down", c, 8);
        positions =
                RotaryPositions.of(
                        load.parameters(),
                        RotaryPositions.frequencies(HEAD_DIM, 10_000),
                        SEGMENT / FRAMES_A_TOKEN);
        stft = new Stft(FFT, HOP, Windows.periodicHann(FFT), FFT / 2);
        filters = MelFilterbank.slaney(SAMPLE_RATE, FFT, bands, 0, SAMPLE_RATE / 2.0);
    }

    /** Loads the weights under {@code tokenizer.} of {@code s3gen.safetensors}. */
    public static SpeechTokenizer load(Weights weights, Parameters parameters) {
        return new SpeechTokenizer(Loader.of(weights, parameters));
    }

    private static Block block(Loader load, int c) {
        int taps = load.kernel("attn.fsmn_block");
        int left = (taps - 1) / 2;
        Conv fsmn = Conv.padded(taps, left, taps - 1 - left).groups(c).noBias();
        Linear up = load.linear("mlp.0", c, -1);
        return new Block(
                load.layerNorm("attn_ln", c, 1e-6f),
                qkv(load.under("attn"), c),
                load.conv1d("attn.fsmn_block", c, c, fsmn),
                load.linear("attn.out", c, c),
                new FeedForward(
                        load.layerNorm("mlp_ln", c, 1e-5f),
                        up,
                        Activation.GELU,
                        load.linear("mlp.2", up.out(), c)));
    }

    /** The key has no bias, as in Whisper. */
    private static Linear qkv(Loader load, int c) {
        Weight[] weights = {
            load.get("query.weight", c, c),
            load.get("key.weight", c, c),
            load.get("value.weight", c, c)
        };
        @Nullable Weight[] biases = {load.get("query.bias", c), null, load.get("value.bias", c)};
        return load.parameters().linear(weights, biases, Role.WORKING);
    }

    /** Mel bands. */
    int bands() {
        return bands;
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
        int[] lengths = new int[batch];
        int[] valid = new int[batch];
        float[] projected;
        try (var scope = ops.scope()) {
            Tensor mel = ops.zeros(batch, frames, bands); // (B,F,M)
            for (int b = 0; b < batch; b++) {
                lengths[b] = mels.get(b).length / bands;
                valid[b] = halved(halved(lengths[b]));
                ops.write(mels.get(b), 0, mel.batch(b).rows(0, lengths[b]));
            }
            projected = ops.read(forward(ops, mel, lengths, ops.ints(new int[batch]), taps));
        }
        int[] codes = new int[projected.length / 8];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = code(projected, i * 8);
        }
        return new Codes(codes, codes.length / batch, valid);
    }

    /** Rows that are left by a stride of 2. */
    private static int halved(int rows) {
        return (rows - 1) / 2 + 1;
    }

    /**
     * mel (B,F,M), zeros behind each row's own frames → (B,T,8) before quantisation.
     *
     * @param lengths frames of each row
     * @param first B zeros: the position of each row's first token
     */
    Tensor forward(Ops ops, Tensor mel, int[] lengths, Ints first, Taps taps) {
        int batch = mel.batch();
        int half = halved(mel.rows());
        Tensor projected = ops.tensor(batch, halved(half), projectDown.out());
        try (var scope = ops.scope()) {
            Tensor x = conv1.forward(ops, mel); // (B,F/2,C)
            taps.tap("conv1", ops, x);
            ops.activate(x, Activation.GELU, x);
            int[] valid = new int[batch];
            for (int b = 0; b < batch; b++) {
                int own = halved(lengths[b]);
                valid[b] = halved(own);
                if (own < half) {
                    ops.fill(x.batch(b).rows(own, half), 0);
                }
            }
            Tensor h = conv2.forward(ops, x); // (B,T,C)
            taps.tap("conv2", ops, h);
            ops.activate(h, Activation.GELU, h);
            for (int i = 0; i < blocks.size(); i++) {
                block(ops, h, blocks.get(i), valid, first);
                taps.tap("block" + i, ops, h);
            }
            ops.linear(h, projectDown, Epilogue.NONE, projected);
            taps.tap("fsq_in", ops, projected);
        }
        return projected;
    }

    /** One layer, in place: h (B,T,C); keys after a row's valid ones are not attended to. */
    private void block(Ops ops, Tensor h, Block w, int[] valid, Ints first) {
        int heads = hidden / HEAD_DIM;
        try (var scope = ops.scope()) {
            Tensor mixed = w.attnNorm().forward(ops, h);
            Qkv t = Qkv.split(ops.linear(mixed, w.qkv()));
            positions.rotate(ops, t.q(), heads, first);
            positions.rotate(ops, t.k(), heads, first);
            for (int b = 0; b < h.batch(); b++) {
                ops.attention(
                        t.q().batch(b),
                        t.k().batch(b).rows(0, valid[b]),
                        t.v().batch(b).rows(0, valid[b]),
                        heads,
                        (float) (1 / Math.sqrt(HEAD_DIM)),
                        false,
                        mixed.batch(b));
            }
            ops.linear(mixed, w.out(), Epilogue.plus(h), h);
            for (int b = 0; b < h.batch(); b++) {
                Tensor own = t.v().batch(b).rows(0, valid[b]);
                Tensor memory = w.fsmn().forward(ops, own, Epilogue.plus(own));
                Tensor target = h.batch(b).rows(0, valid[b]);
                ops.add(target, memory, target);
            }
        }
        w.mlp().addTo(ops, h);
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
