package dev.skald.bench.kernels;

import dev.skald.Precision;
import dev.skald.tensor.Activation;
import dev.skald.tensor.Epilogue;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Parameters.Linear;
import dev.skald.tensor.Role;
import dev.skald.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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

/** What moves bytes rather than computes, against the bandwidth of memory. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 3, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class MemoryBenchmark {
    /** The (out, in) of a GPT-2 small layer, four to a layer, as Chatterbox Nano has twelve of. */
    private static final int[][] LAYER = {{2304, 768}, {768, 768}, {3072, 768}, {768, 3072}};

    /** {@code decode precision batch}, or an op on 16 MB. */
    @Param({
        "decode FP32 1",
        "decode BF16 1",
        "decode INT8 1",
        "decode FP32 2",
        "decode INT8 2",
        "tanh",
        "gelu",
        "snake",
        "leaky",
        "layerNorm"
    })
    public String work = "";

    private Runnable op = () -> {};
    private double bytes;

    /** Makes the weights and the tensors. */
    @Setup
    public void prepare(Floor f) {
        String[] words = work.split(" ");
        if (words[0].equals("decode")) {
            decode(f, Precision.valueOf(words[1]), Integer.parseInt(words[2]));
            return;
        }
        Tensor x = f.noise(1, 8192, 512);
        Tensor y = f.ops().tensor(1, 8192, 512);
        Tensor gain = f.noise(1, 1, 512);
        bytes = 2.0 * 4 * 8192 * 512;
        op =
                switch (words[0]) {
                    case "tanh" -> () -> f.ops().activate(x, Activation.TANH, y);
                    case "gelu" -> () -> f.ops().activate(x, Activation.GELU, y);
                    case "snake" -> () -> f.ops().activate(x, Activation.snake(gain), y);
                    case "leaky" -> () -> f.ops().activate(x, Activation.leakyRelu(0.1f), y);
                    default -> () -> f.ops().layerNorm(x, gain, gain, 1e-5f, Activation.NONE, y);
                };
    }

    private void decode(Floor f, Precision precision, int batch) {
        Parameters parameters = f.parameters(precision);
        List<Linear> layers = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            for (int[] shape : LAYER) {
                layers.add(parameters.linear(Floor.weight(shape), null, Role.STREAMED));
                int size =
                        switch (precision) {
                            case FP32 -> 4;
                            case AUTO, BF16 -> 2;
                            case INT8 -> 1;
                        };
                bytes += (double) size * shape[0] * shape[1];
            }
        }
        Tensor x = f.noise(batch, 1, 3072);
        Tensor y = f.ops().tensor(batch, 1, 3072);
        op =
                () -> {
                    for (Linear l : layers) {
                        f.ops().linear(x.cols(0, l.in()), l, Epilogue.NONE, y.cols(0, l.out()));
                    }
                };
    }

    @Benchmark
    public void run(Floor floor, Floor.Rate rate) {
        op.run();
        rate.bytes(bytes, floor);
    }
}
