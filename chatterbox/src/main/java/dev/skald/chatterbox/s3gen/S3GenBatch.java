package dev.skald.chatterbox.s3gen;

import dev.skald.chatterbox.s3gen.S3GenStream.Piece;
import dev.skald.engine.SpeechJob;
import dev.skald.tensor.Backend;
import dev.skald.tensor.DeviceException;
import dev.skald.tensor.Ops;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Computes the pieces of all that is spoken with a model, those that wait together as one batch, on
 * one op stream. What a piece becomes does not depend on the others. As a {@link SpeechJob.Batch}
 * it is run by one thread at a time; the rest is safe for many.
 */
public final class S3GenBatch implements SpeechJob.Batch, AutoCloseable {
    /**
     * Rows of the estimator that fill a large GPU. More at once take as long as one after the
     * other, and each waits for all.
     */
    private static final int ROWS = 16_384;

    /** Activations of a row of the estimator or of the encoder's second half, in fp32. */
    private static final int BYTES_A_ROW = 24 << 10;

    /**
     * Shorter pieces are computed in the rows of the longest: so much of a batch is valid at least.
     */
    private static final double VALID = 0.75;

    private final S3Gen model;
    private final Backend device;
    private final Backend.Registration pressure;

    /** Held by whoever uses the op stream. */
    private final ReentrantLock computing = new ReentrantLock();

    private @Nullable Ops ops;

    /** In the order of asking; guarded by itself. */
    private final List<Piece> waiting = new ArrayList<>();

    public S3GenBatch(S3Gen model, Backend device) {
        this.model = model;
        this.device = device;
        pressure = device.onPressure(this::trim);
    }

    /** Has a piece computed by one of the next runs. */
    public void add(Piece piece) {
        synchronized (waiting) {
            waiting.add(piece);
        }
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
        computing.lock();
        try {
            Ops on = ops == null ? device.open() : ops;
            ops = on;
            List<Piece> chosen = choose(Math.min(ROWS, on.rowsAtOnce(BYTES_A_ROW)));
            if (!chosen.isEmpty()) {
                compute(on, chosen);
            }
        } finally {
            computing.unlock();
        }
    }

    /**
     * Who hears nothing yet first, then in the order of asking; with others of about its length.
     */
    private List<Piece> choose(int rows) {
        synchronized (waiting) {
            if (waiting.isEmpty()) {
                return List.of();
            }
            Piece first =
                    waiting.stream().filter(Piece::awaited).findFirst().orElse(waiting.getFirst());
            List<Piece> others = new ArrayList<>(waiting);
            others.remove(first);
            others.sort(Comparator.comparingInt(p -> Math.abs(p.rows() - first.rows())));
            List<Piece> chosen = new ArrayList<>(List.of(first));
            int most = first.rows();
            int sum = most;
            for (Piece piece : others) {
                int n = chosen.size() + 1;
                int longest = Math.max(most, piece.rows());
                if ((long) n * longest * model.flow().branches() <= rows
                        && sum + piece.rows() >= VALID * n * longest) {
                    chosen.add(piece);
                    most = longest;
                    sum += piece.rows();
                }
            }
            waiting.removeAll(chosen);
            return chosen;
        }
    }

    /** What fails is tried again in smaller batches, so that none fails because of another. */
    private void compute(Ops on, List<Piece> pieces) {
        try {
            model.compute(on, pieces, () -> check(pieces));
        } catch (RuntimeException e) {
            boolean lost = e instanceof DeviceException d && d.kind() == DeviceException.Kind.LOST;
            List<Piece> left = pieces.stream().filter(p -> !p.done()).toList();
            if (lost || left.size() == 1) {
                left.forEach(p -> p.fails(e));
            } else if (!left.isEmpty()) {
                compute(on, left.subList(0, left.size() / 2));
                compute(on, left.subList(left.size() / 2, left.size()));
            }
        }
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

    /** Frees the op stream's memory, if nothing runs on it. */
    private void trim() {
        if (!computing.isHeldByCurrentThread() && computing.tryLock()) {
            try {
                free();
            } finally {
                computing.unlock();
            }
        }
    }

    private void free() {
        if (ops != null) {
            ops.close();
            ops = null;
        }
    }

    /** Frees everything. No piece may be added any more. */
    @Override
    public void close() {
        pressure.close();
        computing.lock();
        try {
            free();
        } finally {
            computing.unlock();
        }
    }
}
