package dev.skald.bench;

import dev.skald.Precision;
import dev.skald.chatterbox.s3gen.S3Gen;
import dev.skald.chatterbox.t3.T3;
import dev.skald.cuda.driver.Context;
import dev.skald.cuda.driver.Uploads;
import dev.skald.tensor.Devices;
import dev.skald.tensor.Ops;
import dev.skald.tensor.Parameters;
import dev.skald.tensor.Weight;
import dev.skald.tensor.Weights;
import dev.skald.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * How long weights take from their files to a device: {@code ROUNDS PRECISION FILE...}, files of T3
 * ({@code t3...}) or S3Gen, device by {@code -Ddevice=cuda:0}. One JSON line a round: bytes of the
 * tensors loaded, seconds until the first op may run, gigabytes a second, peak memory; on a GPU
 * also what the card copies from page-locked memory, and the share of it.
 */
public final class LoadBench {
    private LoadBench() {}

    public static void main(String[] args) throws IOException {
        String name = System.getProperty("device", "cpu");
        Precision precision = Precision.of(args[1]);
        double rate = 0;
        if (name.startsWith("cuda")) {
            int colon = name.indexOf(':');
            int index = colon < 0 ? 0 : Integer.parseInt(name.substring(colon + 1));
            try (Context context = Context.open(index, 0)) {
                rate = Uploads.copyRate(context);
            }
        }
        for (int round = 0; round < Integer.parseInt(args[0]); round++) {
            long bytes = 0;
            double seconds = 0;
            try (Devices.Lease device = Devices.open(name, 0);
                    Ops ops = device.backend().open();
                    Parameters parameters = device.backend().parameters(precision)) {
                for (int i = 2; i < args.length; i++) {
                    Path path = Path.of(args[i]);
                    try (Safetensors file = Safetensors.open(path)) {
                        Counted counted = new Counted(file);
                        double begin = S3GenBench.clock();
                        load(path, counted, parameters, ops, rate > 0);
                        seconds += S3GenBench.clock() - begin;
                        bytes += counted.bytes();
                    }
                }
            }
            System.out.printf(
                    Locale.ROOT,
                    "{\"program\": \"skald\", \"device\": \"%s\", \"precision\": \"%s\","
                            + " \"round\": %d, \"bytes\": %d, \"load_s\": %.3f, \"gb_s\": %.2f,"
                            + " \"pinned_copy_gb_s\": %.2f, \"share\": %.2f, \"peak_mb\": %d}%n",
                    name,
                    precision,
                    round,
                    bytes,
                    seconds,
                    bytes / seconds * 1e-9,
                    rate * 1e-9,
                    rate > 0 ? bytes / seconds / rate : Double.NaN,
                    peak());
        }
    }

    private static void load(
            Path file, Weights weights, Parameters parameters, Ops ops, boolean decoder) {
        if (!String.valueOf(file.getFileName()).startsWith("t3")) {
            S3Gen.load(weights, parameters, S3Gen.HEAD_DIM);
            return;
        }
        T3 model = T3.load(parameters, weights);
        if (decoder) {
            model.decoder(ops, 1).close(); // packs the weights that it streams
        }
    }

    /** Megabytes of memory that the process held at once; 0 where Linux does not tell. */
    private static long peak() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) >> 10;
            }
        }
        return 0;
    }

    private record Counted(Weights file, Map<String, Long> sizes) implements Weights {
        Counted(Weights file) {
            this(file, new HashMap<>());
        }

        long bytes() {
            return sizes.values().stream().mapToLong(n -> n).sum();
        }

        @Override
        public Set<String> names() {
            return file.names();
        }

        @Override
        public boolean has(String name) {
            return file.has(name);
        }

        @Override
        public Weight get(String name) {
            Weight weight = file.get(name);
            sizes.put(name, weight.size() * weight.dtype().bytes());
            return weight;
        }
    }
}
