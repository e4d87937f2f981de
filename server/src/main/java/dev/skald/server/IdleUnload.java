package dev.skald.server;

import dev.skald.Skald;
import dev.skald.server.admission.Admission;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Gives the memory of models back when nobody has asked for anything for a while. */
final class IdleUnload implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(IdleUnload.class.getName());

    private final Skald skald;
    private final Admission admission;
    private final Duration after;
    private final ScheduledExecutorService clock =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("skald-idle").factory());
    private long unloadedAt = -1;

    IdleUnload(Skald skald, Admission admission, Duration after) {
        this.skald = skald;
        this.admission = admission;
        this.after = after;
        long period = Math.clamp(after.toMillis() / 10, 10, 10_000);
        clock.scheduleWithFixedDelay(this::look, period, period, TimeUnit.MILLISECONDS);
    }

    private void look() {
        try {
            long uses = admission.uses();
            if (uses != unloadedAt && admission.idle().compareTo(after) >= 0) {
                unloadedAt = uses;
                skald.unload();
                System.gc(); // what the heap does not need goes back to the system
                LOG.log(System.Logger.Level.INFO, "idle: the models were unloaded");
            }
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot unload", e);
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
