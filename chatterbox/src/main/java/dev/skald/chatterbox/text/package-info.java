/**
 * Text as the models were trained to read it: punctuation, tokenizers, what each language needs.
 *
 * <p>Source: resemble-ai/chatterbox, {@code tts.py}, {@code mtl_tts.py}, {@code tts_turbo.py},
 * {@code models/tokenizers/tokenizer.py}; huggingface/tokenizers for the file formats.
 */
@NullMarked
package dev.skald.chatterbox.text;

import org.jspecify.annotations.NullMarked;
