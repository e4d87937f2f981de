package dev.skald.chatterbox.s3gen;

import dev.skald.testkit.Card;

/** S3Gen on a GPU. */
@Card
class CardRunningFlowsTest extends RunningFlowsTest {}
