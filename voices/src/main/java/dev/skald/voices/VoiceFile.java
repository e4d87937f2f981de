package dev.skald.voices;

/**
 * A file of an installed voice.
 *
 * @param name its name in the voice's folder
 * @param bytes its size
 * @param sha256 its digest when it was installed, 64 hexadecimal digits
 */
public record VoiceFile(String name, long bytes, String sha256) {}
