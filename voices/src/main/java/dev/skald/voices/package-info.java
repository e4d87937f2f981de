/**
 * The voices and models a person has: which there are, how they come here, and where they lie.
 *
 * <p>{@link dev.skald.voices.VoiceLibrary} keeps what is installed, one folder each below {@code
 * <home>/voices}; {@link dev.skald.voices.catalogue.Catalogue} knows what could be; {@link
 * dev.skald.voices.install.VoiceInstaller} brings one to the other. Whatever is visible in the
 * library is complete and its digests were checked.
 */
@NullMarked
package dev.skald.voices;

import org.jspecify.annotations.NullMarked;
