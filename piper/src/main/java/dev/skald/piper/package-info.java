/**
 * Piper voices: {@code .onnx} with its {@code .onnx.json}, mode {@code fast}.
 *
 * <p>A request goes this way: {@link dev.skald.piper.PiperText} reads it sentence by sentence into
 * phonemes and ids, as the voice was trained on; a {@link dev.skald.piper.PiperNetwork} turns ids
 * into audio, several sentences at once; {@link dev.skald.engine.OutputGain} scales it. The
 * behaviour follows piper1-gpl (<a
 * href="https://github.com/OHF-Voice/piper1-gpl">OHF-Voice/piper1-gpl</a>), whose ids and audio the
 * tests compare with.
 */
@NullMarked
package dev.skald.piper;

import org.jspecify.annotations.NullMarked;
