package dev.skald.encoders;

import java.io.IOException;
import java.io.OutputStream;

/** Writes the frames of a mono stream of 16 bits, one at a time (RFC 9639, section 9). */
final class FlacFrame {
    private static final int MOST_ORDER = 4;
    private static final int MOST_PARTITIONS = 4; // as a power of two
    private static final int MOST_RICE = 14;
    private static final int VERBATIM = 1;
    private static final int FIXED = 8;

    private final int sampleRate;
    private final BitWriter bits = new BitWriter();
    private int[] residual = new int[0];
    private int[] candidate = new int[0];

    FlacFrame(int sampleRate) {
        this.sampleRate = sampleRate;
    }

    /** How residuals are divided among partitions, and what that takes. */
    private record Plan(int partitions, int[] rice, long bits) {}

    void write(int[] samples, int n, long number, OutputStream out) throws IOException {
        bits.clear();
        header(n, number);
        subframe(samples, n);
        bits.align();
        bits.put(bits.crc16(), 16);
        bits.writeTo(out);
    }

    private void header(int n, long number) {
        int rate = rateCode();
        bits.put(0b11111111111110, 14); // the sign of a frame
        bits.put(0, 2); // blocks of one size
        bits.put(7, 4); // the size follows in 16 bits
        bits.put(rate, 4);
        bits.put(0, 4); // one channel
        bits.put(4, 3); // 16 bits a sample
        bits.put(0, 1);
        utf8(number);
        bits.put(n - 1, 16);
        if (rate == 13) {
            bits.put(sampleRate, 16);
        }
        bits.put(bits.crc8(), 8);
    }

    private int rateCode() {
        return switch (sampleRate) {
            case 8_000 -> 4;
            case 16_000 -> 5;
            case 22_050 -> 6;
            case 24_000 -> 7;
            case 32_000 -> 8;
            case 44_100 -> 9;
            case 48_000 -> 10;
            default -> sampleRate < 1 << 16 ? 13 : 0; // as such, or as STREAMINFO has it
        };
    }

    /** A number of up to 36 bits the way UTF-8 would write it. */
    private void utf8(long number) {
        if (number < 0x80) {
            bits.put((int) number, 8);
            return;
        }
        int tail = 1; // bytes after the first
        while (tail < 6 && number >= 1L << 6 * tail + 6 - tail) {
            tail++;
        }
        int first = 0xff << 7 - tail & 0xff | (int) (number >> 6 * tail);
        bits.put(first, 8);
        for (int i = tail - 1; i >= 0; i--) {
            bits.put(0x80 | (int) (number >> 6 * i) & 0x3f, 8);
        }
    }

    private void subframe(int[] samples, int n) {
        if (constant(samples, n)) {
            bits.put(0, 8);
            bits.put(samples[0], 16);
            return;
        }
        if (residual.length < n) {
            residual = new int[n];
            candidate = new int[n];
        }
        Plan best = null;
        int bestOrder = 0;
        for (int order = 0; order <= Math.min(MOST_ORDER, n - 1); order++) {
            predict(samples, n, order, candidate);
            Plan plan = plan(candidate, n, order);
            if (best == null || plan.bits < best.bits) {
                best = plan;
                bestOrder = order;
                int[] swap = residual;
                residual = candidate;
                candidate = swap;
            }
        }
        if (best == null || best.bits >= 16L * n) {
            bits.put(VERBATIM << 1, 8);
            for (int i = 0; i < n; i++) {
                bits.put(samples[i], 16);
            }
            return;
        }
        bits.put((FIXED | bestOrder) << 1, 8);
        for (int i = 0; i < bestOrder; i++) {
            bits.put(samples[i], 16);
        }
        residuals(best, n, bestOrder);
    }

    private static boolean constant(int[] samples, int n) {
        for (int i = 1; i < n; i++) {
            if (samples[i] != samples[0]) {
                return false;
            }
        }
        return true;
    }

    /** What the polynomial of that order through the samples before does not foretell. */
    private static void predict(int[] s, int n, int order, int[] into) {
        for (int i = order; i < n; i++) {
            into[i] =
                    switch (order) {
                        case 0 -> s[i];
                        case 1 -> s[i] - s[i - 1];
                        case 2 -> s[i] - 2 * s[i - 1] + s[i - 2];
                        case 3 -> s[i] - 3 * s[i - 1] + 3 * s[i - 2] - s[i - 3];
                        default -> s[i] - 4 * s[i - 1] + 6 * s[i - 2] - 4 * s[i - 3] + s[i - 4];
                    };
        }
    }

    private static Plan plan(int[] residual, int n, int order) {
        Plan best = null;
        for (int p = 0; p <= MOST_PARTITIONS && n % (1 << p) == 0 && n >> p > order; p++) {
            int[] rice = new int[1 << p];
            long total = 16L * order + 6;
            for (int part = 0; part < rice.length; part++) {
                int from = part == 0 ? order : part * (n >> p);
                int to = (part + 1) * (n >> p);
                long shortest = Long.MAX_VALUE;
                for (int k = 0; k <= MOST_RICE; k++) {
                    long length = 4 + (long) (k + 1) * (to - from);
                    for (int i = from; i < to; i++) {
                        length += folded(residual[i]) >>> k;
                    }
                    if (length < shortest) {
                        shortest = length;
                        rice[part] = k;
                    } else {
                        break; // the length has one minimum
                    }
                }
                total += shortest;
            }
            if (best == null || total < best.bits) {
                best = new Plan(p, rice, total);
            }
        }
        if (best == null) {
            throw new IllegalStateException("a block shorter than its predictor");
        }
        return best;
    }

    private void residuals(Plan plan, int n, int order) {
        bits.put(0, 2); // Rice parameters of four bits
        bits.put(plan.partitions, 4);
        for (int part = 0; part < plan.rice.length; part++) {
            int k = plan.rice[part];
            bits.put(k, 4);
            int from = part == 0 ? order : part * (n >> plan.partitions);
            int to = (part + 1) * (n >> plan.partitions);
            for (int i = from; i < to; i++) {
                int value = folded(residual[i]);
                bits.unary(value >>> k);
                bits.put(value, k);
            }
        }
    }

    /** 0, -1, 1, -2, 2 ... as 0, 1, 2, 3, 4 ... */
    private static int folded(int value) {
        return value << 1 ^ value >> 31;
    }
}
