package dev.skald.cuda;

import dev.skald.testkit.Card;

/** The contract of all ops on a GPU. */
@Card
class CardOpsTest extends CudaOpsContract {}
