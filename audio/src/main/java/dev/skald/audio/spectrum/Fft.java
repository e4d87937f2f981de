package dev.skald.audio.spectrum;

/**
 * The discrete Fourier transform of one size, any size: mixed radix (4, 2, 3, 5 and whatever prime
 * is left), decimation in time, double precision. Immutable, so safe for many threads.
 */
final class Fft {
    private final int size;
    private final int[] factors;
    private final double[] cos;
    private final double[] sin;

    Fft(int size) {
        if (size < 1) {
            throw new IllegalArgumentException("an FFT has at least one point, not " + size);
        }
        this.size = size;
        this.factors = factorise(size);
        cos = new double[size];
        sin = new double[size];
        for (int i = 0; i < size; i++) {
            double angle = -2 * Math.PI * i / size;
            cos[i] = Math.cos(angle);
            sin[i] = Math.sin(angle);
        }
    }

    /**
     * X[k] = sum_n x[n] exp(-2 pi i k n / size), from {@code (re, im)} into {@code (outRe, outIm)}.
     */
    void transform(double[] re, double[] im, double[] outRe, double[] outIm) {
        step(re, im, 0, 1, outRe, outIm, 0, size, 0);
    }

    private void step(
            double[] re,
            double[] im,
            int at,
            int stride,
            double[] outRe,
            double[] outIm,
            int out,
            int n,
            int level) {
        if (n == 1) {
            outRe[out] = re[at];
            outIm[out] = im[at];
            return;
        }
        int radix = factors[level];
        int m = n / radix;
        for (int r = 0; r < radix; r++) {
            step(re, im, at + r * stride, stride * radix, outRe, outIm, out + r * m, m, level + 1);
        }
        switch (radix) {
            case 2 -> butterfly2(outRe, outIm, out, m, stride);
            case 4 -> butterfly4(outRe, outIm, out, m, stride);
            default -> butterfly(outRe, outIm, out, m, stride, radix);
        }
    }

    private void butterfly2(double[] re, double[] im, int out, int m, int stride) {
        for (int k = 0; k < m; k++) {
            int a = out + k;
            int b = a + m;
            double wr = cos[k * stride];
            double wi = sin[k * stride];
            double tr = re[b] * wr - im[b] * wi;
            double ti = re[b] * wi + im[b] * wr;
            re[b] = re[a] - tr;
            im[b] = im[a] - ti;
            re[a] += tr;
            im[a] += ti;
        }
    }

    private void butterfly4(double[] re, double[] im, int out, int m, int stride) {
        for (int k = 0; k < m; k++) {
            int a = out + k;
            int b = a + m;
            int c = b + m;
            int d = c + m;
            double br = re[b] * cos[k * stride] - im[b] * sin[k * stride];
            double bi = re[b] * sin[k * stride] + im[b] * cos[k * stride];
            double cr = re[c] * cos[2 * k * stride] - im[c] * sin[2 * k * stride];
            double ci = re[c] * sin[2 * k * stride] + im[c] * cos[2 * k * stride];
            double dr = re[d] * cos[3 * k * stride] - im[d] * sin[3 * k * stride];
            double di = re[d] * sin[3 * k * stride] + im[d] * cos[3 * k * stride];
            double acr = re[a] + cr;
            double aci = im[a] + ci;
            double amr = re[a] - cr;
            double ami = im[a] - ci;
            double bdr = br + dr;
            double bdi = bi + di;
            double bmr = br - dr;
            double bmi = bi - di;
            re[a] = acr + bdr;
            im[a] = aci + bdi;
            re[b] = amr + bmi;
            im[b] = ami - bmr;
            re[c] = acr - bdr;
            im[c] = aci - bdi;
            re[d] = amr - bmi;
            im[d] = ami + bmr;
        }
    }

    private void butterfly(double[] re, double[] im, int out, int m, int stride, int radix) {
        double[] tr = new double[radix];
        double[] ti = new double[radix];
        for (int k = 0; k < m; k++) {
            for (int r = 0; r < radix; r++) {
                int i = out + k + r * m;
                int w = r * k * stride % size;
                tr[r] = re[i] * cos[w] - im[i] * sin[w];
                ti[r] = re[i] * sin[w] + im[i] * cos[w];
            }
            for (int q = 0; q < radix; q++) {
                double sr = tr[0];
                double si = ti[0];
                for (int r = 1; r < radix; r++) {
                    int w = (int) ((long) r * q % radix * (size / radix));
                    sr += tr[r] * cos[w] - ti[r] * sin[w];
                    si += tr[r] * sin[w] + ti[r] * cos[w];
                }
                re[out + k + q * m] = sr;
                im[out + k + q * m] = si;
            }
        }
    }

    private static int[] factorise(int n) {
        int[] found = new int[32];
        int count = 0;
        int rest = n;
        while (rest % 4 == 0) {
            found[count++] = 4;
            rest /= 4;
        }
        for (int p = 2; rest > 1; p++) {
            if ((long) p * p > rest) {
                p = rest;
            }
            while (rest % p == 0) {
                found[count++] = p;
                rest /= p;
            }
        }
        return java.util.Arrays.copyOf(found, count);
    }
}
