/** Brings a voice of the catalogue into the library: from the hub, a package index or a folder. */
@NullMarked
package dev.skald.voices.install;

import org.jspecify.annotations.NullMarked;
