package dev.skald.chatterbox.s3gen;

import dev.skald.chatterbox.s3gen.S3GenStream.Piece;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Flows that are under way, on one op stream. Any of them go some Euler steps together, each from
 * the step where it is; the others stay where they are. What becomes of a piece depends neither on
 * those it goes with nor on when.
 *
 * <p>Between two such runs the state of each lies in a store, a stretch of rows a piece. A run that
 * fails has changed none but those whose new state was stored, each with its step, so that all can
 * go on. For one thread at a time.
 */
final class RunningFlows {
    private final Flow flow;
    private final EulerSteps steps;
    private final Map<Piece, Running> running = new IdentityHashMap<>();

    /** (1,R,4M): state | mu | speaker | condition. Null while nothing is under way. */
    private @Nullable Tensor store;

    /** Of the store. */
    private Ops.@Nullable Scope scope;

    /** Where a flow is. */
    private static final class Running {
        private final int at; // its first row in the store
        private final int room; // how many it has
        private int given; // frames of the voice
        private int total; // frames, the voice's among them
        private boolean stored; // whether the store has its state: else it begins
        private int step; // made
        private long nanos;

        Running(int at, int room) {
            this.at = at;
            this.room = room;
        }
    }

    RunningFlows(Flow flow) {
        this.flow = flow;
        steps = flow.steps();
    }

    /** How many are under way. */
    int size() {
        return running.size();
    }

    /**
     * Takes a piece in, if it is not yet.
     *
     * @param capacity rows of the store, where there is none; but no fewer than the piece has
     * @return whether there was room: if not, others have to leave first
     */
    boolean admit(Ops ops, Piece piece, int capacity) {
        if (running.containsKey(piece)) {
            return true;
        }
        if (scope == null) {
            scope = ops.scope();
        }
        if (store == null) {
            store = ops.tensor(1, Math.max(capacity, piece.rows()), 4 * flow.bands());
        }
        List<Running> all = new ArrayList<>(running.values());
        all.sort(Comparator.comparingInt(r -> r.at));
        int at = 0;
        for (Running r : all) {
            if (r.at - at >= piece.rows()) {
                break;
            }
            at = r.at + r.room;
        }
        boolean fits = at + piece.rows() <= store.rows();
        if (fits) {
            running.put(piece, new Running(at, piece.rows()));
        }
        return fits;
    }

    /** Forgets all but these. */
    void keep(Collection<Piece> wanted) {
        running.keySet().retainAll(wanted);
        if (running.isEmpty() && scope != null) {
            scope.close();
            scope = null;
            store = null;
        }
    }

    /** How many steps of it are made. */
    int made(Piece piece) {
        return get(piece).step;
    }

    /** Whether all steps of it are. */
    boolean ended(Piece piece) {
        return made(piece) == steps.count();
    }

    /** What its steps took. */
    long nanos(Piece piece) {
        return get(piece).nanos;
    }

    /** The frames of one that ended: (1,F,M). */
    Tensor mel(Piece piece) {
        Running r = get(piece);
        return kept(r).rows(r.given, r.total).cols(0, flow.bands());
    }

    private Running get(Piece piece) {
        return Objects.requireNonNull(running.get(piece), "a piece that was not taken in");
    }

    private Tensor kept(Running r) {
        return Objects.requireNonNull(store).rows(r.at, r.at + r.room);
    }

    /**
     * Some steps of pieces that were taken in: one at least, and no more once one of them ended.
     * Those that have ended before are left as they are.
     *
     * @param stop asked between two steps: whether to end here
     * @throws IllegalArgumentException if one of them cannot be spoken
     */
    void advance(Ops ops, List<Piece> pieces, BooleanSupplier stop) {
        long start = System.nanoTime();
        List<Running> together = new ArrayList<>();
        try (var own = ops.scope()) {
            List<Flow.Piece> fresh = fresh(ops, pieces, together);
            for (Piece piece : pieces) {
                if (get(piece).stored && !ended(piece)) {
                    together.add(get(piece));
                }
            }
            if (together.isEmpty()) {
                return;
            }
            run(ops, fresh, together, stop);
        }
        long each = (System.nanoTime() - start) / together.size();
        together.forEach(r -> r.nanos += each);
    }

    /** Those of the pieces that begin; {@code together} gets them. */
    private List<Flow.Piece> fresh(Ops ops, List<Piece> pieces, List<Running> together) {
        Map<VoiceReference, Flow.Prompt> prompts = new IdentityHashMap<>();
        List<Flow.Piece> fresh = new ArrayList<>();
        for (Piece piece : pieces) {
            Running r = get(piece);
            if (!r.stored) {
                Flow.Prompt prompt =
                        prompts.computeIfAbsent(piece.voice(), v -> flow.prompt(ops, v, Taps.NONE));
                Flow.Piece part = piece.part(prompt);
                flow.check(part);
                r.given = piece.voice().frames();
                r.total = part.total();
                fresh.add(part);
                together.add(r);
            }
        }
        return fresh;
    }

    /** Steps of those that begin, and after them in {@code together} those that go on. */
    private void run(
            Ops ops, List<Flow.Piece> fresh, List<Running> together, BooleanSupplier stop) {
        int n = together.size();
        int rows = together.stream().mapToInt(r -> r.room).max().orElse(0);
        int[] totals = together.stream().mapToInt(r -> r.total).toArray();
        int[] made = together.stream().mapToInt(r -> r.step).toArray();
        Flow.Room room =
                Flow.room(
                        ops::bucket,
                        n,
                        rows / Flow.FRAMES_A_TOKEN,
                        Arrays.stream(totals).max().orElse(0));
        try (Ops.Recording<EulerSteps.State> euler =
                steps.openApart(ops, n, room.rows(), room.padded())) {
            EulerSteps.State e = euler.tensors();
            e.clear(ops);
            if (!fresh.isEmpty()) {
                int tokens = Flow.room(ops::bucket, fresh).tokens();
                flow.begin(ops, fresh, tokens, flow.options(() -> {}), e, Taps.NONE);
            }
            for (int i = fresh.size(); i < n; i++) {
                load(ops, together.get(i), e, i);
            }
            e.lengths(ops, totals);
            steps.prepare(ops, e, steps.count(), -1, Taps.NONE, made);
            int left = steps.count() - Arrays.stream(made).max().orElse(0);
            int more = 0;
            do {
                euler.replay();
                ops.pace();
                more++;
            } while (more < left && !stop.getAsBoolean());
            for (int i = 0; i < n; i++) {
                store(ops, together.get(i), e, i, more);
            }
            if (n > 1 && more == left) {
                // Waits for the flows, so that each stage tells its own time: nothing beside them.
                ops.read(kept(together.getFirst()).rows(0, 1));
            }
        }
    }

    private void load(Ops ops, Running r, EulerSteps.State e, int i) {
        int m = flow.bands();
        Tensor kept = kept(r).rows(0, r.total);
        ops.copy(kept.cols(0, m), e.x().batch(i).rows(0, r.total));
        ops.copy(kept.cols(m, 4 * m), e.input().batch(i).cols(m, 4 * m).rows(0, r.total));
    }

    private void store(Ops ops, Running r, EulerSteps.State e, int i, int more) {
        int m = flow.bands();
        Tensor kept = kept(r).rows(0, r.total);
        if (!r.stored && r.step + more < steps.count()) {
            ops.copy(e.input().batch(i).cols(m, 4 * m).rows(0, r.total), kept.cols(m, 4 * m));
        }
        ops.copy(e.x().batch(i).rows(0, r.total), kept.cols(0, m));
        r.stored = true;
        r.step += more;
    }
}
