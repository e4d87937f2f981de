/**
 * T3, "token to token": text tokens in, 25 speech tokens a second out. A decoder-only transformer
 * in two kinds, Llama (Original, Multilingual) and GPT-2 (Turbo, Nano), after a prefix that says
 * who speaks and how.
 *
 * <p>Legend of shapes: B rows (1, or 2 with classifier-free guidance: conditional, unconditional),
 * T positions, C width, H heads, V speech vocabulary.
 *
 * <p>Source: resemble-ai/chatterbox, {@code models/t3}.
 */
@NullMarked
package dev.skald.chatterbox.t3;

import org.jspecify.annotations.NullMarked;
