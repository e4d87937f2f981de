/** What can be installed: Piper's published list and the models that Skald knows. */
@NullMarked
package dev.skald.voices.catalogue;

import org.jspecify.annotations.NullMarked;
