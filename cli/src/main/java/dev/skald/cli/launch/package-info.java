/** What the launcher scripts and the process tell each other, and the jars they prepare. */
@NullMarked
package dev.skald.cli.launch;

import org.jspecify.annotations.NullMarked;
