package dev.skald.chatterbox.s3gen;

import dev.skald.chatterbox.s3gen.S3GenStream.Piece;
import dev.skald.engine.BatchStream;
import dev.skald.engine.SpeechJob;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Ops;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Computes the pieces of all that is spoken with a model, those that wait together as one batch, on
 * one op stream. What a piece becomes does not depend on the others. As a {@link SpeechJob.Batch}
 * it is run by one thread at a time; the rest is safe for many.
 *
 * <p>Flows join and leave between two Euler steps, at most {@code -Dskald.join=ROWS} of the
 * estimator at once; with 0 a batch is whole flows that begin together.
 */
public final class S3GenBatch implements SpeechJob.Batch, AutoCloseable {
    /**
     * Rows of the estimator that fill a large GPU. More at once take as long as one after the
     * other, and each waits for all.
     */
    private static final int ROWS = 16_384;

    /**
     * The same of flows that join: half as many, so that who comes waits for less. On an H100 with
     * 64 listeners first audio comes in 0.6 to 0.7 of the time.
     */
    private static final int JOINED = 8192;

    /** Activations of a row of the estimator or of the encoder's second half, in fp32. */
    private static final int BYTES_A_ROW = 28 << 10;

    /**
     * Shorter pieces are computed in the rows of the longest: so much of a batch is valid at least.
     */
    private static final double VALID = 0.75;

    /** The same of flows that join: who joins is seldom as long as who is there. */
    private static final double VALID_JOINED = 0.5;

    /** Frames that flows which are under way have room for, at least. */
    private static final int STORE = 4096;

    private final S3Gen model;
    private final BatchStream stream;

    /** Flows that join and leave; null: whole ones. Used under the lock. */
    private final @Nullable RunningFlows flows;

    /** Rows of the estimator at once. */
    private final int most;

    /** What is asked for and not done, in the order of asking; guarded by itself. */
    private final List<Piece> waiting = new ArrayList<>();

    /** How many pieces were ever added. */
    private final AtomicInteger asked = new AtomicInteger();

    public S3GenBatch(S3Gen model, Backend device) {
        this(model, device, Integer.getInteger("skald.join", JOINED));
    }

    /**
     * @param join rows of flows that join and leave; 0: whole ones
     */
    S3GenBatch(S3Gen model, Backend device, int join) {
        this.model = model;
        flows = join > 0 ? new RunningFlows(model.flow()) : null;
        most = join > 0 ? join : ROWS;
        stream = new BatchStream(device, this::unused, this::leaveAll);
    }

    /** Has a piece computed by one of the next runs. */
    public void add(Piece piece) {
        synchronized (waiting) {
            waiting.add(piece);
        }
        asked.incrementAndGet();
    }

    /** Forgets a piece that nobody wants any more. */
    public void remove(Piece piece) {
        synchronized (waiting) {
            waiting.remove(piece);
        }
    }

    /** Computes the piece that is wanted first, and those that go well with it. */
    @Override
    public void run() {
        stream.use(
                on -> {
                    int rows = Math.min(most, on.rowsAtOnce(BYTES_A_ROW));
                    if (flows != null) {
                        join(on, flows, rows);
                        return;
                    }
                    List<Piece> chosen = alike(rows);
                    forget(chosen);
                    BatchStream.divide(chosen, some -> model.compute(on, some, () -> check(some)));
                });
    }

    /** Steps of flows until some have ended, which are vocoded then; whoever comes may join. */
    private void join(Ops on, RunningFlows running, int rows) {
        List<Piece> done = List.of();
        while (done.isEmpty()) {
            int seen = asked.get();
            List<Piece> chosen = admitted(on, running, rows);
            if (chosen.isEmpty()) {
                return;
            }
            BatchStream.divide(
                    chosen,
                    some ->
                            running.advance(
                                    on,
                                    some,
                                    () ->
                                            asked.get() != seen
                                                    || !some.stream().allMatch(Piece::wanted)));
            List<Piece> ended = chosen.stream().filter(p -> !p.done() && running.ended(p)).toList();
            BatchStream.divide(
                    ended,
                    some -> model.vocode(on, some, some.stream().map(running::mel).toList(), true));
            ended.forEach(p -> p.took(running.nanos(p), 0));
            done = chosen.stream().filter(Piece::done).toList();
            forget(done);
            running.keep(waiting());
        }
    }

    /**
     * Which flows go on together: those that nobody heard anything of yet come first, then those
     * that are nearest to their end. Those that nobody wants any more leave.
     */
    private List<Piece> admitted(Ops on, RunningFlows running, int rows) {
        List<Piece> wanted = new ArrayList<>();
        for (Piece piece : waiting()) {
            try {
                piece.check();
                wanted.add(piece);
            } catch (RuntimeException e) {
                piece.fails(e);
                forget(List.of(piece));
            }
        }
        running.keep(wanted);
        int capacity = Math.max(STORE, 2 * rows / model.flow().branches());
        Comparator<Piece> unheard = Comparator.comparing(p -> !p.awaited());
        wanted.sort(unheard);
        wanted.removeIf(p -> !running.admit(on, p, capacity));
        wanted.sort(unheard.thenComparing(running::made, Comparator.reverseOrder()));
        return choose(wanted, rows, VALID_JOINED);
    }

    /**
     * Who hears nothing yet first, then in the order of asking; with others of about its length.
     */
    private List<Piece> alike(int rows) {
        List<Piece> order = waiting();
        if (!order.isEmpty()) {
            Piece first =
                    order.stream().filter(Piece::awaited).findFirst().orElse(order.getFirst());
            order.remove(first);
            order.sort(Comparator.comparingInt(p -> Math.abs(p.rows() - first.rows())));
            order.addFirst(first);
        }
        return choose(order, rows, VALID);
    }

    private List<Piece> waiting() {
        synchronized (waiting) {
            return new ArrayList<>(waiting);
        }
    }

    private void forget(List<Piece> pieces) {
        synchronized (waiting) {
            waiting.removeAll(pieces);
        }
    }

    /**
     * The first, and those after it that fit.
     *
     * @param valid how much of the rows, at least
     */
    private List<Piece> choose(List<Piece> order, int rows, double valid) {
        List<Piece> chosen = new ArrayList<>();
        int longest = 0;
        int sum = 0;
        for (Piece piece : order) {
            int n = chosen.size() + 1;
            int length = Math.max(longest, piece.rows());
            if (n == 1
                    || (long) n * length * model.flow().branches() <= rows
                            && sum + piece.rows() >= valid * n * length) {
                chosen.add(piece);
                longest = length;
                sum += piece.rows();
            }
        }
        return chosen;
    }

    /** Throws if none is wanted any more. */
    private static void check(List<Piece> pieces) {
        RuntimeException unwanted = null;
        for (Piece piece : pieces) {
            try {
                piece.check();
                return;
            } catch (RuntimeException e) {
                unwanted = e;
            }
        }
        if (unwanted != null) {
            throw unwanted;
        }
    }

    /** How many flows are under way, where they join. For the thread that runs it. */
    int underWay() {
        return flows == null ? 0 : flows.size();
    }

    /** Frees the flows that nobody waits for; tells whether no other is under way. */
    private boolean unused() {
        if (flows != null) {
            flows.keep(waiting());
        }
        return underWay() == 0;
    }

    private void leaveAll() {
        if (flows != null) {
            flows.keep(List.of());
        }
    }

    /** Frees everything. No piece may be added any more. */
    @Override
    public void close() {
        stream.close();
    }
}
