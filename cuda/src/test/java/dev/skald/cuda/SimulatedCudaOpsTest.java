package dev.skald.cuda;

import dev.skald.testkit.Card;

/** The contract of all ops over the kernels, run by a simulated driver. */
@Card.Simulated
class SimulatedCudaOpsTest extends CudaOpsContract {}
