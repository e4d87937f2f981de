/**
 * What an engine or an encoder implements to be found by {@link dev.skald.Skald}.
 *
 * <p>Providers are found by {@link java.util.ServiceLoader}. A provider is cheap to make and to
 * ask; only {@link dev.skald.spi.SpeechEngineProvider#open} loads anything.
 */
@NullMarked
package dev.skald.spi;

import org.jspecify.annotations.NullMarked;
