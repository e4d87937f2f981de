package dev.skald.chatterbox;

import dev.skald.AudioChunk;
import dev.skald.SpeechCancelledException;
import dev.skald.StageWork;
import dev.skald.Voice;
import dev.skald.audio.TimeStretch;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.spi.AudioSource;
import dev.skald.tensor.Ops;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Speaks one request piece by piece; the taker's thread does the work. */
final class ChatterboxSource implements AudioSource {
    private final Checkpoint checkpoint;
    private final Ops ops;
    private final SentenceGroups groups;
    private final Utterance.Manner manner;
    private final double speed;
    private final float volume;
    private final int silence;
    private final @Nullable Watermark watermark;
    private final Consumer<ChatterboxSource> onClose;
    private final Stages stages = new Stages();
    private volatile boolean cancelled;
    private boolean whole;
    private boolean closed;
    private @Nullable Utterance utterance;
    private @Nullable TimeStretch stretching;
    private Watermark.@Nullable Stream marking;
    private String text = "";
    private int index = -1;
    private boolean owesSilence;

    ChatterboxSource(
            Checkpoint checkpoint,
            Ops ops,
            SentenceGroups groups,
            Utterance.Manner manner,
            double speed,
            double volume,
            double sentenceSilence,
            @Nullable Watermark watermark,
            Consumer<ChatterboxSource> onClose) {
        this.checkpoint = checkpoint;
        this.ops = ops;
        this.groups = groups;
        this.manner = manner;
        this.speed = speed;
        this.volume = (float) volume;
        this.silence = (int) Math.round(sentenceSilence * S3Gen.SAMPLE_RATE);
        this.watermark = watermark;
        this.onClose = onClose;
    }

    @Override
    public Voice voice() {
        return manner.name();
    }

    @Override
    public int sampleRate() {
        return S3Gen.SAMPLE_RATE;
    }

    @Override
    public synchronized @Nullable AudioChunk next() {
        checkCancelled();
        while (true) {
            Utterance speaking = utterance;
            if (speaking == null) {
                if (!groups.hasNext()) {
                    return null;
                }
                if (owesSilence) {
                    owesSilence = false;
                    return chunk(new float[silence], "", false);
                }
                text = groups.next();
                index++;
                speaking = start();
                utterance = speaking;
                stretching = speed == 1 ? null : new TimeStretch(S3Gen.SAMPLE_RATE, speed);
                marking = watermark == null ? null : watermark.new Stream(ops);
            }
            float[] samples = next(speaking);
            boolean last = samples == null || speaking.ended();
            if (samples == null) {
                samples = new float[0];
            }
            if (stretching != null) {
                samples = stretched(stretching, samples, last);
            }
            if (marking != null) {
                samples = marked(marking, samples, last);
            }
            if (last) {
                speaking.close();
                utterance = null;
                owesSilence = silence > 0;
            }
            if (last || samples.length > 0) {
                return chunk(samples, text, last);
            }
        }
    }

    private Utterance start() {
        try {
            return new Utterance(
                    checkpoint, ops, manner, text, index, whole, stages, this::checkCancelled);
        } catch (RuntimeException e) {
            throw CheckpointFiles.failure(e);
        }
    }

    private float @Nullable [] next(Utterance speaking) {
        try {
            return speaking.next();
        } catch (RuntimeException e) {
            throw CheckpointFiles.failure(e);
        }
    }

    private static float[] stretched(TimeStretch stretching, float[] samples, boolean last) {
        float[] ready = stretching.push(samples);
        return last ? Utterance.join(ready, stretching.finish()) : ready;
    }

    private float[] marked(Watermark.Stream marking, float[] samples, boolean last) {
        long start = System.nanoTime();
        float[] ready = marking.push(samples);
        float[] marked = last ? Utterance.join(ready, marking.finish()) : ready;
        stages.watermark(System.nanoTime() - start);
        return marked;
    }

    @Override
    public synchronized void whole() {
        whole = true;
    }

    /** What was done so far; complete once closed. */
    Stages work() {
        return stages;
    }

    @Override
    public synchronized List<StageWork> stages() {
        return stages.list();
    }

    private AudioChunk chunk(float[] samples, String spoken, boolean last) {
        if (volume != 1) {
            for (int i = 0; i < samples.length; i++) {
                samples[i] *= volume;
            }
        }
        return new AudioChunk(samples, S3Gen.SAMPLE_RATE, spoken, index, last);
    }

    private void checkCancelled() {
        if (cancelled) {
            throw new SpeechCancelledException("the speech was cancelled");
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
    }

    @Override
    public void close() {
        cancelled = true;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            if (utterance != null) {
                utterance.close();
                utterance = null;
            }
            ops.close();
        }
        onClose.accept(this);
    }
}
