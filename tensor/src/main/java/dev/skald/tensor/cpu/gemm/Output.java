package dev.skald.tensor.cpu.gemm;

import dev.skald.tensor.Epilogue;
import dev.skald.tensor.cpu.memory.CpuTensor;
import org.jspecify.annotations.Nullable;

/**
 * Where a product goes: {@code out = residual + scale * activation(product + bias)}.
 *
 * @param bias a value a column, from index {@code biasAt} on; none when null
 */
public record Output(float @Nullable [] bias, int biasAt, Epilogue epilogue, CpuTensor out) {
    public Output(float @Nullable [] bias, Epilogue epilogue, CpuTensor out) {
        this(bias, 0, epilogue, out);
    }

    @Nullable CpuTensor residual() {
        return (CpuTensor) epilogue.residual();
    }
}
