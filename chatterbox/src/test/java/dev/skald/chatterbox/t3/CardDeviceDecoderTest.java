package dev.skald.chatterbox.t3;

import dev.skald.testkit.Card;

/** The same on a GPU. */
@Card
class CardDeviceDecoderTest extends DeviceDecoderTest {}
