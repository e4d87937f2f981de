package dev.skald.tensor;

import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.Linear;

/**
 * A residual block of two causal convolutions: see {@link Ops#residualBlock}.
 *
 * @param conv1 (Cin → C)
 * @param conv2 (C → C)
 * @param activation after both norms
 * @param map (Cin → C), around both convolutions
 */
public record ResidualBlock(
        Conv1d conv1,
        TransformerLayer.Norm norm1,
        Conv1d conv2,
        TransformerLayer.Norm norm2,
        Activation activation,
        Linear map) {}
