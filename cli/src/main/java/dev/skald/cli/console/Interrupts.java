package dev.skald.cli.console;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C: cancels the speech at hand and gives the main thread time to remove what is unfinished.
 */
public final class Interrupts {
    private static final CountDownLatch MAIN_IS_DONE = new CountDownLatch(1);
    private static volatile @Nullable Runnable cancel;
    private static boolean hooked;

    private Interrupts() {}

    /** What to do on Ctrl-C from now on, in place of what was asked before. */
    public static synchronized void onInterrupt(Runnable action) {
        cancel = action;
        if (!hooked) {
            hooked = true;
            Runtime.getRuntime().addShutdownHook(new Thread(Interrupts::stop, "skald-interrupt"));
        }
    }

    /** The main thread has nothing left to do. */
    public static void finished() {
        MAIN_IS_DONE.countDown();
    }

    private static void stop() {
        Runnable action = cancel;
        if (action == null || MAIN_IS_DONE.getCount() == 0) {
            return;
        }
        action.run();
        try {
            MAIN_IS_DONE.await(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
