/** What browsers and clients of other makers need, found or the reason why a test is skipped. */
@NullMarked
package dev.skald.it;

import org.jspecify.annotations.NullMarked;
