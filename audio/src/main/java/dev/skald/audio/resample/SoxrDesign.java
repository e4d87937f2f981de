package dev.skald.audio.resample;

/**
 * Kaiser-windowed low-pass filters by the rules of libsoxr (Rob Sykes; its {@code filter.c}), which
 * give the length and the window's shape from the attenuation and the transition band. Frequencies
 * are in units of the Nyquist frequency, attenuations in decibels.
 */
final class SoxrDesign {
    private SoxrDesign() {}

    /**
     * A filter's coefficients.
     *
     * @param passEnd where the pass band ends, in the unit of {@code nyquist}
     * @param stopBegin where the stop band begins
     * @param taps how many; 0 to have them estimated
     * @param phases above 0: a polyphase filter of that many; below 0: the length is 1 modulo that
     */
    static double[] lowPass(
            double passEnd, double stopBegin, double nyquist, double att, int taps, int phases) {
        Estimate e = estimate(passEnd, stopBegin, nyquist, att, taps, phases);
        int m = Math.max(phases, 1);
        // How far the window reaches beyond the outermost taps.
        double reach = m == 1 ? 0.5 : att < 120 ? 0.63 : 0.75;
        return kaiser(e.taps, e.cutOff, e.beta, reach, m);
    }

    /** The length {@link #lowPass} would choose. */
    static int taps(double passEnd, double stopBegin, double nyquist, double att, int phases) {
        return estimate(passEnd, stopBegin, nyquist, att, 0, phases).taps;
    }

    private record Estimate(int taps, double cutOff, double beta) {}

    private static Estimate estimate(
            double passEnd, double stopBegin, double nyquist, double att, int taps, int phases) {
        int m = Math.max(phases, 1);
        int modulo = Math.max(-phases, 1);
        double stop = stopBegin / nyquist / m;
        double band = Math.min(0.5 * (stopBegin - passEnd) / nyquist / m, 0.5 * stop);
        double cutOff = stop - band;
        double beta = beta(att, band * 0.5 / cutOff);
        int n = taps;
        if (n == 0) {
            double width =
                    att < 60
                            ? (att - 7.95) / (2.285 * Math.PI * 2)
                            : ((0.0007528358 - 1.577737e-05 * beta) * beta + 0.6248022) * beta
                                    + 0.06186902;
            n = (int) Math.ceil(width / band + 1);
            n = m > 1 ? n / m * m + m - 1 : (n + modulo - 2) / modulo * modulo + 1;
        }
        return new Estimate(n, cutOff, beta);
    }

    private static double[] kaiser(
            int taps, double cutOff, double beta, double reach, double gain) {
        double[] h = new double[taps];
        double half = 0.5 * (taps - 1);
        double scale = gain / bessel0(beta);
        for (int i = 0; i < taps; i++) {
            double z = i - half;
            double x = z * Math.PI;
            double y = z / (half + reach);
            double sinc = x == 0 ? cutOff : Math.sin(cutOff * x) / x;
            h[i] = sinc * bessel0(beta * Math.sqrt(1 - y * y)) * scale;
        }
        return h;
    }

    // Cubics in the attenuation, one for each octave of transition band from 0.0005 up.
    private static final double[][] BETA = {
        {-6.784957e-10, 1.02856e-05, 0.1087556, -0.8978365},
        {-6.897885e-10, 1.027433e-05, 0.10876, -0.8974658},
        {-1.000683e-09, 1.030092e-05, 0.1087677, -0.8977898},
        {-3.654474e-10, 1.040631e-05, 0.1087085, -0.8917766},
        {8.106988e-09, 6.983091e-06, 0.1091387, -0.9022048},
        {9.519571e-09, 7.272678e-06, 0.1090068, -0.8890768},
        {-5.626821e-09, 1.342186e-05, 0.1083999, -0.8565452},
        {-9.965946e-08, 5.073548e-05, 0.1040967, -0.6822778},
        {1.604808e-07, -5.856462e-05, 0.1185998, -1.24824},
        {-1.511964e-07, 6.363034e-05, 0.1064627, -0.8076665},
    };

    private static double beta(double att, double band) {
        double octave = Math.log(band / 0.0005) / Math.log(2);
        int at = (int) octave;
        double b0 = cubic(BETA[Math.clamp(at, 0, BETA.length - 1)], att);
        double b1 = cubic(BETA[Math.clamp(1 + at, 0, BETA.length - 1)], att);
        return b0 + (b1 - b0) * (octave - at);
    }

    private static double cubic(double[] c, double x) {
        return ((c[0] * x + c[1]) * x + c[2]) * x + c[3];
    }

    /** The modified Bessel function of the first kind, order 0, by its power series. */
    static double bessel0(double x) {
        double sum = 1;
        double term = 1;
        double quarter = x * x / 4;
        for (int i = 1; term > sum * 1e-18; i++) {
            term *= quarter / ((double) i * i);
            sum += term;
        }
        return sum;
    }

    /**
     * Where in the transition band, from its end at 0 to 1, the response has fallen by {@code
     * drop}.
     */
    static double inverseResponse(double dropDecibels, double att) {
        double phi = ((2.0517e-07 * att - 1.1303e-04) * att + .023154) * att + .55924;
        double power = Math.log(.5) / Math.log(Math.sin(phi * .5));
        double drop = Math.exp(dropDecibels * (Math.log(10) * 0.05));
        double s = drop > .5 ? 1 - drop : drop;
        double x = Math.asin(Math.pow(s, 1 / power)) / phi;
        return drop > .5 ? x : 1 - x;
    }

    static double decibels(double factor) {
        return 20 * Math.log10(factor);
    }
}
