/** What every language needs: Unicode cleaned up; and the interface of a language of its own. */
@NullMarked
package dev.skald.text.normalize;

import org.jspecify.annotations.NullMarked;
