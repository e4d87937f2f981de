package dev.skald.chatterbox;

import dev.skald.testkit.Card;

/** The same on the simulated driver. */
@Card.Simulated(slow = true)
class SimulatedEnduranceTest extends EnduranceTest {}
