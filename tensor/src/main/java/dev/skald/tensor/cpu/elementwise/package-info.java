/**
 * Functions of each value. A function is one file: its formula in double precision, which a JVM
 * without vectors computes; its vector form; and the scalar form with the same bits as the vector
 * form, for the rest of a row and for the time until the vector loop is compiled.
 *
 * <p>To add one: an {@link dev.skald.tensor.Activation.Kind}, a subclass of {@code UnaryFunction},
 * and its line in {@code UnaryFunction.of}.
 */
@NullMarked
package dev.skald.tensor.cpu.elementwise;

import org.jspecify.annotations.NullMarked;
