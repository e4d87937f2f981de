package dev.skald.espeak;

import dev.skald.SpeechCancelledException;
import dev.skald.text.Phonemizer.Clause;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The sandboxes of this process, as many as it has processors, and the threads they run in: a text
 * that hangs is stopped from outside.
 */
final class Sandboxes {
    /** Memories of voices that are kept: 2.4 MB each, 11 MB for Russian. */
    private static final int MOST_IMAGES = 4;

    /** Java frames of the module's functions; what is not used is not there. */
    private static final long THREAD_STACK = 8 << 20;

    /** A machine so busy that a text has not ended by then counts as hung. */
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** The least time between two looks at what a thread has used. */
    private static final long MEASURED_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final int most;
    private final Semaphore free;
    private final BlockingQueue<EspeakSandbox> idle;
    private final Map<String, byte[]> images = new LinkedHashMap<>(8, 0.75f, true);

    Sandboxes(int most) {
        this.most = most;
        free = new Semaphore(most);
        idle = new ArrayBlockingQueue<>(most);
    }

    /** What goes on inside a sandbox. */
    @FunctionalInterface
    interface Work {
        List<Clause> in(EspeakSandbox sandbox, byte[] image);
    }

    /**
     * The clauses of a text.
     *
     * @param file of the voice
     * @param millis of processor time that it may take
     * @throws SandboxException if eSpeak NG fails or takes too long
     * @throws SpeechCancelledException if the thread is interrupted
     */
    List<Clause> phonemize(String file, String text, long millis) {
        return run(file, millis, (sandbox, image) -> sandbox.phonemize(image, text));
    }

    List<Clause> run(String file, long millis, Work work) {
        Task task = new Task(() -> inSandbox(file, work));
        try {
            free.acquire();
            try {
                task.start();
            } catch (Throwable e) {
                free.release();
                throw e;
            }
            return await(task, millis);
        } catch (InterruptedException e) {
            task.cancel(true);
            Thread.currentThread().interrupt();
            throw new SpeechCancelledException("the thread was interrupted", e);
        } catch (TimeoutException e) {
            task.cancel(true);
            throw new SandboxException("no end in sight", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof VirtualMachineError error
                    && !(cause instanceof StackOverflowError)) {
                throw error;
            }
            throw new SandboxException(String.valueOf(cause), cause);
        }
    }

    private List<Clause> inSandbox(String file, Work work) {
        try {
            EspeakSandbox sandbox = idle.poll();
            byte[] image = image(file);
            if (image == null) {
                sandbox = new EspeakSandbox();
                image = keep(file, sandbox.image(file));
            } else if (sandbox == null || !sandbox.takes(image)) {
                sandbox = new EspeakSandbox();
            }
            List<Clause> clauses = work.in(sandbox, image);
            idle.offer(sandbox);
            return clauses;
        } finally {
            free.release();
        }
    }

    private byte @Nullable [] image(String file) {
        synchronized (images) {
            return images.get(file);
        }
    }

    private byte[] keep(String file, byte[] image) {
        synchronized (images) {
            images.put(file, image);
            if (images.size() > MOST_IMAGES) {
                images.remove(images.keySet().iterator().next());
            }
            return image;
        }
    }

    /** A busy machine is slow: what is bounded is the processor's time. */
    private static List<Clause> await(Task task, long millis)
            throws InterruptedException, ExecutionException, TimeoutException {
        long start = System.nanoTime();
        long left = TimeUnit.MILLISECONDS.toNanos(millis);
        while (true) {
            try {
                return task.get(Math.max(left, MEASURED_NANOS), TimeUnit.NANOSECONDS);
            } catch (TimeoutException slow) {
                left = TimeUnit.MILLISECONDS.toNanos(millis) - task.processorNanos();
                if (left <= 0 || System.nanoTime() - start > LONGEST_NANOS) {
                    throw slow;
                }
            }
        }
    }

    /** For tests: whether nothing runs any more. */
    boolean quiet() {
        return free.availablePermits() == most;
    }

    /** A thread of its own: its processor time is the text's. */
    private static final class Task extends FutureTask<List<Clause>> {
        private final Thread thread = new Thread(null, this, "skald-espeak", THREAD_STACK);

        Task(Callable<List<Clause>> work) {
            super(work);
            thread.setDaemon(true);
        }

        void start() {
            thread.start();
        }

        long processorNanos() {
            return ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.threadId());
        }
    }
}
