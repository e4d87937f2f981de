/** {@code skald doctor}: looks at the machine, the engines and the voices. */
@NullMarked
package dev.skald.cli.doctor;

import org.jspecify.annotations.NullMarked;
