/** {@code skald voices}: lists, installs, adds and removes. */
@NullMarked
package dev.skald.cli.voices;

import org.jspecify.annotations.NullMarked;
