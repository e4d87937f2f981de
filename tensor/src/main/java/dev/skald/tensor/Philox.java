package dev.skald.tensor;

/**
 * The counter-based generator Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy
 * as 1, 2, 3"). A value is a pure function of (seed, stream, index): the same on every machine,
 * thread count and backend.
 *
 * <p>Normal draws: block {@code index / 4} has the counter (low word, high word, stream, 0) and the
 * key (low, high word of the seed). Of its words w0..w3, each pair (w0, w1) and (w2, w3) becomes
 * two values by Box and Muller: {@code r = sqrt(-2 ln((w0 + 0.5) / 2^32))}, {@code a = 2 pi w1 /
 * 2^32}, then {@code r cos a, r sin a}, in double with {@link StrictMath} and rounded to float.
 */
public final class Philox {
    private static final int M0 = 0xD2511F53;
    private static final int M1 = 0xCD9E8D57;
    private static final int W0 = 0x9E3779B9;
    private static final int W1 = 0xBB67AE85;
    private static final double UNIT = 0x1p-32;

    /** Of the sine in each quarter of a turn; of the cosine one quarter on. */
    private static final double[] SIGNS = {1, 1, -1, -1};

    private Philox() {}

    /** One block: replaces the counter in {@code words[0..3]} by four random words. */
    public static void block(int[] words, long seed) {
        int c0 = words[0];
        int c1 = words[1];
        int c2 = words[2];
        int c3 = words[3];
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < 10; round++) {
            long p0 = Integer.toUnsignedLong(M0) * Integer.toUnsignedLong(c0);
            long p1 = Integer.toUnsignedLong(M1) * Integer.toUnsignedLong(c2);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c1 = (int) p1;
            c3 = (int) p0;
            k0 += W0;
            k1 += W1;
        }
        words[0] = c0;
        words[1] = c1;
        words[2] = c2;
        words[3] = c3;
    }

    /**
     * Uniform value {@code index} of a stream, in [0, 1): the top 24 bits of word {@code index % 4}
     * of block {@code index / 4}.
     */
    public static float uniform(long seed, int stream, long index) {
        int[] words = {(int) (index >>> 2), (int) (index >>> 34), stream, 0};
        block(words, seed);
        return (words[(int) (index & 3)] >>> 8) * 0x1p-24f;
    }

    /**
     * Normal values {@code first ... first + count - 1} of a stream, into {@code to[offset...]}.
     */
    public static void normal(
            long seed, int stream, long first, float[] to, int offset, int count) {
        if (first < 0) {
            throw new IllegalArgumentException("noise begins at a negative index: " + first);
        }
        int[] w = new int[4];
        long end = first + count;
        for (long block = first >>> 2; block << 2 < end; block++) {
            w[0] = (int) block;
            w[1] = (int) (block >>> 32);
            w[2] = stream;
            w[3] = 0;
            block(w, seed);
            for (int pair = 0; pair < 2; pair++) {
                long i = (block << 2) + 2 * pair;
                if (i + 1 < first || i >= end) {
                    continue;
                }
                double u = (Integer.toUnsignedLong(w[2 * pair]) + 0.5) * UNIT;
                double r = Math.sqrt(-2 * StrictMath.log(u));
                int turn = w[2 * pair + 1];
                int quarter = (turn + 0x20000000) >>> 30;
                double a = 2 * Math.PI * ((turn - (quarter << 30)) * UNIT);
                double c = cosine(a * a);
                double s = a * sine(a * a);
                int at = offset + (int) (i - first);
                if (i >= first) {
                    to[at] = (float) (r * ((quarter & 1) == 0 ? c : s) * SIGNS[quarter + 1 & 3]);
                }
                if (i + 1 < end) {
                    to[at + 1] = (float) (r * ((quarter & 1) == 0 ? s : c) * SIGNS[quarter]);
                }
            }
        }
    }

    /** cos a of z = a^2. */
    private static double cosine(double z) {
        double p = 1.0 / 20922789888000.0;
        p = p * z - 1.0 / 87178291200.0;
        p = p * z + 1.0 / 479001600.0;
        p = p * z - 1.0 / 3628800.0;
        p = p * z + 1.0 / 40320.0;
        p = p * z - 1.0 / 720.0;
        p = p * z + 1.0 / 24.0;
        p = p * z - 0.5;
        return p * z + 1;
    }

    /** sin a / a of z = a^2. */
    private static double sine(double z) {
        double p = -1.0 / 1307674368000.0;
        p = p * z + 1.0 / 6227020800.0;
        p = p * z - 1.0 / 39916800.0;
        p = p * z + 1.0 / 362880.0;
        p = p * z - 1.0 / 5040.0;
        p = p * z + 1.0 / 120.0;
        p = p * z - 1.0 / 6.0;
        return p * z + 1;
    }
}
