/** The Wyoming protocol of Home Assistant's voice services, over TCP. */
@NullMarked
package dev.skald.server.wyoming;

import org.jspecify.annotations.NullMarked;
