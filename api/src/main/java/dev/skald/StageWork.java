package dev.skald;

/**
 * What one stage of an engine did for a speech.
 *
 * @param stage its name, such as {@code decode}
 * @param seconds of time that passed in it
 * @param work how much it did
 * @param unit what is counted: {@code tokens}, {@code s of audio}
 */
public record StageWork(String stage, double seconds, double work, String unit) {}
