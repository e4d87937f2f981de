package dev.skald.bench.kernels;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Locale;
import org.openjdk.jmh.annotations.Param;

/**
 * {@link ProductBenchmark}'s work as a Markdown table, on one thread and in processor time: what
 * else the machine is doing then matters little. The least of many runs counts.
 */
public final class KernelTable {
    private static final int WARM_UP = 60;
    private static final int RUNS = 60;

    private KernelTable() {}

    /** Prints the table. */
    public static void main(String[] args) throws ReflectiveOperationException {
        ThreadMXBean clock = ManagementFactory.getThreadMXBean();
        Floor floor = new Floor();
        floor.threads = 1;
        floor.open();
        System.out.println("| work | ms | GFLOP/s | of the floor |");
        System.out.println("|---|---|---|---|");
        Param works = ProductBenchmark.class.getField("work").getAnnotation(Param.class);
        for (String work : works.value()) {
            ProductBenchmark benchmark = new ProductBenchmark();
            benchmark.work = work;
            benchmark.prepare(floor);
            for (int i = 0; i < WARM_UP; i++) {
                benchmark.run();
            }
            long best = Long.MAX_VALUE;
            for (int i = 0; i < RUNS; i++) {
                long start = clock.getCurrentThreadCpuTime();
                benchmark.run();
                best = Math.min(best, clock.getCurrentThreadCpuTime() - start);
            }
            double gflops = benchmark.operations() / best;
            System.out.println(
                    String.format(
                            Locale.ROOT,
                            "| %s | %.3f | %.0f | %.0f %% |",
                            work,
                            best * 1e-6,
                            gflops,
                            100 * gflops / floor.gflops()));
        }
        floor.close();
    }
}
