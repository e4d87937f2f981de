package dev.skald.cuda;

import dev.skald.cuda.DeviceArena.Region;
import dev.skald.cuda.driver.CudaException;
import dev.skald.cuda.driver.Graph;
import dev.skald.cuda.driver.Stream;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Ops.Recording;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Records what one stream does again and again. What it recorded it keeps until it is closed, for
 * its launches may still run; then other streams may have it.
 */
final class Recorder {
    /** Recordings that a stream keeps to itself, and the memory of their tensors. */
    private static final int MOST = 8;

    private static final long MOST_BYTES = 256L << 20;

    private final Stream stream;
    private final Launcher launcher;
    private final DeviceArena arena;
    private final Recordings recordings;

    /** Those not in use, the last used one last. */
    private final List<Recordings.Entry> own = new ArrayList<>();

    Recorder(Stream stream, Launcher launcher, DeviceArena arena, Recordings recordings) {
        this.stream = stream;
        this.launcher = launcher;
        this.arena = arena;
        this.recordings = recordings;
    }

    /** A stack for a recording's tensors. */
    Region memory(BooleanSupplier outOfMemory) {
        return recordings.memory(outOfMemory);
    }

    /** A recording of that key, or null. */
    Recordings.@Nullable Entry take(Object key) {
        for (int i = own.size() - 1; i >= 0; i--) {
            if (own.get(i).is(key)) {
                return own.remove(i);
            }
        }
        return recordings.take(key);
    }

    <T> Recording<T> replay(Recordings.Entry entry, Consumer<T> body) {
        return new Replay<>(entry, body);
    }

    /** Hands all to other streams. To be called when nothing runs on this one. */
    void close() {
        own.forEach(recordings::give);
        own.clear();
    }

    /**
     * Frees what nobody uses, of this stream and of those that ended, when its memory is needed;
     * tells whether there was any.
     */
    boolean trim() {
        boolean any = !own.isEmpty();
        if (any) {
            stream.synchronize();
            close();
        }
        recordings.trim();
        return any;
    }

    /** Whether the stream keeps more than it should. */
    private boolean tooMany() {
        long bytes = 0;
        for (Recordings.Entry e : own) {
            bytes += e.memory().bytes();
        }
        return own.size() > MOST || own.size() > 1 && bytes > MOST_BYTES;
    }

    /** A recording in use: first its ops are done, then recorded and launched, then launched. */
    private final class Replay<T> implements Recording<T> {
        private final Recordings.Entry entry;
        private final Consumer<T> body;
        private boolean closed;

        Replay(Recordings.Entry entry, Consumer<T> body) {
            this.entry = entry;
            this.body = body;
        }

        @Override
        @SuppressWarnings("unchecked") // the key names what made them
        public T tensors() {
            return (T) entry.tensors();
        }

        @Override
        public void replay() {
            Graph graph = entry.graph();
            if (graph == null && entry.wasRun() && !recordings.refused()) {
                graph = capture();
            }
            if (graph == null) {
                run();
            } else {
                stream.launch(graph);
            }
        }

        private void run() {
            try (Ops.Scope inside = arena.inside(entry.memory());
                    Ops.Scope scope = arena.scope()) {
                body.accept(tensors());
            }
        }

        private @Nullable Graph capture() {
            launcher.early(true);
            try {
                Graph graph = stream.capture(this::run);
                entry.graph(graph);
                return graph;
            } catch (CudaException e) {
                if (e.kind() == CudaException.Kind.LOST) {
                    throw e;
                }
                recordings.refuse(e);
                return null;
            } finally {
                launcher.early(false);
            }
        }

        @Override
        public void close() {
            if (closed) {
                return;
            }
            closed = true;
            own.add(entry);
            if (tooMany()) {
                stream.synchronize();
                do {
                    recordings.give(own.removeFirst());
                } while (tooMany());
            }
        }
    }
}
