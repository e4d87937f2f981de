package dev.skald.piper.vits;

import dev.skald.testkit.Card;

/** Piper's batches on a GPU. */
@Card
class CardVitsBatchTest extends VitsBatchTest {}
