/** Speaking for every protocol: names of voices, models and formats, the request, its numbers. */
@NullMarked
package dev.skald.server.speech;

import org.jspecify.annotations.NullMarked;
