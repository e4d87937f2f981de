package dev.skald.piper.vits;

import dev.skald.testkit.Card;

/** Piper's batches on the simulated one. */
@Card.Simulated(slow = true)
class SimulatedVitsBatchTest extends VitsBatchTest {}
