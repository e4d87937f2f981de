/** Who may speak now: the queue that every protocol shares. */
@NullMarked
package dev.skald.server.admission;

import org.jspecify.annotations.NullMarked;
