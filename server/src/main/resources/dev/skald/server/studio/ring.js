// The audio thread's side: a ring of samples that the page fills and the sound card empties.

const SIZE = 1 << 18; // 10.9 s at 24 kHz
const REPORT = 6; // blocks of 128 frames between reports: 32 ms

class Ring extends AudioWorkletProcessor {
  #ring = new Float32Array(SIZE);
  #read = 0;
  #filled = 0;
  #position = 0; // in samples of the take: the next to be played
  #epoch = 0;
  #playing = false;
  #gain = 0; // ramps, so that nothing clicks
  #blocks = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      if (data.type === "play") this.#playing = data.on;
      else if (data.type === "seek") this.#seek(data);
      else if (data.type === "push" && data.epoch === this.#epoch) this.#push(data.samples);
    };
  }

  #seek({ epoch, position }) {
    this.#epoch = epoch;
    this.#position = position;
    this.#filled = 0;
    this.#gain = 0;
  }

  #push(samples) {
    let at = (this.#read + this.#filled) % SIZE;
    for (const sample of samples) {
      this.#ring[at] = sample;
      at = at + 1 === SIZE ? 0 : at + 1;
    }
    this.#filled += samples.length;
  }

  process(inputs, outputs) {
    const out = outputs[0][0];
    const step = 1 / out.length;
    for (let i = 0; i < out.length; i++) {
      const fades = !this.#playing && this.#gain > 0;
      if ((!this.#playing && !fades) || this.#filled === 0) {
        if (this.#filled === 0) this.#gain = 0;
        out[i] = 0;
        continue;
      }
      this.#gain = Math.max(0, Math.min(1, this.#gain + (this.#playing ? step : -step)));
      out[i] = this.#ring[this.#read] * this.#gain;
      this.#read = this.#read + 1 === SIZE ? 0 : this.#read + 1;
      this.#filled--;
      this.#position++;
    }
    for (let c = 1; c < outputs[0].length; c++) outputs[0][c].set(out);
    if (++this.#blocks % REPORT === 0) {
      this.port.postMessage({ epoch: this.#epoch, position: this.#position, time: currentTime });
    }
    return true;
  }
}

registerProcessor("skald-ring", Ring);
