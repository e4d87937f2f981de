package dev.skald.piper;

import dev.skald.SpeechCancelledException;
import dev.skald.engine.OutputGain;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Gives, for n ids, {@code windows} windows of n samples of value n / 1000. */
final class FakeNetwork implements PiperNetwork {
    final int windows;

    /** Each utterance's settings in the order they began. */
    final List<Settings> begun = new CopyOnWriteArrayList<>();

    /** How many threads each window was given. */
    final List<Integer> threads = new CopyOnWriteArrayList<>();

    final AtomicInteger open = new AtomicInteger();
    final AtomicInteger mostOpen = new AtomicInteger();

    /** Utterances wait for it. */
    volatile CountDownLatch gate = new CountDownLatch(0);

    volatile boolean failing;
    volatile boolean closed;

    FakeNetwork(int windows) {
        this.windows = windows;
    }

    @Override
    public Utterance begin(int[] ids, Settings settings) {
        begun.add(settings);
        mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
        return new Utterance() {
            private int left = windows;
            private volatile boolean cancelled;

            @Override
            public boolean hasNext() {
                return left > 0;
            }

            @Override
            public float[] next(int most) {
                threads.add(most);
                try {
                    while (!gate.await(1, java.util.concurrent.TimeUnit.MILLISECONDS)) {
                        check();
                    }
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                check();
                if (failing) {
                    throw new dev.skald.VoiceException("the network failed");
                }
                left--;
                float[] samples = new float[ids.length];
                java.util.Arrays.fill(samples, ids.length / 1000f);
                return samples;
            }

            private void check() {
                if (cancelled) {
                    throw new SpeechCancelledException("cancelled");
                }
            }

            @Override
            public void cancel() {
                cancelled = true;
            }

            @Override
            public void close() {
                open.decrementAndGet();
            }
        };
    }

    @Override
    public OutputGain outputGain(float volume) {
        return windows == 1 ? PiperNetwork.super.outputGain(volume) : OutputGain.fixed(volume);
    }

    @Override
    public void close() {
        closed = true;
    }
}
