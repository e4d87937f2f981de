package dev.skald.chatterbox;

import dev.skald.StageWork;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.chatterbox.s3gen.S3GenStream;
import java.util.ArrayList;
import java.util.List;

/** Where the time of a speech goes. Safe for many threads. */
final class Stages {
    private long prefillNanos;
    private long positions;
    private long decodeNanos;
    private long tokens;
    private long flowNanos;
    private long vocoderNanos;
    private long samples;
    private long watermarkNanos;
    private int interventions;

    /** T3 read what comes before the first token, and drew it. */
    synchronized void prefill(long nanos, int read) {
        prefillNanos += nanos;
        positions += read;
    }

    /** T3 drew one more token. */
    synchronized void decode(long nanos) {
        decodeNanos += nanos;
        tokens++;
    }

    /** A stream made something. */
    synchronized void sound(S3GenStream.Work work) {
        flowNanos += work.flowNanos();
        vocoderNanos += work.vocoderNanos();
        samples += work.samples();
    }

    synchronized void watermark(long nanos) {
        watermarkNanos += nanos;
    }

    /** The {@link RunawayGuard} had a piece drawn again, or cut it. */
    synchronized void intervened() {
        interventions++;
    }

    /** Seconds of work. */
    synchronized double seconds() {
        return (prefillNanos + decodeNanos + flowNanos + vocoderNanos + watermarkNanos) * 1e-9;
    }

    /** Seconds of audio. */
    synchronized double audio() {
        return samples / (double) S3Gen.SAMPLE_RATE;
    }

    synchronized List<StageWork> list() {
        double audio = audio();
        List<StageWork> list = new ArrayList<>();
        list.add(new StageWork("prefill", prefillNanos * 1e-9, positions, "positions"));
        list.add(new StageWork("decode", decodeNanos * 1e-9, tokens, "tokens"));
        list.add(new StageWork("flow", flowNanos * 1e-9, audio, "s of audio"));
        list.add(new StageWork("vocoder", vocoderNanos * 1e-9, audio, "s of audio"));
        if (watermarkNanos > 0) {
            list.add(new StageWork("watermark", watermarkNanos * 1e-9, audio, "s of audio"));
        }
        // A count, which takes no time: a model with coarser weights should not need it more often.
        list.add(new StageWork("guard", 0, interventions, "interventions"));
        return list;
    }
}
