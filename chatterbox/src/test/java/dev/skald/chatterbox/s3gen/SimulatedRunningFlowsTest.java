package dev.skald.chatterbox.s3gen;

import dev.skald.testkit.Card;

/** S3Gen on the simulated one. */
@Card.Simulated(slow = true)
class SimulatedRunningFlowsTest extends RunningFlowsTest {}
