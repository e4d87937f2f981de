/** Clients of other makers, as they are, against a server that runs. */
@NullMarked
package dev.skald.it.clients;

import org.jspecify.annotations.NullMarked;
