package dev.skald.cuda;

import dev.skald.Precision;
import dev.skald.cuda.decode.GraphDecoder;
import dev.skald.cuda.driver.Context;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.TokenDecoder;
import java.util.Optional;

/** A card as a {@link Backend}. */
final class CudaBackend implements Backend {
    private final Context context;

    CudaBackend(Context context) {
        this.context = context;
    }

    @Override
    public String name() {
        return context.device();
    }

    @Override
    public String description() {
        return context.description();
    }

    @Override
    public Parameters parameters(Precision precision) {
        if (precision == Precision.INT8) {
            throw new IllegalArgumentException(
                    "there are no 8-bit weights on a GPU: use auto, bf16 or fp32");
        }
        return new CudaParameters(this, context, precision);
    }

    @Override
    public Ops open() {
        return new CudaOps(this, context);
    }

    @Override
    public Optional<TokenDecoder> decoder(DecoderModel model, Ops ops, int slots) {
        if (!(model.head() instanceof StreamedLinear head) || !(ops instanceof CudaOps on)) {
            return Optional.empty();
        }
        return head.owner()
                .decoder(model)
                .map(
                        m ->
                                new GraphDecoder(
                                        context, on.stream(), m, ops, slots, CudaBackend::address));
    }

    private static long address(Tensor t) {
        CudaTensor c = CudaTensor.of(t);
        if (!c.isDense()) {
            throw new IllegalArgumentException(t + " is not dense");
        }
        return c.address();
    }

    @Override
    public void close() {
        context.close();
    }
}
