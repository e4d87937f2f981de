package dev.skald;

/**
 * Which engine speaks a request, and why.
 *
 * @param mode the mode that speaks: {@link Mode#FAST} or {@link Mode#CINEMATIC}
 * @param engine the engine's name: {@code piper}, {@code chatterbox}
 * @param reason one clause: {@code "asked for"}, {@code "no cinematic model is installed"}
 * @param fallback whether another mode was asked for and could not be had
 */
public record EngineChoice(Mode mode, String engine, String reason, boolean fallback) {}
