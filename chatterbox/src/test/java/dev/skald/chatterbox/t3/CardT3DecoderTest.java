package dev.skald.chatterbox.t3;

import dev.skald.testkit.Card;

/** The same on a GPU. */
@Card
class CardT3DecoderTest extends T3DecoderTest {}
