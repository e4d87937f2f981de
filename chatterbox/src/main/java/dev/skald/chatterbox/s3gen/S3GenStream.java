package dev.skald.chatterbox.s3gen;

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
     * Tokens of the first piece. Each next one waits for {@link #GROWTH} times as many as there
     * were: a piece costs the flow over the voice's clip and all tokens before, so few are cheap.
     */
    private static final int FIRST = 25;

    private static final int GROWTH = 3;
    private static final int MOST_NEW = 300;

    /** A look back of so many tokens is cut to {@link #KEPT} when it is reached. */
    private static final int LONGEST = 750;

    private static final int KEPT = 125;

    private final Flow flow;
    private final HiftVocoder vocoder;
    private final Ops ops;
    private final VoiceReference voice;
    private final S3Gen.Randomness random;
    private final Runnable check;

    private int[] tokens = new int[256];
    private int count;
    private int expected; // tokens in all, 0 if unknown
    private int done; // tokens that the last piece saw
    private int base; // first token that the flow still sees
    private long spoken; // frames given out
    private float[] mel = new float[0]; // frames [melFrom, ...) as last vocoded
    private long melFrom;
    private float[] source = new float[0]; // samples of frames [melFrom, sourceTo)
    private long sourceTo;
    private float[] tail = new float[0]; // waveform of the frames after the spoken ones
    private HarmonicSource.Phase phase; // at sourceTo
    private boolean finished;
    private long flowNanos;
    private long vocoderNanos;

    S3GenStream(
            S3Gen model, Ops ops, VoiceReference voice, S3Gen.Randomness random, Runnable check) {
        this.flow = model.flow();
        this.vocoder = model.vocoder();
        this.ops = ops;
        this.voice = voice;
        this.random = random;
        this.check = check;
        phase = new HarmonicSource.Phase(new double[vocoder.harmonics()], random.offsets());
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

    /** What the flow took so far, in nanoseconds. */
    public long flowNanos() {
        return flowNanos;
    }

    /** What the vocoder took so far, in nanoseconds. */
    public long vocoderNanos() {
        return vocoderNanos;
    }

    /** Samples given out so far. */
    public long samples() {
        return spoken * FRAME;
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
        int wanted = Math.clamp((long) GROWTH * done, FIRST, MOST_NEW);
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
        try (var scope = ops.scope()) {
            int frames = flow.frames(voice, seen.length, last);
            float[] fresh = new float[frames * flow.bands()];
            try (var inner = ops.scope()) {
                Tensor made =
                        flow.mel(
                                ops,
                                voice,
                                seen,
                                random.flow(),
                                flow.options(last, first, check),
                                Taps.NONE);
                ops.read(made, fresh, 0);
            }
            long middle = System.nanoTime();
            flowNanos += middle - start;
            check.run();
            float[] samples = vocode(fresh, first, frames, last);
            vocoderNanos += System.nanoTime() - middle;
            return samples;
        }
    }

    /** Vocodes {@code frames} fresh frames from frame {@code first} on, spoken ones kept. */
    float[] vocode(float[] fresh, long first, int frames, boolean last) {
        int bands = flow.bands();
        long end = first + frames;
        long from = Math.max(melFrom, spoken - HiftVocoder.REACH);
        float[] window = new float[Math.toIntExact((end - from) * bands)];
        for (long f = from; f < end; f++) {
            blend(window, Math.toIntExact((f - from) * bands), f, fresh, first);
        }
        long speakTo = last ? end : Math.max(spoken, end - FADE - GUARD);
        int length = Math.toIntExact(end - from);
        float[] wave;
        try (var scope = ops.scope()) {
            Tensor x = ops.tensor(1, length, bands);
            ops.write(window, 0, x);
            Tensor s = source(x, from, end, last ? end : speakTo + FADE);
            wave = ops.read(vocoder.decode(ops, x, s, Taps.NONE));
        }
        mel = window;
        melFrom = from;
        int skip = Math.toIntExact((spoken - from) * FRAME);
        for (int i = 0; i < tail.length; i++) {
            float t = (i + 0.5f) / tail.length;
            wave[skip + i] = tail[i] + (wave[skip + i] - tail[i]) * t;
        }
        int given = Math.toIntExact((speakTo - spoken) * FRAME);
        float[] out = Arrays.copyOfRange(wave, skip, skip + given);
        if (spoken == 0 && given > 0) {
            S3Gen.fadeIn(out);
        }
        int rest = last ? 0 : Math.min(FADE * FRAME, wave.length - skip - given);
        tail = Arrays.copyOfRange(wave, skip + given, skip + given + rest);
        spoken = speakTo;
        return out;
    }

    /** One frame: as it was if it was spoken, else fresh, with {@link #FADE} frames in between. */
    private void blend(float[] window, int at, long frame, float[] fresh, long first) {
        int bands = flow.bands();
        long step = frame - spoken;
        int old = Math.toIntExact((frame - melFrom) * bands);
        boolean known = !(mel.length == 0) && old + bands <= mel.length;
        if (step < 0 || frame < first) {
            System.arraycopy(mel, old, window, at, bands);
            return;
        }
        int now = Math.toIntExact((frame - first) * bands);
        float t = known && step < FADE ? (step + 0.5f) / FADE : 1;
        for (int b = 0; b < bands; b++) {
            float value = fresh[now + b];
            window[at + b] = t == 1 ? value : mel[old + b] + (value - mel[old + b]) * t;
        }
    }

    /**
     * The source of frames [from, end): what is known of it is kept, up to {@code keep} from now.
     */
    private Tensor source(Tensor x, long from, long end, long keep) {
        float[] f0 = vocoder.f0(ops, x);
        Tensor s = ops.tensor(1, Math.toIntExact((end - from) * FRAME), 1);
        long known = Math.max(from, sourceTo);
        if (known > from) {
            int skip = Math.toIntExact((from - melFrom) * FRAME);
            ops.write(source, skip, s.rows(0, Math.toIntExact((known - from) * FRAME)));
        }
        long kept = Math.max(known, Math.min(keep, end));
        generate(f0, from, known, kept, phase, s);
        sourceTo = kept;
        int rows = Math.toIntExact((kept - from) * FRAME);
        source = ops.read(s.rows(0, rows));
        generate(f0, from, kept, end, phase.copy(), s);
        return s;
    }

    private void generate(
            float[] f0, long from, long low, long high, HarmonicSource.Phase at, Tensor s) {
        if (high > low) {
            int a = Math.toIntExact(low - from);
            int b = Math.toIntExact(high - from);
            vocoder.source(
                    ops,
                    Arrays.copyOfRange(f0, a, b),
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
