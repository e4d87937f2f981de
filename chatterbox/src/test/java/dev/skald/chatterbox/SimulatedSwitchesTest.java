package dev.skald.chatterbox;

import dev.skald.testkit.Card;

/** The switches over the kernels, run by a simulated driver. */
@Card.Simulated(slow = true)
class SimulatedSwitchesTest extends SwitchesContract {}
