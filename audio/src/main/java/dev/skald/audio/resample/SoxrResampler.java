package dev.skald.audio.resample;

import java.util.ArrayList;
import java.util.List;

/**
 * The constant-rate resampler of libsoxr 0.1.3, quality {@code SOXR_HQ} (20 bits, linear phase), as
 * the chain of linear filters it is: halvings, a first L/M filter, a polyphase filter for the rest
 * of the ratio, a last L/M filter, of which most ratios need one or two. The filters are those that
 * libsoxr designs, applied directly in double precision, so that the result differs from the
 * library's by its single-precision rounding (about 1e-7 of full scale). Only where it would halve
 * (ratios of 4 and more) the halving filter is one of our own of the same attenuation, which shows
 * in the first 4 ms of the signal (below 1e-3) and nowhere else.
 *
 * <p>Each stage starts at time 0, what would lie before is 0, and each lets its tail ring out.
 */
final class SoxrResampler implements Resampler {
    private static final double BITS = 20;
    private static final double TWO_32 = 0x1p32;
    private static final int MAX_PHASES = 2048;
    private static final int MAX_COEFFICIENT_BYTES = 400_000;
    private static final double STOP_BEGIN = 1;
    private static final double PASS_END =
            1 - .05 / (1 - SoxrDesign.inverseResponse(-3, BITS * SoxrDesign.decibels(2)));

    private final int from;
    private final int to;
    private final List<Stage> stages;

    SoxrResampler(int from, int to) {
        SincHannResampler.checkRate(from);
        SincHannResampler.checkRate(to);
        this.from = from;
        this.to = to;
        this.stages = from == to ? List.of() : new Plan((double) from / to).stages();
    }

    @Override
    public float[] resample(float[] samples) {
        double[] signal = new double[samples.length];
        for (int i = 0; i < signal.length; i++) {
            signal[i] = samples[i];
        }
        // Of this many samples the library gives an answer; librosa fills up with zeros.
        int given = (int) (samples.length / ((double) from / to) + .5);
        int wanted = (int) Math.ceil(samples.length * ((double) to / from));
        long[] lengths = new long[stages.size() + 1];
        lengths[stages.size()] = given;
        for (int i = stages.size() - 1; i >= 0; i--) {
            lengths[i] = stages.get(i).inputFor(lengths[i + 1]);
        }
        for (int i = 0; i < stages.size(); i++) {
            signal = stages.get(i).apply(signal, Math.toIntExact(lengths[i + 1]));
        }
        float[] out = new float[wanted];
        for (int i = 0; i < Math.min(wanted, Math.min(given, signal.length)); i++) {
            out[i] = (float) signal[i];
        }
        return out;
    }

    private sealed interface Stage {
        /** {@code length} outputs from time 0; the input is 0 outside its array. */
        double[] apply(double[] in, int length);

        /** How many inputs those outputs can depend on. */
        long inputFor(long length);
    }

    /** Every L-th sample of a sequence of zeros, low-passed, every M-th kept. */
    private record Ratio(int up, int down, double[] taps) implements Stage {
        @Override
        public double[] apply(double[] in, int length) {
            // out[m] = L sum_i taps[i] stuffed[m M + peak - i], stuffed[k L] = in[k]: the inputs at
            // hand see every L-th tap, from the (m M + peak) mod L-th on.
            double[][] phases = new double[up][];
            for (int r = 0; r < up; r++) {
                phases[r] = new double[(taps.length - r + up - 1) / up];
                for (int j = 0; j < phases[r].length; j++) {
                    phases[r][phases[r].length - 1 - j] = taps[r + j * up] * up;
                }
            }
            int peak = taps.length / 2;
            double[] out = new double[length];
            for (int m = 0; m < length; m++) {
                long centre = (long) m * down + peak;
                double[] h = phases[(int) (centre % up)];
                long first = centre / up - h.length + 1;
                int lo = (int) Math.max(0, -first);
                int hi = (int) Math.min(h.length, in.length - first);
                out[m] = dot(h, in, lo, hi, (int) first);
            }
            return out;
        }

        /** Sum of {@code h[i] in[shift + i]}; in four chains, so that additions overlap. */
        private static double dot(double[] h, double[] in, int lo, int hi, int shift) {
            double a = 0;
            double b = 0;
            double c = 0;
            double d = 0;
            int i = lo;
            for (; i + 3 < hi; i += 4) {
                a += h[i] * in[shift + i];
                b += h[i + 1] * in[shift + i + 1];
                c += h[i + 2] * in[shift + i + 2];
                d += h[i + 3] * in[shift + i + 3];
            }
            for (; i < hi; i++) {
                a += h[i] * in[shift + i];
            }
            return (a + b) + (c + d);
        }

