package dev.skald.chatterbox.s3gen;

import dev.skald.nn.HarmonicSource;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Taps;
import dev.skald.tensor.Tensor;
import java.util.Arrays;

/**
 * Makes waveform while speech tokens still arrive. Each piece runs the flow over all tokens so far,
 * keeps what was spoken, and speaks the frames whose surroundings are known: the flow looks three
 * tokens ahead, the vocoder some frames. Where two pieces meet, mel and waveform are cross-faded
 * over the same frames; both pieces have the same harmonic source there, so nothing cancels.
 *
 * <p>Very long streams look back over a bounded number of tokens. For one thread.
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

    private final Flow flow;
    private final HiftVocoder vocoder;
    private final Ops ops;
    private final Flow.Prompt voice;
    private final S3Gen.Randomness random;
    private final Runnable check;
    private final Pieces pieces;
    private final Tensor melFade; // (1,FADE,M)
    private final Tensor waveFade; // (1,1,FADE * FRAME)

    private int[] tokens = new int[256];
    private int count;
    private int expected; // tokens in all, 0 if unknown
    private int done; // tokens that the last piece saw
    private int base; // first token that the flow still sees
    private long spoken; // frames given out
    private Window window; // as last vocoded
    private Window spare;
    private long melFrom; // the window's first frame
    private long melTo; // frames [melFrom, melTo) are in it
    private long sourceTo; // its source is kept for frames [melFrom, sourceTo)
    private final Tensor tail; // (1,1,FADE * FRAME): waveform of the frames after the spoken ones
    private int tailLength;
    private HarmonicSource.Phase phase; // at sourceTo
    private boolean finished;
    private long flowNanos;
    private long vocoderNanos;
    private long told; // samples

    /** Room for mel frames (1,F,M) and their source (1,F * FRAME,1). */
    private record Window(Tensor mel, Tensor source) {}

    /** What the stream keeps lives in the scope that is open now. */
    S3GenStream(
            S3Gen model, Ops ops, VoiceReference voice, S3Gen.Randomness random, Runnable check) {
        this.flow = model.flow();
        this.vocoder = model.vocoder();
        this.ops = ops;
        this.voice = flow.prompt(ops, voice, Taps.NONE);
        this.random = random;
        this.check = check;
        pieces = ops.backend().quick() ? QUICK : PLAIN;
        melFade = ramp(FADE, flow.bands()).reshape(1, FADE, flow.bands());
        waveFade = ramp(FADE * FRAME, 1);
        tail = ops.tensor(1, 1, FADE * FRAME);
        window = room(0);
        spare = window;
        phase = HarmonicSource.Phase.begin(ops, random.offsets());
    }

    private Window room(int frames) {
        return new Window(ops.tensor(1, frames, flow.bands()), ops.tensor(1, frames * FRAME, 1));
    }

    /** (1,1,steps * repeats): weights from 0 to 1, each {@code repeats} times. */
    private Tensor ramp(int steps, int repeats) {
        float[] values = new float[steps * repeats];
        for (int i = 0; i < values.length; i++) {
            values[i] = (i / repeats + 0.5f) / steps;
        }
        Tensor ramp = ops.tensor(1, 1, values.length);
        ops.write(values, 0, ramp);
        return ramp;
    }

    /** Takes tokens; gives the samples that can be spoken now, often none. */
    public float[] push(int... more) {
        append(more);
        float[] out = new float[0];
        while (count - done >= wanted()) {
            out = join(out, piece(Math.min(count, done + LONGEST - KEPT), false));
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

    private void append(int... more) {
        if (finished) {
            throw new IllegalStateException("the stream is finished");
        }
        if (count + more.length > tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.max(2 * tokens.length, count + more.length));
        }
        System.arraycopy(more, 0, tokens, count, more.length);
        count += more.length;
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

    /** Takes the last tokens, if there are any; gives the rest. */
    public float[] finish(int... last) {
        append(last);
        finished = true;
        float[] out = new float[0];
        while (count - done > LONGEST - KEPT) {
            out = join(out, piece(done + LONGEST - KEPT, false));
        }
        return count == 0 ? out : join(out, piece(count, true));
    }

    /** Speaks what {@code to} tokens allow. */
    private float[] piece(int to, boolean last) {
        if (to - base > LONGEST) {
            base = Math.max(base, done - KEPT);
        }
        done = to;
        int[] seen = Arrays.copyOfRange(tokens, base, to);
        long first = (long) Flow.FRAMES_A_TOKEN * base;
        long start = System.nanoTime();
        int frames = flow.frames(voice.reference(), seen.length, last);
        reserve(first + frames);
        try (var scope = ops.scope()) {
            Tensor fresh =
                    flow.mel(
                            ops,
                            voice,
                            seen,
                            random.flow(),
                            flow.options(last, first, check),
                            Taps.NONE);
            long middle = System.nanoTime();
            flowNanos += middle - start;
            check.run();
            float[] samples = vocode(fresh, first, last);
            vocoderNanos += System.nanoTime() - middle;
            return samples;
        }
    }

    /** The first frame that is vocoded once more, for those after it. */
    private long from() {
        return Math.max(melFrom, spoken - HiftVocoder.REACH);
    }

    /** Has room for a window up to frame {@code end}; to be called outside a piece's scope. */
    private void reserve(long end) {
        int frames = Math.toIntExact(end - from());
        if (spare == window || spare.mel.rows() < frames) {
            spare = room(Math.max(frames, 2 * spare.mel.rows()));
        }
    }

    /** Vocodes fresh frames (1,F,M) from frame {@code first} on, spoken ones kept. */
    float[] vocode(Tensor fresh, long first, boolean last) {
        long end = first + fresh.rows();
        reserve(end);
        long from = from();
        long speakTo = last ? end : Math.max(spoken, end - FADE - GUARD);
        int length = Math.toIntExact(end - from);
        Window next = spare;
        Tensor x = next.mel.rows(0, length);
        blend(x, from, fresh, first);
        int skip = Math.toIntExact((spoken - from) * FRAME);
        int given = Math.toIntExact((speakTo - spoken) * FRAME);
        int rest = last ? 0 : Math.min(FADE * FRAME, length * FRAME - skip - given);
        float[] out = new float[given];
        try (var scope = ops.scope()) {
            Tensor s = next.source.rows(0, length * FRAME);
            source(x, s, from, end, last ? end : speakTo + FADE);
            Tensor wave = vocoder.decode(ops, x, s, Taps.NONE);
            if (tailLength > 0) {
                Tensor begin = wave.cols(skip, skip + tailLength);
                Tensor weight = tailLength == FADE * FRAME ? waveFade : ramp(tailLength, 1);
                ops.lerp(tail.cols(0, tailLength), begin, weight, begin);
            }
            ops.read(wave.cols(skip, skip + given), out, 0);
            ops.copy(wave.cols(skip + given, skip + given + rest), tail.cols(0, rest));
        }
        tailLength = rest;
        spare = window;
        window = next;
        melFrom = from;
        melTo = end;
        if (spoken == 0 && given > 0) {
            S3Gen.fadeIn(out);
        }
        spoken = speakTo;
        return out;
    }

    /**
     * Frames [from, ...) into x: as they were if they were spoken, else fresh, with {@link #FADE}
     * frames in between.
     */
    private void blend(Tensor x, long from, Tensor fresh, long first) {
        long end = first + fresh.rows();
        long kept = Math.clamp(Math.max(spoken, first), from, end);
        long faded = Math.clamp(Math.min(spoken + FADE, melTo), kept, end);
        if (kept > from) {
            ops.copy(old(from, kept), part(x, from, from, kept));
        }
        if (faded > kept) {
            ops.lerp(
                    old(kept, faded),
                    part(fresh, first, kept, faded),
                    part(melFade, spoken, kept, faded),
                    part(x, from, kept, faded));
        }
        if (end > faded) {
            ops.copy(part(fresh, first, faded, end), part(x, from, faded, end));
        }
    }

    private Tensor old(long from, long to) {
        return part(window.mel, melFrom, from, to);
    }

    /** Frames [from, to) of a tensor whose first row is frame {@code first}. */
    private static Tensor part(Tensor frames, long first, long from, long to) {
        return frames.rows(Math.toIntExact(from - first), Math.toIntExact(to - first));
    }

    /**
     * The source s of frames [from, end): what is known of it is kept, up to {@code keep} from now.
     */
    private void source(Tensor x, Tensor s, long from, long end, long keep) {
        Tensor f0 = vocoder.f0(ops, x);
        long known = Math.max(from, sourceTo);
        if (known > from) {
            int skip = Math.toIntExact((from - melFrom) * FRAME);
            int samples = Math.toIntExact((known - from) * FRAME);
            ops.copy(window.source.rows(skip, skip + samples), s.rows(0, samples));
        }
        long kept = Math.max(known, Math.min(keep, end));
        generate(f0, from, known, kept, phase, s);
        sourceTo = kept;
        if (end > kept) {
            generate(f0, from, kept, end, phase.copy(ops), s);
        }
    }

    private void generate(
            Tensor f0, long from, long low, long high, HarmonicSource.Phase at, Tensor s) {
        if (high > low) {
            int a = Math.toIntExact(low - from);
            int b = Math.toIntExact(high - from);
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

    private static float[] join(float[] a, float[] b) {
        float[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }
}
