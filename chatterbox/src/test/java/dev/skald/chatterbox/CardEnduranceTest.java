package dev.skald.chatterbox;

import dev.skald.testkit.Card;

/** The same on a GPU. */
@Card
class CardEnduranceTest extends EnduranceTest {}
