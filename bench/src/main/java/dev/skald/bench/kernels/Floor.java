package dev.skald.bench.kernels;

import dev.skald.Precision;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Tensor;
import dev.skald.tensor.Weight;
import dev.skald.tensor.cpu.MachineFloor;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The backend under measurement and what the machine can do at most. */
@State(Scope.Benchmark)
public class Floor {
    /** Threads on one op; 0 for one a physical core. */
    @Param({"1", "0"})
    public int threads;

    private Devices.Lease device = Devices.open("cpu", 1);
    private Ops ops = device.backend().open();
    private MachineFloor floor = new MachineFloor(1, 1, 1, 1);

    /** Part of the floor reached, a second: 1 is all of it. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Rate {
        public double gflops;
        public double gigabytes;
        public double ofFloor;

        void operations(double count, Floor floor) {
            gflops += count * 1e-9;
            ofFloor += count * 1e-9 / floor.floor.gflops();
        }

        void bytes(double count, Floor floor) {
            gigabytes += count * 1e-9;
            ofFloor += count * 1e-9 / floor.floor.gigabytes();
        }
    }

    @Setup(Level.Trial)
    public void open() {
        close();
        floor = MachineFloor.measure(threads);
        device = Devices.open("cpu", threads);
        ops = device.backend().open();
        System.out.println("# " + floor);
    }

    @TearDown(Level.Trial)
    public void close() {
        ops.close();
        device.close();
    }

    double gflops() {
        return floor.gflops();
    }

    Parameters parameters(Precision precision) {
        return device.backend().parameters(precision);
    }

    Ops ops() {
        return ops;
    }

    Tensor noise(int batch, int rows, int cols) {
        Tensor x = ops.tensor(batch, rows, cols);
        ops.noise(1, 1, 0, x);
        return x;
    }

    static Weight weight(int... shape) {
        int n = 1;
        for (int d : shape) {
            n *= d;
        }
        SplittableRandom random = new SplittableRandom(n);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (random.nextDouble() - 0.5);
        }
        return Weight.of("w", values, shape);
    }
}
