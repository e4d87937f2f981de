package dev.skald;

/**
 * Settings that one family of models knows, such as {@link PiperOptions}; any other family leaves
 * them alone. A family brings its own class of options, immutable and with a builder, and reads it
 * by {@link SpeechRequest#options(Class)}.
 */
public interface EngineOptions {}
