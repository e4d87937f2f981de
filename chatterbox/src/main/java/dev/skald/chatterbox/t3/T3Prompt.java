package dev.skald.chatterbox.t3;

/**
 * Who speaks, and how.
 *
 * @param speaker the voice encoder's embedding
 * @param speechTokens tokens of the reference clip's beginning; empty for none
 * @param emotion the exaggeration; ignored by models without it
 */
public record T3Prompt(float[] speaker, int[] speechTokens, float emotion) {}
