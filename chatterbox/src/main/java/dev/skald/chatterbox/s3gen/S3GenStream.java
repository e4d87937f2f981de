package dev.skald.chatterbox.s3gen;

import dev.skald.chatterbox.s3gen.Vocoded.Cut;
import dev.skald.engine.BatchStream;
import dev.skald.nn.HarmonicSource;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes waveform while speech tokens still arrive. Each piece runs the flow over all tokens so far,
 * keeps what was spoken, and speaks the frames whose surroundings are known: the flow looks three
 * tokens ahead, the vocoder some frames. Where two pieces meet, mel and waveform are cross-faded
 * over the same frames; both pieces have the same harmonic source there, so nothing cancels.
 *
 * <p>Very long streams look back over a bounded number of tokens. Between pieces a stream holds
 * nothing of a device, so that pieces of many can be computed on one op stream ({@link
 * S3GenBatch}). For one thread.
 */
public final class S3GenStream {
    private static final int FRAME = HiftVocoder.SAMPLES_A_FRAME;

    /** Frames over which two pieces are blended. */
    private static final int FADE = 6;

    /** Frames at a piece's end that only serve the ones before. */
    private static final int GUARD = 10;

    /**
     * When pieces are made: each costs the flow over the voice's clip and all tokens before, so few
     * are cheap.
     *
     * @param first tokens of the first piece
     * @param growth each next one waits for so many times as many as there were
     * @param most but for no more than these
     */
    private record Pieces(int first, int growth, int most) {}

    private static final Pieces PLAIN = new Pieces(25, 3, 300);

    /**
     * Of a device that is many times faster than speech. The first piece is 0.2 s of audio, which
     * last until the second one is there though several others are spoken beside it.
     */
    private static final Pieces QUICK = new Pieces(16, 3, 600);

    /** A look back of so many tokens is cut to {@link #KEPT} when it is reached. */
    private static final int LONGEST = 750;

    private static final int KEPT = 125;

    private final S3Gen model;
    private final HiftVocoder vocoder;
    private final VoiceReference voice;
    private final S3Gen.Randomness random;
    private final Pieces pieces;
    private final Runnable check;

    private int[] tokens = new int[256];
    private int count;
    private int expected; // tokens in all, 0 if unknown
    private int done; // tokens that the last piece saw
    private int base; // first token that the flow still sees
    private long spoken; // frames given out
    private Kept kept;
    private boolean ended;
    private boolean finished;
    private long flowNanos;
    private long vocoderNanos;
    private long told; // samples

    /**
     * What the next piece goes on from.
     *
     * @param from the first frame that is vocoded once more, for those after it
     * @param mel frames from there to {@link #FADE} after the spoken ones, row-major
     * @param source samples from there on, as far as they are fixed
     * @param turns the oscillators after that
     * @param tail waveform of the frames after the spoken ones
     */
    private record Kept(long from, float[] mel, float[] source, int[] turns, float[] tail) {}

    /**
     * @param quick whether small pieces are cheap
     */
    S3GenStream(
            S3Gen model,
            VoiceReference voice,
            S3Gen.Randomness random,
            boolean quick,
            Runnable check) {
        this.model = model;
        pieces = quick ? QUICK : PLAIN;
        this.vocoder = model.vocoder();
        this.voice = voice;
        this.random = random;
        this.check = check;
        int[] turns = new int[2 * random.offsets().length];
        kept = new Kept(0, new float[0], new float[0], turns, new float[0]);
    }

    // ---- tokens

