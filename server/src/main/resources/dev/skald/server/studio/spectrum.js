// What the timeline draws: peaks and mel bands of a signal that grows.

const SIZE = 512;
export const BANDS = 48;
const LOW = 60;
const HIGH = 11_000;
const FLOOR = -82; // dB that are drawn as nothing
const TOP = -18;

/** Peaks and bands of a signal, a column each `hop` samples. */
export class Spectrum {
  columns = 0;
  #peaks = new Uint8Array(4_096);
  #bands = new Uint8Array(4_096 * BANDS);
  #filters;
  #window = Float32Array.from({ length: SIZE }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / SIZE));
  #re = new Float32Array(SIZE);
  #im = new Float32Array(SIZE);
  #power = new Float32Array(SIZE / 2);

  constructor(rate, hop) {
    this.hop = hop;
    this.#filters = filters(rate);
  }

  /** Reads on; `whole` tells that nothing follows. */
  update(pcm, whole) {
    const last = Math.floor((pcm.length - (whole ? 0 : SIZE)) / this.hop);
    while (this.columns < last) this.#column(pcm);
  }

  peak(from, to) {
    let most = 0;
    for (let c = from; c < to; c++) most = Math.max(most, this.#peaks[c]);
    return most / 255;
  }

  /** The loudest of some columns in one band, 0 to 255. */
  band(from, to, band) {
    let most = 0;
    for (let c = from; c < to; c++) most = Math.max(most, this.#bands[c * BANDS + band]);
    return most;
  }

  #column(pcm) {
    if ((this.columns + 1) * BANDS > this.#bands.length) this.#grow();
    const from = this.columns * this.hop;
    const view = pcm.view(from, from + Math.max(SIZE, this.hop));
    let peak = 0;
    for (let i = 0; i < Math.min(this.hop, view.length); i++) peak = Math.max(peak, Math.abs(view[i]));
    this.#peaks[this.columns] = Math.min(255, Math.round((peak / 32768) * 255));
    for (let i = 0; i < SIZE; i++) {
      this.#re[i] = i < view.length ? (view[i] / 32768) * this.#window[i] : 0;
      this.#im[i] = 0;
    }
    fft(this.#re, this.#im);
    for (let i = 0; i < SIZE / 2; i++) this.#power[i] = this.#re[i] ** 2 + this.#im[i] ** 2;
    for (const [b, { from: low, weights }] of this.#filters.entries()) {
      let sum = 1e-12;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * this.#power[low + i];
      const db = 10 * Math.log10(sum / (SIZE * 4));
      const level = (db - FLOOR) / (TOP - FLOOR);
      this.#bands[this.columns * BANDS + b] = Math.max(0, Math.min(255, Math.round(level * 255)));
    }
    this.columns++;
  }

  #grow() {
    const grown = (old) => {
      const larger = new Uint8Array(old.length * 2);
      larger.set(old);
      return larger;
    };
    this.#peaks = grown(this.#peaks);
    this.#bands = grown(this.#bands);
  }
}

/** Triangles of equal width in mel. */
function filters(rate) {
  const mel = (hz) => 2595 * Math.log10(1 + hz / 700);
  const hertz = (m) => 700 * (10 ** (m / 2595) - 1);
  const edge = (i) => hertz(mel(LOW) + ((mel(HIGH) - mel(LOW)) * i) / (BANDS + 1));
  const bin = rate / SIZE;
  return Array.from({ length: BANDS }, (_, b) => {
    const [low, middle, high] = [edge(b), edge(b + 1), edge(b + 2)];
    const from = Math.max(1, Math.floor(low / bin));
    const to = Math.min(SIZE / 2 - 1, Math.ceil(high / bin));
    const weights = [];
    for (let i = from; i <= to; i++) {
      const hz = i * bin;
      weights.push(Math.max(0.02, Math.min((hz - low) / (middle - low), (high - hz) / (high - middle))));
    }
    const sum = weights.reduce((a, w) => a + w, 0);
    return { from, weights: weights.map((w) => w / sum) };
  });
}

/** In place; the length is a power of two. */
export function fft(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let size = 2; size <= n; size <<= 1) {
    const half = size >> 1;
    const angle = (-2 * Math.PI) / size;
    for (let k = 0; k < half; k++) {
      const c = Math.cos(angle * k);
      const s = Math.sin(angle * k);
      for (let i = k; i < n; i += size) {
        const j = i + half;
        const r = re[j] * c - im[j] * s;
        const m = re[j] * s + im[j] * c;
        re[j] = re[i] - r;
        im[j] = im[i] - m;
        re[i] += r;
        im[i] += m;
      }
    }
  }
}
