/** Where text that was made of other text stands in that one. */
@NullMarked
package dev.skald.text.origins;

import org.jspecify.annotations.NullMarked;
