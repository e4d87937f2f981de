package dev.skald.bench.kernels;

import dev.skald.Precision;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Parameters.Conv1d;
import dev.skald.tensor.Parameters.ConvTranspose1d;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Matrix products and convolutions against the peak of fused multiply-adds. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ProductBenchmark {
    /**
     * {@code gemm rows in out}, {@code conv rows in out kernel dilation}, {@code up rows in out
     * kernel stride}, {@code attention rows heads dim}.
     */
    @Param({
        "gemm 256 512 512",
        "gemm 1000 512 2048",
        "gemm 239 192 384",
        "conv 239 192 384 5 1",
        "conv 1912 128 128 3 1",
        "conv 1912 128 128 7 12",
        "conv 15296 64 64 3 2",
        "conv 15296 64 64 7 3",
        "conv 61184 32 32 3 1",
        "conv 61184 32 32 7 12",
        "up 239 256 128 16 8",
        "up 15296 64 32 8 4",
        "attention 1000 8 64",
        "attention 150 2 96"
    })
    public String work = "";

    private Runnable op = () -> {};
    private double operations;

    /** Makes the weights and the tensors. */
    @Setup
    public void prepare(Floor f) {
        String[] words = work.split(" ");
        int[] n = Arrays.stream(words).skip(1).mapToInt(Integer::parseInt).toArray();
        Tensor x = f.noise(1, n[0], n[1] * (words[0].equals("attention") ? n[2] : 1));
        switch (words[0]) {
            case "gemm" -> {
                Linear l =
                        f.parameters(Precision.FP32)
                                .linear(Floor.weight(n[2], n[1]), null, Role.WORKING);
                Tensor y = f.ops().tensor(1, n[0], n[2]);
                op = () -> f.ops().linear(x, l, Epilogue.NONE, y);
                operations = 2.0 * n[0] * n[1] * n[2];
            }
            case "conv" -> {
                Conv1d c =
                        f.parameters(Precision.FP32)
                                .conv1d(
                                        Floor.weight(n[2], n[1], n[3]),
                                        Floor.weight(n[2]),
                                        1,
                                        n[4],
                                        1,
                                        Role.WORKING);
                Tensor y = f.ops().tensor(1, n[0], n[2]);
                int pad = n[4] * (n[3] - 1) / 2;
                Activation leaky = Activation.leakyRelu(0.1f);
                @Nullable Tensor residual = n[1] == n[2] ? x : null;
                Epilogue end = new Epilogue(Activation.NONE, 1, residual);
                op = () -> f.ops().conv1d(x, c, pad, pad, leaky, end, y);
                operations = 2.0 * n[0] * n[1] * n[2] * n[3];
            }
            case "up" -> {
                ConvTranspose1d c =
                        f.parameters(Precision.FP32)
                                .convTranspose1d(
                                        Floor.weight(n[1], n[2], n[3]),
                                        Floor.weight(n[2]),
                                        n[4],
                                        (n[3] - n[4]) / 2,
                                        Role.WORKING);
                Activation leaky = Activation.leakyRelu(0.1f);
                op =
                        () -> {
                            try (var scope = f.ops().scope()) {
                                f.ops().convTranspose1d(x, c, leaky);
                            }
                        };
                operations = 2.0 * n[0] * n[1] * n[2] * n[3];
            }
            default -> {
                Tensor y = f.ops().tensor(1, n[0], n[1] * n[2]);
                op = () -> f.ops().attention(x, x, x, n[1], 0.1f, false, y);
                operations = 4.0 * n[0] * n[0] * n[1] * n[2];
            }
        }
    }

    double operations() {
        return operations;
    }

    void run() {
        op.run();
    }

    @Benchmark
    public void product(Floor floor, Floor.Rate rate) {
        run();
        rate.operations(operations, floor);
    }
}
