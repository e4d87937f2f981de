package dev.skald.cuda;

import dev.skald.Optimisation;
import dev.skald.Precision;
import dev.skald.cuda.decode.GraphDecoder;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.CudaException;
import dev.skald.tensor.Backend;
import dev.skald.tensor.DeviceMemory;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.TokenDecoder;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** A card as a {@link Backend}. */
final class CudaBackend implements Backend {
    /** Bytes that the activations of a network may take at once. */
    private static final long ACTIVATIONS = 4L << 30;

    private static final long FEWEST_ACTIVATIONS = 64L << 20;

    private static final System.Logger LOG = System.getLogger(CudaBackend.class.getName());

    private final Context context;
    private final Recordings recordings;

    /** What {@link #ACTIVATIONS} became when memory ran out. */
    private final AtomicLong activations = new AtomicLong(ACTIVATIONS);

    CudaBackend(Context context) {
        this.context = context;
        recordings = new Recordings(context);
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
    public Map<String, String> details() {
        return context.details();
    }

    @Override
    public boolean quick() {
        return true;
    }

    @Override
    public boolean lost() {
        return context.lost();
    }

    @Override
    public boolean uses(Optimisation optimisation) {
        return context.uses(optimisation);
    }

    @Override
    public Optional<DeviceMemory> memory() {
        return Optional.of(context.memory());
    }

    @Override
    public Registration onPressure(Runnable free) {
        context.onPressure(free);
        return () -> context.removePressure(free);
    }

    /** Bytes that the activations of a network may take at once. */
    long activations() {
        return activations.get();
    }

    /** Memory ran out: from now on less is computed at once. */
    void computeLess() {
        long before = activations.get();
        long after = Math.max(FEWEST_ACTIVATIONS, before / 4);
        if (after < before && activations.compareAndSet(before, after)) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "{0} is short of memory: at most {1} MB of activations at once from here on",
                    name(),
                    after >> 20);
        }
    }

    @Override
    public Parameters parameters(Precision precision) {
        boolean mixed = context.uses(Optimisation.MIXED_PRECISION);
        return new CudaParameters(this, context, mixed ? precision : Precision.FP32);
    }

    @Override
    public Ops open() {
        return new CudaOps(this, context, recordings, false);
    }

    @Override
    public Ops openFirst() {
        return new CudaOps(this, context, recordings, true);
    }

    @Override
    public Optional<TokenDecoder> decoder(DecoderModel model, Ops ops, int slots) {
        if (!(model.head() instanceof StreamedLinear head) || !(ops instanceof CudaOps on)) {
            return Optional.empty();
        }
        try {
            return head.owner()
                    .decoder(model)
                    .map(
                            m ->
                                    new GraphDecoder(
                                            context,
                                            on.stream(),
                                            m,
                                            ops,
                                            slots,
                                            CudaBackend::address));
        } catch (CudaException e) {
            if (e.kind() == CudaException.Kind.LOST) {
                throw e;
            }
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the decoder on the GPU runs op by op: {0}",
                    e.getMessage());
            return Optional.empty();
        }
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
        recordings.trim();
        context.close();
    }
}
