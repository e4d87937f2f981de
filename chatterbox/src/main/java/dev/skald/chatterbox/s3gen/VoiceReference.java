package dev.skald.chatterbox.s3gen;

/**
 * The voice S3Gen speaks in: what the official code calls {@code ref_dict}.
 *
 * @param tokens speech tokens of the clip, two mel frames each
 * @param mel (frames, bands), row-major: the clip's log mel spectrogram
 * @param frames mel frames
 * @param xvector the clip's x-vector, not normalised
 */
public record VoiceReference(int[] tokens, float[] mel, int frames, float[] xvector) {
    public VoiceReference {
        if (frames < 0 || (frames == 0 ? mel.length != 0 : mel.length % frames != 0)) {
            throw new IllegalArgumentException(
                    mel.length + " mel values are not " + frames + " frames");
        }
    }

    /** Mel bands. */
    public int bands() {
        return frames == 0 ? 0 : mel.length / frames;
    }
}
