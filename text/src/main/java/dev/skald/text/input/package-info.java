/**
 * Text as it comes in: bytes decoded, characters taken as they arrive, mark-up read for what it
 * means.
 */
@NullMarked
package dev.skald.text.input;

import org.jspecify.annotations.NullMarked;
