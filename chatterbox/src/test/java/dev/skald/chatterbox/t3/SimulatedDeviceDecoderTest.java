package dev.skald.chatterbox.t3;

import dev.skald.testkit.Card;

/** The same on the simulated driver. */
@Card.Simulated(slow = true)
class SimulatedDeviceDecoderTest extends DeviceDecoderTest {}
