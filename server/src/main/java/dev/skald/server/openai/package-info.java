/** OpenAI's speech contract: requests, names of models and voices, audio and event streams. */
@NullMarked
package dev.skald.server.openai;

import org.jspecify.annotations.NullMarked;
