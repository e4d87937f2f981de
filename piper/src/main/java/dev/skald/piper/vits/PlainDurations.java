package dev.skald.piper.vits;

import dev.skald.piper.vits.Parts.Norm;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The predictor of Glow-TTS, two convolutions without noise ({@code DurationPredictor} of
 * jaywalnut310/vits), for voices trained with {@code use_sdp} off.
 */
record PlainDurations(
        @Nullable Linear condition,
        Conv1d conv1,
        Norm norm1,
        Conv1d conv2,
        Norm norm2,
        Linear projection)
        implements DurationPredictor {

    static PlainDurations load(Parts parts, int hidden, int speakerChannels) {
        int channels = parts.dimension("dp.conv_1.weight", 3, 0);
        return new PlainDurations(
                speakerChannels > 0 ? parts.linear("dp.cond", hidden, speakerChannels) : null,
                parts.conv("dp.conv_1", channels, hidden, true),
                parts.norm("dp.norm_1", channels),
                parts.conv("dp.conv_2", channels, channels, true),
                parts.norm("dp.norm_2", channels),
                parts.linear("dp.proj", 1, channels));
    }

    @Override
    public long operations() {
        return 2L * conv1.out() * (conv1.in() * conv1.kernel() + conv2.in() * conv2.kernel() + 1L);
    }

    @Override
    public float[] logDurations(
            Ops ops,
            Tensor hidden,
            @Nullable Tensor speaker,
            float noiseWidth,
            long seed,
            long first) {
        int t = hidden.rows();
        try (Ops.Scope scope = ops.scope()) {
            Tensor x = hidden;
            if (condition != null && speaker != null) {
                x = ops.tensor(1, t, hidden.cols());
                ops.add(hidden, ops.linear(speaker, condition), x);
            }
            Tensor y = conv(ops, x, conv1, norm1);
            Tensor z = conv(ops, y, conv2, norm2);
            return ops.read(ops.linear(z, projection));
        }
    }

    private static Tensor conv(Ops ops, Tensor x, Conv1d conv, Norm norm) {
        int reach = Rows.reach(conv);
        Tensor y = ops.conv1d(x, conv, reach, reach, Epilogue.of(Activation.RELU));
        ops.layerNorm(y, norm.gamma(), norm.beta(), Norm.EPSILON, Activation.NONE, y);
        return y;
    }
}