        @Override
        public long inputFor(long length) {
            return (length * down + taps.length) / up + 1;
        }
    }

    /**
     * One short filter for each position between two samples. The position is a fixed-point number
     * with {@code fraction} steps from sample to sample.
     *
     * @param coefficients {@code taps x phases - 1} values
     * @param order 0: the position falls on a phase; 1, 2: interpolated between phases
     */
    private record Poly(
            double[] coefficients,
            int taps,
            int phases,
            int order,
            long start,
            long step,
            long fraction)
            implements Stage {
        @Override
        public double[] apply(double[] in, int length) {
            double[] out = new double[length];
            int reach = taps - 1 - ((taps - 1) >> 1);
            for (int m = 0; m < length; m++) {
                long at = start + step * m;
                long q = at / fraction;
                double phase = (double) (at % fraction) * phases / fraction;
                int p = (int) phase;
                double x = phase - p;
                int lo = (int) Math.max(0, q + reach - in.length + 1);
                int hi = (int) Math.min(taps, q + reach + 1);
                double sum = 0;
                for (int i = lo; i < hi; i++) {
                    sum += coefficient(i * phases + p - 1, x) * in[(int) (q + reach - i)];
                }
                out[m] = sum;
            }
            return out;
        }

        private double coefficient(int at, double x) {
            double f0 = value(at);
            if (order == 0) {
                return f0;
            }
            double f1 = value(at + 1);
            if (order == 1) {
                return (f1 - f0) * x + f0;
            }
            double c = .5 * (value(at + 2) + f0) - f1;
            return (c * x + (f1 - c - f0)) * x + f0;
        }

        private double value(int at) {
            return at < 0 || at >= coefficients.length ? 0 : coefficients[at];
        }

        @Override
        public long inputFor(long length) {
            return (start + step * length) / fraction + taps + 1;
        }
    }

    /** How libsoxr divides a ratio among its stages. */
    private static final class Plan {
        private final double ratio; // input rate / output rate
        private final boolean up;
        private int halvings;
        private int preUp = 1;
        private int preDown = 1;
        private int polyUp = 1;
        private double polyDown;
        private int postUp = 1;
        private int postDown = 1;
        private boolean rational;

        Plan(double ratio) {
            this.ratio = ratio;
            this.up = ratio < 1;
            this.polyDown = ratio;
            while (!divide()) {
                // The large up-sampling found above needs its rest divided again.
            }
        }

        /** Whether the division is final. */
        private boolean divide() {
            for (int i = (int) (.5 * polyDown) >> 1; i > 0; i >>= 1) {
                polyDown *= .5;
                halvings++;
            }
            boolean pre = polyDown < 1 || (polyDown > 1.5 && polyDown < 2);
            preDown = pre ? 1 : 0;
            postDown = polyDown > 1 && pre ? 2 : 1;
            polyDown /= postDown;
            preUp = 1 + (!pre && polyDown < 2 ? 1 : 0) + (up ? 1 : 0);
            polyDown *= preUp;
            findFraction();
            int l = preUp * polyUp;
            int m = (int) (polyDown * postDown);
            if (((l | m) & 1) == 0) {
                l >>= 1;
                m >>= 1;
            }
            double rest = preUp * polyUp / polyDown;
            if (postUp == 1 && rest > 4 && rest != 5) {
                postUp = 4;
                for (int i = (int) (rest / 16) >> 1; i > 0 && postUp < 256; i >>= 1) {
                    postUp <<= 1;
                }
                polyDown = polyDown * postUp / polyUp / preUp;
                polyUp = 1;
                return false;
            }
            if (rational && (Math.max(l, m) < 5 || l * m < 6)) {
                preUp = l;
                preDown = m;
                polyDown = polyUp = postDown = 1;
            }
            return true;
        }

        /** The rest as a fraction of small whole numbers, if it is one to 32 bits. */
        private void findFraction() {
            double fraction = polyDown - (int) polyDown;
            rational = fraction == 0;
            double epsilon =
                    rational
                            ? 0
                            : Math.abs(
                                    Math.floor(fraction * TWO_32 + .5) / (fraction * TWO_32) - 1);
            for (int i = 1; i <= MAX_PHASES && !rational; i++) {
                double d = fraction * i;
                int rounded = (int) (d + .5);
                rational = Math.abs(rounded / d - 1) <= epsilon;
                if (rational && rounded == i) {
                    polyDown = Math.ceil(polyDown);
                    if (polyDown > 3) {
                        halvings++;
                        polyDown /= 2;
                    }
                } else if (rational) {
                    polyDown = (double) i * (int) polyDown + rounded;
                    polyUp = i;
                }
            }
        }

