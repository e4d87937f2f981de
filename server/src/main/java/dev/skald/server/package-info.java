/**
 * Speech over HTTP: OpenAI's {@code /v1/audio/speech} and what belongs to it. {@link
 * dev.skald.server.SpeechServer} is the way in. It knows the API of Skald and no engine.
 */
@NullMarked
package dev.skald.server;

import org.jspecify.annotations.NullMarked;
