package dev.skald.cuda.driver;

/** Recorded launches that are launched again as one. Nothing may run it when it is closed. */
public final class Graph implements AutoCloseable {
    private final Context context;
    private final long executable;
    private boolean closed;

    Graph(Context context, long executable) {
        this.context = context;
        this.executable = executable;
    }

    long executable() {
        return executable;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            context.quietly(() -> context.driver().destroyExecutable(executable));
        }
    }
}