        List<Stage> stages() {
            boolean pre = preUp * preDown != 1;
            boolean poly = polyDown * polyUp != 1;
            boolean post = postUp * postDown != 1;
            int count = halvings + (pre ? 1 : 0) + (poly ? 1 : 0) + (post ? 1 : 0);
            double att = (BITS + 1) * SoxrDesign.decibels(2); // + 1: pass and stop band
            double polyAtt = att;
            if (count > 1) {
                if (poly) {
                    att += SoxrDesign.decibels(2);
                    polyAtt = att;
                    count--;
                }
                att += SoxrDesign.decibels(count);
            }
            List<Stage> stages = new ArrayList<>();
            double rate = ratio; // of the stage's input, the output's being 1
            for (int i = 0; i < halvings; i++, rate /= 2) {
                double band = 1 / rate;
                stages.add(new Ratio(1, 2, SoxrDesign.lowPass(band, 1 - band, 1, att, 0, -4)));
            }
            double passEnd = PASS_END;
            double stopBegin = STOP_BEGIN;
            if (pre) {
                double nyquist = preDown > 0 ? Math.max(preUp, preDown) : polyDown / polyUp;
                stages.add(dft(passEnd, stopBegin, nyquist, att, preUp, Math.max(preDown, 1)));
                passEnd /= nyquist;
                stopBegin /= nyquist;
            }
            if (poly) {
                stages.add(poly(passEnd, stopBegin, polyAtt));
            }
            if (post) {
                double alpha = postDown / (ratio * postUp);
                stages.add(
                        dft(
                                PASS_END / (up ? alpha : 1),
                                up ? Math.max(2 - STOP_BEGIN / alpha, 1) : STOP_BEGIN,
                                Math.max(postUp, postDown),
                                att,
                                postUp,
                                postDown));
            }
            return stages;
        }

        private static Stage dft(
                double passEnd, double stopBegin, double nyquist, double att, int l, int m) {
            boolean powerOf2 = l >= 2 && Integer.bitCount(l) == 1;
            int modulo = powerOf2 && nyquist == l ? 2 * l : 4;
            return new Ratio(
                    l, m, SoxrDesign.lowPass(passEnd, stopBegin, nyquist, att, 0, -modulo));
        }

        private Stage poly(double passEnd1, double stopBegin1, double att) {
            double mult = up ? 1 : polyDown / polyUp;
            boolean doubled = !up && preDown != 0;
            double nyquist = doubled ? 2 * mult : 1;
            double stop =
                    doubled
                            ? 3 + Math.abs(stopBegin1 - 1)
                            : 2 - (passEnd1 + (stopBegin1 - passEnd1) * .7);
            double pass = stop - (stop - passEnd1) / (1 - SoxrDesign.inverseResponse(-.01f, att));
            int order = rational ? 0 : 1;
            while (true) {
                if (order > 0) {
                    polyDown /= polyUp;
                    polyUp = 1;
                    rational = false;
                }
                int phases =
                        rational ? polyUp : 1 << (int) Math.ceil(phaseBits(order) - log2(mult));
                int estimated = Math.max(phases, 19);
                int taps = SoxrDesign.taps(pass, stop, nyquist, att, estimated) / estimated + 1;
                if (preDown == 0) {
                    taps += taps & 1;
                }
                boolean odd = (taps & 1) == 1;
                if (odd && rational && (polyUp & 1) == 1) {
                    phases <<= 1;
                    polyUp <<= 1;
                    polyDown *= 2;
                }
                long bytes = ((taps + 3) & ~3) * 4L * phases * (order + 1);
                if (order < 2 && bytes / 1000 > MAX_COEFFICIENT_BYTES / 1000) {
                    order++;
                    continue;
                }
                double[] h =
                        SoxrDesign.lowPass(pass, stop, nyquist, att, taps * phases - 1, phases);
                double start = odd ? polyUp * .5 : 0;
                return rational
                        ? new Poly(h, taps, phases, 0, (long) start, (long) polyDown, polyUp)
                        : new Poly(
                                h,
                                taps,
                                phases,
                                order,
                                (long) (start * TWO_32 + .5),
                                (long) (polyDown * TWO_32 + .5),
                                1L << 32);
            }
        }

        /** How finely coefficients are tabulated before they are interpolated. */
        private float phaseBits(int order) {
            if (up) {
                return order == 1 ? 11 : 7;
            }
            return preDown != 0 ? (order == 1 ? 10.6f : 6.75f) : (order == 1 ? 12.4f : 7.8f);
        }

        private static double log2(double x) {
            return Math.log(x) / Math.log(2);
        }
    }
}
