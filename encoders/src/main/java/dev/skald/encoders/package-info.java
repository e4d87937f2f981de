/**
 * MP3, Opus and FLAC encoders, found by {@link java.util.ServiceLoader}: the work of three
 * libraries in plain Java behind {@link dev.skald.spi.AudioEncoder}. AAC is made by {@code ffmpeg},
 * where that is installed.
 */
@NullMarked
package dev.skald.encoders;

import org.jspecify.annotations.NullMarked;
