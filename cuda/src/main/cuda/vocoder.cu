// The ends of a vocoder: harmonic source, short-time transform of a mirrored signal, inverse transform to samples.
#include "common.cuh"

// Turns of each harmonic before each frame, turns (F,H) in fp64, from f0 (1,F,1) in Hz and the phase: 2H integers, the
// bits of fp64 turns, low word first, which move on by the valid frames. A warp a harmonic: threads 32, grid H.
struct HarmonicTurnsParams {
    const float* f0; i64 f0Row;
    int* phase;
    double* turns;
    const int* valid;      // frames
    int F, H, hop, pad;
    float sampleRate;
    int pad2;
};
KERNEL(harmonic_turns, 32, 1, HarmonicTurnsParams) {
    gdc_wait();
    gdc_launch();
    int h = blockIdx.x, lane = threadIdx.x, frames = rows_of(p.valid, 0, p.F);
    double base = bits_to_double((i64)(unsigned)p.phase[2 * h] | (i64)p.phase[2 * h + 1] << 32);
    for (int f0 = 0; f0 < frames; f0 += 32) {
        int f = f0 + lane;
        double step = f < frames ? (double)div_rn(mul_rn(p.f0[f * p.f0Row], (float)(h + 1)), p.sampleRate) * p.hop : 0, sum = step;
        for (int d = 1; d < 32; d *= 2) {
            double other = shuffle_up(sum, d);
            if (lane >= d) sum += other;
        }
        double before = shuffle_up(sum, 1);
        if (f < frames) p.turns[(i64)f * p.H + h] = base + (lane > 0 ? before : 0);
        base += shuffle(sum, 31);
    }
    if (lane == 0) {
        i64 bits = double_bits(base);
        p.phase[2 * h] = (int)bits;
        p.phase[2 * h + 1] = (int)(bits >> 32);
    }
}
// Samples (1,F*hop,H): amplitude sin(2 pi turns + offsets[h]) + voicedNoise noise where f0 > voicedHertz, else
// unvoicedNoise noise. Threads 256, grid (ceil(F * hop * H / 256)).
struct HarmonicsParams {
    const float* f0; i64 f0Row;
    const double* turns;
    const float* offsets;
    const float* noise; i64 noiseRow;
    float* out; i64 outRow;
    const int* valid;
    int F, H, hop;
    float sampleRate, voicedHertz, amplitude, voicedNoise, unvoicedNoise;
};
KERNEL(harmonics, 256, 1, HarmonicsParams) {
    gdc_wait();
    gdc_launch();
    unsigned item = blockIdx.x * 256 + threadIdx.x, n = item / (unsigned)p.H;
    int h = item % (unsigned)p.H, f = n / (unsigned)p.hop;
    if (f >= rows_of(p.valid, 0, p.F)) return;
    float hertz = p.f0[f * p.f0Row], step = div_rn(mul_rn(hertz, (float)(h + 1)), p.sampleRate);
    bool voiced = hertz > p.voicedHertz;
    float turns = (float)(p.turns[(i64)f * p.H + h] + (double)step * (double)(n % (unsigned)p.hop + 1));
    float angle = voiced ? add_rn(mul_rn(6.28318531f, turns - floorf(turns)), p.offsets[h]) : 0;
    p.out[n * p.outRow + h] = p.amplitude * sinf(angle) + (voiced ? p.voicedNoise : p.unvoicedNoise) * p.noise[n * p.noiseRow + h];
}

