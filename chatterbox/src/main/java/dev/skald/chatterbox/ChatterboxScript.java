package dev.skald.chatterbox;

import dev.skald.audio.SampleFilter;
import dev.skald.engine.SpeechJob;
import dev.skald.engine.SpeechPlan;
import dev.skald.tensor.Backend;
import dev.skald.tensor.Ops;
import org.jspecify.annotations.Nullable;

/**
 * The pieces of one request. They are spoken one after the other; what is not computed together
 * with other requests is on the same op stream.
 */
final class ChatterboxScript implements SpeechPlan.Script, AutoCloseable {
    private final Checkpoint checkpoint;
    private final Backend device;
    private final SentenceGroups groups;
    private final Utterance.Settings settings;
    private final Stages stages;
    private int pieces;
    private boolean afterBlock;
    private @Nullable Ops ops;

    ChatterboxScript(
            Checkpoint checkpoint,
            Backend device,
            SentenceGroups groups,
            Utterance.Settings settings,
            Stages stages) {
        this.checkpoint = checkpoint;
        this.device = device;
        this.groups = groups;
        this.settings = settings;
        this.stages = stages;
    }

    @Override
    public SpeechPlan.@Nullable Piece next() {
        if (!groups.hasNext()) {
            return null;
        }
        SentenceGroups.Group group = groups.next();
        String text = group.text();
        int index = pieces++;
        boolean paragraph = afterBlock;
        afterBlock = group.endsBlock();
        return new SpeechPlan.Piece(
                text, index, true, paragraph, whole -> open(group, index, whole));
    }

    private SpeechJob open(SentenceGroups.Group group, int index, boolean whole) {
        try {
            return new Utterance(checkpoint, this::ops, settings, group, index, whole, stages);
        } catch (RuntimeException e) {
            throw CheckpointFiles.failure(e);
        }
    }

    private synchronized Ops ops() {
        if (ops == null) {
            ops = device.open();
        }
        return ops;
    }

    /** Marks a piece. */
    SampleFilter marking(Watermark watermark) {
        Watermark.Stream stream = watermark.new Stream(ops());
        return new SampleFilter() {
            @Override
            public float[] push(float[] samples) {
                long start = System.nanoTime();
                float[] marked = stream.push(samples);
                stages.watermark(System.nanoTime() - start);
                return marked;
            }

            @Override
            public float[] finish() {
                long start = System.nanoTime();
                float[] marked = stream.finish();
                stages.watermark(System.nanoTime() - start);
                return marked;
            }
        };
    }

    @Override
    public synchronized void close() {
        if (ops != null) {
            ops.close();
            ops = null;
        }
    }
}
