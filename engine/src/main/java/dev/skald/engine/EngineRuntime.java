package dev.skald.engine;

import dev.skald.EngineUnavailableException;
import dev.skald.Optimisation;
import dev.skald.SkaldException;
import dev.skald.spi.EngineContext;
import dev.skald.spi.EngineStatus;
import dev.skald.tensor.Backend;
import dev.skald.tensor.BackendProvider;
import dev.skald.tensor.DeviceMemory;
import dev.skald.tensor.Devices;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What an engine runs on: its use of a device and of the device's {@link Scheduler}, and the
 * speeches it began. Safe for many threads.
 */
public final class EngineRuntime implements AutoCloseable {
    private final Devices.Lease device;
    private final Scheduler scheduler;
    private final Set<Speaker> speakers = new HashSet<>();
    private final List<Backend.Registration> registered = new ArrayList<>();
    private boolean closed;

    private static final System.Logger LOG = System.getLogger(EngineRuntime.class.getName());

    private EngineRuntime(Devices.Lease device, int threads) {
        this.device = device;
        scheduler = Scheduler.open(device.backend(), threads);
    }

    /**
     * Opens the device that the context names.
     *
     * @param suits which kinds of devices {@code auto} may take
     * @throws EngineUnavailableException in one line that lists what there is, if there is no such
     *     device
     */
    public static EngineRuntime open(EngineContext context, Predicate<BackendProvider> suits) {
        try {
            Devices.Lease device = Devices.open(context, suits);
            tellWithoutMeaning(context, device.backend());
            return new EngineRuntime(device, context.threads());
        } catch (IllegalArgumentException e) {
            throw new EngineUnavailableException(String.valueOf(e.getMessage()), e);
        }
    }

    /** A line for each switch that changes nothing on the device. */
    private static void tellWithoutMeaning(EngineContext context, Backend device) {
        if (device.memory().isPresent()) {
            return;
        }
        for (Optimisation o : Optimisation.values()) {
            if (!context.uses(o) && o.notOnCpu().isPresent()) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "without {0} has no meaning on a CPU: {1}",
                        o,
                        o.notOnCpu().get());
            }
        }
    }

    public Backend device() {
        return device.backend();
    }

    /** Has {@code free} called when the device's memory runs out: {@link Backend#onPressure}. */
    public synchronized void onPressure(Runnable free) {
        registered.add(device.backend().onPressure(free));
    }

    /**
     * Takes a speech in: its text is read from now on, its audio made once {@link Speaker#begin} or
     * {@link Speaker#next} was called.
     */
    public Speaker speak(SpeechPlan plan) {
        synchronized (this) {
            if (closed) {
                throw new SkaldException("the engine is closed");
            }
            Speaker speaker = scheduler.speak(plan, this::ended);
            speakers.add(speaker);
            return speaker;
        }
    }

    /** What the engine over {@code models} holds and does. */
    public synchronized EngineStatus status(LoadCache<?, ?> models) {
        return new EngineStatus(
                speakers.size(),
                models.size(),
                models.hits(),
                models.loads(),
                device.backend().memory().map(EngineRuntime::used).orElse(0L));
    }

    private static long used(DeviceMemory memory) {
        return memory.weights() + memory.activations() + memory.decoder() + memory.idle();
    }

    private synchronized void ended(Speaker speaker) {
        speakers.remove(speaker);
        notifyAll();
    }

    /**
     * Takes nothing more, cancels what is being spoken and waits until no step of it runs: what the
     * steps used can be freed after that.
     */
    public void stop() {
        List<Speaker> left;
        synchronized (this) {
            closed = true;
            left = List.copyOf(speakers);
        }
        left.forEach(Speaker::close);
        synchronized (this) {
            while (!speakers.isEmpty()) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    /** Gives scheduler and device back; {@link #stop} goes before it, and what was loaded. */
    @Override
    public void close() {
        stop();
        registered.forEach(Backend.Registration::close);
        scheduler.close();
        device.close();
    }
}