// Spectra of waveforms with mirrored edges: wave (B,1,n) to out (B,N,2 bins), N = n / hop + 1; valid, if given, holds the
// valid frames of each, of (frames - 1) hop samples. basis element (k, i), i a sample of the window, at i * basisRow + k.
// Threads 256, grid (ceil(N * 2 bins / 256), B).
struct StftParams {
    const float* wave; i64 waveBatch;
    const float* basis; i64 basisRow;
    float* out; i64 outBatch, outRow;
    const int* valid;
    int N, fft, hop, pad;
};
KERNEL(stft, 256, 1, StftParams) {
    gdc_wait();
    gdc_launch();
    unsigned columns = p.fft + 2, b = blockIdx.y, item = blockIdx.x * 256 + threadIdx.x;
    int t = item / columns, k = item % columns, frames = rows_of(p.valid, b, p.N);
    if (t >= frames) return;
    const float* wave = p.wave + b * p.waveBatch;
    i64 n = (i64)(frames - 1) * p.hop, first = (i64)t * p.hop - p.fft / 2;
    float sum = 0;
    for (int i = 0; i < p.fft; i++) {
        i64 at = first + i;
        at = at < 0 ? -at : at;
        at = at >= n ? 2 * (n - 1) - at : at;
        sum = fmaf(wave[at], p.basis[i * p.basisRow + k], sum);
    }
    p.out[b * p.outBatch + t * p.outRow + k] = sum;
}

// Log magnitudes and phases before their sine x (B,N,2 bins) to waveforms (B,1,(N-1) hop): magnitude min(exp, max), phase
// sin, inverse transform, windows summed, edges corrected, clamped. basis element (i, k) at k * basisRow + i. edge =
// fft / 2 - hop gains at either end. Threads 256, grid (ceil((N - 1) hop / 256), B). Shared memory:
// (256 / hop + fft / hop + 2) * (fft + 2) * 4.
struct InverseStftParams {
    const float* x; i64 xBatch, xRow;
    const float* basis; i64 basisRow;
    const float* headGain;
    const float* tailGain;
    float* wave; i64 waveBatch;
    const int* valid;      // frames
    int N, fft, hop;
    float maxMagnitude, limit;
    int pad;
};
KERNEL(inverse_stft, 256, 1, InverseStftParams) {
    gdc_wait();
    gdc_launch();
    DYNAMIC_SHARED(shared);
    float* parts = (float*)shared;
    unsigned b = blockIdx.y;
    int bins = p.fft / 2 + 1, half = p.fft / 2, frames = rows_of(p.valid, b, p.N), edge = half - p.hop;
    i64 samples = (i64)(frames - 1) * p.hop, s0 = (i64)blockIdx.x * 256;
    if (s0 >= samples) return;
    // frames that reach sample s: those with t hop <= s + half < t hop + fft
    i64 low = s0 + half - p.fft + 1;
    int first = low <= 0 ? 0 : (int)((low + p.hop - 1) / p.hop), last = (int)min((s0 + 255 + half) / p.hop, (i64)frames - 1);
    for (int i = threadIdx.x; i < (last - first + 1) * bins; i += 256) {
        int t = i / bins, k = i % bins;
        const float* x = p.x + b * p.xBatch + (first + t) * p.xRow;
        float m = expf(x[k]), phase = sinf(x[bins + k]);
        m = m > p.maxMagnitude ? p.maxMagnitude : m;
        parts[t * 2 * bins + k] = m * cosf(phase);
        parts[t * 2 * bins + bins + k] = m * sinf(phase);
    }
    __syncthreads();
    i64 s = s0 + threadIdx.x, n = s + half;
    if (s >= samples) return;
    float sum = 0;
    for (int t = first; t <= last; t++) {
        i64 i = n - (i64)t * p.hop;
        if (i < 0 || i >= p.fft) continue;
        const float* x = parts + (t - first) * 2 * bins;
        float frame = 0;
        for (int k = 0; k < 2 * bins; k++) frame = fmaf(x[k], p.basis[k * p.basisRow + i], frame);
        sum += frame;
    }
    if (s < edge) sum *= p.headGain[s];
    if (s >= samples - edge) sum *= p.tailGain[s - (samples - edge)];
    p.wave[b * p.waveBatch + s] = sum < -p.limit ? -p.limit : sum > p.limit ? p.limit : sum;
}