    /** Takes tokens. */
    public void add(int... more) {
        if (ended) {
            throw new IllegalStateException("the stream is finished");
        }
        if (count + more.length > tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.max(2 * tokens.length, count + more.length));
        }
        System.arraycopy(more, 0, tokens, count, more.length);
        count += more.length;
    }

    /** Takes the last tokens, if there are any. */
    public void end(int... last) {
        add(last);
        ended = true;
    }

    /** Tells about how many tokens there will be, so that no small piece is left for the end. */
    public void expect(int tokens) {
        expected = tokens;
    }

    /** Tokens that the next piece waits for. */
    private int wanted() {
        int wanted = Math.clamp((long) pieces.growth * done, pieces.first, pieces.most);
        boolean nearlyAll = done > 0 && done + wanted + wanted / 2 > expected;
        return expected > 0 && nearlyAll ? wanted + wanted / 2 : wanted;
    }

    /**
     * The next piece that can be spoken, to be computed before this is called again; null if more
     * tokens have to come, or all was spoken.
     */
    public @Nullable Piece due() {
        if (finished || count - done < (ended ? 0 : wanted()) || count == 0) {
            return null;
        }
        boolean last = ended && count - done <= LONGEST - KEPT;
        int to = last ? count : Math.min(count, done + LONGEST - KEPT);
        if (to - base > LONGEST) {
            base = Math.max(base, done - KEPT);
        }
        done = to;
        finished = last;
        return new Piece(Arrays.copyOfRange(tokens, base, to), last);
    }

    /** Takes tokens; gives the samples that can be spoken now, often none. */
    public float[] push(Ops ops, int... more) {
        add(more);
        return rest(ops);
    }

    /** Takes the last tokens, if there are any; gives the rest. */
    public float[] finish(Ops ops, int... last) {
        end(last);
        return rest(ops);
    }

    private float[] rest(Ops ops) {
        float[] out = new float[0];
        for (Piece piece = due(); piece != null; piece = due()) {
            piece.compute(ops);
            float[] more = piece.samples();
            int length = out.length;
            out = Arrays.copyOf(out, length + more.length);
            System.arraycopy(more, 0, out, length, more.length);
        }
        return out;
    }

    /**
     * What was made since this was last asked.
     *
     * @param flowNanos until the flow was done, or launched on a device that computes by itself
     * @param vocoderNanos from there to the samples
     */
    public record Work(long flowNanos, long vocoderNanos, long samples) {}

    /** What was made since this was last called. */
    public Work takeWork() {
        long samples = spoken * FRAME;
        Work work = new Work(flowNanos, vocoderNanos, samples - told);
        flowNanos = 0;
        vocoderNanos = 0;
        told = samples;
        return work;
    }

    /** Tokens whose sound a stream goes on with. Safe for many threads. */
    public final class Piece implements BatchStream.Part {
        private final int[] seen;
        private final boolean last;
        private final long first; // frame of the first token

        // Guarded by this.
        private float @Nullable [] samples;
        private @Nullable RuntimeException failure;

        private Piece(int[] seen, boolean last) {
            this.seen = seen;
            this.last = last;
            first = (long) Flow.FRAMES_A_TOKEN * base;
        }

        /** Whether no piece follows. */
        public boolean last() {
            return last;
        }

        /** Whether the listener has heard nothing before. */
        boolean awaited() {
            return spoken == 0 && !last;
        }

        /** Whether {@link #samples} tells what it became. */
        @Override
        public synchronized boolean done() {
            return samples != null || failure != null;
        }

        /** What can be spoken now; throws what went wrong. */
        public synchronized float[] samples() {
            if (failure != null) {
                throw failure;
            }
            if (samples == null) {
                throw new IllegalStateException("the piece was not computed");
            }
            return samples;
        }

        @Override
        public synchronized void fails(RuntimeException why) {
            failure = why;
        }

        /** Computes it alone. */
        public void compute(Ops ops) {
            model.compute(ops, List.of(this), check);
        }

        /** Throws if it is not wanted any more. */
        void check() {
            check.run();
        }

        /** Whether it still is. */
        boolean wanted() {
            try {
                check();
                return true;
            } catch (RuntimeException e) {
                return false;
            }
        }

        VoiceReference voice() {
            return voice;
        }

        /** Frames that the flow computes, the voice's among them. */
        int rows() {
            return Flow.FRAMES_A_TOKEN * (voice.tokens().length + seen.length);
        }

        Flow.Piece part(Flow.Prompt prompt) {
            return new Flow.Piece(prompt, seen, last, first, random.flow());
        }

        Vocoded vocode(Ops ops, Tensor fresh) {
            return S3GenStream.this.vocode(ops, fresh, first, last);
        }

        /** What of its frames is vocoded. */
        Cut cut(int fresh) {
            return S3GenStream.this.cut(fresh, first, last);
        }

        /** Room for what of it is vocoded, in the caller's scope. */
        Vocoded room(Ops ops, Cut cut, int bands) {
            return Vocoded.of(ops, cut, bands, random.offsets().length, last);
        }

        /** Its frames, into x (1,cut.frames,M). */
        void blend(Ops ops, Tensor fresh, Tensor x) {
            S3GenStream.this.blend(ops, x, fresh, first);
        }

        /** Their source s, from their Hz (1,cut.frames,1); gives the oscillators at the end. */
        HarmonicSource.Phase source(Ops ops, Cut cut, Tensor f0, Tensor s) {
            return S3GenStream.this.source(ops, f0, s, cut.end(), cut.fixed());
        }

        void take(Ops ops, Vocoded made) {
            float[] taken = S3GenStream.this.take(ops, made);
            synchronized (this) {
                samples = taken;
            }
        }

        void took(long flow, long vocoder) {
            flowNanos += flow;
            vocoderNanos += vocoder;
        }
    }

    // ---- sound

    /** What is vocoded of so many fresh frames, the first of them {@code first}. */
    private Cut cut(int fresh, long first, boolean last) {
        long end = first + fresh;
        long from = kept.from;
        long speakTo = last ? end : Math.max(spoken, end - FADE - GUARD);
        long fixed = last ? end : Math.clamp(speakTo + FADE, sourceTo(), end);
        int length = Math.toIntExact(end - from);
        int skip = Math.toIntExact((spoken - from) * FRAME);
        int given = Math.toIntExact((speakTo - spoken) * FRAME);
        int waves = given + (last ? 0 : Math.min(FADE * FRAME, length * FRAME - skip - given));
        long low = last ? end : Math.max(from, speakTo - HiftVocoder.REACH);
        int frames = Math.toIntExact(last ? 0 : Math.min(end, speakTo + FADE) - low);
        return new Cut(from, end, speakTo, fixed, low, frames, skip, waves);
    }

    /** Vocodes fresh frames (1,F,M) from frame {@code first} on, spoken ones kept. */
    Vocoded vocode(Ops ops, Tensor fresh, long first, boolean last) {
        Cut cut = cut(fresh.rows(), first, last);
        Vocoded made = Vocoded.of(ops, cut, fresh.cols(), random.offsets().length, last);
        try (var scope = ops.scope()) {
            Tensor x = ops.tensor(1, cut.frames(), fresh.cols());
            blend(ops, x, fresh, first);
            Tensor s = ops.tensor(1, cut.frames() * FRAME, 1);
            HarmonicSource.Phase phase = source(ops, vocoder.f0(ops, x), s, cut.end(), cut.fixed());
            made.keep(ops, x, s, vocoder.decode(ops, x, s, Taps.NONE), phase);
        }
        return made;
    }

    /** The samples that can be spoken; the stream goes on from there. */
    float[] take(Ops ops, Vocoded made) {
        float[] values = ops.read(made.values());
        Cut cut = made.cut();
        float[] wave = Arrays.copyOf(values, cut.waves());
        fade(kept.tail, wave);
        int given = Math.toIntExact((cut.speakTo() - spoken) * FRAME);
        float[] out = Arrays.copyOf(wave, given);
        if (spoken == 0 && given > 0) {
            S3Gen.fadeIn(out);
        }
        if (made.turns() != null) {
            int source = values.length - cut.sources();
            kept =
                    new Kept(
                            cut.keptFrom(),
                            Arrays.copyOfRange(values, cut.waves(), source),
                            Arrays.copyOfRange(values, source, values.length),
                            ops.read(made.turns()),
                            Arrays.copyOfRange(wave, given, cut.waves()));
        }
        spoken = cut.speakTo();
        return out;
    }

    /** From the waveform of the piece before to this one's. */
    private static void fade(float[] tail, float[] wave) {
        for (int i = 0; i < tail.length; i++) {
            float weight = (i + 0.5f) / tail.length;
            wave[i] = tail[i] + weight * (wave[i] - tail[i]);
        }
    }

    /**
     * Frames from {@code kept.from} on into x: as they were if they were spoken, else fresh, with
     * {@link #FADE} frames in between.
     */
    private void blend(Ops ops, Tensor x, Tensor fresh, long first) {
        int bands = fresh.cols();
        long from = kept.from;
        long end = first + fresh.rows();
        long old = from + kept.mel.length / bands;
        long same = Math.clamp(Math.max(spoken, first), from, end);
        long faded = Math.clamp(old, same, end);
        if (same > from) {
            ops.write(kept.mel, 0, part(x, from, from, same));
        }
        if (faded > same) {
            int frames = Math.toIntExact(faded - same);
            Tensor before = ops.tensor(1, frames, bands);
            ops.write(kept.mel, Math.toIntExact(same - from) * bands, before);
            float[] weights = new float[frames * bands];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (same - spoken + i / bands + 0.5f) / FADE;
            }
            Tensor weight = ops.tensor(1, frames, bands);
            ops.write(weights, 0, weight);
            ops.lerp(before, part(fresh, first, same, faded), weight, part(x, from, same, faded));
        }
        if (end > faded) {
            ops.copy(part(fresh, first, faded, end), part(x, from, faded, end));
        }
    }

    /** Frames [from, to) of a tensor whose first row is frame {@code first}. */
    static Tensor part(Tensor frames, long first, long from, long to) {
        return frames.rows(Math.toIntExact(from - first), Math.toIntExact(to - first));
    }

    /** The frame up to which the source is fixed. */
    private long sourceTo() {
        return kept.from + kept.source.length / FRAME;
    }

    /**
     * The source s of frames [kept.from, end) of frequencies f0: what is known of it is kept, up to
     * {@code fixed} from now; gives the oscillators there.
     */
    private HarmonicSource.Phase source(Ops ops, Tensor f0, Tensor s, long end, long fixed) {
        long known = sourceTo();
        if (known > kept.from) {
            ops.write(kept.source, 0, s.rows(0, kept.source.length));
        }
        HarmonicSource.Phase phase = HarmonicSource.Phase.at(ops, random.offsets(), kept.turns);
        generate(ops, f0, known, fixed, phase, s);
        if (end > fixed) {
            generate(ops, f0, fixed, end, phase.copy(ops), s);
        }
        return phase;
    }

    private void generate(
            Ops ops, Tensor f0, long low, long high, HarmonicSource.Phase at, Tensor s) {
        if (high > low) {
            int a = Math.toIntExact(low - kept.from);
            int b = Math.toIntExact(high - kept.from);
            vocoder.source(
                    ops,
                    f0.rows(a, b),
                    at,
                    low,
                    random.sines(),
                    Taps.NONE,
                    s.rows(a * FRAME, b * FRAME));
        }
    }
}
