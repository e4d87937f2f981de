package dev.skald.tensor;

import dev.skald.Optimisation;
import dev.skald.Precision;
import dev.skald.tensor.decode.DecoderModel;
import dev.skald.tensor.decode.TokenDecoder;
import java.util.Map;
import java.util.Optional;

/**
 * A device that computes, opened once a process and shared by every model: see {@link Devices}.
 * Safe for many threads.
 *
 * <p>Memory has three scopes, each with one owner: the device (this), the weights of a loaded model
 * ({@link Parameters}), and the activations of a request or a batch ({@link Ops}).
 */
public interface Backend extends AutoCloseable {
    /** {@code cpu}, {@code cuda:0}. */
    String name();

    /** How it computes, in one line for people: the card or the kernels, threads, memory. */
    String description();

    /** More about it for people, a line each: driver, memory, kernels. */
    default Map<String, String> details() {
        return Map.of();
    }

    /**
     * Whether it speaks many times faster than a listener hears, so that small pieces are cheap,
     * and many requests should share its batches, which one does not fill.
     */
    default boolean quick() {
        return false;
    }

    /** Whether it failed for good: who opens the device again gets another backend. */
    default boolean lost() {
        return false;
    }

    /** Whether that is on. */
    default boolean uses(Optimisation optimisation) {
        return true;
    }

    /** How its own memory is used; empty if it computes in the host's. */
    default Optional<DeviceMemory> memory() {
        return Optional.empty();
    }

    /**
     * Has {@code free} called when its own memory runs out, on the thread that needs some: it frees
     * what nobody uses, such as loaded models. Until the registration is closed.
     */
    default Registration onPressure(Runnable free) {
        return () -> {};
    }

    /** Ends what it was given for. */
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }

    /** A scope for the weights of one model, stored as the device thinks best. */
    default Parameters parameters() {
        return parameters(Precision.AUTO);
    }

    /**
     * A scope for the weights of one model.
     *
     * @throws IllegalArgumentException if the device has no such precision
     */
    Parameters parameters(Precision precision);

    /** Opens an op stream with a memory arena of its own, for one thread at a time. */
    Ops open();

    /** The same, for short work that should come before that of other op streams. */
    default Ops openFirst() {
        return open();
    }

    /**
     * A decoder of this device's own, if it has one for such a model; else one over {@link Ops}
     * will do.
     *
     * @param model whose handles are of one {@link Parameters} of this backend
     * @param ops the stream it computes on; not closed with it
     * @param slots how many sequences it should hold
     */
    default Optional<TokenDecoder> decoder(DecoderModel model, Ops ops, int slots) {
        return Optional.empty();
    }

    /**
     * Begins to compile the kernels of a speech model on another thread and returns at once. To be
     * called before weights are loaded.
     */
    default void prepareSpeech() {}

    /** Frees the device. Op streams and parameters must not be used any more. */
    @Override
    void close();
}
