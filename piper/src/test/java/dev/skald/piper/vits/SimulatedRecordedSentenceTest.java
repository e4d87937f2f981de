package dev.skald.piper.vits;

import dev.skald.testkit.Card;

/** Piper on the simulated one. */
@Card.Simulated(slow = true)
class SimulatedRecordedSentenceTest extends RecordedSentenceTest {}
