package dev.skald.piper.vits;

import dev.skald.testkit.Card;

/** Piper on a GPU. */
@Card
class CardRecordedSentenceTest extends RecordedSentenceTest {}
