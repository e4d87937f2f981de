/** The studio in Chromium. */
@NullMarked
package dev.skald.it.browser;

import org.jspecify.annotations.NullMarked;
