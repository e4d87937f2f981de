/** ElevenLabs' text to speech: whole, streamed, with times, and over WebSockets. */
@NullMarked
package dev.skald.server.elevenlabs;

import org.jspecify.annotations.NullMarked;
