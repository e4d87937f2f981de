package dev.skald.piper.vits;

import dev.skald.nn.Conv1d;
import dev.skald.nn.LayerNorm;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Ops;
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
        LayerNorm norm1,
        Conv1d conv2,
        LayerNorm norm2,
        Linear projection)
        implements DurationPredictor {

    static PlainDurations load(Parts parts, int hidden, int speakerChannels) {
        Parts dp = parts.under("dp");
        int channels = dp.shape("conv_1.weight", -1, hidden, -1)[0];
        return new PlainDurations(
                speakerChannels > 0 ? dp.linear("cond", speakerChannels, hidden) : null,
                dp.conv("conv_1", hidden, channels),
                dp.norm("norm_1", channels),
                dp.conv("conv_2", channels, channels),
                dp.norm("norm_2", channels),
                dp.linear("proj", channels, 1));
    }

    @Override
    public long operations() {
        return 2L * conv1.out() * (conv1.in() * conv1.kernel() + conv2.in() * conv2.kernel() + 1L);
    }

    @Override
    public void logDurations(
            Ops ops, Tensor hidden, @Nullable Tensor speaker, Tensor noise, Tensor log) {
        try (Ops.Scope scope = ops.scope()) {
            Tensor x = hidden;
            if (condition != null && speaker != null) {
                x = ops.like(hidden, hidden.cols());
                ops.add(hidden, ops.linear(speaker, condition), x);
            }
            Epilogue relu = Epilogue.of(Activation.RELU);
            x = norm1.forward(ops, conv1.forward(ops, x, relu));
            x = norm2.forward(ops, conv2.forward(ops, x, relu));
            ops.linear(x, projection, Epilogue.NONE, log);
        }
    }
}
